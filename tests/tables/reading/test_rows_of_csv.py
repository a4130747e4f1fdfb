"""A text file is read in blocks of whole rows, wherever lines end inside quoted values."""

from __future__ import annotations

import csv
import io
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chainrule.tables.reading import csv_files
from chainrule.tables.reading.csv.row_blocks import RowBlocks, StrayQuote
from chainrule.tables.reading.paths import read_arrow, read_path

SMALL = 256  # bytes of a block
VALUES = st.text('ab1., "\n\r;é', max_size=12)
TABLES = st.integers(1, 4).flatmap(lambda n: st.lists(st.lists(VALUES, min_size=n, max_size=n), min_size=1))
PLAIN = [f"{k / 7:.3f},{'ab'[k % 2]}" for k in range(3_000)]


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small files have many blocks too, and are read by several threads."""
    monkeypatch.setattr(csv_files, "FIRST_BLOCK", SMALL)
    monkeypatch.setattr(csv_files, "WIDE_BLOCK", SMALL)


def written(rows: list[list[str]], end: str) -> bytes:
    """The rows as a text in which each value is quoted."""
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator=end).writerows(rows)
    return text.getvalue().encode()


def blocks_of(text: bytes, size: int) -> list[bytes]:
    """The blocks of a text."""
    stream = RowBlocks(io.BytesIO(text), ",")
    return [bytes(block) for block in iter(lambda: stream.read(size), b"")]


@given(TABLES, st.sampled_from(["\n", "\r\n", "\r"]), st.integers(0, 100))
@example([["a\n", '"'], ["", '"\n"']], "\n", 0)
def test_each_block_holds_whole_rows(rows: list[list[str]], end: str, more: int) -> None:
    """Together the blocks are the text, and the rows of each are some of its rows, for every size that fits a row."""
    text = written(rows, end)
    blocks = blocks_of(text, max(len(written([row], end)) for row in rows) + 1 + more)
    assert b"".join(blocks) == text
    assert [row for block in blocks for row in csv.reader(io.StringIO(block.decode(), newline=""))] == rows


@given(TABLES, st.sampled_from(["\n", "\r\n"]))
def test_rows_are_those_of_the_module_csv(rows: list[list[str]], end: str) -> None:
    """A file of many blocks is read as Python's own reader reads it."""
    names = [f"c{k}" for k in range(len(rows[0]))]
    rows = [[*row, "."] for row in rows] * 10
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "t.csv")
        path.write_bytes(written([[*names, "last"], *rows], end))
        table = read_arrow(path)
    assert [list(row.values()) for row in table.to_pylist()] == rows


STRAY = [  # a text, and whether one of its quotes does not quote
    (b'a,"b"\n', False),
    (b'"a","b"\n', False),
    (b'\xef\xbb\xbf"a",b\n', False),
    (b'"a""b",""\n', False),
    (b'"""a""",b\n', False),
    (b'a,"b\n\n"\r\n"c",d\r\n', False),
    (b'5",6\n', True),
    (b'5"",6\n', True),
    (b'a, "b"\n', True),
    (b'"a"b"c",d\n', True),
    (b'"a"\n\xef\xbb\xbf"b"\n', True),
]


@pytest.mark.parametrize(("text", "is_stray"), STRAY)
def test_stray_quotes(text: bytes, is_stray: bool) -> None:
    """A quote that does not begin its value, and is no half of a pair inside one, is a letter."""
    if not is_stray:
        assert blocks_of(text + b"c,d", len(text)) == [text, b"c,d"]
        return
    with pytest.raises(StrayQuote):
        blocks_of(text + b"c,d", len(text))


def test_a_block_does_not_end_between_cr_and_lf() -> None:
    """Arrow takes a block of LF alone, after one that ends with CR, for the end of the file."""
    assert blocks_of(b'"a\nb"\r\n"c"\r\n', 10) == [b'"a\nb"\r\n', b'"c"\r\n']
    assert blocks_of(b'a\r"b\nb"\r\nc\r\n', 8) == [b"a\r", b'"b\nb"\r\n', b"c\r\n"]


def test_a_file_with_a_stray_quote_is_read(tmp_path: Path) -> None:
    """It is read more slowly, with the same rows."""
    path = tmp_path / "t.csv"
    rows = [f'{k},5" pipe,"two\nlines"' for k in range(200)]
    path.write_text("\n".join(["k,size,words", *rows, ""]))
    table = read_arrow(path)
    assert table.column("size").to_pylist() == ['5" pipe'] * 200
    assert table.column("words").to_pylist() == ["two\nlines"] * 200


def test_values_between_blanks(tmp_path: Path) -> None:
    """In a text whose delimiter is blanks, a value after any of them may be quoted."""
    path = tmp_path / "t.txt"
    path.write_text("k  car\n" + "".join(f'{k}  "ford  {k}"\n' for k in range(100)))
    assert read_arrow(path).column("car").to_pylist() == [f"ford  {k}" for k in range(100)]


def test_a_row_that_is_longer_than_a_block(tmp_path: Path) -> None:
    """The block grows until it holds the row."""
    path = tmp_path / "t.csv"
    long = "\n".join("ab" * 500)
    path.write_text("k,words\n" + "1,a\n" * 20 + f'2,"{long}"\n')
    assert read_arrow(path).column("words")[20].as_py() == long


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_rows_without_quotes_are_those_with_quotes(tmp_path: Path, end: str) -> None:
    """Blocks end between rows, whatever ends a line, and blank lines are no rows."""
    plain, quoted = tmp_path / "plain.csv", tmp_path / "quoted.csv"
    plain.write_bytes(end.join(["x,kind", "", *PLAIN, ""]).encode())
    quoted.write_bytes(end.join(['x,"kind"', "", *PLAIN, ""]).encode())
    found, expected = read_path(plain), read_path(quoted)
    assert found.t == expected.t == len(PLAIN)
    for name in ("x", "kind"):
        columns: list[Any] = [table.columns[name] for table in (found, expected)]
        assert columns[0].objects().tolist() == columns[1].objects().tolist()

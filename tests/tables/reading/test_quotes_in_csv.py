"""A text file without quotes is read faster, and as one with quotes."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from chainrule.tables.reading.csv.byte_streams import may_have_quotes
from chainrule.tables.reading.paths import read_path

ROWS = [f"{k / 7:.3f},{'ab'[k % 2]}" for k in range(300_000)]


def test_quotes_are_found_in_the_bytes_of_a_file(tmp_path: Path) -> None:
    """Any quote counts; a compressed file may have some."""
    plain, quoted, packed = (tmp_path / name for name in ("plain.csv", "quoted.csv", "packed.csv.gz"))
    plain.write_text("x,y\n1,2\n")
    quoted.write_text('x,y\n1,"a\nb"\n')
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert [may_have_quotes(path) for path in (plain, quoted, packed)] == [False, True, True]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_rows_without_quotes_are_those_with_quotes(tmp_path: Path, end: str) -> None:
    """Blocks end between rows, whatever ends a line, and blank lines are no rows."""
    plain, quoted = tmp_path / "plain.csv", tmp_path / "quoted.csv"
    plain.write_bytes(end.join(["x,kind", "", *ROWS, ""]).encode())
    quoted.write_bytes(end.join(['x,"kind"', "", *ROWS, ""]).encode())
    found, expected = read_path(plain), read_path(quoted)
    assert found.t == expected.t == len(ROWS)
    for name in ("x", "kind"):
        assert found.columns[name].objects().tolist() == expected.columns[name].objects().tolist()

"""Text files are packed in pieces, as the same table in memory would be, or what differs is refused."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from numpy.testing import assert_array_equal

import chainrule as cr
from chainrule.tables import pack
from chainrule.tables.packing import csv_tables, table_stream
from chainrule.tables.packing.csv_tables import CsvTables
from chainrule.tables.packing.packed_table import PackedTable
from chainrule.tables.reading.csv.dialect import CsvOptions
from chainrule.tables.reading.read import read

pytestmark = pytest.mark.filterwarnings("ignore::chainrule.errors.DataWarning")  # notes about the columns
T = 2_000
HEADER = "price;when;colour;code;open;y"


def lines(seed: int = 0, t: int = T) -> list[str]:
    """Rows with decimal commas, dates, texts, numbers with gaps, booleans, and a target."""
    rng = np.random.default_rng(seed)
    found = []
    for k in range(t):
        price, code = f"{rng.normal():.3f}".replace(".", ","), "NA" if k % 50 == 7 else str(k % 4)
        found.append(f"{price};{k % 28 + 1:02}.12.2020;{rng.choice(['red', 'blue'])};{code};{k % 3 == 0};{k / 7:.3f}")
    return found


def written(path: Path, *rows: str, header: str = HEADER) -> Path:
    """Writes a CSV file."""
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of 4 kB, and so some dozens of batches."""
    monkeypatch.setattr(csv_tables, "BLOCK", 1 << 12)


@pytest.fixture
def small_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    """Samples of 600 rows."""
    monkeypatch.setattr(table_stream, "SAMPLED_ROWS", 600)
    monkeypatch.setattr(table_stream, "FEWEST_SAMPLED", 600)


def assert_same(one: PackedTable, other: PackedTable) -> None:
    """Encoders, targets and rows are equal, bitwise."""
    assert one.encoder.describe() == other.encoder.describe()
    for mine, theirs in zip(one.rows.in_memory(), other.rows.in_memory(), strict=True):
        assert_array_equal(mine, theirs)


def test_a_text_file_is_packed_as_in_memory(tmp_path: Path) -> None:
    """Decimal commas, dates, gaps and booleans mean what they mean in memory, and so do those of several files."""
    rows = lines()
    whole = written(tmp_path / "whole.csv", *rows)
    expected = pack(read(whole), tmp_path / "a.rows", target="y")  # type: ignore[arg-type]  # a Table
    assert len(list(CsvTables(whole, CsvOptions()).batches(["y"]))) > 10
    assert_same(pack(whole, tmp_path / "b.rows", target="y"), expected)
    (tmp_path / "big.csv").mkdir()
    for k in range(3):
        written(tmp_path / "big.csv" / f"part-{k}.csv", *rows[700 * k : 700 * (k + 1)])
    assert_same(pack(tmp_path / "big.csv", tmp_path / "c.rows", target="y"), expected)


def test_compressed_files_of_another_encoding(tmp_path: Path) -> None:
    """A file in gzip and one in Latin-1 are read in pieces too."""
    text = "\n".join(["n;k", *(f"{k},5;{'ü' if k % 2 else 'o'}" for k in range(T))])
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(text.encode("utf-8")))
    (tmp_path / "b.csv").write_bytes(text.encode("latin-1"))
    for path, options in ((tmp_path / "a.csv.gz", CsvOptions()), (tmp_path / "b.csv", CsvOptions(encoding="latin-1"))):
        stream = CsvTables(path, options)
        assert stream.t == T
        packed = pack(stream, tmp_path / f"{path.name}.rows", target="n")
        assert packed.rows.columns == ("k_ü",)
        assert packed.encoder.categories_["k"].levels == ("o", "ü")


def test_the_memory_of_a_stream_is_some_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a file of 256 blocks is read, Arrow, which reads some 32 of them ahead, holds less than a quarter of it."""
    monkeypatch.setattr(csv_tables, "BLOCK", 1 << 14)
    path = written(tmp_path / "long.csv", *["1,0.142857143"] * 300_000, header="a,b")
    before, most, t = pa.total_allocated_bytes(), 0, 0
    for piece in CsvTables(path, CsvOptions()).pieces():
        most, t = max(most, pa.total_allocated_bytes() - before), t + piece.t
    assert t == 300_000
    assert most < path.stat().st_size / 4


def test_a_row_longer_than_a_block_is_read(tmp_path: Path) -> None:
    """A value of 50 kB, beyond the start of the file, makes the blocks larger."""
    rows = lines()
    rows[1_500] = rows[1_500].replace(";red;", f";{'x' * 50_000};").replace(";blue;", f";{'x' * 50_000};")
    stream = CsvTables(written(tmp_path / "a.csv", *rows), CsvOptions())
    assert sum(piece.t for piece in stream.pieces(["colour"])) == stream.t == T


def changed(column: int, text: str, row: int = 1_990) -> list[str]:
    """Rows of which one, which the sample lacks, has another text in a column."""
    rows = lines()
    values = rows[row].split(";")
    values[column] = text
    rows[row] = ";".join(values)
    return rows


def columns(one: str, other: str, odd: str) -> list[str]:
    """Rows whose second value is one of two texts, but for a row that the sample lacks."""
    return [f"{k},{odd if k == 1_990 else (one, other)[k % 2]},{k / 7}" for k in range(T)]


DIFFERENT: list[tuple[str, list[str], str, str]] = [
    ("number", changed(0, "cheap"), "y", r"'price' of .*after row \d+\) must hold numbers.*'cheap'.*--category"),
    ("date", changed(1, "soon"), "y", r"'when' of .* must hold datetimes.*'soon'.*600 random rows"),
    ("boolean", changed(4, "perhaps"), "y", "'open' of .* must hold booleans"),
    ("bit", changed(4, "1"), "y", "'open' of .* must hold booleans.*'1'"),
    ("target", changed(5, "many"), "y", "'y' of .* must hold numbers; got 'many'"),
    ("nothing", columns("", "", "7"), "a", r"'b' of .* has a value in row \d+, and none in the random rows.*--drop"),
    ("bit as a class", columns("true", "false", "1"), "b", "'b' of .* must hold booleans; got '1'"),
    ("code", columns("001", "002", "1"), "b", r"'b' of .* has the class '1'; .* a code of 3 digits"),
    ("code of other digits", columns("01", "2", "2.5"), "b", r"'b' of .* has the class '2\.5'; .* is a code\. Write"),
    ("first code", columns("1", "3", "03"), "b", r"'b' of .* has the class '03', as which codes are written"),
    ("classes", columns("1", "3", "2.5"), "b", "'b' has 3 distinct numbers, which are not all whole"),
]


@pytest.mark.parametrize(("rows", "target", "words"), [row[1:] for row in DIFFERENT], ids=[row[0] for row in DIFFERENT])
def test_a_row_unlike_the_sample_is_refused(
    tmp_path: Path, small_samples: None, rows: list[str], target: str, words: str
) -> None:
    """A text that would change the kind of its column in memory, and that the sample lacks, is an error."""
    path = written(tmp_path / "a.csv", *rows, header=HEADER if ";" in rows[0] else "a,b,c")
    with pytest.raises(cr.InputError, match=words):
        pack(path, tmp_path / "a.rows", target=target)
    assert not (tmp_path / "a.rows").exists()


def test_codes_of_unequal_lengths_are_classes_as_written(tmp_path: Path, small_samples: None) -> None:
    """Classes 7 and 007 of a sample, and a code that the sample lacks, are three."""
    path = written(tmp_path / "a.csv", *columns("7", "007", "0012"), header="a,b,c")
    assert pack(path, tmp_path / "a.rows", target="b").target.values.tolist() == ["0012", "007", "7"]  # type: ignore[union-attr]
    more = columns("7", "007", "8")
    for k in range(1_950, 1_990):
        more[k] = f"{k},0{k},1"
    with pytest.raises(cr.InputError, match=r"has 4\d distinct numbers, .* more than 30"):
        pack(written(path, *more, header="a,b,c"), tmp_path / "b.rows", target="b")


@pytest.mark.parametrize(("one", "other", "odd", "levels"), [
    ("7", "8", "7", (7, 8)), ("7", "8", "7,0", (7, 8)), ("7", "8", "009", (7, 8, 9)), ("7", "8", "NA", (7, 8)),
    ("7", "8", "007", ("007", "7", "8")), ("7", "8", "x", ("7", "8", "x")), ("7", "007", "8", ("007", "7", "8")),
    ("true", "false", "True", (False, True)), ("true", "false", "1", ("1", "false", "true")),
    ("a", "b", "c", ("a", "b", "c")),
    ("1,5", "2,5", "1,50", (1.5, 2.5)),
])  # fmt: skip
def test_chosen_categories_are_what_all_texts_hold(
    tmp_path: Path, small_samples: None, one: str, other: str, odd: str, levels: tuple[object, ...]
) -> None:
    """A column in ``categories`` has numbers as levels if all rows hold such, and no 007 beside 7, as in memory."""
    rows = [f"{k};{odd if k == 1_990 else (one, other)[k % 2]};{k % 7}" for k in range(T)]
    path = written(tmp_path / "a.csv", *rows, header="a;b;c")
    by_piece, at_once = (
        pack(table, tmp_path / f"{k}.rows", target="c", categories=["b"], decimal=",")  # type: ignore[arg-type]  # a Table
        for k, table in enumerate([path, read(path)])
    )
    assert by_piece.encoder.categories_["b"].levels == levels
    assert by_piece.encoder.describe()[1] == at_once.encoder.describe()[1]
    Z, Z_at_once = (np.asarray(packed.rows.in_memory()[0]) for packed in (by_piece, at_once))
    assert_array_equal(Z[:, 1:], Z_at_once[:, 1:])


@pytest.mark.parametrize(
    ("rows", "missing"),
    [
        (columns("1.5", "2.5", "NA"), ()),
        (columns("1.5", "2.5", "?"), ("?",)),
        (columns("no", "yes", "?"), ("?",)),
    ],
    ids=["numbers", "numbers with a sign of gaps", "classes with a sign of gaps"],
)
def test_a_gap_in_the_target_is_named(
    tmp_path: Path, small_samples: None, rows: list[str], missing: tuple[str, ...]
) -> None:
    """A text that means a gap, and that the sample lacks, is an error with its place."""
    path = written(tmp_path / "a.csv", *rows, header="a,b,c")
    with pytest.raises(cr.InputError, match=r"column 'b' of .*after row \d+\) has no value in row \d+"):
        pack(path, tmp_path / "a.rows", target="b", missing=missing)
    assert not (tmp_path / "a.rows").exists()


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (["1;2", "3;4;5"] * 500, r"a\.csv is not a valid CSV file: line 3 has 3 values"),
        (['1;"2'] + ["3;4"] * 5_000, r"quote that opens in line 2 is never closed"),
    ],
    ids=["ragged", "quote"],
)
def test_faults_are_found_before_any_work(tmp_path: Path, rows: list[str], words: str) -> None:
    """A syntax error is named with its line, as in memory."""
    with pytest.raises(cr.FileFormatError, match=words):
        CsvTables(written(tmp_path / "a.csv", *rows, header="a;b"), CsvOptions(sep=";"))


def test_files_of_a_folder_belong_together(tmp_path: Path) -> None:
    """A file without a column of the first one is named, and one that changes while it is read is a RowsError."""
    written(tmp_path / "part-1.csv", *lines())
    written(tmp_path / "part-2.csv", "1;2", header="price;y")
    with pytest.raises(cr.InputError, match=r"part-2\.csv has no column 'when', .*, which .*part-1"):
        CsvTables(tmp_path, CsvOptions())
    (tmp_path / "part-2.csv").unlink()
    stream = CsvTables(tmp_path, CsvOptions())
    written(tmp_path / "part-1.csv", *lines(1, T - 1))
    with pytest.raises(cr.RowsError, match=r"part-1\.csv has changed"):
        list(stream.pieces())

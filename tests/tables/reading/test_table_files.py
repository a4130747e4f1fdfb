"""Files that hold tables, and files that do not: formats, compression, row labels, damage."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import io
import json
import lzma
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import numpy as np
import pandas
import pyarrow
import pyarrow.feather
import pyarrow.parquet
import pytest

from chainrule.errors import ChainruleError, FileFormatError, InputError
from chainrule.tables.reading.file_kinds import ending_of
from chainrule.tables.reading.paths import read_path
from chainrule.tables.reading.read import read

TEXT = "a,b\n1,u\n2,v\n"


def zipped(members: dict[str, str]) -> bytes:
    """A zip archive of these members."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return file.getvalue()


COMPRESSED: dict[str, Callable[[], bytes]] = {
    "t.csv.gz": lambda: gzip.compress(TEXT.encode()),
    "t.tsv.GZ": lambda: gzip.compress(TEXT.replace(",", "\t").encode()),
    "t.data.bz2": lambda: bz2.compress(TEXT.encode()),
    "t.csv.xz": lambda: lzma.compress(TEXT.encode()),
    "t.csv.zst": lambda: pyarrow.compress(TEXT.encode(), "zstd", asbytes=True),
    "t.zip": lambda: zipped({"t.csv": TEXT, "readme.md": "text"}),
    "t.csv.zip": lambda: zipped({"folder/t.csv": TEXT, "__MACOSX/t.csv": "", ".hidden.csv": ""}),
}


@pytest.mark.parametrize("name", COMPRESSED)
def test_compressed_files(tmp_path: Path, name: str) -> None:
    """A compressed file, or the only table in a zip archive, is the table inside."""
    (tmp_path / name).write_bytes(COMPRESSED[name]())
    table = read_path(tmp_path / name)
    assert table.names == ("a", "b")
    assert table.column("b").as_categories().levels == ("u", "v")


XLSX = zipped({"[Content_Types].xml": "", "xl/workbook.xml": ""})
FOREIGN = [  # the name, the first bytes, and what the error says
    ("t.csv", XLSX, r"an Excel workbook \(\.xlsx\); expected a CSV file. Read it with pandas"),
    ("t.csv", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500), r"an old Excel workbook \(\.xls\)"),
    ("t.csv", b"\n<!DOCTYPE HTML><html>", "an HTML page.*Download the file itself"),
    ("t.csv", b"\xef\xbb\xbf<html>", "an HTML page"),
    ("t.csv", b'<?xml version="1.0"?>', "an XML file"),
    ("t.csv", b'[{"a": 1}, {"a": 2}]', "a JSON file"),
    ("t.csv", b'{"a": 1}\n{"a": 2}\n', "a JSON file"),
    ("t.csv", b"%PDF-1.7", "a PDF document"),
    ("t.csv", b"PAR1\x15\x04", "a Parquet file.*right ending, .parquet"),
    ("t.csv", zipped({"t.csv": TEXT}), "a zip archive.*right ending, .zip"),
    ("t.csv", gzip.compress(TEXT.encode()), "compressed with gzip.*csv.gz"),
    ("t.data", b"% comment\n@RELATION iris\n", "an ARFF file"),
    ("t.csv", b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
    ("t.csv", np.random.default_rng(0).bytes(3000), "a binary file of an unknown format"),
    ("t.csv", b"", "t.csv is empty"),
    ("t.csv.gz", TEXT.encode(), "t.csv.gz is plain text; expected a .gz file"),
    ("t.csv.xz", gzip.compress(b"a"), "compressed with gzip; expected a .xz file"),
    ("t.csv.gz", gzip.compress(TEXT.encode() * 9000)[:-30], "t.csv.gz cannot be read"),
    ("t.csv.bz2", bz2.compress(TEXT.encode())[:-5], "t.csv.bz2 cannot be read"),
    ("t.csv.xz", lzma.compress(TEXT.encode())[:-5], "t.csv.xz cannot be read"),
    ("t.csv.gz", gzip.compress(XLSX), "an Excel workbook"),
    ("t.parquet", TEXT.encode(), "t.parquet is plain text; expected a Parquet file"),
    ("t.parquet", b"PAR1" * 3, "not a valid Parquet file"),
    ("t.feather", TEXT.encode(), "plain text; expected a Feather file"),
    ("t.npz", TEXT.encode(), "plain text; expected a .npz file"),
    ("t.npz", b"", "t.npz is empty"),
    ("t.zip", zipped({"a.csv": TEXT, "b.csv": TEXT}), r"must hold one table .*; it holds 'a\.csv', 'b\.csv'"),
    ("t.zip", zipped({"a.json": "{}"}), r"must hold one table .*; it holds 'a\.json'"),
    ("t.jsonl", b'[{"a": 1}]', "a JSON file; expected JSON Lines"),
    ("t.jsonl", b'{"a": 1}\n{"a":}\n', "t.jsonl does not hold one JSON object a line: .* in row 2"),
    ("t.jsonl", b'{"a": 1}\n{"a": 2}\n{"a": "x"}\n', "one type .*; 'a' changes from number to string in row 3"),
    ("t.jsonl", b'{"a": true}\n{"a": null}\n{"a": 1}\n', "one type .*; 'a' changes from boolean to number in row 3"),
]


@pytest.mark.parametrize(("name", "content", "says"), FOREIGN, ids=[f"{name}: {says}" for name, _, says in FOREIGN])
def test_files_of_another_format(tmp_path: Path, name: str, content: bytes, says: str) -> None:
    """A file of another format than its ending promises is refused with its name, its format and a remedy."""
    (tmp_path / name).write_bytes(content)
    with pytest.raises(FileFormatError, match=says) as error:
        read_path(tmp_path / name)
    assert name in str(error.value)


def test_json_lines_with_a_mark(tmp_path: Path) -> None:
    """A JSON Lines file may begin with the mark of UTF-8, also on standard input."""
    content = b'\xef\xbb\xbf{"a": 1, "b": "x"}\n{"a": 2}\n'
    (tmp_path / "t.jsonl").write_bytes(content)
    assert [column.objects().tolist() for column in read_path(tmp_path / "t.jsonl").columns.values()] == [
        [1, 2],
        ["x", None],
    ]
    assert ending_of(content) == ".jsonl"


def test_texts_of_json_lines_are_texts(tmp_path: Path) -> None:
    """Dates in JSON are texts, as those of dicts are: the same columns and categories come from both."""
    rows = [{"a": "2020-01-01", "b": 2**60 + 1}, {"a": "2020-01-02T03:04:05Z", "b": 0.5}]
    (tmp_path / "t.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    for source in (tmp_path / "t.jsonl", rows):
        assert read(source).column("a").kind == "texts"
        assert read(source).column("b").objects().tolist() == [2**60 + 1, 0.5]


def test_a_folder_is_no_table(tmp_path: Path) -> None:
    """A folder is refused as one, whatever its name; but one of Parquet files alone is a table, in subfolders too.

    Names that begin with a dot or _ are those of other programs, and do not count.
    """
    for name in ("t.csv", "t.npz", "t.feather"):
        (tmp_path / name).mkdir()
        with pytest.raises(FileFormatError, match="is a folder"):
            read_path(tmp_path / name)
    (tmp_path / "t.parquet").mkdir()
    for part in ("1", "2"):
        pyarrow.parquet.write_table(pyarrow.table({"a": [1, 2]}), tmp_path / "t.parquet" / f"{part}.parquet")
    assert read_path(tmp_path / "t.parquet").t == 4
    (tmp_path / "_SUCCESS").touch()
    assert read_path(tmp_path).t == 4
    (tmp_path / "notes.txt").touch()
    with pytest.raises(FileFormatError, match="is a folder"):
        read_path(tmp_path)


FRAME = pandas.DataFrame({"a": [3, 1, 2], "b": ["u", "v", "w"]})
LABELLED = {
    "numbered": FRAME,
    "sorted": FRAME.sort_values("a"),
    "named": FRAME.assign(id=[7, 8, 9]).set_index("id"),
    "by text": FRAME.set_axis(["x", "y", "z"]),
    "of two levels": FRAME.assign(u=[1, 2, 3], v=[4, 5, 6]).set_index(["u", "v"]),
}


@pytest.mark.parametrize("ending", ["parquet", "feather"])
@pytest.mark.parametrize("labels", LABELLED)
def test_row_labels_are_no_column(tmp_path: Path, labels: str, ending: str) -> None:
    """The index of a pandas frame is no column of the file that pandas writes, whatever its name."""
    path = tmp_path / f"t.{ending}"
    if ending == "parquet":
        LABELLED[labels].to_parquet(path)
    else:
        pyarrow.feather.write_feather(pyarrow.Table.from_pandas(LABELLED[labels]), path)
    assert read_path(path).names == ("a", "b")


def npz_bytes() -> bytes:
    """A .npz file with a table."""
    file = io.BytesIO()
    np.savez_compressed(file, X=np.arange(12.0).reshape(4, 3), y=np.arange(4))
    return file.getvalue()


def columnar(write: Callable[[pyarrow.Table, io.BytesIO], None]) -> bytes:
    """A small table of numbers, texts and times in a columnar format."""
    file = io.BytesIO()
    times = pandas.date_range("2024-01-01", periods=40)
    write(pyarrow.table({"a": range(40), "b": [f"w{k % 3}" for k in range(40)], "c": times}), file)
    return file.getvalue()


SOUND: dict[str, Callable[[], bytes]] = {
    "t.csv": lambda: (TEXT + '3,"u\nü"\n4,"v, w"\n').encode() * 3,
    "t.txt": lambda: "a b c\n1 2 3\n4 5 6\n".encode("utf-16"),
    "t.csv.gz": COMPRESSED["t.csv.gz"],
    "t.csv.bz2": COMPRESSED["t.data.bz2"],
    "t.csv.xz": COMPRESSED["t.csv.xz"],
    "t.csv.zst": COMPRESSED["t.csv.zst"],
    "t.zip": COMPRESSED["t.zip"],
    "t.npz": npz_bytes,
    "t.parquet": lambda: columnar(pyarrow.parquet.write_table),
    "t.feather": lambda: columnar(pyarrow.feather.write_feather),
}


@pytest.mark.parametrize("name", SOUND)
def test_damaged_files(tmp_path: Path, name: str) -> None:
    """A file that is cut, or some of whose bits are flipped, is a table or one of Chainrule's errors."""
    sound = SOUND[name]()
    rng = np.random.default_rng(7)
    path = tmp_path / name
    for k in range(60):
        damaged = np.frombuffer(sound, dtype=np.uint8).copy()
        if k % 3 == 0:
            damaged = damaged[: rng.integers(len(damaged))]
        else:
            places = rng.integers(len(damaged), size=rng.integers(1, 4))
            damaged[places] ^= np.uint8(1) << rng.integers(8, size=len(places), dtype=np.uint8)
        path.write_bytes(damaged.tobytes())
        with contextlib.suppress(ChainruleError):
            read_path(path)


@pytest.mark.parametrize("damaged", ["X", "y"])
def test_a_member_of_npz_without_its_first_bytes(tmp_path: Path, damaged: str) -> None:
    """NumPy returns the bytes of a member that does not begin like an array; the member is named."""
    path = tmp_path / "t.npz"
    np.savez(path, X=np.arange(6.0).reshape(3, 2), y=np.arange(3))
    with zipfile.ZipFile(path) as file:
        members = {name: file.read(name) for name in file.namelist()}
    members[f"{damaged}.npy"] = b"?" + members[f"{damaged}.npy"][1:]
    with zipfile.ZipFile(path, "w") as file:
        for name, content in members.items():
            file.writestr(name, content)
    with pytest.raises(FileFormatError, match=rf"not a valid \.npz file of plain arrays: {damaged} is not an array"):
        read_path(path)


FREQUENCIES = ("M", "2M", "Q", "Q-MAR", "Y", "Y-JUN", "W", "W-SAT", "W-WED", "D", "h", "min", "s", "ms", "us", "ns")


@pytest.mark.parametrize("closed", ["left", "right", "both", "neither"])
def test_intervals_of_pandas_are_categories_in_files_too(
    closed: Literal["left", "right", "both", "neither"], tmp_path: Path
) -> None:
    """An interval is a category by its text, in a frame, an Arrow table and a file."""
    gaps = pandas.arrays.IntervalArray.from_arrays([0, 1, np.nan], [1, 2.5, np.nan], closed=closed)
    days = pandas.interval_range(pandas.Timestamp("2024-01-01"), periods=3, closed=closed)
    frame = pandas.DataFrame({"gaps": gaps, "days": days, "number": [1.0, 2.0, 3.0]})
    path = tmp_path / "t.parquet"
    frame.to_parquet(path)
    expected = {name: read(frame).column(name).objects().tolist() for name in frame}
    before, after = "[" if closed in ("left", "both") else "(", "]" if closed in ("right", "both") else ")"
    assert expected["gaps"] == [f"{before}0, 1{after}", f"{before}1, 2.5{after}", None]
    for source in (path, pyarrow.Table.from_pandas(frame)):
        table = read(source)
        assert {name: table.column(name).objects().tolist() for name in frame} == expected
        assert [table.column(name).kind for name in frame] == ["categories", "categories", "numbers"]
    table = read(pyarrow.Table.from_pandas(pandas.DataFrame({"gaps": frame.gaps.astype("category")})))
    assert table.column("gaps").objects().tolist() == expected["gaps"]


def test_periods_of_pandas_are_times_in_files_too(tmp_path: Path) -> None:
    """A period is the time of its start, in a frame, an Arrow table and a file, with and without pandas."""
    frame = pandas.DataFrame({f: pandas.period_range("1969-11-20", periods=5, freq=f) for f in FREQUENCIES})
    frame.loc[1, "M"] = None
    path = tmp_path / "t.parquet"
    frame.to_parquet(path)
    expected = {name: read(frame).column(name).objects().tolist() for name in frame}
    for source in (path, pyarrow.Table.from_pandas(frame)):
        table = read(source)
        assert {name: table.column(name).objects().tolist() for name in frame} == expected
        assert {table.column(name).kind for name in frame} == {"datetimes"}
    program = f"""
import sys
from chainrule.tables.reading.read import read
table = read({str(path)!r})
print([table.column(name).kind for name in table.names], table.column("Q-MAR").values[0])"""
    alone = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    start = expected["Q-MAR"][0].isoformat()
    assert alone.stdout == f"{['datetimes'] * len(FREQUENCIES)} {start}.000000\n"
    about = {b"ARROW:extension:name": b"pandas.period", b"ARROW:extension:metadata": b'{"freq": "B"}'}
    field = pyarrow.field("b", pyarrow.int64(), metadata=about)
    odd = pyarrow.table({"b": [1, 2]}, pyarrow.schema([field], {b"pandas": b"period[B]"}))
    with pytest.raises(InputError, match=r"'b' of X holds periods of the frequency 'B', .*: .dt.to_timestamp"):
        read(odd)

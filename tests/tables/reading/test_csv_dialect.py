"""The dialect of a CSV file is found from its first rows: delimiter, encoding, names."""

from __future__ import annotations

import csv
import io
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.errors import FileFormatError, InputError, UnknownName
from chainrule.tables.reading.csv.dialect import CsvOptions
from chainrule.tables.reading.paths import read_arrow, read_path


def written(folder: Path, content: str | bytes, name: str = "t.csv") -> Path:
    """The path of a file with this content."""
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


DELIMITERS = [  # the file's ending, its text, and the names and the first row that it holds
    (".csv", "a,b\n1,2\n", ["a", "b"], ["1", "2"]),
    (".csv", "a;b\n1;2\n", ["a", "b"], ["1", "2"]),
    (".csv", "a\tb\n1\t2\n", ["a", "b"], ["1", "2"]),
    (".csv", "a|b\n1|2\n", ["a", "b"], ["1", "2"]),
    (".csv", '"Fläche, m2";"Preis, EUR";y\n1,5;2;u\n', ["Fläche, m2", "Preis, EUR", "y"], ["1,5", "2", "u"]),
    (".csv", "Fläche, m2;Preis, EUR\n1,5;2,5\n", ["Fläche, m2", "Preis, EUR"], ["1,5", "2,5"]),
    (".tsv", "Age, years\tWeight, kg\n1\t2\n", ["Age, years", "Weight, kg"], ["1", "2"]),
    (".tsv", "u, v\tw, x\nA, B\tC, D\n", ["u, v", "w, x"], ["A, B", "C, D"]),
    (".csv", "name, first;town\nDoe, Jane;Bonn\n", ["name, first", "town"], ["Doe, Jane", "Bonn"]),
    (".csv", "id,tags\n1,u;v;w\n2,u;v;w\n", ["id", "tags"], ["1", "u;v;w"]),
    (".csv", "sep=;\na;b\n1;2\n", ["a", "b"], ["1", "2"]),
    (".csv", '"sep=|"\r\na|b\r\n1|2\r\n', ["a", "b"], ["1", "2"]),
    (".csv", "\n  \n\na;b\n1;2\n", ["a", "b"], ["1", "2"]),
    (".csv", "a;b\r1;2\r", ["a", "b"], ["1", "2"]),
    (".csv", 'a,"b\nc"\n1,"u\n\nv"\n', ["a", "b\nc"], ["1", "u\n\nv"]),
    (".csv", 'a,b\n1,"u ""v"" w"\n', ["a", "b"], ["1", 'u "v" w']),
    (".csv", "full name\nJane Doe\n", ["full name"], ["Jane Doe"]),
    (".txt", "a b\n1 2\n", ["a", "b"], ["1", "2"]),
    (".dat", "  a   b\tc\n 1   2\t3\n", ["a", "b", "c"], ["1", "2", "3"]),
    (".data", 'a  b  car\n1  2\t"ford torino"\n3  4\t"amc"\n', ["a", "b", "car"], ["1", "2", "ford torino"]),
    (".txt", "mean age\ttown\n1\tNew York\n2\tBonn\n", ["mean age", "town"], ["1", "New York"]),
]


@pytest.mark.parametrize(("ending", "text", "names", "row"), DELIMITERS)
def test_delimiters(tmp_path: Path, ending: str, text: str, names: list[str], row: list[str]) -> None:
    """The delimiter that splits the rows evenly is found; a comma inside a quote or a number is none."""
    table = read_arrow(written(tmp_path, text, f"t{ending}"))
    assert table.column_names == names
    assert [str(table.column(k)[0].as_py()) for k in range(len(row))] == row


ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-32"]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_marked_encodings(tmp_path: Path, encoding: str) -> None:
    """UTF-8, and UTF-16 and UTF-32 with their marks, give the same texts; a letter may lie across two blocks."""
    text = "größe,b\n" + "é,ü\n" * 300_000
    table = read_arrow(written(tmp_path, text.encode(encoding)))
    assert table.column_names == ["größe", "b"]
    assert table.num_rows == 300_000
    assert set(table.column("größe").unique().to_pylist()) == {"é"}


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "utf-16-le", "shift_jis", "mac_roman"])
def test_given_encodings(tmp_path: Path, encoding: str) -> None:
    """Any encoding that Python knows is read when it is named."""
    word = "ソ" if encoding == "shift_jis" else "größe"
    table = read_arrow(written(tmp_path, f"{word},b\n{word},2\n".encode(encoding)), CsvOptions(encoding=encoding))
    assert table.column_names == [word, "b"]
    assert table.column(word)[0].as_py() == word


UNDECODABLE: list[tuple[bytes, dict[str, Any], str]] = [
    ("größe,b\n1,2\n".encode("latin-1"), {}, r"not text in UTF-8: see line 1, which holds 'größe,b' if it is Latin-1"),
    ("a,b\n1,é\n".encode("latin-1"), {}, r"see line 2, which holds '1,é'.*encoding='latin-1' \(--encoding latin-1\)"),
    (b"a,b\n" + b"1,2\n" * 400_000 + b"3,\x80\n", {}, r"see line 400002, which holds '3,€'"),
    ("a,b\n1,é\n".encode("latin-1"), {"encoding": "ascii"}, "line 2"),
    (b"\xff\xfea\x00,\x00b\x00\n\x001\x00,\x00\x00\xd8\n\x00", {}, "not text in the encoding utf-16: see line 2"),
    ("a,b\n1,2\n".encode("utf-16-le"), {}, "text in UTF-16; expected a CSV file. Convert it, or name its encoding"),
]


@pytest.mark.parametrize(("content", "options", "says"), UNDECODABLE, ids=[says for _, _, says in UNDECODABLE])
def test_undecodable_bytes(tmp_path: Path, content: bytes, options: dict[str, Any], says: str) -> None:
    """Bytes that are not of the encoding are refused with their line, their text and a remedy."""
    with pytest.raises(FileFormatError, match=says):
        read_path(written(tmp_path, content), CsvOptions(**options))


HEADERS = [  # the first lines, and whether the first holds the names
    ("a,b\n1,2\n", True),
    ("400,410,420,target\n.3,.2,.5,u\n.4,.1,.9,v\n", True),
    ("0,1,2,3\n.3,.2,.5,.1\n.4,.1,.9,.2\n", True),
    ("region,2000,2010,2015\nu,3,9,2\nv,4,1,7\n", True),
    ("3998.1,3996.4,3990.2\n.3,.2,.5\n.4,.3,.2\n", True),
    ("city,2019,target\nBonn,4,1\n", True),
    ("spam,age\nspam,3\nham,4\n", True),
    ("5.1,3.5,1.4,0.2,setosa\n4.9,3.0,1.4,0.2,setosa\n7.0,3.2,4.7,1.4,versicolor\n", False),
    ("39,State-gov,77516,13,<=50K\n50,Self-emp,83311,13,<=50K\n", False),
    ("vhigh,vhigh,2,2,small,unacc\nvhigh,high,2,2,med,unacc\n", False),
    ("e,x,s,n\np,x,y,n\n", False),
    ("1.5,2.5\n3.5,1.0\n", False),
    ("red,3,yes\nblue,4,no\nred,5,no\n", False),
    ("1;2,5;0\n2;3,5;1\n", False),
    ("1,2,3\n2,3,4\n5,6,7\n", False),
]


@pytest.mark.parametrize(("text", "has_names"), HEADERS)
def test_names_of_columns(tmp_path: Path, text: str, has_names: bool) -> None:
    """The first line is names unless it looks like the rows below it; ``header`` decides otherwise."""
    path = written(tmp_path, text)
    first = text.partition("\n")[0].replace(";", ",").split(",") if ";" not in text else ["1", "2,5", "0"]
    if has_names:
        assert read_arrow(path).column_names == first
    else:
        with pytest.raises(InputError, match=r"no column names: its first line, .*looks like a row.*--no-header"):
            read_arrow(path)
    if len(set(first)) == len(first):
        assert read_arrow(path, CsvOptions(header=True)).column_names == first
    table = read_arrow(path, CsvOptions(header=False))
    assert table.column_names == [f"x{k}" for k in range(1, len(first) + 1)]
    assert table.num_rows == text.count("\n")


def test_a_delimiter_may_be_given(tmp_path: Path) -> None:
    """``sep`` is any character, or the word for one; it wins over the one detected and over Excel's line."""
    path = written(tmp_path, "a:b,c\n1:2,3\n")
    assert read_arrow(path, CsvOptions(sep=":")).column_names == ["a", "b,c"]
    assert read_arrow(written(tmp_path, "sep=;\na,b\n1,2\n"), CsvOptions(sep=",")).column_names == ["a", "b"]
    assert read_arrow(written(tmp_path, "a  b\n1  2\n"), CsvOptions(sep="blanks")).column_names == ["a", "b"]
    assert read_arrow(written(tmp_path, "a,b\tc\n1,2\t3\n"), CsvOptions(sep="tab")).column_names == ["a,b", "c"]


@pytest.mark.parametrize("options", [{"sep": ""}, {"sep": "ab"}, {"sep": '"'}, {"sep": "\n"}, {"sep": "§"}])
def test_delimiters_that_are_refused(tmp_path: Path, options: dict[str, Any]) -> None:
    """A delimiter is one character of ASCII that is neither a quote nor a line's end."""
    with pytest.raises(InputError, match="sep must be one character"):
        read_arrow(written(tmp_path, "a,b\n1,2\n"), CsvOptions(**options))


@pytest.mark.parametrize("encoding", ["utf-9", "hex", "rot13", ""])
def test_encodings_that_are_refused(tmp_path: Path, encoding: str) -> None:
    """A name that Python does not know, or one of a codec that is not for text, is refused."""
    with pytest.raises(UnknownName, match="encoding must be an encoding that Python knows"):
        read_arrow(written(tmp_path, "a,b\n1,2\n"), CsvOptions(encoding=encoding))


FAULTS = [
    ("a,b\n1,2\n3\n", "line 3 has 1 value separated by commas; expected 2, one for each name"),
    ("a,b\n1,2,3\n3,4,5\n", "line 2 has 3 values.*If every line has a label of its row in front, name that column too"),
    ('a,b\n"1\n\n",2\n3\n', "line 5 has 1 value"),
    ("Report\n\na;b\n1;2\n", "line 3 has 2 values separated by semicolons; expected 1.*Remove what is above"),
    ("# Report\na,b\n1,2\n", "line 2 has 2 values separated by commas; expected 1.*Remove what is above"),
    ("\n\na;b\n\n1;2\n3;4;5;6\n", "line 6 has 4 values separated by semicolons.*--sep"),
    ('a,b\n1,"2\n3,4\n5,6\n', "the quote that opens in line 2 is never closed"),
    ('a,b\n1,2\n"3,4\n5,6\n', "the quote that opens in line 3 is never closed"),
]


@pytest.mark.parametrize(("text", "says"), FAULTS)
def test_faults_name_their_line(tmp_path: Path, text: str, says: str) -> None:
    """A row of another length and a quote that is never closed are refused with the line and a remedy."""
    with pytest.raises(FileFormatError, match=f"t.csv is not a valid CSV file: {says}"):
        read_arrow(written(tmp_path, text))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a b c\n1 2 3\n4 5\n6 7 8\n", "line 3 has 2 values separated by blanks; expected 3"),
        ('"a" "b"\n"1" 3 "x"\n"2" 4 "y"\n', "line 2 has 3 values separated by blanks; expected 2.*label of its row"),
    ],
)
def test_faults_between_blanks(tmp_path: Path, text: str, says: str) -> None:
    """A row of another length is found between blanks too; R writes one name less than values."""
    with pytest.raises(FileFormatError, match=f"t.txt is not a valid CSV file: {says}"):
        read_arrow(written(tmp_path, text, "t.txt"))


def test_wide_files(tmp_path: Path) -> None:
    """A header and rows of several MB are read, also where the text is decoded first."""
    names = [f"{k:0600}" for k in range(6000)]
    text = f"{','.join(names)}\n" + f"{','.join(names[::-1])}\n" * 3
    for encoding in ("utf-8", "utf-16"):
        table = read_arrow(written(tmp_path, text.encode(encoding)), CsvOptions(header=True))
        assert (table.column_names, table.num_rows) == (names, 3)


@given(
    st.lists(st.lists(st.text().map("t{}".format), min_size=3, max_size=3), min_size=1, max_size=5),
    st.sampled_from([",", ";", "\t", "|", ":", "~"]),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(["utf-8", "utf-16", "utf-32"]),
)
def test_what_is_written_is_read(rows: list[list[str]], sep: str, end: str, encoding: str) -> None:
    """Texts that the module csv writes are read back, whatever they hold: delimiters, quotes, line ends, NUL."""
    text = io.StringIO()
    csv.writer(text, delimiter=sep, lineterminator=end, quoting=csv.QUOTE_ALL).writerows([["u", "v", "w"], *rows])
    with tempfile.TemporaryDirectory() as folder:
        path = written(Path(folder), text.getvalue().encode(encoding, "replace"))
        table = read_arrow(path, CsvOptions(sep, True, encoding))
    expected = [[text.encode(encoding, "replace").decode(encoding) for text in row] for row in rows]
    assert table.column_names == ["u", "v", "w"]
    assert [list(row.values()) for row in table.to_pylist()] == expected

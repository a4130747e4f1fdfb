"""The formats of files by their extension, and of those that are no such tables by their first bytes."""

from __future__ import annotations

import codecs
import re
import stat
from pathlib import Path

from chainrule.errors import FileFormatError, UnknownName

TEXT = (".csv", ".tsv", ".txt", ".data", ".dat")
COMPRESSED = (".gz", ".bz2", ".xz", ".zst", ".zip")
CSV = (*TEXT, ".zip", *(text + suffix for text in TEXT for suffix in COMPRESSED))
PARQUET = (".parquet", ".pq")
FEATHER = (".feather", ".arrow")
JSON_LINES = (".jsonl", ".ndjson")
EXTENSIONS = (*CSV, *PARQUET, *FEATHER, *JSON_LINES, ".npz")

LENGTH = 4096  # as many first bytes decide

PANDAS = "Read it with pandas, and hand over the frame, or save it as CSV"
RENAME = "Give its name the right ending"
KINDS: tuple[tuple[bytes, str, str], ...] = (  # the pattern of the first bytes, the format, and the remedy
    (rb"PK\x03\x04.{26}(\[Content_Types\]|_rels/|docProps/|xl/)", "an Excel workbook (.xlsx)", PANDAS),
    (rb"PK\x03\x04.{26}mimetypeapplication/vnd\.oasis", "an OpenDocument file (.ods)", PANDAS),
    (rb"PK\x03\x04.{26}[^/]{1,99}\.npy", "a .npz file of NumPy", f"{RENAME}, .npz"),
    (rb"PK(\x03\x04|\x05\x06)", "a zip archive", f"{RENAME}, .zip, or extract it"),
    (rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel workbook (.xls), or another Office file", PANDAS),
    (rb"%PDF-", "a PDF document", "Export its table as CSV"),
    (rb"PAR1", "a Parquet file", f"{RENAME}, .parquet"),
    (rb"ARROW1|FEA1", "an Arrow file", f"{RENAME}, .arrow"),
    (rb"\x1f\x8b", "a file compressed with gzip", f"{RENAME}, such as .csv.gz"),
    (rb"BZh[1-9]", "a file compressed with bzip2", f"{RENAME}, such as .csv.bz2"),
    (rb"\xfd7zXZ\x00", "a file compressed with xz", f"{RENAME}, such as .csv.xz"),
    (rb"\x28\xb5\x2f\xfd", "a file compressed with zstd", f"{RENAME}, such as .csv.zst"),
    (rb"7z\xbc\xaf\x27\x1c", "a 7z archive", "Extract it"),
    (rb"Rar!", "a RAR archive", "Extract it"),
    (rb"SQLite format 3\x00", "an SQLite database", "Export a table of it as CSV"),
    (rb"\x89HDF\r\n|MATLAB 5\.0", "an HDF5 or MATLAB file", PANDAS),
    (rb"\$FL[23]@\(#\)", "an SPSS file", PANDAS),
    (rb"<stata_dta>", "a Stata file", PANDAS),
    (rb"\x93NUMPY", "a NumPy array (.npy)", "Hand over numpy.load(path)"),
    (rb"\x80[\x02-\x05]", "a pickle", "Load it where you trust its origin, and hand over the object"),
    (rb"\x89PNG|\xff\xd8\xff|GIF8", "a picture", "Give a table"),
    (rb"\{\\rtf", "an RTF document", "Save it as plain text"),
    (rb"version https://git-lfs", "a pointer of Git LFS, not the file itself", "Run: git lfs pull"),
    (rb"(?i)\s*(<!doctype html|<html|<head)", "an HTML page", "Download the file itself; a page may be its preview"),
    (rb"\s*<\?xml", "an XML file", PANDAS),
    (rb"\s*\{\s*[\"}]", "a JSON file", f"{RENAME}, .jsonl, if each line is an object; or read it with pandas"),
    (rb"\s*\[\s*[\[{]", "a JSON file", PANDAS),
    (rb"(?i)(\s*%[^\n]*\n)*\s*@relation\b", "an ARFF file of Weka", "Read it with scipy.io.arff, or save it as CSV"),
)
ENDINGS: tuple[tuple[bytes, str], ...] = (  # the pattern of the first bytes, and the ending of such a table's name
    (rb"PK\x03\x04.{26}[^/]{1,99}\.npy", ".npz"),
    (rb"PK\x03\x04", ".zip"),
    (rb"PAR1", PARQUET[0]),
    (rb"ARROW1", FEATHER[0]),
    (rb"\x1f\x8b", ".csv.gz"),
    (rb"BZh[1-9]", ".csv.bz2"),
    (rb"\xfd7zXZ\x00", ".csv.xz"),
    (rb"\x28\xb5\x2f\xfd", ".csv.zst"),
    (rb"\s*\{\s*[\"}]", JSON_LINES[0]),
)
MARKS = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")  # of UTF-16 and UTF-32, whose texts hold bytes of zero
CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f\x7f]")
FEW_CONTROL, MOST_CONTROL = 4, 0.05  # a text may hold some, and this fraction


def unknown_extension(path: Path) -> UnknownName:
    """Returns the error about a file of which the extension gives no format that is read."""
    return UnknownName(
        f"{str(path)!r} must end in .csv, .tsv, .txt, .data, .parquet, .feather, .jsonl or .npz; the extension gives "
        "the format. Read other formats with pandas, and hand over the frame."
    )


def ending_of(start: bytes) -> str:
    """Returns the ending of a name for a table that starts with these bytes; text with values has .csv.

    >>> ending_of(b"PAR1"), ending_of(b'{"a": 1}'), ending_of(b"a,b")
    ('.parquet', '.jsonl', '.csv')
    """
    text = start.removeprefix(codecs.BOM_UTF8)
    return next((ending for pattern, ending in ENDINGS if re.match(pattern, text, re.DOTALL)), TEXT[0])


def foreign_kind(start: bytes) -> tuple[str, str] | None:
    """Returns the format that these first bytes of a file show, and the remedy; None for a text.

    >>> foreign_kind(b"%PDF-1.7")
    ('a PDF document', 'Export its table as CSV')
    >>> foreign_kind(b"a,b") is None
    True
    """
    text = start.removeprefix(codecs.BOM_UTF8)
    for pattern, kind, remedy in KINDS:
        if re.match(pattern, text, re.DOTALL):
            return kind, remedy
    controls = len(CONTROL.findall(start[:LENGTH]))
    if not start.startswith(MARKS) and controls > FEW_CONTROL + MOST_CONTROL * min(LENGTH, len(start)):
        return "a binary file of an unknown format, or text in UTF-16", "Convert it, or name its encoding"
    return None


def require_regular(path: Path) -> None:
    """Raises the system's own error if there is no such file, FileFormatError for an empty file, a folder or a pipe."""
    status = path.stat()
    if stat.S_ISDIR(status.st_mode):
        remedy = "one of its files, or pack them (chainrule pack)" if is_folder_of(path, CSV) else "a file in it"
        raise FileFormatError(f"{path} is a folder. Give {remedy}.")
    if not stat.S_ISREG(status.st_mode):
        raise FileFormatError(f"{path} is not a regular file. Save its contents to one.")
    if not status.st_size:
        raise FileFormatError(f"{path} is empty. Give a file with a line of names, and one line for each row.")


def first_bytes(path: Path) -> bytes:
    """Returns as many first bytes of a file as decide."""
    with path.open("rb") as file:
        return file.read(LENGTH)


def require_text(path: Path, start: bytes) -> None:
    """Raises FileFormatError, with a remedy, if a file that starts with these bytes is no text table."""
    if (foreign := foreign_kind(start)) is not None:
        kind, remedy = foreign
        raise FileFormatError(f"{path} is {kind}; expected a CSV file. {remedy}.")


def is_folder_of(path: Path, endings: tuple[str, ...]) -> bool:
    """Returns True for a folder with files of these endings, which may lie in subfolders, and no others but hidden."""
    shown_ones = (file for file in path.rglob("*") if not file.name.startswith((".", "_")) and file.is_file())
    first = next(shown_ones, None) if path.is_dir() else None
    return first is not None and all(file.name.lower().endswith(endings) for file in (first, *shown_ones))


def require_format(path: Path, magic: bytes, what: str) -> None:
    """Raises FileFormatError, with the format that the file has, unless its first bytes are ``magic``."""
    require_regular(path)
    if not (start := first_bytes(path)).startswith(magic):
        kind, _ = foreign_kind(start) or ("plain text", "")
        raise FileFormatError(f"{path} is {kind}; expected {what}. Correct the ending of its name.")

"""Reading a file, whose extension gives the format."""

from __future__ import annotations

from pathlib import Path

from chainrule.errors import UnknownName
from chainrule.tables.reading.csv_files import read_csv
from chainrule.tables.reading.npz_files import read_npz
from chainrule.tables.reading.parquet_files import read_parquet
from chainrule.tables.table import Table

CSV = (".csv", ".tsv", ".txt", ".csv.gz", ".tsv.gz", ".txt.gz", ".csv.bz2")
PARQUET = (".parquet", ".pq")


def read_path(path: Path) -> Table:
    """Reads a file, whose extension gives the format: CSV, Parquet, or NumPy's .npz with arrays X (t, …) and y (t,).

    Raises UnknownName for another extension, OSError if the file cannot be read, FileFormatError or InputError for bad
    contents.
    """
    name = path.name.lower()
    if not name.endswith((*CSV, *PARQUET, ".npz")):
        raise UnknownName(f"{str(path)!r} must end in .csv, .tsv, .parquet or .npz; the extension gives the format.")
    path.stat()  # raises the system's own error if there is no such file
    if name.endswith(".npz"):
        return read_npz(path)
    return read_csv(path) if name.endswith(CSV) else read_parquet(path)

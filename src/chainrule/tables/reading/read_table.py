"""Reading a file as a table to look at."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from chainrule.tables.reading.csv.dialect import CsvOptions
from chainrule.tables.reading.paths import read_arrow


def read_table(
    path: str | os.PathLike[str], *, sep: str | None = None, header: bool | None = None, encoding: str | None = None
) -> Any:
    """Returns the table of a text file, a Parquet file or a Feather file as a ``pyarrow.Table``.

    An estimator reads a path in the same way; this function is for files of which something cannot be detected, and to
    look at a table before training.

    Args:
        path: a .csv, .tsv, .txt, .data or .dat file, also compressed (.gz, .bz2, .xz, .zst, .zip); or a .parquet or
            .feather file.
        sep: the character between the values of a text file, or "tab", or "blanks" for runs of blanks and tabs; by
            default the one that splits the first rows evenly.
        header: whether the first line names the columns; without names they are x1, x2, …. By default it does, and a
            first line that looks like a row is an error.
        encoding: the encoding of a text file, any that Python knows; by default UTF-8, or UTF-16 or UTF-32 with its
            mark.

    Raises UnknownName for another extension or an unknown encoding, OSError if the file cannot be read, FileFormatError
    with the line for bad contents, InputError without rows or names, MissingExtra without pyarrow.

    >>> import pathlib, tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = pathlib.Path(folder.name, "prices.data")
    >>> _ = path.write_text("3;red\\n5;blue\\n")
    >>> read_table(path, header=False).column_names
    ['x1', 'x2']
    >>> folder.cleanup()
    """
    return read_arrow(Path(path), CsvOptions(sep, header, encoding))

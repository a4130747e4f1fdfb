"""Writing predictions as CSV or Parquet."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

from chainrule.cli.errors import require_packages
from chainrule.files import write_bytes

Columns = Mapping[str, list[Any]]


def write_predictions(columns: Columns, path: Path | None) -> None:
    """Writes columns to a .csv or .parquet file, atomically, or as CSV to stdout; numbers keep every bit."""
    if path is None:
        _write_csv(columns, sys.stdout)
    elif path.suffix == ".csv":
        text = io.StringIO(newline="")
        _write_csv(columns, text)
        write_bytes(path, text.getvalue().encode())
    else:
        require_packages("pyarrow")
        import pyarrow
        from pyarrow import parquet

        data = io.BytesIO()
        parquet.write_table(pyarrow.table(dict(columns)), data)
        write_bytes(path, data.getvalue())


def _write_csv(columns: Columns, file: TextIO) -> None:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))

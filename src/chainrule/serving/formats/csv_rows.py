"""Rows as CSV, and predictions too."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chainrule.errors import ChainruleError, InputError
from chainrule.serving.formats.tables import ORIGIN, require_few_columns
from chainrule.serving.limits import Limits
from chainrule.tables.model import TableModel
from chainrule.tables.reading.paths import read_arrow, table_of
from chainrule.tables.table import Table

MEDIA_TYPE = "text/csv"
DELIMITERS = b",;\t|"


def read(body: bytes, model: TableModel, limits: Limits) -> Table:
    """Returns the table in a body, read as a CSV file is. Raises InputError, or HTTPException for too many rows."""
    first = body.partition(b"\n")[0]
    require_few_columns(model, 1 + max(first.count(delimiter) for delimiter in DELIMITERS))
    with tempfile.TemporaryDirectory(prefix="chainrule-") as folder:
        path = Path(folder, "rows.csv")
        path.write_bytes(body)
        try:
            arrow = read_arrow(path)
            limits.require_rows(arrow.num_rows)
            table = table_of(path, arrow)
        except ChainruleError as error:
            raise InputError(str(error).replace(str(path), ORIGIN)) from None
    return Table(ORIGIN, table.columns)


def written(columns: Mapping[str, list[Any]]) -> bytes:
    """Returns columns of predictions as CSV."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    return text.getvalue().encode("utf-8", "backslashreplace")

"""One table in every form in which an estimator reads it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas
import polars
import pyarrow
from pyarrow import feather, parquet


def typed_forms(table: Any, folder: Path) -> Iterator[tuple[str, Any]]:
    """Yields an Arrow table as every frame and file that keeps its types."""
    yield "Arrow", table
    yield "polars", polars.from_arrow(table)
    yield "pandas", table.to_pandas(integer_object_nulls=True)
    yield "pandas of Arrow types", table.to_pandas(types_mapper=pandas.ArrowDtype)
    parquet.write_table(table, folder / "t.parquet")
    yield "Parquet", folder / "t.parquet"
    feather.write_feather(table, str(folder / "t.feather"))
    yield "Feather", folder / "t.feather"


def text_forms(columns: dict[str, list[str | None]], folder: Path) -> Iterator[tuple[str, Any]]:
    """Yields columns of texts as frames of texts, and as a CSV file."""
    yield "pandas", pandas.DataFrame(columns, dtype=object)
    yield "polars", polars.DataFrame(columns, schema=dict.fromkeys(columns, polars.String))
    yield "Arrow", pyarrow.table({name: pyarrow.array(cells, pyarrow.string()) for name, cells in columns.items()})
    (folder / "t.csv").write_bytes(csv_bytes(columns))
    yield "CSV", folder / "t.csv"


def csv_bytes(columns: dict[str, list[str | None]], delimiter: str = ",") -> bytes:
    """Returns columns of texts as a CSV file in UTF-8."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    return text.getvalue().encode("utf-8")

"""The sources of packed rows: files that are read piece by piece, and tables in memory."""

from __future__ import annotations

import os
from pathlib import Path

from chainrule.tables.packing.csv_tables import CsvTables
from chainrule.tables.packing.parquet_tables import ParquetTables
from chainrule.tables.packing.table_stream import InMemory, TableStream
from chainrule.tables.reading.csv.dialect import AS_DETECTED, CsvOptions
from chainrule.tables.reading.file_kinds import CSV, PARQUET, is_folder_of
from chainrule.tables.reading.paths import guarded, read_path
from chainrule.tables.table import Table


def as_stream(source: str | os.PathLike[str] | Table | TableStream, options: CsvOptions = AS_DETECTED) -> TableStream:
    """Returns Parquet files and text files, or a folder of either, to be read in pieces, and other tables in memory.

    ``options`` are about text files. Raises the errors of `read_path`.
    """
    if isinstance(source, Table):
        return InMemory(source)
    if not isinstance(source, (str, os.PathLike)):
        return source
    path = Path(source)
    if is_folder_of(path, CSV) or (path.name.lower().endswith(CSV) and not path.is_dir()):
        return CsvTables(path, options)
    if options == AS_DETECTED and (is_folder_of(path, PARQUET) or path.name.lower().endswith(PARQUET)):
        with guarded(path):
            return ParquetTables(path)
    return InMemory(read_path(path, options))

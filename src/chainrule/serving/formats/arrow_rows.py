"""Rows as a stream of Arrow, and predictions too."""

from __future__ import annotations

import io
import struct
from collections.abc import Mapping
from typing import Any

import numpy as np

from chainrule.errors import InputError
from chainrule.serving.formats.tables import ORIGIN, require_few_columns
from chainrule.serving.limits import Limits
from chainrule.tables.arrow_values import as_texts
from chainrule.tables.model import TableModel
from chainrule.tables.reading.arrow_tables import shortened
from chainrule.tables.reading.read import AnyTable, read

MEDIA_TYPE = "application/vnd.apache.arrow.stream"
DICTIONARY, ROWS = 2, 3  # types of messages, in the numbering of Arrow's format
HEADER_TYPE, HEADER, DATA, COMPRESSION = 1, 2, 1, 3  # fields of a message, of a dictionary batch, of a record batch


def read_stream(body: bytes, model: TableModel, limits: Limits) -> AnyTable:
    """Returns the table in a body. Raises InputError, or HTTPException for many rows.

    What is small as bytes and large as a table is refused: compressed batches, and types whose values may lie on each
    other.
    """
    import pyarrow
    from pyarrow import ipc

    try:
        for message in ipc.MessageReader.open_stream(body):
            _require_uncompressed(message)
        batches = []
        with ipc.open_stream(body) as reader:
            require_few_columns(model, len(reader.schema.names))  # reads them: some may be no UTF-8
            for field in reader.schema:
                _require_plain(field)
            for batch in reader:
                batch.validate(full=True)
                batches.append(batch)
                limits.require_rows(sum(each.num_rows for each in batches))
            table = pyarrow.Table.from_batches(batches, reader.schema)
    except (pyarrow.ArrowException, OSError, UnicodeDecodeError) as error:
        raise InputError(f"{ORIGIN} is not a stream of Arrow: {shortened(str(error))}") from None
    except (struct.error, IndexError):
        raise InputError(f"{ORIGIN} is not a stream of Arrow: the head of a message is damaged.") from None
    return read(table, ORIGIN)


def written(columns: Mapping[str, list[Any]]) -> bytes:
    """Returns columns of predictions as a stream; labels of several types, and texts of no UTF-8, as texts."""
    import pyarrow
    from pyarrow import ipc

    data = io.BytesIO()
    table = pyarrow.Table.from_arrays([_array(values) for values in columns.values()], names=list(columns))
    with ipc.new_stream(data, table.schema) as writer:
        writer.write_table(table)
    return data.getvalue()


def _array(values: list[Any]) -> Any:
    """Returns an array of Arrow, made of its bytes: Arrow's own conversion of values imports pandas."""
    import pyarrow

    found = np.array(values)
    if found.dtype.kind not in "bif":
        return as_texts(str(value).encode("utf-8", "backslashreplace").decode() for value in values)
    numbers = found.astype({"b": np.int8, "i": np.int64, "f": np.float64}[found.dtype.kind])
    kind = {"b": pyarrow.int8(), "i": pyarrow.int64(), "f": pyarrow.float64()}[found.dtype.kind]
    array = pyarrow.Array.from_buffers(kind, len(values), [None, pyarrow.py_buffer(numbers)])
    return array.cast(pyarrow.bool_()) if found.dtype.kind == "b" else array


def _require_plain(field: Any) -> None:
    from pyarrow import types

    kind = field.type.value_type if types.is_dictionary(field.type) else field.type
    known = (
        types.is_null, types.is_boolean, types.is_integer, types.is_floating, types.is_decimal, types.is_string,
        types.is_large_string, types.is_temporal,
    )  # fmt: skip
    if not any(is_of(kind) for is_of in known):
        raise InputError(f"column {field.name!r} of {ORIGIN} has the type {field.type}. Cast it to texts or numbers.")


def _require_uncompressed(message: Any) -> None:
    """Raises InputError if the batch in a message is compressed, which only the message itself says."""
    metadata = message.metadata.to_pybytes()
    (root,) = struct.unpack_from("<I", metadata)
    place = _field(metadata, root, HEADER_TYPE)
    kind = metadata[place] if place else 0
    if kind not in (DICTIONARY, ROWS):
        return
    batch = _table_at(metadata, _field(metadata, root, HEADER))
    if kind == DICTIONARY:
        batch = _table_at(metadata, _field(metadata, batch, DATA))
    if _field(metadata, batch, COMPRESSION):
        raise InputError(f"{ORIGIN} must be a stream of Arrow without compression.")


def _field(buffer: bytes, table: int, number: int) -> int:
    """Returns the place of a field of a table of FlatBuffers, 0 if it is left out."""
    (to_list,) = struct.unpack_from("<i", buffer, table)
    (size,) = struct.unpack_from("<H", buffer, table - to_list)
    if 4 + 2 * number >= size:
        return 0
    (offset,) = struct.unpack_from("<H", buffer, table - to_list + 4 + 2 * number)
    return table + offset if offset else 0


def _table_at(buffer: bytes, place: int) -> int:
    (offset,) = struct.unpack_from("<I", buffer, place)
    return place + int(offset)

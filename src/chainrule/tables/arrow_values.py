"""pyarrow, and the exchange of its values with NumPy's, without pandas, which it imports for its own conversions."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import MissingExtra


def import_pyarrow(what: str) -> Any:
    """Returns the package; raises MissingExtra if it is not installed."""
    try:
        import pyarrow
    except ImportError:
        raise MissingExtra(f"{what} needs pyarrow; pip install pyarrow") from None
    return pyarrow


def numbers_of(column: Any, missing: float = 0) -> NDArray[Any]:
    """Returns numbers of an Arrow array (t,), chunked or not, in their own type, and ``missing`` in place of nulls."""
    import pyarrow

    if not len(column):
        return np.empty(0, dtype=column.type.to_pandas_dtype())
    chunks = column.chunks if isinstance(column, pyarrow.ChunkedArray) else [column]
    array = chunks[0] if len(chunks) == 1 else pyarrow.concat_arrays(chunks)
    if not array.null_count:
        return np.from_dlpack(array)
    present = pyarrow.Array.from_buffers(array.type, len(array), [None, array.buffers()[1]], offset=array.offset)
    values = np.array(np.from_dlpack(present))
    values[booleans_of(column.is_null())] = missing
    return values


def booleans_of(column: Any) -> NDArray[np.bool_]:
    """Returns booleans of an Arrow array (t,), False in place of nulls; Arrow packs eight of them in a byte."""
    return numbers_of(column.cast("uint8")).view(np.bool_)


def as_index(rows: NDArray[np.integer]) -> Any:
    """Returns row numbers as an Arrow array."""
    import pyarrow

    return pyarrow.Array.from_buffers(pyarrow.int64(), len(rows), [None, pyarrow.py_buffer(rows.astype(np.int64))])


def as_texts(texts: Iterable[str]) -> Any:
    """Returns texts as an Arrow array of strings; one with half of a surrogate pair equals no text of Arrow."""
    import pyarrow

    encoded = [text.encode(errors="surrogatepass") for text in texts]
    ends = np.array([0, *accumulate(map(len, encoded))], dtype=np.int32)
    buffers = [None, pyarrow.py_buffer(ends), pyarrow.py_buffer(b"".join(encoded))]
    return pyarrow.Array.from_buffers(pyarrow.string(), len(encoded), buffers)


def as_times(times: NDArray[np.datetime64], is_present: NDArray[np.bool_]) -> Any:
    """Returns times in microseconds as an Arrow array of timestamps, null where none is present."""
    import pyarrow

    bits = pyarrow.py_buffer(np.packbits(is_present, bitorder="little"))
    return pyarrow.Array.from_buffers(pyarrow.timestamp("us"), len(times), [bits, pyarrow.py_buffer(times)])

"""Numbers of data frames as one matrix, NaN where missing, with little work for each column.

Each function returns None if some column holds anything but numbers, or if float64 does not hold every integer of the
frame exactly.
"""

from __future__ import annotations

import sys
from collections.abc import Collection
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.tables.columns import LARGEST_WHOLE
from chainrule.tables.reading.arrays import canonical_rows


def matrix_of_pandas(X: Any) -> Any:
    """Returns the numbers (t, n) of a pandas frame, sparse (CSR) if every column of it is."""
    pandas = sys.modules["pandas"]
    kinds = X.dtypes.tolist()
    if not all(dtype.kind in "biuf" for dtype in kinds):  # before the set: the hash of a categorical is slow
        return None
    dtypes = set(kinds)
    if any(isinstance(dtype, pandas.SparseDtype) for dtype in dtypes):
        is_all_sparse = all(isinstance(dtype, pandas.SparseDtype) and dtype.fill_value == 0 for dtype in dtypes)
        return canonical_rows(X.sparse.to_coo()) if is_all_sparse else None
    if any(dtype.kind == "b" for dtype in dtypes):
        return None
    if all(isinstance(dtype, np.dtype) for dtype in dtypes):
        common = np.result_type(*dtypes).newbyteorder("=")
        matrix = X.to_numpy(np.float64 if common.itemsize > 8 else common)
    else:  # pandas' own types with gaps, and Arrow's
        matrix = X.to_numpy(np.float64, na_value=np.nan)
    return _exact(matrix, any(dtype.kind in "iu" and dtype.itemsize == 8 for dtype in dtypes))


def matrix_of_polars(X: Any, kinds: Collection[Any]) -> NDArray[Any] | None:
    """Returns the numbers (t, n) of a polars frame, whose columns have these basic types."""
    polars = sys.modules["polars"]
    wide = {polars.Int64, polars.UInt64}
    others = {
        polars.Int8, polars.Int16, polars.Int32, polars.UInt8, polars.UInt16, polars.UInt32,
        polars.Float32, polars.Float64,
    }  # fmt: skip
    dtypes = set(kinds)
    return _exact(X.to_numpy(), not dtypes.isdisjoint(wide)) if dtypes <= wide | others else None


def matrix_of_arrow(X: Any, kinds: Collection[Any]) -> NDArray[Any] | None:
    """Returns the numbers (t, n) of a table of pyarrow, whose columns have these types."""
    from pyarrow import types

    if not X.num_rows or not all(types.is_integer(k) or types.is_float32(k) or types.is_float64(k) for k in kinds):
        return None
    (batch,) = X.combine_chunks().to_batches()
    matrix = batch.to_tensor(null_to_nan=True).to_numpy()
    return _exact(matrix, any(types.is_int64(k) or types.is_uint64(k) for k in kinds))


def _exact(matrix: NDArray[Any], has_wide_integers: bool) -> NDArray[Any] | None:
    """Returns the matrix, or None if a 64-bit integer of the frame may have been rounded to float64."""
    if has_wide_integers and matrix.dtype.kind == "f" and matrix.size:
        largest, smallest = np.fmax.reduce(matrix, axis=None), np.fmin.reduce(matrix, axis=None)
        if largest >= LARGEST_WHOLE or smallest <= -LARGEST_WHOLE:
            return None
    return matrix

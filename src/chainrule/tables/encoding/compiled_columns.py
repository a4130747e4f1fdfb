"""Work on whole columns of float64 by the compiled core, where it is installed: encoding, and one pass for quartiles.

The definitions are `NumericSteps` and `LongColumns` in NumPy, and the results are the same to the last bit.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.checks import Array
from chainrule.tables.columns import ChosenRows, Column
from chainrule.tables.encoding.gathered import Gathered
from chainrule.tables.encoding.steps import Fill, Scale, SmoothClip

try:
    from chainrule import _native as core

    is_compiled = hasattr(core, "encode_columns32")
except ImportError:  # a pure-Python wheel, or a core of an older source tree
    is_compiled = False

HAS_INFINITE, HAS_NO_SUCH_ROW = 2, 4  # flags of the core

ColumnPart = tuple[NDArray[Any], NDArray[np.int64] | None]  # numbers, NaN where missing, and the rows that are meant


def column_parts(R: Any) -> list[ColumnPart] | None:
    """Returns the columns of R (t, n) without a copy, if each is a float64 array by itself; otherwise None."""
    if not isinstance(R, Gathered) or R.arrays:
        return None
    parts = [_part(R.single[k]) for k in range(len(R.single))]
    return None if None in parts else parts  # type: ignore[return-value]


def _part(column: Column | ChosenRows) -> ColumnPart | None:
    whole, rows = (column.whole, column.rows) if isinstance(column, ChosenRows) else (column, None)
    return None if whole.plain_floats is None else (whole.plain_floats, rows)


def encode(parts: list[ColumnPart], first: int, fill: Fill, scale: Scale, clip: SmoothClip | None, out: Array) -> int:
    """Encodes numbers ``first``, … of each of n columns into out[:, :n], one for each row; returns the flags."""
    encode_columns = core.encode_columns32 if out.dtype == np.float32 else core.encode_columns64
    limit = 0.0 if clip is None else clip.limit
    return encode_columns(parts, first, fill.values, scale.center, scale.factor, limit, out)


def scan(
    part: ColumnPart, first: int, ends: Array, kept: Array
) -> tuple[float, float, int, list[tuple[int, int, int]]]:
    """Scans numbers ``first``, … of a column, one less than ``kept`` (3, ·) has room for.

    Returns the least and the greatest one, how many are missing, and for each of three brackets with these ``ends``
    (3, 2) how many are not below it, how many are inside, and how many of these ``kept`` holds.
    """
    scan_column = core.scan_column32 if kept.dtype == np.float32 else core.scan_column64
    return scan_column(part, first, kept.shape[1] - 1, ends, kept)

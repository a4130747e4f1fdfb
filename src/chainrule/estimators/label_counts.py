"""The number of labels, which must be that of the rows."""

from __future__ import annotations

from typing import Any

from chainrule.errors import InputError


def require_label_per_row(X: Any, y: Any, symbol: str = "X") -> None:
    """Raises InputError unless y has one label for each row of X (t, n), a table or an array; y may be no collection.

    >>> require_label_per_row([[1.0], [2.0]], ["a"])
    Traceback (most recent call last):
    chainrule.errors.InputError: Found input variables with inconsistent numbers of samples: X has 2 rows, y 1. Give ...
    """
    t, count = length(X), length(y)
    if None not in (t, count) and count != t:
        raise InputError(
            f"Found input variables with inconsistent numbers of samples: {symbol} has {t} rows, y {count}. Give one "
            "label per row."
        )


def length(y: Any) -> int | None:
    """Returns the number of labels, or None if y is no collection."""
    shape = y.shape if hasattr(y, "shape") else (len(y),) if hasattr(y, "__len__") else ()
    return shape[0] if shape else None


def no_labels(other_way: str = "") -> InputError:
    """Returns the error for y = None; there may be another way to give labels than one per row."""
    return InputError(f"training requires y to be passed, but the target y is None. Give one label per row{other_way}.")

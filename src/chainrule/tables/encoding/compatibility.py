"""Checks that new rows are compatible with the training columns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule._internal.checks import shown
from chainrule.errors import InputError
from chainrule.tables.columns import Column, Feature, Kind, nothing
from chainrule.tables.encoding.gathered import Gathered, is_sparse
from chainrule.tables.encoding.statistics.column_statistics import ENTRIES_PER_BLOCK
from chainrule.tables.text.conversion import converted
from chainrule.tables.text.notation import Notation
from chainrule.tables.text.text_column import TextColumn
from chainrule.tables.work import each

ACCEPTED: dict[Kind, tuple[Kind, ...]] = {  # kinds accepted for each kind of training column; gaps alone always are
    "numbers": ("numbers", "booleans"),
    "booleans": ("booleans", "numbers"),
    "categories": ("categories", "numbers", "booleans"),
    "datetimes": ("datetimes",),
    "durations": ("durations",),
}

USUAL_NOTATIONS: dict[Kind, Notation] = {
    "booleans": Notation("booleans"),
    "categories": Notation("categories"),
    "datetimes": Notation("datetimes"),
    "durations": Notation("durations"),
}


class OtherKind(InputError):
    """A text that is not of the kind of its column in the training rows."""


def as_trained(
    column: TextColumn,
    feature: Feature,
    notation: Notation | None,
    origin: str,
    read: Callable[[str], Any] | None = None,
) -> Column:
    """Returns texts as the training column was: read in its notation, or with None as categories.

    ``read`` may read more than the notation has. Raises OtherKind with the first row whose text cannot be read.
    """
    found = column.as_categories() if notation is None else converted(column, notation, read)
    if isinstance(found, Column):
        return found
    row, text = found
    kind = f"{feature.kind} like {notation.example}" if notation is not None and notation.example else feature.kind
    raise OtherKind(
        f"column {feature.name!r} of {origin} must hold {kind}, as in the training rows; got text, such as {text!r} in "
        f"row {row + 1}. Convert it, or leave out what is not a value."
    )


def of_kind(column: Column, kind: Kind, name: str, origin: str, *, known_texts: bool) -> Column:
    """Returns a column of values of a kind that is compatible with this one in the training rows; gaps alone are.

    ``known_texts`` is True if the levels learned for a category column are texts: numbers are then compared by their
    text. Raises InputError for a column of another kind.
    """
    if column.missing.all():
        return nothing(len(column))
    if kind == "booleans" and column.kind == "numbers":
        _require_bits(column, name, origin)
    if column.kind in ACCEPTED[kind] and (known_texts or column.kind != "categories" or not _holds_texts(column)):
        return column
    row, example = _first_non_number(column)
    got = f"{column.type or column.kind}, such as {example} in row {row}"
    if column.kind == "unreadable":
        got = column.type
    wanted = "numbers" if kind == "categories" and not known_texts else kind
    raise InputError(f"column {name!r} of {origin} must hold {wanted}, as in the training rows; got {got}. Convert it.")


def _require_bits(column: Column, name: str, origin: str) -> None:
    """Raises InputError with the first number that is neither 0 nor 1, in a column for booleans."""
    is_other = ~(column.missing | (column.values == 0) | (column.values == 1))
    if is_other.any():
        row = int(np.flatnonzero(is_other)[0])
        raise InputError(
            f"column {name!r} of {origin} must hold booleans, or 0 and 1 for them, as in the training rows; got "
            f"{column.values[row]:g} in row {row + 1}. Correct it, or leave out what is not a value."
        )


def _holds_texts(column: Column) -> bool:
    return bool(column.levels) and isinstance(column.levels[0], str)


def _first_non_number(column: Column) -> tuple[int, str]:
    """Returns the first row, counted from 1, whose value is present but not a number, and the value's repr."""
    values = column.objects()
    for row, value in enumerate(values, 1):
        try:
            float(value)
        except OverflowError:  # an integer beyond every float
            continue
        except (TypeError, ValueError):
            if value is not None:
                return row, shown(value)
    present = np.flatnonzero(~column.missing)
    return (int(present[0]) + 1, shown(values[present[0]])) if len(present) else (1, "nothing")


def refuse_infinite(R: Any, names: Sequence[str], origin: str) -> None:
    """Raises InputError with the column and the row of an infinite number in R (t, n), dense or sparse."""
    if is_sparse(R):
        at = np.flatnonzero(np.isinf(R.data))
        if len(at):
            row = int(np.searchsorted(R.indptr, at[0], side="right")) - 1
            _raise_infinite(names[int(R.indices[at[0]])], origin, row)
    elif isinstance(R, Gathered) or R.dtype.kind == "f":
        step = max(1, ENTRIES_PER_BLOCK // max(1, R.shape[1]))

        def has_infinite(first: int) -> bool:
            return bool(np.isinf(R[first : first + step]).any())

        blocks = range(0, len(R), step)
        for a, is_found in zip(blocks, each("checking the numbers", R.size, has_infinite, blocks), strict=True):
            if is_found:
                row, column = np.argwhere(np.isinf(R[a : a + step]))[0].tolist()
                _raise_infinite(names[column], origin, a + row)


def _raise_infinite(name: str, origin: str, row: int) -> None:
    raise InputError(
        f"column {name!r} of {origin} is infinite in row {row + 1}. Replace it with a number or a missing value."
    )

"""The decoder of targets that are read piece by piece: all classes, or the mean and the deviation of all numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.checks import Floats, shown
from chainrule.errors import InputError
from chainrule.tables.columns import Column, Level, Task
from chainrule.tables.labels import labels_of
from chainrule.tables.packing.table_stream import TableStream
from chainrule.tables.rounding import warn_about_rounding
from chainrule.tables.table import Table, require_complete
from chainrule.tables.target_decoder import ClassLabels, NumericLabels
from chainrule.tables.targets.indicator_labels import IndicatorLabels, two_values
from chainrule.tables.targets.target_columns import TargetColumns
from chainrule.tables.targets.task import MOST_WHOLE_CLASSES
from chainrule.tables.text.conversion import converted
from chainrule.tables.text.text_column import AnyColumn

LEAST_DEVIATION = 1e-153  # the squares of smaller ones have few digits

Weights: TypeAlias = Callable[[Table], Floats]
Decoder: TypeAlias = ClassLabels | NumericLabels | IndicatorLabels


class Labelled(NamedTuple):
    """The target columns of some rows, and their weights (t,) or None."""

    columns: Mapping[str, Column]
    weights: Floats | None


def fit_to_stream(
    task: Task, sample: Labelled, stream: TableStream, missing: Collection[str], weights: Weights | None
) -> Decoder:
    """Returns the decoder of one column of classes, or of columns of numbers or of labels.

    ``weights`` gives those of some rows, by which each row counts. Raises InputError for gaps, and for a single class
    or a single number.
    """
    is_whole = len(next(iter(sample.columns.values()))) == stream.t
    pieces = iter([sample]) if is_whole else _pieces(task, sample.columns, stream, missing, weights)
    if task == "regression":
        warn_about_rounding((name, column.unrounded) for name, column in sample.columns.items())
        return _numbers(pieces, TargetColumns(sample.columns))
    counts = _counted(pieces)
    if task == "classification":
        [(name, of_level)] = counts.items()
        return _classes(name, of_level)
    return IndicatorLabels(tuple(two_values(repr(name), *_levels(own)) for name, own in counts.items()), tuple(counts))


def _pieces(
    task: Task, sample: Mapping[str, Column], stream: TableStream, missing: Collection[str], weights: Weights | None
) -> Iterator[Labelled]:
    """Yields the target columns, their texts read as those of the sample were, and the weights."""
    for piece in stream.pieces(list(sample)):
        columns = {name: _like(old, piece.column(name), name, piece.origin, missing) for name, old in sample.items()}
        for name, column in columns.items():
            require_complete(column, name, piece.origin)
            if task != "regression":
                _require_codes_as_in(sample[name], piece.column(name), name, piece.origin, missing)
        yield Labelled(columns, None if weights is None else weights(piece))


def _like(old: Column, column: AnyColumn, name: str, origin: str, missing: Collection[str]) -> Column:
    if isinstance(column, Column):
        return column
    texts = column.without(missing)
    found = texts.as_categories() if old.notation is None else converted(texts, old.notation)
    if isinstance(found, Column):
        return found
    row, text = found
    raise InputError(f"column {name!r} of {origin} must hold {old.kind}; got {text!r} in row {row + 1}.")


def _require_codes_as_in(old: Column, column: AnyColumn, name: str, origin: str, missing: Collection[str]) -> None:
    """Raises InputError for a class that is no code if those of the sample are codes such as 007, or the reverse.

    Codes are classes as written. If the sample has codes of one length alone, all must have it.
    """
    if isinstance(column, Column) or column.is_declared:
        return
    column = column.without(missing)
    if old.kind == "numbers":
        if code := column.code_with_leading_zeros():
            raise InputError(
                f"target {name!r} of {origin} has the class {code!r}, as which codes are written; the random rows that "
                "have decided its kind hold numbers. Write all codes alike, or make them numbers."
            )
    elif lengths := _lengths_of_codes(old):
        alike = f" of {min(lengths)} digits" if len(lengths) == 1 else ""
        for text in filter(None, column.distinct[1]):
            if not text.isdecimal() or (alike and len(text) not in lengths):
                raise InputError(
                    f"target {name!r} of {origin} has the class {text!r}; in the random rows that have decided its "
                    f"kind each is a code{alike}. Write all codes alike."
                )


def _lengths_of_codes(column: Column) -> set[int]:
    """Returns the numbers of digits of codes such as 007, which are classes as written; none of other classes."""
    levels = [str(level) for level in column.levels]
    return {len(level) for level in levels} if all(map(str.isdecimal, levels)) else set()


def require_few_whole_numbers(name: str, column: Column, classes: ClassLabels) -> None:
    """Raises InputError if a sample of numbers has decided for classes, and all rows would not."""
    values = classes.values
    if column.kind == "categories" and len(_lengths_of_codes(column)) > 1:
        values = np.array([*map(float, values.tolist())])
    elif column.kind != "numbers":
        return
    if len(values) > MOST_WHOLE_CLASSES or (values != np.round(values)).any():
        raise InputError(
            f"target {name!r} has {len(values)} distinct numbers, which are not all whole or more than "
            f"{MOST_WHOLE_CLASSES}; those of a sample looked like classes. Give the task: regression or classification."
        )


def _counted(pieces: Iterator[Labelled]) -> dict[str, Counter[Level]]:
    """Returns the weight of each level of each column, the number of its rows if they have no weights."""
    counts: dict[str, Counter[Level]] = {}
    for piece in pieces:
        for name, found in piece.columns.items():
            column = found.as_categories()
            of_level = np.bincount(column.values, piece.weights, minlength=len(column.levels)).tolist()
            counts.setdefault(name, Counter()).update(dict(zip(column.levels, of_level, strict=True)))
    return counts


def _levels(counts: Counter[Level]) -> tuple[NDArray[Any], Floats]:
    """Returns levels in order, and their weights."""
    levels = sorted(counts)
    return labels_of(levels), np.array([counts[level] for level in levels], np.float64)


def _classes(name: str, counts: Counter[Level]) -> ClassLabels:
    levels, weights = _levels(counts)
    if len(levels) < 2:
        raise InputError(f"target {name!r} must have at least two classes; every row has {shown(levels[0])}.")
    return ClassLabels.fit(levels, weights)


def _numbers(pieces: Iterator[Labelled], sample: TargetColumns) -> NumericLabels:
    """Returns mean and deviation, added up piece by piece.

    Source: T. F. Chan, G. H. Golub & R. J. LeVeque, Updating formulae and a pairwise algorithm for computing sample
    variances, 1979.
    """
    m = len(sample.names)
    total, mean, squares = 0.0, np.zeros(m), np.zeros(m)  # Σ w, and Σ w (y − mean)²
    low, high = np.full(m, np.inf), np.full(m, -np.inf)
    for piece in pieces:
        Y = np.column_stack([_finite(name, column) for name, column in piece.columns.items()])
        w = np.ones(len(Y)) if piece.weights is None else piece.weights
        low, high, of_piece = np.minimum(low, Y.min(axis=0)), np.maximum(high, Y.max(axis=0)), float(w.sum())
        with np.errstate(over="ignore"):
            own = np.average(Y, axis=0, weights=w)
            distance = own - mean
            squares += w @ (Y - own) ** 2 + distance**2 * (total * of_piece / (total + of_piece))
            total += of_piece
            mean += distance * (of_piece / total)
    deviation = np.sqrt(squares / total)
    for name, a, b, sigma in zip(sample.names, low, high, deviation, strict=True):
        if a == b:
            raise InputError(f"target {name!r} is {a:g} in every row; there is nothing to learn.")
        if not LEAST_DEVIATION < sigma < np.inf:
            raise InputError(
                f"target {name!r} must have a deviation between 1e-153 and 1e154, whose square float64 holds; got "
                f"{a:g} to {b:g}. Rescale it."
            )
    return NumericLabels(
        mean, deviation, is_flat=m == 1, notations=sample.notations, names=sample.names if m > 1 else ()
    )


def _finite(name: str, column: Column) -> Floats:
    y = column.as_floats()
    if not np.isfinite(y).all():
        raise InputError(f"target {name!r} is infinite in some row. Replace such numbers.")
    return y

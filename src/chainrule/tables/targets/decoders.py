"""The decoders of all kinds of targets: their type, their form in a file, and the labels in columns of a table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from numpy.typing import NDArray

from chainrule._internal.checks import Array, shown
from chainrule._internal.naming import listed, spellings
from chainrule.errors import FileFormatError, InputError
from chainrule.tables.columns import Column
from chainrule.tables.intervals.quantile_labels import QuantileLabels
from chainrule.tables.target_decoder import ClassLabels, NumericLabels
from chainrule.tables.targets.indicator_labels import IndicatorLabels
from chainrule.tables.targets.target_columns import TargetColumns
from chainrule.tables.text.text_column import AnyColumn

Target: TypeAlias = ClassLabels | NumericLabels | IndicatorLabels

KINDS: dict[str, type[ClassLabels] | type[NumericLabels] | type[IndicatorLabels]] = {  # in a file
    "classes": ClassLabels,
    "numbers": NumericLabels,
    "labels": IndicatorLabels,
    "quantiles": QuantileLabels,
}


def from_parts(header: object, tensors: Mapping[str, Array], prefix: str = "target") -> Target:
    """Builds the decoder that ``parts`` described. Raises FileFormatError if the description is incomplete."""
    try:
        if not isinstance(header, Mapping):
            raise ValueError("it must be an object")
        if header["kind"] not in KINDS:
            raise ValueError(f"it must be classes, numbers, labels or quantiles; got {shown(header['kind'])}")
        return KINDS[header["kind"]].from_parts(header, tensors, prefix)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise FileFormatError(f"the file does not describe a complete {prefix}: {error}.") from None


def encoded(target: Target, y: Any, symbol: str = "y") -> NDArray[Any]:
    """Returns labels as networks are trained on them: class numbers (t,), indicators (t, q), or standardised (t, m)."""
    if isinstance(target, ClassLabels):
        return target.class_numbers(y, symbol)
    return target.standardised(y, symbol) if isinstance(target, NumericLabels) else target.indicators(y, symbol)


def decoded(target: Target, labels: NDArray[Any]) -> NDArray[Any]:
    """Returns encoded labels in the values of y."""
    if isinstance(target, QuantileLabels):
        y: NDArray[Any] = target.mean[0] + target.deviation[0] * labels[:, 0]
        return y
    return target.restored(labels) if isinstance(target, NumericLabels) else target.labels(labels)


def known_labels(target: Target, columns: Mapping[str, AnyColumn], missing: Iterable[str]) -> Any:
    """Returns the labels in the target columns, texts read as those of the training rows were; ``missing`` are gaps.

    They are those of the one column, or `TargetColumns` of several, in the order of the training rows if the names of
    both are known. Raises InputError with the first row of an unknown class or of a text that is no number, and for
    other columns than those of training.
    """
    gaps = tuple(missing)
    if isinstance(target, ClassLabels | QuantileLabels):
        return _labels_in(target, *_only(columns), gaps)
    if isinstance(target, NumericLabels) and target.m == len(columns) == 1:
        return _labels_in(target, *_only(columns), gaps)
    ordered = in_order(target, columns)
    return TargetColumns(
        {name: _labels_in(target.part(k), name, column, gaps) for k, (name, column) in enumerate(ordered.items())}
    )


def in_order(target: NumericLabels | IndicatorLabels, columns: Mapping[str, AnyColumn]) -> dict[str, AnyColumn]:
    """Returns several target columns in the order of training, by their names if those are known."""
    if len(columns) != target.m:
        raise InputError(
            f"the model predicts {target.m} columns{_words(target)}; got {len(columns)}: {listed(columns)}."
        )
    if not target.names:
        return dict(columns)
    found = spellings(target.names, columns)
    if lacking := [name for name in target.names if name not in found]:
        raise InputError(
            f"the model predicts {listed(target.names)}; got {listed(columns)}, without {listed(lacking)}."
        )
    return {name: columns[found[name]] for name in target.names}


def _words(target: NumericLabels | IndicatorLabels) -> str:
    return f", {listed(target.names)}" if target.names else ""


def _only(columns: Mapping[str, AnyColumn]) -> tuple[str, AnyColumn]:
    """Returns the one column with its name. Raises InputError for several."""
    if len(columns) > 1:
        raise InputError(f"the model predicts one column; got {len(columns)}: {listed(columns)}. Name one of them.")
    return next(iter(columns.items()))


def _labels_in(target: ClassLabels | NumericLabels, name: str, column: AnyColumn, missing: tuple[str, ...]) -> Any:
    if isinstance(column, Column):
        return column
    column = column.without(missing)
    if isinstance(target, ClassLabels):
        return target.labels(target.class_numbers(column, repr(name)))
    return target.numbers(column, repr(name))

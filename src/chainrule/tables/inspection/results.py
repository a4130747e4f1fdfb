"""Results of a table model on rows with known labels."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeAlias

from chainrule._internal.checks import Floats
from chainrule._internal.sparse_rows import Rows
from chainrule.errors import InputError
from chainrule.tables.diagnosis.case import LabelledRows
from chainrule.tables.inspection.label_measures import LabelResults
from chainrule.tables.inspection.measures import ClassResults, NumberResults
from chainrule.tables.inspection.quantile_results import QuantileResults
from chainrule.tables.intervals.quantile_labels import QuantileLabels
from chainrule.tables.model import TableModel
from chainrule.tables.target_decoder import ClassLabels, NumericLabels
from chainrule.tables.targets.indicator_labels import IndicatorLabels

COVERAGE = 0.9  # of the intervals


Results: TypeAlias = ClassResults | LabelResults | NumberResults | QuantileResults


def results_of(rows: LabelledRows) -> Results:
    """Returns the results on labelled rows.

    Intervals are those of the average of all networks; rows that only some of them predict have none.
    """
    target = rows.model.target
    if isinstance(target, ClassLabels):
        return ClassResults(target, rows.labels, rows.outputs)
    if isinstance(target, IndicatorLabels):
        return LabelResults(target, rows.labels, rows.outputs)
    found = number_results(rows.model, rows.X, rows.outputs, target.mean + target.deviation * rows.labels)
    if isinstance(found, NumberResults) and rows.asked is not None and not rows.asked.all():
        return replace(found, intervals=None)
    return found


def number_results(model: TableModel, Z: Rows, A: Floats, true: Floats) -> NumberResults | QuantileResults:
    """Returns the results for encoded rows Z (t, n) with mean outputs A (t, m) and true numbers.

    They are (t, m); those of quantiles have equal columns. The coverage of the intervals is one of the results, if the
    model has some.
    """
    target = model.target
    assert isinstance(target, NumericLabels)
    if isinstance(target, QuantileLabels):
        return QuantileResults(target, true[:, 0], target.in_units(A))
    predicted = target.in_units(A)
    try:
        ends = model.interval_ends(Z, A, COVERAGE)
    except InputError:  # without held-out rows, or with too few
        return NumberResults(target, true, predicted)
    return NumberResults(target, true, predicted, ends, COVERAGE)

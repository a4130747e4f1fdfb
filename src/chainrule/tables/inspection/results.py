"""Results of a table model on rows with known labels."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

from chainrule._internal.checks import Floats
from chainrule.errors import InputError
from chainrule.tables.conformal import bounds
from chainrule.tables.diagnosis.case import LabelledRows
from chainrule.tables.inspection.label_measures import LabelResults
from chainrule.tables.inspection.measures import ClassResults, NumberResults
from chainrule.tables.model import TableModel
from chainrule.tables.target_decoder import ClassLabels, NumericLabels
from chainrule.tables.targets.indicator_labels import IndicatorLabels

COVERAGE = 0.9  # of the intervals


Results: TypeAlias = ClassResults | LabelResults | NumberResults


def results_of(rows: LabelledRows) -> Results:
    """Returns the results on labelled rows."""
    target = rows.model.target
    if isinstance(target, ClassLabels):
        return ClassResults(target, rows.labels, rows.outputs)
    if isinstance(target, IndicatorLabels):
        return LabelResults(target, rows.labels, rows.outputs)
    true, predicted = (target.mean + target.deviation * Y for Y in (rows.labels, rows.outputs))
    return number_results(rows.model, target, true, predicted)


def number_results(model: TableModel, target: NumericLabels, true: Floats, predicted: Floats) -> NumberResults:
    """Returns the results of predicted numbers (t, m), with the coverage of the intervals if the model has some."""
    try:
        low, high = bounds(model.residuals, COVERAGE)
    except InputError:  # without held-out rows, or with too few
        return NumberResults(target, true, predicted)
    return NumberResults(target, true, predicted, np.stack([predicted + low, predicted + high], axis=-1), COVERAGE)

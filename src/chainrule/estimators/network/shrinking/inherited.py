"""The parts that a student takes over from its teacher: calibrated probabilities, and the distribution of residuals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from chainrule._internal.checks import Floats
from chainrule._internal.sparse_rows import Rows
from chainrule.tables.calibration import UNCALIBRATED
from chainrule.tables.intervals.conformal import thinned
from chainrule.tables.intervals.spread import spread_of
from chainrule.tables.model import TableModel
from chainrule.tables.target_decoder import NumericLabels

MOST_EACH = 999  # residuals and differences that are added in pairs


def with_calibration(student: TableModel, teacher: TableModel, Z: Rows) -> TableModel:
    """Returns the student's model without calibration, and for numbers with the residuals that it should have.

    The rows that a student holds out were mostly training rows of the teacher, so that its errors on them are too
    small. Probabilities need no T, because those that it has learned are calibrated. A residual is y − s = (y − a) +
    (a − s) for the predictions a of the teacher and s of the student: the teacher knows the first part from rows it
    held out, and the second part is that of the encoded rows Z (t, n) that the student held out. All their sums are
    taken, as if the parts were independent. A spread of the teacher stretches both.
    """
    student = replace(student, calibration=UNCALIBRATED, residuals=None, spread=teacher.spread)
    if not isinstance(student.target, NumericLabels) or teacher.residuals is None or not len(Z):
        return student
    A, own = teacher.outputs_of(Z), student.outputs_of(Z)
    D = student.target.in_units(A) - student.target.in_units(own)
    if student.spread is not None:
        D /= spread_of(student.spread, Z, own)
    return replace(student, residuals=sums(teacher.residuals, np.sort(D, axis=0)))


def sums(R: Floats, D: Floats) -> Floats:
    """Returns as many residuals as R (t, m) has, distributed as r + d for r of R and d of D (s, m), all sorted.

    >>> sums(np.array([[-1.0], [1.0]]), np.array([[0.0], [0.5]])).ravel().tolist()
    [-1.0, 1.5]
    """
    pairs = thinned(R, MOST_EACH)[:, None] + thinned(D, MOST_EACH)[None]
    return thinned(np.sort(pairs.reshape(-1, R.shape[1]), axis=0), len(R))

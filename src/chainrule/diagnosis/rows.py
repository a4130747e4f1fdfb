"""Faults of the rows: too few, the same in training and held out, and classes that are never predicted."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from chainrule._internal.checks import Array
from chainrule._internal.naming import listed
from chainrule.diagnosis.case import Case, Examples
from chainrule.diagnosis.finding import Finding

COPIES = 0.1  # share of the held-out rows that are in the training rows too
FEW_VALUES = 20  # of an input that is a category or a count
ENOUGH = 5  # rows of a class that should be predicted at least once


def too_few_rows(case: Case) -> Iterator[Finding]:
    """Finds fewer rows than inputs, or than twice the outputs."""
    (t, n), m = case.data.X.shape, case.data.Y.shape[1]
    if t <= max(n, 2 * m):
        yield Finding(
            "not enough rows",
            f"there are {t} rows for {n} inputs and {m} outputs: a linear map alone fits them exactly.",
            "Add rows, leave out inputs, or penalise W (l2 of the cost).",
        )


def copies_across_the_split(case: Case) -> Iterator[Finding]:
    """Finds rows of the training set among the held-out ones, unless every input has few values."""
    if case.held_out is None or all(len(np.unique(x)) <= FEW_VALUES for x in case.data.X.T):
        return
    known = set(_rows(case.data))
    share = sum(row in known for row in _rows(case.held_out)) / case.held_out.t
    if share > COPIES:
        yield Finding(
            "duplicated rows across the split",
            f"{100 * share:.3g} % of the held-out rows are training rows too, X and Y alike.",
            "Split so that equal rows are on the same side; the validation cost now measures memory.",
        )


def unpredicted_classes(case: Case) -> Iterator[Finding]:
    """Finds classes with several rows that the network never predicts."""
    if not case.is_classification:
        return
    m = max(case.data.Y.shape[1], 2)
    rows = np.bincount(case.classes(case.data.Y), minlength=m)
    predicted = np.bincount(case.classes(case.run.a[case.net.r]), minlength=m)
    lost = np.flatnonzero((rows >= ENOUGH) & (predicted == 0))
    if lost.size:
        k = int(lost[0])
        yield Finding(
            "classes that are never predicted",
            f"{listed(map(int, lost), 5)}: class {k} has {rows[k]} of {case.data.t} rows, the most frequent class "
            f"{rows.max()}, and the network never predicts class {k}.",
            "Give rare classes more weight (weights), or train longer.",
        )


def _rows(data: Examples) -> list[bytes]:
    joined: Array = np.hstack([data.X, data.Y]) + 0.0  # −0.0 is 0.0
    return [row.tobytes() for row in joined]

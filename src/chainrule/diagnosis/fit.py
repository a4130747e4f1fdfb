"""Faults of the fit, which held-out rows show: overfitting and miscalibration."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from chainrule.diagnosis.case import Case
from chainrule.diagnosis.finding import Finding

ROSE = 1.25  # times its lowest value, the validation cost has risen
GAP = 0.4  # between the share explained of training and held-out rows
ROWS = 100  # held out, for a share to mean something
OVERCONFIDENT = 0.15  # by which the confidence exceeds the accuracy


def overfitting(case: Case) -> Iterator[Finding]:
    """Finds training rows that are fitted much better than held-out ones, or a validation cost past its lowest."""
    if case.held_out is None or case.held_out_run is None:
        return
    known, new = case.explained(case.data, case.run), case.explained(case.held_out, case.held_out_run)
    remedy = "Stop earlier (patience), penalise W (l2), use dropout, a smaller network, or more rows."
    if known - new > GAP and case.held_out.t >= 20:
        what = "accuracy beyond the most frequent class" if case.is_classification else "R²"
        yield Finding("overfitting", f"{what} is {known:.3g} on training rows and {new:.3g} on held-out ones.", remedy)
        return
    course = None if case.history is None else case.history.validation_J
    if course is None or np.isnan(course).all() or len(course) < 10:
        return
    best = int(np.nanargmin(course))
    scale = 1.0 if case.cost.mean else case.held_out.t
    now = case.mean_loss(case.held_out, case.held_out_run) * scale
    if best < 0.8 * len(course) and now > ROSE * course[best] and course[best] > 0:
        yield Finding(
            "overfitting",
            f"the validation cost was {course[best]:.3g} after epoch {best + 1} of {len(course)}, and is {now:.3g}.",
            remedy,
        )


def miscalibration(case: Case) -> Iterator[Finding]:
    """Finds probabilities of classes that are more certain than they are right."""
    if case.held_out is None or case.held_out_run is None or not case.is_classification or case.held_out.t < ROWS:
        return
    A = case.held_out_run.a[case.net.r]
    confidence = float((np.maximum(A, 1.0 - A) if A.shape[1] == 1 else A.max(axis=1)).mean())
    accuracy = float((case.classes(A) == case.classes(case.held_out.Y)).mean())
    if confidence - accuracy > OVERCONFIDENT:
        yield Finding(
            "miscalibration",
            f"on held-out rows the mean probability of the predicted class is {confidence:.3g}, and {accuracy:.3g} of "
            "the predictions are right.",
            "Stop earlier (patience), or calibrate (NetworkClassifier does).",
        )

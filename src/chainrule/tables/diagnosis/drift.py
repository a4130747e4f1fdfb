"""Drift: rows that differ from the training rows, by what the model remembers of these."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from chainrule._internal.checks import Floats
from chainrule.diagnosis.change import Change
from chainrule.diagnosis.finding import Finding
from chainrule.tables.diagnosis.case import LabelledRows, TableCase, and_others
from chainrule.tables.encoding.numeric_columns import owner_names
from chainrule.tables.intervals.quantile_labels import QuantileLabels
from chainrule.tables.target_decoder import ClassLabels, NumericLabels
from chainrule.tables.targets.indicator_labels import IndicatorLabels

ROWS = 30  # whose median is known well enough
SHIFT = 1.0  # of the median, in interquartile ranges (standard deviations) of the training rows
UNSEEN = 0.01  # share of rows with a value that training did not have
FEW = 5  # such rows at least
ODDS = 2.5  # factor between the odds of a class then and now
CERTAIN = 5.0  # standard deviations of the difference of two shares, beyond which it is no chance
AGAIN = "Check the unit and the source of the values. If they are right, train again on rows like these."


def unseen_values(case: TableCase) -> Iterator[Finding]:
    """Finds categories that did not occur in the training rows."""
    rows = case.new
    counts = {
        name: count
        for name, count in case.model.encoder.unseen(rows.table).items()
        if count >= max(FEW, UNSEEN * rows.t)
    }
    if counts:
        worst = max(counts, key=counts.__getitem__)
        yield Finding(
            "values unseen in training",
            f"{and_others(list(counts))}{worst!r} has values in {counts[worst]} of {rows.t} {case.where} that no "
            "training row had. The model treats them as missing.",
            "Correct their spelling, or train again on rows like these.",
            Change(),
        )


def drift(case: TableCase) -> Iterator[Finding]:
    """Finds numbers whose median has moved by more than the spread of the training rows, and such a target."""
    encoder, rows = case.model.encoder, case.new
    if rows.t < ROWS:
        return
    if encoder.numbers in ("robust", "standard"):
        yield from _moved_columns(case)
    if isinstance(target := case.model.target, NumericLabels) and not isinstance(target, QuantileLabels):
        shifts = rows.labels.mean(axis=0)
        k = int(np.abs(shifts).argmax())
        then, shift = float(target.mean[k]), float(shifts[k])
        if abs(shift) > SHIFT:
            now = then + float(target.deviation[k]) * shift
            name = target.names[k] if target.names else case.target
            yield Finding(
                "drift of the target",
                f"the mean of {name!r} is {_shown(now)} in {rows.t} {case.where} and was {_shown(then)} in "
                f"training: {abs(shift):.3g} standard deviations away.",
                AGAIN,
                Change(),
            )


def shares_of_classes(case: TableCase) -> Iterator[Finding]:
    """Finds a class whose share differs from that in the training rows by more than chance, and by much.

    The training rows are X, if there are held-out rows, or those whose shares the file of the model has.
    """
    target, rows = case.model.target, case.new
    if isinstance(target, NumericLabels) or (known := _shares_in_training(case, target)) is None:
        return
    then, trained = known
    if min(rows.t, trained) < ROWS:
        return
    now = _shares(rows, target)
    both = (trained * then + rows.t * now) / (trained + rows.t)
    deviation = np.sqrt(both * (1.0 - both) * (1.0 / trained + 1.0 / rows.t))
    low, high = np.minimum(then, now), np.maximum(then, now)
    is_much = high * (1.0 - low) > ODDS * low * (1.0 - high)
    certainty = np.where(is_much, np.abs(now - then) / np.maximum(deviation, 1e-300), 0.0)
    c = int(np.lexsort((now - then, certainty.round(6)))[-1])  # of two classes the one that has grown
    is_class = isinstance(target, ClassLabels)
    name = (target.values if isinstance(target, ClassLabels) else target.classes).tolist()[c]
    if certainty[c] > CERTAIN:
        yield Finding(
            "drift of the classes",
            f"the {'class' if is_class else 'label'} {name!r} has {100 * now[c]:.3g} % of {rows.t} {case.where} and "
            f"had {100 * then[c]:.3g} % in training: {certainty[c]:.3g} standard deviations away.",
            "Check how the rows were chosen. If new rows have these shares, train again on rows like these: the "
            "probabilities are right for the shares in training.",
            Change(),
        )


def _shares(rows: LabelledRows, target: ClassLabels | IndicatorLabels) -> Floats:
    """Returns the share of the rows that have each class (k,), or each label (q,)."""
    if isinstance(target, ClassLabels):
        return np.bincount(rows.labels, minlength=len(target)) / rows.t
    shares: Floats = rows.labels.mean(axis=0)
    return shares


def _shares_in_training(case: TableCase, target: ClassLabels | IndicatorLabels) -> tuple[Floats, float] | None:
    """Returns such shares in the training rows, and the number of these, or None if only weighted ones are known."""
    if case.held_out is not None:
        return _shares(case.rows, target), float(case.rows.t)
    training = case.model.about.get("training")
    rows = training.get("rows") if isinstance(training, dict) else None  # of a model of ``chainrule train``
    count = rows.get("training") if isinstance(rows, dict) else None
    return (target.shares, float(count)) if isinstance(count, int) else None


def _moved_columns(case: TableCase) -> Iterator[Finding]:
    encoder, rows = case.model.encoder, case.new
    kinds = {feature.name: feature.kind for feature in encoder.features_}
    owners = owner_names(encoder.features_)
    moved: list[tuple[float, str, float, float]] = []
    for j, k in enumerate(encoder.used_.tolist()):
        name = owners[k]
        if kinds[name] not in ("numbers", "durations"):
            continue
        x = rows.table.typed(name).as_floats()
        present = x[~np.isnan(x)]
        if len(present) < ROWS:
            continue
        now, then = float(np.median(present)), float(encoder.fill_.values[j])
        shift = abs(now - then) * float(encoder.scale_.factor[j])
        if shift > SHIFT:
            moved.append((shift, name, now, then))
    if moved:
        shift, name, now, then = max(moved)
        spread = "interquartile ranges" if encoder.numbers == "robust" else "standard deviations"
        yield Finding(
            "drift",
            f"{and_others([name for _, name, _, _ in moved])}the median of {name!r} is {_shown(now)} in {rows.t} "
            f"{case.where} and was {_shown(then)} in training: {shift:.3g} {spread} away.",
            AGAIN,
            Change(),
        )


def _shown(x: float) -> str:
    """Returns a number as people write it."""
    return f"{x:.4g}" if abs(x) < 10_000.0 else f"{x:,.0f}"

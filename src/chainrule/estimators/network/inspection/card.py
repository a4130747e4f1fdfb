"""The card of a fitted estimator in a notebook: scores, networks and curves."""

from __future__ import annotations

from typing import Any

from chainrule._internal.four_digits import four_digits
from chainrule._internal.naming import listed
from chainrule.estimators.cards.card import framed
from chainrule.estimators.cards.small_curves import curves
from chainrule.estimators.cards.summary import sizes
from chainrule.estimators.network.inspection import words
from chainrule.estimators.network.inspection.charted_courses import charted_courses
from chainrule.estimators.network.inspection.metric import held_out_score, rmse
from chainrule.tables.target_decoder import ClassLabels
from chainrule.tables.targets.indicator_labels import IndicatorLabels

MOST_KINDS = 4  # of networks that are drawn
MOST_WARNINGS = 3


def card(estimator: Any) -> str:
    """Returns the card of a fitted `NetworkClassifier` or `NetworkRegressor`."""
    kinds = {(net.m, net.d): net for net in estimator.networks_}.values()
    drawn = list(zip(kinds, sizes(estimator.networks_), strict=True))[:MOST_KINDS]
    title = f"{type(estimator).__name__}, preset {estimator.preset}: {words.name_of(estimator)}"
    shown = ""
    if estimator.histories_:  # a file of an early version holds none
        shown = curves(*charted_courses(estimator))
    return framed(title, _facts(estimator), drawn, shown)


def _facts(estimator: Any) -> list[tuple[str, str]]:
    """Returns names and values for the table of the card."""
    encoder, target = estimator.encoder_, estimator.target_
    facts = []
    if (score := held_out_score(estimator)) is not None:
        facts.append((f"{score[0]} on held-out rows", f"{score[1]:.4f}"))
        rows = estimator._held_out_rows
        if rows is not None and (error := rmse(rows)) is not None:
            facts.append(("RMSE on held-out rows", four_digits(error)))
    if isinstance(target, IndicatorLabels):
        facts.append(("labels", f"{target.m}: {listed(target.classes.tolist(), 3)}"))
    elif isinstance(target, ClassLabels):
        facts.append(("classes", f"{len(target)}: {listed(target.values.tolist(), 3)}"))
    facts.append(("inputs", f"{encoder.n_features_in_} columns, encoded as {encoder.n_features_out_} features"))
    if left_out := words.left_out(estimator):
        facts.append(("left out", listed([name for name, _ in left_out], 4)))
    if (count := len(estimator.networks_)) > 1:
        further = "; ".join(sizes(estimator.networks_)[MOST_KINDS:])
        facts.append(("networks", f"{count}, averaged" + (f", among them {further}" if further else "")))
    facts += [
        ("cost", estimator.recipe_.cost.in_words),
        ("trained on", words.rows_in_words(estimator)),
        ("epochs", words.training_in_words(estimator)),
    ]
    warnings = getattr(estimator, "warnings_", ())
    facts += [("warning", text) for text in warnings[:MOST_WARNINGS]]
    if len(warnings) > MOST_WARNINGS:
        facts.append(("", f"and {len(warnings) - MOST_WARNINGS} more, in warnings_"))
    return facts

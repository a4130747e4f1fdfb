"""The card of a fitted estimator in a notebook: scores, networks and curves, in plain HTML."""

from __future__ import annotations

from html import escape
from typing import Any

from chainrule._internal.four_digits import four_digits
from chainrule._internal.naming import listed
from chainrule.estimators.network.inspection import words
from chainrule.estimators.network.inspection.metric import held_out_score, rmse
from chainrule.estimators.network.inspection.small_curves import curves
from chainrule.estimators.network.inspection.small_layers import LAYERS_WIDTH, layers
from chainrule.tables.target_decoder import ClassLabels
from chainrule.tables.targets.indicator_labels import IndicatorLabels

WIDTH = 950  # of the card; its three parts lie side by side from 902 pixels on, beside the scroll bar of a notebook
MOST_KINDS = 4  # of networks that are drawn
MOST_WARNINGS = 3

TABLE = "border-collapse:collapse;margin:0;width:100%;background:none;font-size:inherit;color:inherit"
CELL = "padding:1px 0;text-align:left;vertical-align:top;white-space:normal"
STYLE = (
    "font-family:system-ui,sans-serif;font-size:13px;line-height:1.4;border:1px solid #8884;border-radius:8px;"
    f"padding:12px 16px;margin:4px 0 8px;display:inline-block;box-sizing:border-box;max-width:{WIDTH}px"
)


def card(estimator: Any) -> str:
    """Returns the card of a fitted `NetworkClassifier` or `NetworkRegressor`."""
    kinds = {(net.m, net.d): net for net in estimator.networks_}.values()
    drawn = "".join(
        f'<div style="margin-bottom:8px">{layers(net)}<div style="font-size:12px">{escape(size)}</div></div>'
        for net, size in list(zip(kinds, words.sizes(estimator.networks_), strict=True))[:MOST_KINDS]
    )
    rows = "".join(
        f'<tr><td style="{CELL};padding-right:12px;opacity:.75">{escape(name)}</td>'
        f'<td style="{CELL}">{escape(value)}</td></tr>'
        for name, value in _facts(estimator)
    )
    return (
        f'<div class="chainrule-card" style="{STYLE}"><div style="font-weight:600;margin-bottom:6px">'
        f"{escape(type(estimator).__name__)}, preset {escape(str(estimator.preset))}: "
        f"{escape(words.name_of(estimator))}</div>"
        '<div style="display:flex;gap:18px;flex-wrap:wrap;align-items:flex-start">'
        f'<div style="flex:1 1 280px"><table style="{TABLE}">{rows}</table></div>'
        f'<div style="width:{LAYERS_WIDTH}px">{drawn}</div>{curves(estimator)}</div></div>'
    )


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
        further = "; ".join(words.sizes(estimator.networks_)[MOST_KINDS:])
        facts.append(("networks", f"{count}, averaged" + (f", among them {further}" if further else "")))
    facts += [
        ("cost", estimator.recipe_.cost.in_words),
        ("epochs", words.training_in_words(estimator)),
    ]
    warnings = getattr(estimator, "warnings_", ())
    facts += [("warning", text) for text in warnings[:MOST_WARNINGS]]
    if len(warnings) > MOST_WARNINGS:
        facts.append(("", f"and {len(warnings) - MOST_WARNINGS} more, in warnings_"))
    return facts

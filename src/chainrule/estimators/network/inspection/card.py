"""The card of a fitted estimator in a notebook: scores, networks and curves, in plain HTML."""

from __future__ import annotations

import math
from html import escape
from typing import Any

from chainrule._internal.four_digits import four_digits
from chainrule._internal.naming import listed
from chainrule.estimators.network.inspection import words
from chainrule.estimators.network.inspection.metric import held_out_score, rmse
from chainrule.estimators.network.inspection.small_curves import HELD_OUT, INK, curves, svg
from chainrule.network import Network
from chainrule.tables.target_decoder import ClassLabels
from chainrule.tables.targets.indicator_labels import IndicatorLabels

WIDTH = 916  # of the inside, so that the card lies in one row of a notebook of 950 pixels
LAYERS_WIDTH, LAYERS_HEIGHT = 276, 86
LETTER = 0.6  # of the size of type is the width of a letter
MOST_KINDS = 4  # of networks that are drawn
MOST_WARNINGS = 3

TABLE = "border-collapse:collapse;margin:0;max-width:330px;background:none;font-size:inherit;color:inherit"
STYLE = (
    "font-family:system-ui,sans-serif;font-size:13px;line-height:1.4;border:1px solid #8884;border-radius:8px;"
    f"padding:12px 16px;margin:4px 0 8px;display:inline-block;box-sizing:border-box;max-width:{WIDTH + 34}px"
)


def card(estimator: Any) -> str:
    """Returns the card of a fitted `NetworkClassifier` or `NetworkRegressor`."""
    kinds = list({(net.m, net.d): net for net in estimator.networks_}.values())[:MOST_KINDS]
    rows = "".join(
        f'<tr><td style="padding:1px 12px 1px 0;opacity:.75;text-align:left;vertical-align:top">{escape(name)}</td>'
        f'<td style="text-align:left;white-space:normal">{escape(value)}</td></tr>'
        for name, value in _facts(estimator)
    )
    networks = "".join(f"<div>{layers(net)}</div>" for net in kinds)
    return (
        f'<div class="chainrule-card" style="{STYLE}"><div style="font-weight:600;margin-bottom:6px">'
        f"{escape(type(estimator).__name__)}, preset {escape(str(estimator.preset))}: "
        f"{escape(words.name_of(estimator))}</div>"
        '<div style="display:flex;gap:18px;flex-wrap:wrap;align-items:flex-start">'
        f'<table style="{TABLE}">{rows}</table>'
        f"<div>{networks}</div>{curves(estimator)}</div></div>"
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
    averaged = " (averaged)" if len(estimator.networks_) > 1 else ""
    facts += [
        (f"networks{averaged}", "; ".join(words.sizes(estimator.networks_))),
        ("cost", estimator.recipe_.cost.in_words),
        ("epochs", words.training_in_words(estimator)),
    ]
    warnings = getattr(estimator, "warnings_", ())
    facts += [("warning", text) for text in warnings[:MOST_WARNINGS]]
    if len(warnings) > MOST_WARNINGS:
        facts.append(("", f"and {len(warnings) - MOST_WARNINGS} more, in warnings_"))
    return facts


def layers(net: Network) -> str:
    """Draws the layers as bars, whose height is the logarithm of their size, with σ below each."""
    step = min(46.0, LAYERS_WIDTH / (net.r + 1))
    names = ["x", *(sigma.name.replace("parametric ", "κ·") for sigma in net.sigma)]
    bar, size = 0.34 * step, min(11.0, 0.255 * step, step / (LETTER * max(map(len, names))))
    tallest = math.log1p(max(net.m))
    parts = []
    for i, (units, name) in enumerate(zip(net.m, names, strict=True)):
        height = 8 + (LAYERS_HEIGHT - 44) * math.log1p(units) / tallest
        x, y = i * step + 0.33 * step, (LAYERS_HEIGHT - 18 - height) / 2 + 7
        middle = (LAYERS_HEIGHT - 18) / 2 + 7
        if i:
            parts.append(
                f'<line x1="{x - step + bar:.1f}" y1="{middle}" x2="{x:.1f}" y2="{middle}" '
                f'stroke="{INK}" stroke-opacity=".35"/>'
            )
        parts.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{bar:.1f}" height="{height:.1f}" rx="3" fill="{HELD_OUT}" '
            f'fill-opacity="{0.25 if i in (0, net.r) else 0.7}"/>'
            f'<text x="{x + bar / 2:.1f}" y="{y - 3:.1f}" text-anchor="middle" fill="{INK}">{units}</text>'
            f'<text x="{x + bar / 2:.1f}" y="{LAYERS_HEIGHT - 4}" text-anchor="middle" fill="{INK}" '
            f'fill-opacity=".75">{escape(name)}</text>'
        )
    return svg((net.r + 1) * step, LAYERS_HEIGHT, "layers", "".join(parts), size)

"""The display of a fitted estimator in a notebook: scores, layers and curves, in plain HTML and SVG."""

from __future__ import annotations

import math
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.network import Network

CURVE_WIDTH, CURVE_HEIGHT = 300, 120
LAYER_HEIGHT = 110
INK, TRAINING, VALIDATION = "currentColor", "#8a8f98", "#d9822b"
MOST_POINTS = 300
STOPPED = {  # explanations of ``stopped_``
    "patience": " (stopped early)",
    "time_limit": " (cut by the time limit)",
    "callback": " (stopped by a callback)",
    "interrupted": " (interrupted)",
}

STYLE = (
    "font-family:system-ui,sans-serif;font-size:13px;line-height:1.4;border:1px solid #8884;border-radius:8px;"
    "padding:12px 16px;margin:4px 0 8px;display:inline-block"
)


def card(estimator: Any) -> str:
    """Returns the card of a fitted `NetworkClassifier` or `NetworkRegressor`."""
    model = estimator.model_
    count = len(model.networks)
    size = f"{model.networks[0].d:,} parameters"
    facts = [
        ("inputs", f"{model.encoder.n_features_in_} columns, encoded as {model.encoder.n_features_out_} features"),
        ("networks", f"{count} averaged, {size} each" if count > 1 else f"1, {size}"),
        ("cost", estimator.recipe_.cost.in_words),
    ]
    if estimator.histories_:  # a file of an early version holds none
        facts.append(("epochs", f"{estimator.n_iter_}{STOPPED.get(estimator.stopped_, '')}"))
        facts.append(("engine", estimator.histories_[0].engine))
    if (score := estimator.validation_score_) is not None:
        measure = "R²" if model.target.task == "regression" else "accuracy"
        facts.insert(0, (f"{measure} on held-out rows", f"{score:.4f}"))
    rows = "".join(
        f'<tr><td style="padding:1px 12px 1px 0;opacity:.7;text-align:left">{escape(name)}</td>'
        f'<td style="text-align:left">{escape(value)}</td></tr>'
        for name, value in facts
    )
    return (
        f'<div class="chainrule-card" style="{STYLE}"><div style="font-weight:600;margin-bottom:6px">'
        f"{escape(type(estimator).__name__)} · preset {escape(str(estimator.preset))}</div>"
        f'<div style="display:flex;gap:24px;flex-wrap:wrap;align-items:flex-start">'
        f'<table style="border-collapse:collapse">{rows}</table>{layers(model.networks[0])}{curves(estimator)}'
        "</div></div>"
    )


def layers(net: Network) -> str:
    """Draws the layers as bars, whose height is the logarithm of their size, with σ below each."""
    step, bar = 54, 18
    tallest = math.log1p(max(net.m))
    parts = []
    for i, size in enumerate(net.m):
        height = 12 + (LAYER_HEIGHT - 62) * math.log1p(size) / tallest
        x, y = i * step + 16, (LAYER_HEIGHT - 30 - height) / 2 + 10
        sigma = "x" if i == 0 else net.sigma[i].name.replace("parametric ", "κ·")
        if i:
            parts.append(
                f'<line x1="{x - step + bar}" y1="{LAYER_HEIGHT / 2 - 5}" x2="{x}" y2="{LAYER_HEIGHT / 2 - 5}" '
                f'stroke="{INK}" stroke-opacity=".35"/>'
            )
        parts.append(
            f'<rect x="{x}" y="{y:.1f}" width="{bar}" height="{height:.1f}" rx="4" fill="{VALIDATION}" '
            f'fill-opacity="{0.25 if i in (0, net.r) else 0.7}"/>'
            f'<text x="{x + bar / 2}" y="{y - 3:.1f}" text-anchor="middle" fill="{INK}">{size}</text>'
            f'<text x="{x + bar / 2}" y="{LAYER_HEIGHT - 6}" text-anchor="middle" fill="{INK}" fill-opacity=".7">'
            f"{escape(sigma[:9])}</text>"
        )
    width = (net.r + 1) * step
    return _svg(width, LAYER_HEIGHT, "layers", "".join(parts))


def curves(estimator: Any) -> str:
    """Draws J per epoch, on a logarithmic scale and averaged over the networks, for training and held-out rows."""
    epochs = max((history.epochs for history in estimator.histories_), default=0)
    if epochs < 2:
        return ""
    training = _mean([history.J for history in estimator.histories_], epochs)
    held_out = _mean([history.validation_J for history in estimator.histories_], epochs)
    values = np.concatenate([training, held_out])
    values = values[np.isfinite(values) & (values > 0.0)]
    if not len(values):
        return ""
    low, high = math.log(values.min()), math.log(values.max())
    lines = "".join(_line(curve, low, high, color) for curve, color in ((training, TRAINING), (held_out, VALIDATION)))
    text = (
        f'<text x="4" y="12" fill="{INK}" fill-opacity=".7">J {math.exp(high):.3g}</text>'
        f'<text x="4" y="{CURVE_HEIGHT - 4}" fill="{INK}" fill-opacity=".7">{math.exp(low):.3g}</text>'
        f'<text x="{CURVE_WIDTH - 4}" y="12" text-anchor="end" fill="{TRAINING}">training</text>'
    )
    if np.isfinite(held_out).any():
        text += f'<text x="{CURVE_WIDTH - 4}" y="27" text-anchor="end" fill="{VALIDATION}">held out</text>'
    return _svg(CURVE_WIDTH, CURVE_HEIGHT, "learning curves", lines + text)


def _mean(curves: list[NDArray[np.float64]], epochs: int) -> NDArray[np.float64]:
    """Returns the mean of curves of different lengths, NaN where none has a number."""
    table = np.full((len(curves), epochs), np.nan)
    for row, curve in zip(table, curves, strict=True):
        row[: len(curve)] = curve
    known = np.isfinite(table)
    counts = known.sum(axis=0)
    return np.where(counts > 0, np.where(known, table, 0.0).sum(axis=0) / np.maximum(counts, 1), np.nan)


def _line(curve: NDArray[np.float64], low: float, high: float, color: str) -> str:
    at = np.unique(np.linspace(0, len(curve) - 1, min(len(curve), MOST_POINTS)).astype(int))
    points = [
        f"{CURVE_WIDTH * k / max(1, len(curve) - 1):.1f},"
        f"{18 + (CURVE_HEIGHT - 36) * (high - math.log(curve[k])) / ((high - low) or 1.0):.1f}"
        for k in at
        if math.isfinite(curve[k]) and curve[k] > 0.0
    ]
    return f'<polyline points="{" ".join(points)}" fill="none" stroke="{color}" stroke-width="1.5"/>' if points else ""


def _svg(width: float, height: float, label: str, inside: str) -> str:
    return (
        f'<svg role="img" aria-label="{label}" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'font-size="11">{inside}</svg>'
    )

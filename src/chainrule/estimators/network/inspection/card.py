"""The card of a fitted estimator in a notebook: scores, networks and curves, in plain HTML and SVG."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from typing import Any

import numpy as np

from chainrule._internal.checks import Floats
from chainrule._internal.four_digits import four_digits
from chainrule._internal.naming import listed
from chainrule.estimators.network.inspection import words
from chainrule.estimators.network.inspection.metric import held_out_score, metric_courses, rmse
from chainrule.network import Network
from chainrule.plot.charts.courses import LOG_RANGE, Course
from chainrule.tables.target_decoder import ClassLabels
from chainrule.tables.targets.indicator_labels import IndicatorLabels

WIDTH = 916  # of the inside, so that the card lies in one row of a notebook of 950 pixels
CURVE_WIDTH, CURVE_HEIGHT = 270, 170
LEFT, RIGHT, TOP, BOTTOM = 46, 8, 20, 34  # of the frame of the curves
LAYERS_WIDTH, LAYERS_HEIGHT = 276, 86
INK, TRAINING, HELD_OUT = "currentColor", "#4a90c4", "#d9822b"  # readable on light and on dark ground
MOST_POINTS = 300
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
    bar, size = 0.34 * step, min(11.0, 0.255 * step)
    tallest = math.log1p(max(net.m))
    parts = []
    for i, units in enumerate(net.m):
        height = 8 + (LAYERS_HEIGHT - 44) * math.log1p(units) / tallest
        x, y = i * step + 0.33 * step, (LAYERS_HEIGHT - 18 - height) / 2 + 7
        sigma = "x" if i == 0 else net.sigma[i].name.replace("parametric ", "κ·")
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
            f'fill-opacity=".75">{escape(sigma[:9])}</text>'
        )
    return _svg((net.r + 1) * step, LAYERS_HEIGHT, "layers", "".join(parts), size)


def curves(estimator: Any) -> str:
    """Draws the metric over the epochs, averaged over the networks, with the epochs that are kept."""
    if not estimator.histories_:  # a file of an early version holds none
        return ""
    courses = metric_courses(estimator)
    shown = [Course("training", courses.training, False)] if courses.training else []
    shown.append(Course("held out", courses.held_out, True))
    shown = [course for course in shown if course.has_numbers]
    epochs = max((course.table.shape[1] for course in shown), default=0)
    if epochs < 2:
        return ""
    means = [course.table.mean(axis=0) for course in shown]  # as far as all networks were trained
    kept = [
        (k, each[k - 1])
        for k, each in zip(estimator.kept_epochs_, shown[-1].values, strict=True)
        if k and len(each) >= k
    ]
    values = np.concatenate([*means, [value for _, value in kept]])
    values = values[np.isfinite(values)]
    low, high = float(values.min()), float(values.max())
    is_log = low > 0.0 and high > LOG_RANGE * low
    frame = _Frame(low, high, is_log, epochs)
    parts = [frame.axes(_short(courses.name) + (", log scale" if is_log else ""))]
    for course, mean in zip(shown, means, strict=True):
        colour, dashes = (HELD_OUT, "5 3") if course.is_held_out else (TRAINING, "")
        parts.append(frame.line(mean, colour, dashes))
    parts += [frame.circle(k, value) for k, value in kept if math.isfinite(value)]
    if kept:
        parts.append(frame.legend([course.name for course in shown], f"○ kept: {words.span([k for k, _ in kept])}"))
    else:
        parts.append(frame.legend([course.name for course in shown], ""))
    return _svg(CURVE_WIDTH, CURVE_HEIGHT + 16, "learning curves", "".join(parts))


class _Frame:
    """The axes of a small chart, and what is drawn in them."""

    def __init__(self, low: float, high: float, is_log: bool, epochs: int) -> None:
        self.low, self.high, self.is_log, self.epochs = low, high, is_log, epochs

    def x(self, epoch: float) -> float:
        """Returns the place of an epoch, counted from 1."""
        return LEFT + (CURVE_WIDTH - LEFT - RIGHT) * (epoch - 1) / (self.epochs - 1)

    def y(self, value: float) -> float:
        """Returns the place of a value."""
        low, high, at = (math.log(v) if self.is_log else v for v in (self.low, self.high, value))
        return TOP + (CURVE_HEIGHT - TOP - BOTTOM) * (high - at) / ((high - low) or 1.0)

    def axes(self, name: str) -> str:
        """Draws the axes with the numbers at their ends, and the name of the metric above."""
        bottom, right = CURVE_HEIGHT - BOTTOM, CURVE_WIDTH - RIGHT
        soft = f'fill="{INK}" fill-opacity=".75"'
        return (
            f'<path d="M{LEFT} {TOP - 6}V{bottom + 4}H{right}" fill="none" stroke="{INK}" stroke-opacity=".5"/>'
            f'<text x="4" y="11" {soft}>{escape(name)}</text>'
            f'<text x="{LEFT - 5}" y="{TOP + 4}" text-anchor="end" {soft}>{_brief(self.high)}</text>'
            f'<text x="{LEFT - 5}" y="{bottom + 4}" text-anchor="end" {soft}>{_brief(self.low)}</text>'
            f'<text x="{LEFT}" y="{bottom + 17}" {soft}>1</text>'
            f'<text x="{right}" y="{bottom + 17}" text-anchor="end" {soft}>{self.epochs}</text>'
            f'<text x="{(LEFT + right) / 2}" y="{bottom + 17}" text-anchor="middle" {soft}>epoch</text>'
        )

    def line(self, curve: Floats, colour: str, dashes: str) -> str:
        """Draws a curve, of at most 300 points."""
        at = np.unique(np.linspace(0, len(curve) - 1, min(len(curve), MOST_POINTS)).astype(int))
        points = " ".join(f"{self.x(k + 1):.1f},{self.y(curve[k]):.1f}" for k in at if math.isfinite(curve[k]))
        dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
        return f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.6"{dashed}/>'

    def circle(self, epoch: int, value: float) -> str:
        """Draws the kept epoch of a network."""
        place = f'cx="{self.x(epoch):.1f}" cy="{self.y(value):.1f}"'
        return f'<circle {place} r="3.2" fill="{HELD_OUT}" stroke="{INK}" stroke-width="0.8"/>'

    def legend(self, names: Sequence[str], kept: str) -> str:
        """Names the curves and the circles below the axes."""
        parts, x, y = [], 4.0, CURVE_HEIGHT + 6
        for name in names:
            colour, dashes = (HELD_OUT, ' stroke-dasharray="5 3"') if name == "held out" else (TRAINING, "")
            parts.append(
                f'<line x1="{x}" y1="{y - 4}" x2="{x + 18}" y2="{y - 4}" stroke="{colour}" stroke-width="1.8"{dashes}/>'
                f'<text x="{x + 22}" y="{y}" fill="{INK}">{name}</text>'
            )
            x += 24 + 6.2 * len(name) + 8
        return "".join(parts) + f'<text x="{x}" y="{y}" fill="{INK}">{escape(kept)}</text>'


def _brief(value: float) -> str:
    return f"{value / 1000:.3g}k" if abs(value) >= 10_000 else f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _short(name: str) -> str:
    return name.partition(",")[0]


def _svg(width: float, height: float, label: str, inside: str, size: float = 11.0) -> str:
    size_of_box = f'width="{width:.0f}" height="{height}" viewBox="0 0 {width:.0f} {height}"'
    return f'<svg role="img" aria-label="{label}" {size_of_box} font-size="{size:.1f}">{inside}</svg>'

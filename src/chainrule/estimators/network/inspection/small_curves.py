"""The learning curves of a fitted estimator, small enough for its card in a notebook, as SVG."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from typing import Any

import numpy as np

from chainrule._internal.checks import Floats
from chainrule.costs.training_set import evenly_spaced
from chainrule.estimators.network.inspection import words
from chainrule.estimators.network.inspection.metric import metric_courses
from chainrule.plot.charts.courses import LOG_RANGE, Course

CURVE_WIDTH, CURVE_HEIGHT = 270, 170
LEFT, RIGHT, TOP, BOTTOM = 46, 8, 20, 34  # of the frame of the curves
INK, TRAINING, HELD_OUT = "currentColor", "#4a90c4", "#d9822b"  # readable on light and on dark ground
MOST_POINTS, MOST_OF_FAINT, FAINT = 300, 100, 0.4


def curves(estimator: Any) -> str:
    """Draws the metric over the epochs: that of each network faintly, their mean, and the epochs that are kept."""
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
    if len(shown[-1].values) > 1:
        parts += [
            frame.line(each, HELD_OUT if shown[-1].is_held_out else TRAINING, "", 0.4) for each in shown[-1].values
        ]
    for course, mean in zip(shown, means, strict=True):
        colour, dashes = (HELD_OUT, "5 3") if course.is_held_out else (TRAINING, "")
        parts.append(frame.line(mean, colour, dashes))
    parts += [frame.circle(k, value) for k, value in kept if math.isfinite(value)]
    if kept:
        parts.append(frame.legend([course.name for course in shown], f"○ kept: {words.span([k for k, _ in kept])}"))
    else:
        parts.append(frame.legend([course.name for course in shown], ""))
    return svg(CURVE_WIDTH, CURVE_HEIGHT + 16, "learning curves", "".join(parts))


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

    def line(self, curve: Floats, colour: str, dashes: str, opacity: float = 1.0) -> str:
        """Draws a curve within the frame, of at most 300 points, or 100 if it is faint."""
        count = MOST_POINTS if opacity == 1.0 else MOST_OF_FAINT
        at = evenly_spaced(len(curve), count)
        inside = np.clip(curve, self.low, self.high)
        points = " ".join(f"{self.x(k + 1):.1f},{self.y(inside[k]):.1f}" for k in at if math.isfinite(curve[k]))
        look = f' stroke-dasharray="{dashes}"' if dashes else f' stroke-opacity="{opacity}"' if opacity < 1.0 else ""
        width = 1.6 if opacity == 1.0 else 0.8
        return f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="{width}"{look}/>'

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


def svg(width: float, height: float, label: str, inside: str, size: float = 11.0) -> str:
    """Returns a picture of this size and name."""
    size_of_box = f'width="{width:.0f}" height="{height}" viewBox="0 0 {width:.0f} {height}"'
    return f'<svg role="img" aria-label="{label}" {size_of_box} font-size="{size:.1f}">{inside}</svg>'

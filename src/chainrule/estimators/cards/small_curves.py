"""The learning curves of a fitted estimator, small enough for its card in a notebook, as SVG."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

import numpy as np

from chainrule._internal.checks import Floats
from chainrule.costs.training_set import evenly_spaced
from chainrule.plot.charts.courses import LOG_RANGE, Course

CURVE_WIDTH, CURVE_HEIGHT = 270, 170
LEFT, RIGHT, TOP, BOTTOM = 46, 8, 20, 34  # of the frame of the curves
INK, TRAINING, HELD_OUT = "currentColor", "#4a90c4", "#d9822b"  # readable on light and on dark ground
DASHES = ' stroke-dasharray="5 3"'
MOST_POINTS, MOST_OF_FAINT, FAINT = 300, 100, 0.4


def curves(name: str, courses: Sequence[Course], kept: str, start: int = 0) -> str:
    """Draws a metric of this name over the epochs: of each network faintly, their mean, and what is kept, in words.

    After ``start`` epochs, if that is not 0, training continued on other rows: a line is there.
    """
    epochs = max((course.table.shape[1] for course in courses), default=0)
    if epochs < 2:
        return ""
    means = [course.continued.mean(axis=0) for course in courses]
    values = np.concatenate([*means, [value for _, value in courses[-1].marks]])
    values = values[np.isfinite(values)]
    low, high = float(values.min()), float(values.max())
    is_log = low > 0.0 and high > LOG_RANGE * low
    frame = _Frame(low, high, is_log, epochs)
    parts = [frame.axes(name + (", log scale" if is_log else ""))]
    has_several = len(courses[-1].values) > 1
    if has_several:
        faint = f'stroke="{_colour(courses[-1])}" stroke-width="0.8" stroke-opacity="{FAINT}"'
        parts += [frame.line(each, faint, MOST_OF_FAINT) for each in courses[-1].values]
    parts += [frame.line(mean, _look(course), MOST_POINTS) for course, mean in zip(courses, means, strict=True)]
    parts += [frame.circle(k, value) for k, value in courses[-1].marks if math.isfinite(value)]
    if start:
        parts.append(frame.beginning(start))
    legend, height = _legend(courses, has_several, kept)
    return svg(CURVE_WIDTH, CURVE_HEIGHT + height, "learning curves", "".join([*parts, legend]))


def _colour(course: Course) -> str:
    return HELD_OUT if course.is_held_out else TRAINING


def _look(course: Course) -> str:
    return f'stroke="{_colour(course)}" stroke-width="1.6"{DASHES * course.is_held_out}'


def _legend(courses: Sequence[Course], are_means: bool, kept: str) -> tuple[str, int]:
    """Names the curves, and in a line of its own the circles, below the axes; returns the height of this too."""
    parts, y = [], CURVE_HEIGHT + 6
    for x, course in zip((4, 4 + (CURVE_WIDTH - 4) // 2), courses, strict=False):
        parts.append(
            f'<path d="M{x} {y - 4}h18" {_look(course)}/>'
            f'<text x="{x + 22}" y="{y}" fill="{INK}">{course.name}{", mean" * are_means}</text>'
        )
    if kept:
        parts.append(f'<text x="8" y="{y + 16}" fill="{INK}">○ {escape(kept)}</text>')
    return "".join(parts), 32 if kept else 16


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

    def line(self, curve: Floats, look: str, most: int) -> str:
        """Draws a curve within the frame, of at most this many points."""
        inside = np.clip(curve, self.low, self.high)
        at = [k for k in evenly_spaced(len(curve), most) if math.isfinite(curve[k])]
        points = " ".join(f"{self.x(k + 1):.1f},{self.y(inside[k]):.1f}" for k in at)
        return f'<polyline points="{points}" fill="none" {look}/>'

    def circle(self, epoch: int, value: float) -> str:
        """Draws the kept epoch of a network."""
        place = f'cx="{self.x(epoch):.1f}" cy="{self.y(value):.1f}"'
        return f'<circle {place} r="3.2" fill="{HELD_OUT}" stroke="{INK}" stroke-width="0.8"/>'

    def beginning(self, epochs: int) -> str:
        """Draws the line after which later rows begin, with its name."""
        x, anchor = self.x(epochs + 0.5), "start" if epochs < self.epochs / 2 else "end"
        return (
            f'<path d="M{x:.1f} {TOP - 6}V{CURVE_HEIGHT - BOTTOM}" stroke="{INK}" stroke-opacity=".5" '
            f'stroke-width="0.8"/><text x="{x + (3 if anchor == "start" else -3):.1f}" y="{TOP}" '
            f'text-anchor="{anchor}" fill="{INK}" fill-opacity=".75">new rows</text>'
        )


def _brief(value: float) -> str:
    return f"{value / 1000:.3g}k" if abs(value) >= 10_000 else f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def svg(width: float, height: float, label: str, inside: str, size: float = 11.0) -> str:
    """Returns a picture of this size and name."""
    size_of_box = f'width="{width:.0f}" height="{height}" viewBox="0 0 {width:.0f} {height}"'
    look = f'font-size="{size:.1f}" style="overflow:visible"'  # a name at the edge may be wider than its layer
    return f'<svg role="img" aria-label="{label}" {size_of_box} {look}>{inside}</svg>'

"""The layers of a network, small enough for the card of its estimator in a notebook, as SVG."""

from __future__ import annotations

import math
from html import escape
from itertools import pairwise

from chainrule.estimators.cards.small_curves import HELD_OUT, INK, svg
from chainrule.network import Network
from chainrule.plot.charts.figure import abridged

LAYERS_WIDTH, LAYERS_HEIGHT = 276, 70  # without the names
STEP = 46.0  # from one layer to the next, at most
SIZE, LEAST = 11.0, 9.0  # of type; names that would have to be smaller in one line are set in two
LETTER, LINE = 0.6, 13  # the width of a letter, as a part of the size of type, and the height of a line
MOST_LAYERS = 9  # that are drawn; of more, those in the middle are left out
MOST_LETTERS = 12  # of the name of a σ


def layers(net: Network) -> str:
    """Draws the layers as bars, whose height is the logarithm of their size, with σ below each."""
    names = ["x", *(abridged(sigma.name.replace("parametric ", "κ·"), MOST_LETTERS) for sigma in net.sigma)]
    numbers = list(range(net.r + 1))
    if is_cut := len(numbers) > MOST_LAYERS:
        numbers[MOST_LAYERS // 2 : -(MOST_LAYERS // 2)] = []
    count = len(numbers) + is_cut
    step = min(STEP, LAYERS_WIDTH / count)
    letters, digits = max(len(names[i]) for i in numbers), max(len(str(net.m[i])) for i in numbers)
    lines = 1 if step >= LEAST * LETTER * letters else 2
    size = min(SIZE, step / (LETTER * digits), lines * step / (LETTER * letters))
    tallest, middle, bar = math.log1p(max(net.m)), LAYERS_HEIGHT / 2 + 6, 0.34 * step
    places = [(k + 0.5 + (is_cut and k >= MOST_LAYERS // 2)) * step for k in range(len(numbers))]
    lines_between = "".join(f"M{x + bar / 2:.1f} {middle}H{y - bar / 2:.1f}" for x, y in pairwise(places))
    parts = [f'<path d="{lines_between}" stroke="{INK}" stroke-opacity=".35"/>']
    if is_cut:
        parts.append(_text(0.5 * count * step, middle - 4, "…"))
    for k, (i, x) in enumerate(zip(numbers, places, strict=True)):
        height = 8 + (LAYERS_HEIGHT - 28) * math.log1p(net.m[i]) / tallest
        y = middle - height / 2
        box = f'x="{x - bar / 2:.1f}" y="{y:.1f}" width="{bar:.1f}" height="{height:.1f}" rx="3"'
        parts += [
            f'<rect {box} fill="{HELD_OUT}" fill-opacity="{0.25 if i in (0, net.r) else 0.7}"/>',
            _text(x, y - 3, str(net.m[i])),
            _text(x, LAYERS_HEIGHT + LINE * (1 + k % lines), names[i], ' fill-opacity=".75"'),
        ]
    return svg(count * step, LAYERS_HEIGHT + LINE * lines + 4, "layers", "".join(parts), size)


def _text(x: float, y: float, text: str, look: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="middle" fill="{INK}"{look}>{escape(text)}</text>'

"""The picture of docs/accuracy.md: each model's error on each table, divided by that of Chainrule's default."""

from __future__ import annotations

from collections import Counter
from math import log2

from benchmarks.harness.figures import percent
from benchmarks.harness.svg import Picture
from benchmarks.tables.comparison import compare
from benchmarks.tables.contestants import BEST, MODELS, OWN, TUNED
from benchmarks.tables.records import FitRecords

WIDTH, LEFT, RIGHT = 440, 12, 424
LEAST, MOST = 1 / 4, 8.0  # ratios beyond are drawn at the edge
DOT = 5  # the diameter of a dot, which is the step of a pile


def place(ratio: float) -> float:
    """Returns the x coordinate of a ratio, on a logarithmic scale and in whole dots."""
    x = (log2(min(max(ratio, LEAST), MOST)) - log2(LEAST)) / (log2(MOST) - log2(LEAST))
    return LEFT + DOT * round(x * (RIGHT - LEFT) / DOT)


def svg(records: FitRecords, cap: int) -> str:
    """Draws a row of piles for each model and a dot for each table."""
    picture = Picture(WIDTH, "Errors of other models divided by the error of Chainrule; the page has them as a table.")
    picture.text(0, 16, "Error divided by Chainrule's, a dot for each table", "large")
    picture.text(place(1) + 8, 36, "Chainrule's error is lower →", "small")
    y = 44.0
    for model in MODELS:
        found = compare(records, model, OWN, cap)
        if model == OWN or not found.ratios:
            continue
        y += 18
        picture.text(0, y, MODELS[model].title, "strong")
        lower = compare(records, OWN, model, cap).lower_share
        is_own = model in (BEST, TUNED)
        picture.text(WIDTH, y, f"{'default' if is_own else 'Chainrule'} lower on {percent(lower, 0)}", anchor="end")
        piles = Counter(place(ratio) for ratio in found.ratios.values())
        y += DOT * max(piles.values()) + 8
        points = [(x, y - DOT * k - DOT / 2) for x, height in sorted(piles.items()) for k in range(height)]
        picture.dots(points, "owndots" if is_own else "dots")
        picture.path(f"M{LEFT} {y + 1:.0f}H{RIGHT}", "line")
        y += 8
    picture.path(f"M{place(1):.1f} 26V{y:.0f}", "line")
    for ratio, label in ((1 / 4, "≤ ¼"), (1 / 2, "½"), (1, "1"), (2, "2"), (4, "4"), (8, "≥ 8")):
        picture.text(place(ratio), y + 12, label, "small", "middle")
    return picture.svg(y + 18)

"""The picture of docs/performance.md: each peer's time divided by Chainrule's."""

from __future__ import annotations

from math import log10

from benchmarks.harness.figures import number
from benchmarks.harness.svg import Picture
from benchmarks.speed.results import KIN, SpeedReport
from benchmarks.speed.workloads import WORKLOADS

LEFT, RIGHT, MOST = 108, 390, 300.0  # the bars extend from LEFT (ratio 1) to RIGHT (ratio MOST)
STEP = 19  # from bar to bar


def place(ratio: float) -> float:
    """Returns the x coordinate of a ratio, on a logarithmic scale."""
    return LEFT + (RIGHT - LEFT) * log10(ratio) / log10(MOST)


def svg(report: SpeedReport) -> str:
    """Draws a group for each workload in float32 and a bar for each peer."""
    picture = Picture(440, "Times of other libraries divided by the time of Chainrule; the page has them as tables.")
    picture.text(0, 16, "Time of other libraries, Chainrule = 1", "large")
    picture.text(0, 34, "float32, logarithmic scale")
    y = 42.0
    for row in (row for row in report.rows if row.dtype == "float32"):
        peers = {one.title: row.ratio(one.peer) for one in row.results[1:] if one.peer not in KIN}
        y += 22
        picture.text(0, y, WORKLOADS[row.workload].title.partition(" (")[0], "strong")
        for ratio in (1, 10, 100):
            picture.path(f"M{place(ratio):.1f} {y + 6:.0f}v{STEP * len(peers)}", "line")
        for title, measured in peers.items():
            y += STEP
            if measured is not None:
                picture.text(LEFT - 6, y, title, anchor="end")
                picture.bar(LEFT, y - 9, place(measured) - LEFT, 9, "other")
                picture.text(place(measured) + 6, y, number(measured))
        y += 10
    for ratio in (1, 10, 100):
        picture.text(place(ratio), y + 12, f"{ratio}", "small", "middle")
    return picture.svg(y + 18)

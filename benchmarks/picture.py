"""The ratios as a picture: how many times longer than Chainrule each peer takes."""

from __future__ import annotations

import importlib
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.results import Report

# A colour and a mark each; the colours are Okabe and Ito's, which the colour-blind tell apart.
LOOKS = {
    "jax": ("#d55e00", "o"),
    "torch": ("#0072b2", "s"),
    "sklearn": ("#009e73", "D"),
    "onnxruntime": ("#cc79a7", "^"),
    "predictor": ("#555555", "<"),
    "rival": ("#555555", "v"),
}


def draw(report: Report, path: Path) -> None:
    """A line a workload, a mark a peer at the median of its ratios, a bar from the least to the most.

    A short stroke in the peer's colour is the goal. Needs Matplotlib; the ending of the path says which format.
    """
    matplotlib: Any = importlib.import_module("matplotlib")
    matplotlib.use("Agg")
    matplotlib.rcParams["svg.hashsalt"] = "chainrule"  # the same figures make the same file
    plt: Any = importlib.import_module("matplotlib.pyplot")
    rows = [row for row in report.rows if any(row.ratios(one) for one in row.results[1:])]
    figure, axes = plt.subplots(figsize=(9, 1.6 + 0.38 * len(rows)), layout="constrained")
    labelled: set[str] = set()
    for place, row in enumerate(reversed(rows)):
        for one in row.results[1:]:
            if not (ratios := row.ratios(one)):
                continue
            colour, mark = LOOKS[one.peer]
            middle = median(ratios)
            label = None if one.peer in labelled else one.title
            labelled.add(one.peer)
            axes.plot([min(ratios), max(ratios)], [place, place], color=colour, linewidth=2, alpha=0.5)
            axes.plot(middle, place, mark, color=colour, markersize=7, label=label)
            axes.annotate(
                f"{middle:.3g} ×", (middle, place), (0, 6), textcoords="offset points", ha="center", fontsize=7
            )
            if goal := row.goal(one):
                axes.plot(goal.least, place, "|", color=colour, markersize=13, markeredgewidth=1.5)
    axes.axvline(1.0, color="black", linewidth=1)
    axes.set_xscale("log")
    low, high = axes.get_xlim()
    axes.set_xlim(min(low, 0.7), high * 1.1)
    ticks = [x for x in (0.01, 0.1, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500) if low <= x <= high * 1.1 or x == 1]
    axes.set_xticks(ticks, [f"{x:g} ×" for x in ticks])
    axes.minorticks_off()
    axes.set_yticks(range(len(rows)), [f"{row.workload}, {row.dtype}" for row in reversed(rows)])
    axes.set_ylim(-0.6, len(rows) - 0.3)
    axes.grid(axis="x", alpha=0.3)
    axes.set_xlabel("time of the peer ÷ time of Chainrule (right of 1: Chainrule is faster; stroke: goal)")
    if labelled:
        axes.legend(loc="upper center", ncols=len(labelled), frameon=False)
        axes.set_ylim(-0.6, len(rows) + 0.6)
    machine = report.machine
    axes.set_title(f"{machine.get('CPU', '')}, {machine.get('cores', '?')} cores, {report.date}", fontsize=9)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None, dpi=150)
    plt.close(figure)

"""The errors as a picture: each peer's error on each set, divided by Chainrule's."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from benchmarks.tables.models import MODELS
from benchmarks.tables.records import Records
from benchmarks.tables.sets import SETS
from benchmarks.tables.summary import compare
from benchmarks.tables.verdicts import OWN

# A colour and a mark each; the colours are Okabe and Ito's, which the colour-blind tell apart.
LOOKS = {
    "chainrule-best": ("#555555", "<"),
    "sklearn": ("#009e73", "D"),
    "sklearn-y": ("#009e73", "d"),
    "td-s": ("#0072b2", "s"),
    "td": ("#d55e00", "o"),
}
WIDEST = 8.0  # a ratio beyond this stands on the edge


def draw(records: Records, cap: int, path: Path) -> None:
    """A line a set, a mark a model; right of 1 its error is higher than Chainrule's. Needs Matplotlib."""
    matplotlib: Any = importlib.import_module("matplotlib")
    matplotlib.use("Agg")
    matplotlib.rcParams["svg.hashsalt"] = "chainrule"  # the same figures make the same file
    plt: Any = importlib.import_module("matplotlib.pyplot")
    ratios = {model: compare(records, model, OWN, cap).ratios for model in LOOKS}
    names = [name for name in SETS if any(name in one for one in ratios.values())]
    place = {name: len(names) - 1 - k for k, name in enumerate(names)}
    figure, axes = plt.subplots(figsize=(9, 1.6 + 0.19 * len(names)), layout="constrained")
    for model, (colour, mark) in LOOKS.items():
        of_sets = {name: ratio for name, ratio in ratios[model].items() if SETS[name].task in MODELS[model].tasks}
        x = [min(max(ratio, 1 / WIDEST), WIDEST) for ratio in of_sets.values()]
        y = [place[name] for name in of_sets]
        axes.plot(x, y, mark, color=colour, markersize=5, alpha=0.8, label=MODELS[model].title)
    axes.axvline(1.0, color="black", linewidth=1)
    axes.set_xscale("log", base=2)
    ticks = [1 / 8, 1 / 4, 1 / 2, 0.8, 1, 1.25, 2, 4, 8]
    axes.set_xticks(ticks, [f"{x:g}" for x in ticks])
    axes.minorticks_off()
    axes.set_xlim(1 / WIDEST / 1.1, WIDEST * 1.1)
    axes.set_yticks(range(len(names)), names[::-1], fontsize=7)
    axes.set_ylim(-0.8, len(names) - 0.2)
    axes.grid(alpha=0.3)
    axes.set_xlabel("error ÷ error of Chainrule's default (right of 1: Chainrule's error is lower)")
    figure.legend(loc="outside upper center", ncols=len(LOOKS), frameon=False, fontsize=8)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None, dpi=150)
    plt.close(figure)

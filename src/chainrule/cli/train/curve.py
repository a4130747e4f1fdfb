"""The picture of the learning curves."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np

from chainrule.training import History

LOG_RANGE = 20.0  # the ratio of the largest to the smallest J above which the axis is logarithmic


def draw(histories: Sequence[History], title: str) -> bytes:
    """Draws J and the validation J of every network, with the best epochs, and returns the PNG file."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(7.0, 4.2), dpi=150, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    faint = 1.0 if len(histories) == 1 else 0.55
    for k, history in enumerate(histories):
        epochs = np.arange(1, history.epochs + 1)
        marker = "o" if history.epochs < 3 else ""  # a line through one point is invisible
        for J, name, colour in (
            (history.J, "training J", "#33658a"),
            (history.validation_J, "validation J", "#d1495b"),
        ):
            if np.isfinite(J).any():
                axes.plot(epochs, J, color=colour, label="" if k else name, marker=marker, alpha=faint, linewidth=1.2)
        if (best := history.best_epoch) is not None:
            lowest = history.validation_J[best - 1]
            label = f"best: epoch {best}, {lowest:.4g}" if len(histories) == 1 else "" if k else "best epoch"
            axes.plot(best, lowest, "o", color="#d1495b", label=label, markersize=5)
    values = np.concatenate([J for history in histories for J in (history.J, history.validation_J)])
    values = values[np.isfinite(values)]
    if values.size and (values > 0).all() and values.max() > LOG_RANGE * values.min():
        axes.set_yscale("log")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("epoch")
    axes.set_ylabel("J, mean over the examples")
    axes.set_title(title, loc="left", fontsize=10, parse_math=False)
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    if values.size:
        axes.legend(frameon=False)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()

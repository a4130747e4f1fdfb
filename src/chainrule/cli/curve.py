"""The learning curve as a picture."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np

from chainrule.files import write_bytes
from chainrule.training import History

LOG_RANGE = 20.0  # from this ratio of the largest to the smallest J on, a logarithmic axis shows more


def draw(path: Path, history: History, title: str) -> None:
    """Write J and the validation J of every epoch, and where the best one was, to a PNG file, atomically."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(7.0, 4.2), dpi=150, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    epochs = np.arange(1, history.epochs + 1)
    marker = "o" if history.epochs < 3 else ""  # a line of one point shows nothing
    axes.plot(epochs, history.J, color="#33658a", label="training J", marker=marker)
    axes.plot(epochs, history.validation_J, color="#d1495b", label="validation J", marker=marker)
    if (best := history.best_epoch) is not None:
        lowest = history.validation_J[best - 1]
        axes.plot(best, lowest, "o", color="#d1495b", label=f"best: epoch {best}, {lowest:.4g}")
    values = np.concatenate([history.J, history.validation_J])
    if (values > 0).all() and values.max() > LOG_RANGE * values.min():
        axes.set_yscale("log")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("epoch")
    axes.set_ylabel("J, mean over the examples")
    axes.set_title(title, loc="left", fontsize=10, parse_math=False)
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    write_bytes(path, buffer.getvalue())

"""The picture of the learning curves."""

from __future__ import annotations

import io
from collections.abc import Sequence

from chainrule import plot
from chainrule.training import History


def draw(histories: Sequence[History], title: str) -> bytes:
    """Draws J and the validation J of every network, with the best epochs, and returns the PNG file."""
    figure = plot.history(*histories, title=title)
    figure.axes[0].set_ylabel("J, mean over the examples")
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()

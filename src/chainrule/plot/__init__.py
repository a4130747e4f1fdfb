"""Drawings of networks, with the numbers of the chain rule on units and lines: `Network.draw` (Lecture, L5 – L17)."""

from chainrule.plot.draw import draw
from chainrule.plot.drawing import Drawing

__all__ = ["Drawing", "draw"]

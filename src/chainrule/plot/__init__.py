"""Drawings of networks with the numbers of the chain rule, `Network.draw`, and charts of training (L5 – L17)."""

from chainrule.plot.draw import draw
from chainrule.plot.drawing import Drawing
from chainrule.plot.history import history

__all__ = ["Drawing", "draw", "history"]

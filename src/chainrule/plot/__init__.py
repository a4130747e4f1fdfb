"""Drawings of networks with the numbers of the chain rule, `Network.draw`, and charts (L1 – L17)."""

from chainrule.plot.draw import draw
from chainrule.plot.drawing import Drawing
from chainrule.plot.history import history
from chainrule.plot.sigma import sigma

__all__ = ["Drawing", "draw", "history", "sigma"]

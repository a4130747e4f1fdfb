"""Drawings of networks with the numbers of the chain rule, `Network.draw`, and charts (L1 – L17)."""

from chainrule.plot.charts.activations import activations
from chainrule.plot.charts.boundary import boundary
from chainrule.plot.charts.cost import cost
from chainrule.plot.charts.fit import fit
from chainrule.plot.charts.folded import folded
from chainrule.plot.charts.history import history
from chainrule.plot.charts.models.calibration import calibration
from chainrule.plot.charts.models.confusion import confusion
from chainrule.plot.charts.models.importances import importances
from chainrule.plot.charts.models.partial_dependence import partial_dependence
from chainrule.plot.charts.models.residuals import residuals
from chainrule.plot.charts.sigma import sigma
from chainrule.plot.charts.weights import weights
from chainrule.plot.draw import draw
from chainrule.plot.drawing import Drawing

__all__ = [
    "Drawing",
    "activations",
    "boundary",
    "calibration",
    "confusion",
    "cost",
    "draw",
    "fit",
    "folded",
    "history",
    "importances",
    "partial_dependence",
    "residuals",
    "sigma",
    "weights",
]

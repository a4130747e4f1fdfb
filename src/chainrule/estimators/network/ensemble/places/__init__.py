"""Where the networks are trained: in this process, and in others that work beside it."""

from chainrule.estimators.network.ensemble.places.place import Place
from chainrule.estimators.network.ensemble.places.processes import Processes

__all__ = ["Place", "Processes"]

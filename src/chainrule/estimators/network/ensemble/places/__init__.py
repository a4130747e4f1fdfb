"""Places to train networks: this process and its worker processes."""

from chainrule.estimators.network.ensemble.places.place import Place
from chainrule.estimators.network.ensemble.places.processes import Processes

__all__ = ["Place", "Processes"]

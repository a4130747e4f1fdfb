"""The pass over new rows after which a model is kept: by the cost on the rows that its networks hold out."""

from __future__ import annotations

import numpy as np

from chainrule._internal.checks import Floats
from chainrule.tables.model import TableModel


class BestPass:
    """The ``model`` after the pass ``number`` with the least mean of the ``costs`` (k,) of its networks.

    The model before all passes, with its costs, is that of pass 0. If no rows are held out, so that costs are NaN, the
    last pass is the best one, and ``is_chosen`` is False. Once ``is_final``, the model must not be lost.
    """

    def __init__(self, model: TableModel, costs: Floats) -> None:
        self.model, self.number, self.is_final = model, 0, False
        self.is_chosen = bool(np.isfinite(costs).any())
        self._cost = _mean(costs)

    def is_beaten_by(self, costs: Floats) -> bool:
        """Returns True if a model with these costs is better, or the last one is to be kept."""
        return not self.is_chosen or _mean(costs) < self._cost

    def take(self, model: TableModel, number: int, costs: Floats) -> None:
        """Keeps the model after the pass ``number`` instead."""
        self.model, self.number, self._cost = model, number, _mean(costs)

    def in_words(self) -> str:
        """Describes what is kept."""
        if not self.is_chosen:
            return "kept the last, since none of the new rows is held out"
        if self.number:
            return f"kept pass {self.number}, the best on their held-out ones"
        return "none lowers the cost on their held-out ones, so the networks are kept as they were"


def _mean(costs: Floats) -> float:
    """Returns the mean of the known costs; NaN, which is not less than any number, if there are none."""
    return float(np.nanmean(costs)) if np.isfinite(costs).any() else np.nan

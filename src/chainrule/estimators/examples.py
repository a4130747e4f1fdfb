"""Encoded training examples, as both pairs of estimators hand them to `chainrule.train`."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.checks import Array
from chainrule._internal.sparse_rows import Rows


class Examples(NamedTuple):
    """Inputs X (t, n), dense or sparse, targets Y (t, m) and weights (t,) or None."""

    X: Rows
    Y: NDArray[Any]
    weights: Array | None

    def at(self, rows: NDArray[np.integer[Any]]) -> Examples:
        """Returns these examples, by row number; a selection of t rows is taken to be all of them, in order."""
        if len(rows) == len(self.X):
            return self
        return Examples(self.X[rows], self.Y[rows], None if self.weights is None else self.weights[rows])

"""A case to diagnose: a network with its examples and its history, and what several checks compute."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from chainrule._internal.at_first_use import cached_property
from chainrule._internal.checks import Array
from chainrule._internal.sparse_rows import SparseRows
from chainrule.backprop import Gradient
from chainrule.costs import Cost, CrossEntropy, LogLikelihood, TrainingSet
from chainrule.costs.training_set import evenly_spaced
from chainrule.engines.choice import for_network
from chainrule.network import Network
from chainrule.network.forward import Forward, forward
from chainrule.training import History

MOST_ROWS = 5000  # that the checks look at
MOST_NUMBERS = 5_000_000  # of X, which becomes dense


class Examples(NamedTuple):
    """Examples with a dense X (t, n), Y (t, m) and weights (t,) or None."""

    X: Array
    Y: Array
    weights: Array | None

    @property
    def t(self) -> int:
        """The number of examples."""
        return len(self.Y)


@dataclass(frozen=True, eq=False)
class Case:
    """A network, its cost and its examples; ``history`` and ``held_out`` may be missing."""

    net: Network
    cost: Cost
    data: Examples
    history: History | None
    held_out: Examples | None
    names: tuple[str, ...] | None = None  # of the inputs

    @cached_property
    def run(self) -> Forward:
        """The forward pass over the examples."""
        return forward(self.net, self.data.X)

    @cached_property
    def held_out_run(self) -> Forward | None:
        """The forward pass over the held-out examples, if there are any."""
        return None if self.held_out is None else forward(self.net, self.held_out.X)

    @cached_property
    def gradient(self) -> Gradient:
        """∇J(θ) over the examples, with every δ[i]."""
        return for_network(self.net, "auto", self.cost).gradient(self.net, self.cost, *self.data)

    @property
    def is_classification(self) -> bool:
        """True if the labels are classes: one column of 0 and 1, or rows with a single 1."""
        Y = self.data.Y
        if not isinstance(self.cost, (LogLikelihood, CrossEntropy)) or not ((Y == 0) | (Y == 1)).all():
            return False
        return Y.shape[1] == 1 or bool((Y.sum(axis=1) == 1).all())

    def classes(self, A: Array) -> Array:
        """Returns the class of each row of labels or outputs (t, m): 0 or 1, or the place of the largest entry."""
        return (A[:, 0] > 0.5).astype(int) if A.shape[1] == 1 else A.argmax(axis=1)

    def mean_loss(self, data: Examples, run: Forward) -> float:
        """Returns the mean loss over the examples of a forward pass, without penalties."""
        r = self.net.r
        losses = self.cost.example_losses(run.z[r], run.a[r], data.Y, self.net.sigma[r])
        return float(losses.mean())

    def explained(self, data: Examples, run: Forward) -> float:
        """Returns the share that a forward pass explains: the accuracy of classes beyond the most frequent one, or R².

        1 is perfect, 0 is as good as a constant.
        """
        A = run.a[self.net.r]
        if self.is_classification:
            truth = self.classes(data.Y)
            rest = 1.0 - float(np.bincount(self.classes(self.data.Y)).max()) / self.data.t
            return 1.0 - float((self.classes(A) != truth).mean()) / max(rest, 1.0 / self.data.t)
        spread = float(((data.Y - self.data.Y.mean(axis=0)) ** 2).sum())
        left = float(((A - data.Y) ** 2).sum())
        return 1.0 - left / spread if spread else 1.0


def some(data: TrainingSet) -> Examples:
    """Returns the examples, or those that lie evenly among them, at most 5,000, with a dense X."""
    most = max(min(MOST_ROWS, MOST_NUMBERS // data.X.shape[1]), 2)
    rows = evenly_spaced(data.t, most)
    X = data.X[rows]
    dense = X.toarray() if isinstance(X, SparseRows) else X
    return Examples(dense, data.Y[rows], None if data.weights is None else data.weights[rows])

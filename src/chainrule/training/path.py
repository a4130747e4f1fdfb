"""The path of θ through ℝᵈ during training, and ∇J along it, for pictures and for going back and forth (L12)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chainrule._internal.checks import Array, Floats, as_integer, shown
from chainrule.costs import TrainingSet
from chainrule.engines.objective import Objective
from chainrule.engines.problem import Problem
from chainrule.errors import InputError
from chainrule.network.block_diagonal import free_entries
from chainrule.network.theta import parameter_views

NAMES = ("theta", "gradient")


def _in_memory(problem: Problem) -> TrainingSet:
    """Returns all examples. Raises InputError if they are read in windows."""
    if problem.X is None:
        raise InputError(f'record=["gradient"] needs all rows in memory; got {problem.order}. Record θ alone.')
    return problem.examples


class Path:
    """θ before the first and after each epoch of a run, and ∇J(θ) over all examples there, as far as requested.

    Raises InputError for names other than "theta" and "gradient".
    """

    def __init__(self, names: Sequence[str], problem: Problem) -> None:
        if isinstance(names, str) or not isinstance(names, Sequence) or not set(names) <= set(NAMES):
            raise InputError(f'record must be a list of "theta" and "gradient"; got {shown(names)}.')
        self.names = tuple(names)
        self._net = problem.net
        self._J = Objective(problem.net, problem.cost, _in_memory(problem)) if "gradient" in names else None
        self._thetas: list[Array] = []
        self._gradients: list[Array] = []
        self._epochs = -1  # that were finished at the last call of `take`
        self._place = 0

    def take(self, epochs: int) -> None:
        """Records θ of the network after this many epochs, unless it has been recorded."""
        if self.names and epochs != self._epochs:
            self._epochs, self._place = epochs, len(self._thetas)
            self._thetas.append(self._net.theta.copy())
            if self._J is not None:
                self._gradients.append(self._J.gradient(self._net.theta))

    def finish(self) -> None:
        """Ends the recording, and drops the training data."""
        self._J = None

    def recorded(self, name: str) -> Array:
        """Returns the recorded vectors, one a row. Raises InputError if they were not requested."""
        if name not in self.names:
            raise InputError(f'{name} was not recorded; pass record=["{name}"] to cr.train.')
        return np.stack(self._thetas if name == "theta" else self._gradients)

    def norms_by_layer(self) -> Floats:
        """Returns ‖∂J/∂W[i]‖ of each recorded gradient and layer, (epochs + 1, r)."""
        views = (parameter_views(gradient, self._net.layout).W for gradient in self.recorded("gradient"))
        return np.array([[np.linalg.norm(free_entries(part)) for part in W] for W in views], dtype=np.float64)

    def go_to(self, k: object) -> None:
        """Gives the network θ after k epochs. Raises InputError for a k that is not on the path."""
        place, end = as_integer(k, "k", 0), len(self.recorded("theta")) - 1
        if place > end:
            raise InputError(f"the path ends after {end} epochs; got {place}. Train further with resume=history.state.")
        self._place = place
        self._net.theta = self._thetas[place]

    def go_on(self, n: object) -> None:
        """Gives the network θ of n epochs later. Raises InputError beyond the end of the path."""
        self.go_to(self._place + as_integer(n, "n", 0))

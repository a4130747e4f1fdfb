"""One network of an estimator, with the rows that it is trained on and those that it holds out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.checks import Array, RowNumbers
from chainrule.costs.training_set import Subset
from chainrule.engines.problem import Problem
from chainrule.engines.state import TrainingState
from chainrule.estimators.network.ensemble import time_plan
from chainrule.estimators.network.ensemble.speeds import Speed
from chainrule.estimators.network.recipe import Recipe
from chainrule.estimators.network.validation_split import ValidationSplit
from chainrule.network import Network
from chainrule.rows.rows import Rows
from chainrule.training import History
from chainrule.training.callbacks.early_stopping import MetricCourse
from chainrule.training.errors import DivergenceError

FEWEST_ROWS = 500  # that a part of the rows has, if there are that many
ROWS_OF_A_COST = 1_000  # that compare θ with its initial value


@dataclass(eq=False)
class Member:
    """One network of an estimator, its training rows and held-out rows, and the outcome of its training.

    ``improved`` is True if training ended within the first epoch, and the cost was then lower than initially.
    """

    number: int  # counts the networks of the estimator from 0
    net: Network
    recipe: Recipe
    seed: int
    split: ValidationSplit
    training: Subset | Rows
    held_out: Subset | None
    at: RowNumbers  # row numbers of the held-out rows
    resume: TrainingState | None = None
    ends_early: bool = False  # after three waves of the learning rate
    rows_share: float = 1.0  # of the rows, which a time limit may reduce
    kept_shares: list[float] = field(default_factory=list)  # the arguments of `keep_rows`
    history: History | None = None
    error: DivergenceError | None = None
    improved: bool = False
    course: MetricCourse | None = None  # of the metric by which the best epoch is kept, if that is not J

    def first_rows(self, count: int) -> Subset | Rows:
        """Returns the first ``count`` training rows; of those in files, which are in random order, some blocks more."""
        rows = self.training
        return rows.at(slice(0, count)) if isinstance(rows, Subset) else rows.first_rows(count)

    @property
    def batch_size(self) -> int | None:
        """The rows of a minibatch; None: all rows."""
        return self.recipe.batch_rows(self.training.t)

    @property
    def steps_per_epoch(self) -> int:
        """The number of minibatches in an epoch."""
        return 1 if self.batch_size is None else -(-self.training.t // self.batch_size)

    @property
    def least_share(self) -> float:
        """The smallest share of its rows that can be kept."""
        return min(1.0, FEWEST_ROWS / self.training.t)

    @property
    def has_trained(self) -> bool:
        """True if it finished an epoch, now or before; one that diverged also needs held-out rows for a best epoch."""
        if self.history is None:
            return False
        if self.error is not None:
            return self.history.state.best_theta is not None
        return self.history.epochs > 0 or self.resume is not None

    @property
    def is_cut(self) -> bool:
        """True if a time limit allowed fewer epochs or rows than the recipe."""
        if self.history is None or self.history.stopped == "time_limit" or self.rows_share < 1.0:
            return True
        return self.history.stopped == "epochs" and self.history.planned_epochs < self.recipe.epochs

    @property
    def speed(self) -> Speed | None:
        """The duration of an epoch of all rows, on average; None if none was finished."""
        if self.history is None or not self.history.epochs:
            return None
        return Speed(float(self.history.seconds.mean()) / self.rows_share, float(self.history.seconds.sum()))

    def problem(self) -> Problem | None:
        """Returns the whole training of its rows in memory; None for rows in files, and for a minimizer."""
        recipe, data = self.recipe, self.training
        if recipe.minimizer is not None or not isinstance(data, Subset):
            return None
        return Problem(
            self.net, recipe.cost, recipe.optimizer, data, self.batch_size or data.t, recipe.epochs, self.seed,
            self.held_out, patience=recipe.patience,
        )  # fmt: skip

    def wrap_up_seconds(self, epoch_seconds: float) -> float:
        """Estimates the time for the held-out rows after training, by the duration of an epoch of these rows."""
        if self.held_out is None:
            return 0.0
        return time_plan.wrap_up_seconds(self.held_out.t, self.net.m[-1], self.training.t, epoch_seconds)

    def cost(self, theta: Array) -> float:
        """Computes J(θ) over some of the held-out rows, or of the training rows if there are none."""
        rows, net = self.held_out or self.training, self.net.copy()
        assert isinstance(rows, Subset)  # of rows in files some are always held out
        some = rows.at(slice(None, None, -(-rows.t // ROWS_OF_A_COST)))
        net.theta = theta
        return self.recipe.cost(net, some)

    def keep_rows(self, share: float) -> None:
        """Keeps a random part of the training rows and of the held-out rows; repeated, a part of that part."""
        if share >= 1.0:
            return
        self.kept_shares.append(share)
        rng = np.random.default_rng(self.seed)
        before, rows = self.training, self.split.training
        if isinstance(before, Subset):
            trained = _part(before.t, share, rng)
            self.training, rows = before.at(trained), rows[trained]
        else:
            self.training = self.first_rows(max(round(share * before.t), FEWEST_ROWS))
        self.rows_share *= self.training.t / before.t
        if self.held_out is not None:
            kept = _part(self.held_out.t, share, rng)
            self.held_out, self.at = self.held_out.at(kept), self.at[kept]
        own = len(self.split.held_out) > 0  # otherwise the user has given validation rows
        self.split = ValidationSplit(rows, self.at if own else self.split.held_out)


def usable(members: Sequence[Member]) -> list[Member]:
    """Returns the members that have finished an epoch; if there is none, those that improved within the first."""
    trained = [member for member in members if member.has_trained]
    return trained or [member for member in members if member.improved]


def _part(t: int, share: float, rng: np.random.Generator) -> NDArray[np.intp]:
    """Returns the numbers of a random part of t rows, in order."""
    kept = min(t, max(round(share * t), FEWEST_ROWS))
    return np.sort(rng.permutation(t)[:kept])

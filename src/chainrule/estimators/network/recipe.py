"""A recipe: all choices about a network and its training."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal, TypeAlias

from chainrule.costs import Cost
from chainrule.errors import InputError
from chainrule.estimators.network.hidden import Hidden
from chainrule.initial import Initial
from chainrule.optimizers import Optimizer
from chainrule.optimizers.schedules import Constant, OneCycle

Competes: TypeAlias = Literal["alone", "together", "all"]  # one is kept, several that predict best together, or all
WARM_UP = 10.0  # the highest rate divided by the first one, of a network whose optimizer begins anew
FEWEST = 4  # recipes that are kept of those that compete together, unless fewer are clearly better (`winners`)
Embedding = Literal["periodic", "piecewise", "thresholds", "steps"]  # of numbers


@dataclass(frozen=True)
class Recipe:
    """Choices of a preset, which an estimator's parameters replace by name (`settings.as_recipes`).

    Every `Hidden` has its activation and its dropout. ``scaling_rate`` is the rate of a first layer W = diag(w), with
    w = 1 initially (0: no such layer). ``embedding`` adds layers before it that map each number to four features, by
    sines, by linear pieces between its quantiles, or by such between quantiles and thresholds of a tree, or by steps
    at these thresholds.
    ``parametric`` gives each hidden unit a κ. With ``ntk``, W has the rate n^(−½), as if z were n^(−½) W a + b and
    W had the rate 1. ``bias_rate`` and ``kappa_rate`` are the rates of every b and κ. ``initial`` "ntk" draws W ~
    N(0, 1/n) and b ~ N(0, 1); "data" is `chainrule.initial.from_data`. With ``minimizer`` "lm", Levenberg–Marquardt
    trains instead of the optimizer.
    """

    hidden: tuple[Hidden, ...]
    cost: Cost
    optimizer: Optimizer
    epochs: int
    batch_size: int | None  # None: all rows in each step
    n_networks: int = 1
    validation_fraction: float = 0.1
    patience: int | None = None  # None: for a wave of CosLog4 (`has_settled`), otherwise for all epochs
    initial: Initial | Literal["data", "ntk"] = "ntk"
    zero_output: bool = True  # the output layer starts with W = 0
    scaling_rate: float = 6.0
    embedding: Embedding | None = None
    parametric: bool = False
    ntk: bool = True
    bias_rate: float = 0.1
    kappa_rate: float = 0.1
    numbers: Literal["robust", "standard", "joint", "none"] = "robust"
    max_values: int = 0  # of a column of consecutive integers that are seen as categories, too (`TableEncoder`)
    competes: Competes | None = None  # with the other recipes, on the same rows
    even_batches: bool = True  # the last minibatch of an epoch is about as large as the others
    minimizer: Literal["lm"] | None = None

    @property
    def optimizer_name(self) -> str:
        """The name of the minimizer, or of the optimizer where there is none."""
        return self.minimizer or self.optimizer.name

    @property
    def work(self) -> int:
        """The products between hidden layers in all epochs of a row, by which the times of recipes are compared."""
        return self.epochs * sum(layer.width * following.width for layer, following in pairwise(self.hidden))

    @property
    def competes_together(self) -> bool:
        """True if more than one of the recipes that compete may be kept."""
        return self.competes in ("together", "all")

    def batch_rows(self, t: int) -> int | None:
        """Returns the batch size for t rows, adjusted a little so that the last minibatch is not small; None: all rows.

        >>> from chainrule.estimators.network.recipes.presets import preset
        >>> preset("default", "regression", 10_000)[0].batch_rows(513)
        257
        """
        size = self.batch_size
        if size is None or size >= t:
            return None
        return math.ceil(t / max(1, round(t / size))) if self.even_batches else size

    def of_one_epoch(self, warms_up: bool) -> Recipe:
        """Returns the recipe for incremental training: with a constant rate, half the base rate of its schedule.

        If it ``warms_up`` the rate rises to this one from a tenth of it and falls again: for a network that was trained
        but whose optimizer begins anew, since Adam's first steps have full length however small the gradients are.

        Raises InputError if a minimizer trains.
        """
        if self.minimizer is not None:
            raise InputError('partial_fit makes steps of an optimizer; got optimizer="lm". Use fit, or another one.')
        schedule = self.optimizer.schedule
        alpha = schedule.rate if isinstance(schedule, Constant) else 0.5 * schedule.rate
        rate = OneCycle(alpha, pct_start=0.5, div_factor=WARM_UP) if warms_up else alpha
        return replace(self, epochs=1, optimizer=replace(self.optimizer, learning_rate=rate))


def planned_networks(recipes: Sequence[Recipe]) -> int:
    """Returns the largest number of networks to be trained: ``n_networks``; or as many of each recipe that competes.

    Fewer are, if some of these do not continue (`finalists`). A search, where not all recipes compete, trains others.

    >>> from chainrule.estimators.network.recipes.presets import preset
    >>> [planned_networks(preset(name, "regression", 10_000)) for name in ("default", "best")]
    [4, 21]
    """
    return recipes[0].n_networks * max(1, sum(recipe.competes is not None for recipe in recipes))


def numbers_without_competition(recipes: Sequence[Recipe]) -> list[int]:
    """Returns the number of each network's recipe in incremental training, where none can win.

    The networks take the recipes in turn, of those that compete together the first four.

    >>> from chainrule.estimators.network.recipes.presets import preset
    >>> numbers_without_competition(preset("best", "regression", 50_000))
    [0, 1, 2, 3, 0, 1, 2, 3]
    """
    together = recipes[0].competes_together
    kinds = min(FEWEST, len(recipes)) if together else len(recipes)
    return [j % kinds for j in range(recipes[0].n_networks * (kinds if together else 1))]

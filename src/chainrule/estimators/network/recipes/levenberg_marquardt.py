"""``optimizer="lm"`` of NetworkRegressor: its recipe, and what it needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from chainrule.costs import SumOfSquares
from chainrule.errors import InputError
from chainrule.estimators.network.hidden import Hidden
from chainrule.estimators.network.recipe import Recipe
from chainrule.initial import Glorot
from chainrule.optimizers import GradientDescent
from chainrule.tables.columns import Task

NAME = "lm"
LARGEST_D = 2_000  # parameters, for matrices that fit into memory once for each thread
MOST_OPERATIONS = 5e10  # of an iteration, t m d²: about a second
MATRICES = 4  # d × d numbers of float64: AᵀA, its sums, the damped matrix and a copy

RECIPE = Recipe(
    hidden=(Hidden(16, "tanh", 0.0),),
    cost=SumOfSquares(mean=True),
    optimizer=GradientDescent(),  # which does not run
    epochs=100,
    batch_size=None,
    n_networks=8,
    validation_fraction=0.2,
    patience=10,
    initial=Glorot(),
    zero_output=False,
    scaling_rate=0.0,
    ntk=False,
    bias_rate=1.0,
    kappa_rate=1.0,
    numbers="standard",
    even_batches=False,
    minimizer="lm",
)

# Parameters of an optimizer's steps, which Levenberg–Marquardt does not make.
STEPS = ("learning_rate", "weight_decay", "batch_size", "warm_start", "checkpoint")


def require_its_parameters(given: Mapping[str, Any], task: Task) -> None:
    """Raises InputError for a task or for parameters that do not go with ``optimizer="lm"``."""
    if task != "regression":
        raise InputError(
            'optimizer="lm" minimises a sum of squares, for NetworkRegressor alone; use another optimizer.'
        )
    for name in STEPS:
        value = given.get(name)
        if value and not (name == "batch_size" and isinstance(value, str) and value == "full"):
            raise InputError(
                f'{name} does not go with optimizer="lm", whose steps over all rows have no learning rate and no '
                f"state; got {name}={value!r}. Leave it out."
            )


def require_sum_of_squares(recipe: Recipe) -> None:
    """Raises InputError unless J is a sum of squares that depends on θ alone."""
    if type(recipe.cost) is not SumOfSquares or recipe.cost.l1:
        raise InputError(
            f'optimizer="lm" needs a sum of squares, SumOfSquares() with l1 = 0; got cost = {recipe.cost!r}. '
            "Use another optimizer."
        )
    if any(layer.dropout for layer in recipe.hidden):
        raise InputError('optimizer="lm" needs a J that depends on θ alone; got dropout. Use a cost with l2=λ instead.')


def require_small(sizes: Sequence[int], t: int) -> None:
    """Raises InputError unless d and t are small; ``sizes`` are m₀ … m_r."""
    d = sum(m * n + m for n, m in pairwise(sizes))
    operations = float(t) * sizes[-1] * d * d
    if d > LARGEST_D or operations > MOST_OPERATIONS:
        raise InputError(
            f'optimizer="lm" is for small problems, d ≤ {LARGEST_D:,} parameters and t m d² ≤ {MOST_OPERATIONS:.0e}; '
            f"got the sizes {'-'.join(map(str, sizes))} with d = {d:,}, and t = {t:,} rows: t m d² = {operations:.1e}, "
            f"and {MATRICES * 8 * d * d / 1e9:,.2f} GB of memory for each network in training. Use fewer hidden units, "
            "or another optimizer."
        )

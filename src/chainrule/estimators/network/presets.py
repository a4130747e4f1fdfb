"""The presets: what an estimator chooses where its user says nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from chainrule._internal.naming import resolve
from chainrule.costs import Cost, CrossEntropy, LogLikelihood, SumOfSquares
from chainrule.estimators.network.hidden import Hidden
from chainrule.estimators.network.recipe import Recipe
from chainrule.initial import Glorot
from chainrule.optimizers import AdamW, GradientDescent, Optimizer
from chainrule.optimizers.schedules import CosLog4, FlatCosine
from chainrule.tables.target_decoder import Task

# Rows: with few, several small networks do better than a large one, in less time.
VERY_FEW, FEW, MANY = 500, 1_500, 20_000
BATCH = 256


def default(task: Task, t: int) -> tuple[Recipe, ...]:
    """RealMLP's simplified recipe (TD-S); where there are few rows, smaller networks and more of them."""
    few = t < FEW
    sigma, rate = ("selu", 0.04) if task == "classification" else ("mish", 0.07)
    recipe = Recipe(
        hidden=(Hidden(256 if t >= MANY else 128, sigma, 0.0),) * 3,
        cost=_cost(task),
        optimizer=AdamW(CosLog4(rate), beta2=0.95, weight_decay=0.0),
        epochs=_epochs(t, steps=7_000),
        batch_size=BATCH // 2 if few else BATCH,
        n_networks=8 if t < VERY_FEW else 5 if few else 2,
        validation_fraction=0.2 if few else 0.1,
    )
    return (recipe,)


def best(task: Task, t: int) -> tuple[Recipe, ...]:
    """RealMLP's recipe (TD) for half of the networks, and for the other half a simpler one: without the embedding of
    numbers and without dropout, which suit some functions and not others. Different networks err differently.
    """
    rate = 0.04 if task == "classification" else 0.2
    (base,) = default(task, t)
    simple = replace(
        base,
        optimizer=_decaying(base.optimizer),
        epochs=_epochs(t, steps=10_000, most=512 if t < FEW else 256),
        n_networks=8 if t < FEW else 16 if t < MANY else 4,
        validation_fraction=0.125,
        initial="data",
        zero_output=False,
        parametric=True,
    )
    embedded = replace(
        simple,
        hidden=tuple(replace(layer, dropout=FlatCosine(0.15)) for layer in base.hidden),
        optimizer=_decaying(replace(base.optimizer, learning_rate=CosLog4(rate))),
        embedding=True,
    )
    return embedded, simple


def lecture(task: Task, t: int) -> tuple[Recipe, ...]:
    """The lecture: sigmoids, gradient descent over all rows, the log-likelihood or the sum of squares (L10 – L12)."""
    recipe = Recipe(
        hidden=(Hidden(30, "sigmoid", 0.0),),
        cost=LogLikelihood(mean=True) if task == "classification" else SumOfSquares(mean=True),
        optimizer=GradientDescent(1.0),
        epochs=1000,
        batch_size=None,
        initial=Glorot(),
        zero_output=False,
        scaling_rate=0.0,
        ntk=False,
        bias_rate=1.0,
        kappa_rate=1.0,
        numbers="standard",
        even_batches=False,
    )
    return (recipe,)


PRESETS: dict[str, Callable[[Task, int], tuple[Recipe, ...]]] = {"default": default, "best": best, "lecture": lecture}


def preset(name: object, task: Task, t: int) -> tuple[Recipe, ...]:
    """The recipes of the preset of this name, for a task with t rows: the networks take them in turn.

    They agree on the cost, the number of networks, what is held out and how numbers are scaled. Raises UnknownName.
    """
    return resolve("preset", name, PRESETS)(task, t)


def _cost(task: Task) -> Cost:
    """Labels are smoothed: else J of held-out rows rises early, of networks that are right but far too sure."""
    return CrossEntropy(mean=True, label_smoothing=0.1) if task == "classification" else SumOfSquares(mean=True)


def _decaying(optimizer: Optimizer) -> Optimizer:
    return replace(optimizer, weight_decay=FlatCosine(0.02))  # type: ignore[call-arg]  # it is AdamW


def _epochs(t: int, steps: int, most: int = 256, least: int = 16) -> int:
    """As many epochs as so many steps make, within bounds: 256 where there are not too many rows."""
    return max(least, min(most, steps * BATCH // t))

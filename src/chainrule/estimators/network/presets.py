"""The presets: recipes for all that the user does not set."""

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

# Numbers of rows. On few rows, several small networks are more accurate than a large one, in less time.
VERY_FEW, FEW, MANY = 500, 1_500, 20_000
BATCH = 256


def default(task: Task, t: int) -> tuple[Recipe, ...]:
    """Returns RealMLP's simplified recipe (TD-S), with smaller networks and more of them on few rows."""
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
    """Returns two recipes, each for half of the networks: RealMLP's (TD), and one without embedding and dropout.

    Embedding and dropout suit some functions and not others; networks that differ make different errors.
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
    """Returns the lecture's recipe (L10 – L12): sigmoids and full-batch gradient descent."""
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
    """Returns the recipes of a preset for a task with t rows; the networks take them in turn.

    All of them have the same cost, number of networks, validation split and scaling of numbers. Raises UnknownName.
    """
    return resolve("preset", name, PRESETS)(task, t)


def _cost(task: Task) -> Cost:
    """Returns the cost; without label smoothing, held-out J would rise early, as networks become overconfident."""
    return CrossEntropy(mean=True, label_smoothing=0.1) if task == "classification" else SumOfSquares(mean=True)


def _decaying(optimizer: Optimizer) -> Optimizer:
    return replace(optimizer, weight_decay=FlatCosine(0.02))  # type: ignore[call-arg]  # it is AdamW


def _epochs(t: int, steps: int, most: int = 256, least: int = 16) -> int:
    """Returns the epochs that take about this many steps, within bounds."""
    return max(least, min(most, steps * BATCH // t))

"""The training of one call of ``partial_fit``."""

from __future__ import annotations

import time
from typing import Any

from chainrule.errors import InputError
from chainrule.estimators.network.ensemble import MemberFactory
from chainrule.estimators.network.incremental.earlier_runs import EarlierRuns
from chainrule.estimators.network.incremental.row_keys import row_keys
from chainrule.estimators.network.incremental.splits import incremental_splits
from chainrule.estimators.network.recipe import numbers_without_competition
from chainrule.estimators.random_states import LARGEST_DRAWN_SEED, as_random_state


def train_one_epoch(estimator: Any, X: Any, y: Any, sample_weight: Any) -> None:
    """Trains the networks of a `NetworkBase` one epoch on these rows, at a constant learning rate.

    The first call makes the networks. The rate warms up for those of a file without the optimizer's state. Raises
    InputError.
    """
    if estimator.checkpoint is not None:
        raise InputError("checkpoint is for fit; partial_fit trains one epoch. Save the estimator instead.")
    first = not hasattr(estimator, "model_")
    data, recipes = estimator._prepare(X, y, sample_weight, continues=not first, incremental=True)
    states = None if first else estimator.states_
    steady = [recipe.of_one_epoch(warms_up=not first and not states) for recipe in recipes]
    if first:
        estimator._recipe_numbers = numbers_without_competition(recipes)
    count = len(estimator._recipe_numbers)
    keys = row_keys(data.examples.X, data.examples.Y)
    splits = incremental_splits(keys, count, recipes[0].validation_fraction, estimator.validation_order)
    seeds = as_random_state(estimator.random_state)
    drawn = [int(seeds.randint(LARGEST_DRAWN_SEED)) for _ in range(count)]
    make = MemberFactory(
        estimator.target_.task, estimator.dtype, estimator._shape(data), data.examples,
        dict.fromkeys(steady, splits), drawn,
        states=[state.again() for state in states] if states else None,
        networks=None if first else estimator.networks_,
    )  # fmt: skip
    plan = estimator._plan(steady, estimator._recipe_numbers, time.perf_counter(), continues=True)
    estimator._train(make, plan, data, data, EarlierRuns.of_pass(estimator, keys, count))

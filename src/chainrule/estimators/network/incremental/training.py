"""The training of one call of ``partial_fit``, and the cost over the rows that it holds out before."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from chainrule._internal.checks import Floats
from chainrule.errors import InputError
from chainrule.estimators.network.ensemble import MemberFactory
from chainrule.estimators.network.incremental.earlier_runs import EarlierRuns
from chainrule.estimators.network.incremental.row_keys import Keys, row_keys
from chainrule.estimators.network.incremental.splits import incremental_splits
from chainrule.estimators.network.recipe import Recipe, numbers_without_competition
from chainrule.estimators.network.training_rows import Data
from chainrule.estimators.random_states import LARGEST_DRAWN_SEED, as_random_state
from chainrule.network.forward import forward


class _Call(NamedTuple):
    """The networks of a call, by the factory that makes them, and what they are trained on and by."""

    make: MemberFactory
    data: Data
    keys: Keys
    recipes: Sequence[Recipe]


def train_one_epoch(estimator: Any, X: Any, y: Any, sample_weight: Any) -> None:
    """Trains the networks of a `NetworkBase` one epoch on these rows, at a constant learning rate.

    The first call makes the networks. The rate warms up for those of a file without the optimizer's state. Raises
    InputError.
    """
    if estimator.checkpoint is not None:
        raise InputError("checkpoint is for fit; partial_fit trains one epoch. Save the estimator instead.")
    call = _begun(estimator, X, y, sample_weight)
    numbers = estimator._recipe_numbers
    plan = estimator._plan(call.recipes, numbers, time.perf_counter(), continues=True)
    earlier = EarlierRuns.of_pass(estimator, call.keys, len(numbers))
    estimator._train(call.make, plan, call.data, call.data, earlier)


def held_out_costs(estimator: Any, X: Any, y: Any) -> Floats:
    """Returns the cost of each network of a fitted estimator over those of these rows that ``partial_fit`` holds out.

    It is what the validation J after such a call is compared with: without penalties, NaN without such rows.
    """
    call = _begun(estimator, X, y, None)
    members = [call.make(j, call.recipes[number]) for j, number in enumerate(estimator._recipe_numbers)]
    costs = np.full(len(members), np.nan)
    for j, member in enumerate(members):
        if member.held_out is not None:
            Z, Y, weights = member.held_out.in_memory()
            costs[j] = member.recipe.cost.total(member.net, forward(member.net, Z), Y, weights, penalty_scale=0.0)
    return costs


def _begun(estimator: Any, X: Any, y: Any, sample_weight: Any) -> _Call:
    """Encodes the rows of a call, and divides them among the networks; the first call chooses their recipes."""
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
    return _Call(make, data, keys, steady)

"""The checks of everything that describes a training problem, once, at the public border."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from numpy.typing import ArrayLike

from chainrule import costs, optimizers
from chainrule._internal.checks import as_integer, as_probability, as_real, as_seed, shown
from chainrule.costs import Cost, TrainingSet
from chainrule.costs.training_set import ExamplesLike
from chainrule.engines.problem import Problem
from chainrule.errors import InputError
from chainrule.network import Network, check_trainable
from chainrule.optimizers import Optimizer
from chainrule.optimizers.schedules import Schedule

Check: TypeAlias = Callable[[Cost, Network, Any, Any, Any], TrainingSet]  # of X, Y and weights


def checked_problem(
    net: Network, X: ExamplesLike, Y: ArrayLike | None, weights: ArrayLike | None, validation: Sequence[Any] | None,
    cost: Cost | str, optimizer: Optimizer | str, epochs: int, batch_size: int | None, shuffle: bool, seed: int | None,
    tol: float | None, tol_epochs: int, patience: int | None, threads: int | None, examples: Check = Cost.examples,
) -> Problem:  # fmt: skip
    """Returns the problem of `train`; raises InputError for an argument that is wrong or does not fit the others.

    ``examples`` checks the training set and the validation set.
    """
    check_trainable(net)
    cost, optimizer = costs.get(cost), optimizers.get(optimizer)
    data = examples(cost, net, X, Y, weights)
    held_out = None
    if validation is not None:
        if not isinstance(validation, (tuple, list)) or len(validation) not in (2, 3):
            raise InputError(f"validation must be (X, Y) or (X, Y, weights); got {shown(validation)}.")
        try:
            held_out = examples(cost, net, validation[0], validation[1], *(validation[2:] or (None,)))
        except InputError as error:
            raise InputError(f"validation: {error}") from None
    if patience is not None and held_out is None:
        raise InputError(f"patience={patience} needs a validation set; give validation=(X, Y).")
    size = data.t if batch_size is None else min(as_integer(batch_size, "batch_size", 1), data.t)
    if optimizer.full_batch_only and size < data.t:
        raise InputError(
            f"{optimizer.name} compares full gradients and needs batch_size=None (all {data.t} rows); got {size}."
        )
    if not isinstance(shuffle, bool):
        raise InputError(f"shuffle must be True or False; got {shown(shuffle)}.")
    epochs = as_integer(epochs, "epochs", 0)
    if epochs:
        _require_valid_schedules(net, optimizer, epochs)
    return Problem(
        net, cost, optimizer, data,
        batch_size=size,
        shuffle=shuffle,
        epochs=epochs,
        seed=int.from_bytes(os.urandom(8)) >> 1 if seed is None else as_seed(seed),
        validation=held_out,
        tol=None if tol is None else as_real(tol, "tol", 0.0),
        tol_epochs=as_integer(tol_epochs, "tol_epochs", 1),
        patience=None if patience is None else as_integer(patience, "patience", 1),
        threads=None if threads is None else as_integer(threads, "threads", 1),
    )  # fmt: skip


def _require_valid_schedules(net: Network, optimizer: Optimizer, epochs: int) -> None:
    """Raises InputError unless scheduled dropouts are probabilities, and a scheduled weight decay ≥ 0, at both ends.

    In between, built-in schedules stay within these values and their ``rate``, which `Layer` has checked.
    """
    for epoch in (0, epochs):
        for i, p in enumerate(net.dropout, 1):
            if isinstance(p, Schedule):
                as_probability(p.value(epoch, epochs), f"the dropout of layer {i} after {epoch} of {epochs} epochs")
        optimizer.at(epoch, epochs)

"""The checks of everything that describes a training problem, once, at the public border."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from chainrule import costs, optimizers
from chainrule._internal.checks import as_integer, as_probability, as_real, as_seed, shown
from chainrule.costs import Cost, TrainingSet
from chainrule.costs.training_set import ExamplesLike, StoredRows, Subset
from chainrule.engines.problem import Problem
from chainrule.errors import InputError
from chainrule.network import Network, check_trainable
from chainrule.optimizers import Optimizer
from chainrule.optimizers.schedules import Schedule
from chainrule.rows.windowed import WindowedRows, examples_of

IN_MEMORY = object()  # in place of a window: rows in files are read at once

Check: TypeAlias = Callable[[Cost, Network, Any, Any, Any], TrainingSet]  # of X, Y and weights


def checked_problem(
    net: Network, X: ExamplesLike, Y: ArrayLike | None, weights: ArrayLike | None,
    validation: Sequence[Any] | StoredRows | None, cost: Cost | str, optimizer: Optimizer | str, epochs: int,
    batch_size: int | None, shuffle: bool, seed: int | None, tol: float | None, tol_epochs: int, patience: int | None,
    threads: int | None, examples: Check = Cost.examples, window: object = IN_MEMORY,
) -> Problem:  # fmt: skip
    """Returns the problem of `train`; raises InputError for an argument that is wrong or does not fit the others.

    ``examples`` checks the training set and the validation set. Rows in files are read in windows of ``window`` rows
    (None: the usual number), or at once.
    """
    check_trainable(net)
    cost, optimizer = costs.get(cost), optimizers.get(optimizer)
    batch_size = None if batch_size is None else as_integer(batch_size, "batch_size", 1)
    data = _examples(cost, net, X, Y, weights, window, batch_size or 1, examples)
    held_out = None if validation is None else _validation(cost, net, validation, examples)
    if patience is not None and held_out is None:
        raise InputError(f"patience={patience} needs a validation set; give validation=(X, Y).")
    if isinstance(data, WindowedRows):
        _require_minibatches(data, optimizer, batch_size)
    size = data.t if batch_size is None else min(batch_size, data.t)
    if optimizer.full_batch_only and size < data.t:
        raise InputError(
            f"{optimizer.name} compares full gradients and needs batch_size=None (all {data.t} rows); got {size}."
        )
    if not isinstance(shuffle, bool):
        raise InputError(f"shuffle must be True or False; got {shown(shuffle)}.")
    epochs = as_integer(epochs, "epochs", 0)
    if epochs:
        _require_valid_schedules(net, optimizer, epochs)
    _require_normal_epsilon(net, optimizer)
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


def _examples(
    cost: Cost, net: Network, X: Any, Y: Any, weights: Any, window: object, batch_size: int, examples: Check
) -> TrainingSet | Subset | WindowedRows:
    if isinstance(X, Subset) and Y is None and weights is None:
        return _checked(X, cost, net, examples)
    if isinstance(X, StoredRows) and window is not IN_MEMORY:
        rows: Any = X
        return examples_of(rows, Y, weights, cost, net, window, batch_size)
    if window not in (None, IN_MEMORY):
        raise InputError(f"window is the number of rows of a cr.Rows that are read at a time; got X = {shown(X)}.")
    return examples(cost, net, X, Y, weights)


def _validation(cost: Cost, net: Network, validation: Any, examples: Check) -> TrainingSet | Subset:
    is_subset = isinstance(validation, Subset)
    if isinstance(validation, StoredRows) and not is_subset:
        validation = validation.in_memory()
    if not is_subset and (not isinstance(validation, (tuple, list)) or len(validation) not in (2, 3)):
        raise InputError(f"validation must be (X, Y) or (X, Y, weights); got {shown(validation)}.")
    try:
        if is_subset:
            return _checked(validation, cost, net, examples)
        return examples(cost, net, validation[0], validation[1], *(validation[2:] or (None,)))
    except InputError as error:
        raise InputError(f"validation: {error}") from None


def _checked(subset: Subset, cost: Cost, net: Network, examples: Check) -> Subset:
    """Returns the examples, of a training set that has been checked as a whole."""
    return replace(subset, of=examples(cost, net, *subset.of))


def _require_minibatches(data: WindowedRows, optimizer: Optimizer, batch_size: int | None) -> None:
    """Raises InputError unless the steps of a run in windows need no more than the rows of a window."""
    what = f"{data.rows.name} has {data.t} rows, which are read in {data.count} windows"
    if batch_size is None:
        raise InputError(f"batch_size must be given, such as 256: {what}. To read all of them, pass window={data.t}.")
    if batch_size > data.t // data.count:
        raise InputError(f"batch_size must be at most the number of rows in a window; got {batch_size}: {what}.")
    if optimizer.learning_rate is None:
        raise InputError(
            f"{optimizer.name} without a learning rate needs all rows in memory: {what}. Give a learning rate, such as "
            "cr.GradientDescent(0.01), or another optimizer, such as 'adam'."
        )


def _require_valid_schedules(net: Network, optimizer: Optimizer, epochs: int) -> None:
    """Raises InputError unless scheduled dropouts are probabilities, and a scheduled weight decay ≥ 0, at both ends.

    In between, built-in schedules stay within these values and their ``rate``, which `Layer` has checked.
    """
    for epoch in (0, epochs):
        for i, p in enumerate(net.dropout, 1):
            if isinstance(p, Schedule):
                as_probability(p.value(epoch, epochs), f"the dropout of layer {i} after {epoch} of {epochs} epochs")
        optimizer.at(epoch, epochs)


def _require_normal_epsilon(net: Network, optimizer: Optimizer) -> None:
    """Raises InputError for an ε that is no normal number of θ's type: in training it would be 0."""
    least = float(np.finfo(net.dtype).tiny)
    if (epsilon := getattr(optimizer, "epsilon", least)) < least:
        raise InputError(f"epsilon must be ≥ {least:.3g} for a network of {net.dtype}; got {epsilon!r}. Usual: 1e-8.")

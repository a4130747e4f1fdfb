"""Networks, costs, optimizers and examples in the plain names and numbers that the compiled core takes."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np

from chainrule._internal.sparse_rows import Rows, SparseRows, like
from chainrule.activations import without_kappa
from chainrule.costs import Cost, Quantile, TrainingSet
from chainrule.costs.training_set import Subset
from chainrule.engines.built_in import weight_decay
from chainrule.engines.problem import Problem, side_by_side
from chainrule.network import Network
from chainrule.optimizers import Optimizer
from chainrule.optimizers.schedules import Schedule
from chainrule.rows.windowed import WindowedRows


def network(net: Network) -> tuple[Any, ...]:
    """Returns m₀ … m_r, and each layer's σ, parameter, dropout, blocks of W, κ, rates and decays."""
    layers = [
        (
            without_kappa(layer.sigma).name,
            float(next(iter(layer.sigma.parameters.values()), 0.0)),
            schedule_of(layer.dropout),
            part.runs or (),
            part.parametric,
            layer.rate.numbers,
            layer.decay.numbers,
        )
        for layer, part in zip(net.layers, net.layout, strict=True)
    ]
    return list(net.m), layers


def cost_of(cost: Cost, penalty_scale: float = 1.0) -> tuple[Any, ...]:
    """Returns name, parameter (or a list of one for each output), mean, and the scaled λ₁ and λ₂."""
    mean = 2 if cost.mean_penalty else cost.mean
    has_several = isinstance(cost, Quantile) and isinstance(cost.q, tuple)
    return (
        cost.name,
        list(cost.q) if has_several else _settings(cost, "mean", "l1", "l2", "mean_penalty")[0],  # type: ignore[attr-defined]
        mean,
        penalty_scale * cost.l1,
        penalty_scale * cost.l2,
    )


def optimizer_of(optimizer: Optimizer) -> tuple[Any, ...]:
    """Returns name, numbers, clipping, and the schedules of α and λ."""
    clip = np.inf if optimizer.clip_norm is None else optimizer.clip_norm
    hyper = _settings(optimizer, "learning_rate", "clip_norm", "weight_decay")
    return optimizer.name, hyper, clip, schedule_of(optimizer.schedule), schedule_of(weight_decay(optimizer))


def schedule_of(value: float | Schedule) -> tuple[str, float, list[float]]:
    """Returns name, rate and further settings of a schedule; a number becomes a constant one."""
    if not isinstance(value, Schedule):
        return "constant", float(value), [0.0]
    return value.name, value.rate, _settings(value, "rate")


def _settings(value: Any, *excluded: str) -> list[float]:
    """Returns the numbers of a frozen value in the order of its fields, or [0.0] if it has no others."""
    return [float(getattr(value, f.name)) for f in fields(value) if f.name not in excluded] or [0.0]


def of_training(problem: Problem) -> tuple[Any, ...]:
    """Returns the training set, or t and Σw if it is read in windows."""
    if isinstance(problem.data, WindowedRows):
        return problem.data.t, problem.total_weight
    return arrays(problem.data)


def held_out(problem: Problem) -> tuple[Any, ...] | None:
    """Returns the validation set, with an X that is sparse if that of the training set is, as one run needs it."""
    data = problem.validation
    if data is None:
        return None
    other = np.empty((0, 0)) if problem.X is None else problem.X  # windows are dense
    X = data.of.X if isinstance(data, Subset) else data.X
    if isinstance(other, SparseRows) == isinstance(X, SparseRows):
        return arrays(data)
    data = side_by_side(data)
    return arrays(data._replace(X=like(other, data.X)))


def arrays(data: TrainingSet | Subset) -> tuple[Any, ...]:
    """Returns X, Y, the weights, and the rows in which the examples lie, None if these are all."""
    if not isinstance(data, Subset):
        return rows_of(data.X), data.Y, data.weights, None
    if data.rows is None or isinstance(data.of.X, SparseRows):
        return arrays(data.in_memory())
    return data.of.X, data.of.Y, data.of.weights, np.ascontiguousarray(data.rows, np.uint32)


def rows_of(X: Rows) -> Any:
    """Returns a dense X itself; of a sparse one indptr, the indices as int32 or as int64, and the data."""
    if not isinstance(X, SparseRows):
        return X
    is_narrow = X.indices.dtype == np.int32
    return X.indptr, X.indices if is_narrow else None, None if is_narrow else X.indices, X.data

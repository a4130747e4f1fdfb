"""Weights of rows, multiplied by those of their classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.checks import Floats, shown
from chainrule.errors import InputError


def balanced(y: NDArray[Any], weights: Floats | None) -> Floats:
    """Returns a factor per row (t,) that balances the classes: Σw / (number of classes · Σ of w in its class).

    A row of weight 2 counts as two rows.

    >>> balanced(np.array([0, 0, 0, 1]), None)
    array([0.66666667, 0.66666667, 0.66666667, 2.        ])
    """
    classes, index = np.unique(y, return_inverse=True)
    w = np.ones(len(y)) if weights is None else weights
    mass = np.bincount(index, weights=w, minlength=len(classes))
    present = mass > 0
    factor = np.zeros(len(classes))
    factor[present] = w.sum() / (present.sum() * mass[present])
    result: Floats = factor[index]
    return result


def by_class(
    class_weight: str | Mapping[Any, float] | Sequence[Mapping[Any, float]] | None,
    y: NDArray[Any],
    weights: Floats | None,
    classes: NDArray[Any] | None = None,
) -> Floats | None:
    """Multiplies ``weights`` (t,) by the weight of each row's class, for y (t, k) by those of all its columns.

    ``class_weight`` is None, "balanced", a dict from classes to weights (1 where a class is missing), or a list of such
    dicts, one per column. ``classes`` are the classes that y may have (None: those that occur).

    Raises InputError for a dict with another class, or with a weight below 0.

    >>> by_class({"b": 3.0}, np.array(["a", "b"]), np.array([2.0, 2.0]))
    array([2., 6.])
    """
    if class_weight is None:
        return weights
    columns = y[:, None] if y.ndim == 1 else y
    per_column = (
        list(class_weight)
        if isinstance(class_weight, Sequence) and not isinstance(class_weight, str)
        else [class_weight] * columns.shape[1]
    )
    if len(per_column) != columns.shape[1]:
        raise InputError(f"class_weight must have a dict per column of y, {columns.shape[1]}; got {len(per_column)}.")
    product = np.ones(len(y)) if weights is None else weights.astype(np.float64)
    for choice, column in zip(per_column, columns.T, strict=True):
        product = product * (balanced(column, weights) if choice == "balanced" else _chosen(choice, column, classes))
    return product


def _chosen(choice: Any, column: NDArray[Any], known: NDArray[Any] | None) -> Floats:
    """Returns the weight that a dict gives to each row's class."""
    if not isinstance(choice, Mapping):
        raise InputError(
            f"class_weight must be None, 'balanced' or a dict from classes to weights; got {shown(choice)}."
        )
    classes, index = np.unique(column, return_inverse=True)
    allowed = (classes if known is None else known).tolist()
    strange = [c for c in choice if c not in allowed]
    if strange:
        raise InputError(f"class_weight must name classes of y, {allowed}; got {strange}.")
    factor = np.array([float(choice.get(c, 1.0)) for c in classes.tolist()])
    if not (np.isfinite(factor).all() and (factor >= 0.0).all()):
        raise InputError(f"class_weight must hold finite weights ≥ 0; got {dict(choice)}.")
    result: Floats = factor[index]
    return result

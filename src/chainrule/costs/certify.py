"""The check of ∂ℓ/∂a: the derivative of a cost beside differences of its losses."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from chainrule._internal.checks import Array
from chainrule.costs.training_set import evenly_spaced
from chainrule.errors import InputError

if TYPE_CHECKING:
    from chainrule.costs.cost import Cost

LossFunction = Callable[[Array, Array], Array]

ROWS = COLUMNS = 8  # at most
DISTANCES = (1e-3, 0.1, 1.0, 10.0, 100.0)  # from the label, in units of the labels or of the residuals


def check_derivative(cost: Cost, derivative: LossFunction, A: Array, Y: Array, rows: list[int], remedy: str) -> float:
    """Compares ∂ℓ/∂a with differences of ℓ at some rows of A and Y (t, m), and near and far from their labels.

    A loss of several pieces, such as Huber's, may be right at the outputs at hand and wrong elsewhere; outputs at which
    the functions fail are outside of the loss's domain and are left out. Returns the largest distance of a derivative
    from the interval of its one-sided quotients.

    Raises InputError with the counterexample.
    """
    outputs, labels = A[rows], Y[rows]
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("error")  # a cast from complex to real would discard the derivative
        try:
            at_hand = _quotients(cost, derivative, outputs, labels)
        except InputError:
            raise
        except (TypeError, ValueError, Warning) as error:
            raise InputError(f"cost {cost.name!r} failed on A of shape {outputs.shape}: {error!r}. {remedy}") from error
        _refuse_dependent_losses(cost, outputs, labels, at_hand.losses)
        worst = _largest_error(cost, outputs, labels, at_hand, rows, remedy)
        scale = max(float(abs(labels).max()), float(abs(outputs - labels).max())) or 1.0
        offsets = scale * np.array([0.0, *DISTANCES, *(-d for d in DISTANCES)])
        outputs = (labels[None] + offsets[:, None, None]).reshape(-1, labels.shape[1])
        labels, rows = np.tile(labels, (len(offsets), 1)), rows * len(offsets)
        try:
            elsewhere = _quotients(cost, derivative, outputs, labels)
        except Exception:  # a user's own function may refuse outputs outside of its domain by any error
            return worst
        return max(worst, _largest_error(cost, outputs, labels, elsewhere, rows, remedy))


class _Quotients(NamedTuple):
    """ℓ and the one-sided quotients (t, k) of step h (t, k) beside the claimed ∂ℓ/∂a (t, k), at k columns."""

    columns: list[int]
    losses: Array
    claimed: Array
    forwards: Array
    backwards: Array
    h: Array


def _quotients(cost: Cost, derivative: LossFunction, A: Array, Y: Array) -> _Quotients:
    losses, claimed = cost.losses(A, Y), derivative(A, Y)
    columns = evenly_spaced(A.shape[1], COLUMNS).tolist()
    h = 1e-6 * np.maximum(abs(A[:, columns]), 1e-2)
    forwards, backwards = np.empty_like(h), np.empty_like(h)
    for i, k in enumerate(columns):
        right, left = A.copy(), A.copy()
        right[:, k] += h[:, i]
        left[:, k] -= h[:, i]
        forwards[:, i] = (cost.losses(right, Y) - losses) / (right[:, k] - A[:, k])
        backwards[:, i] = (losses - cost.losses(left, Y)) / (A[:, k] - left[:, k])
    return _Quotients(columns, losses, claimed[:, columns], forwards, backwards, h)


def _largest_error(cost: Cost, A: Array, Y: Array, q: _Quotients, rows: list[int], remedy: str) -> float:
    """Returns the largest distance of ∂ℓ/∂a from [backwards, forwards]; raises InputError if one is too large."""
    d = q.claimed
    outside = np.maximum(np.minimum(q.forwards, q.backwards) - d, d - np.maximum(q.forwards, q.backwards))
    known = np.isfinite(q.forwards) & np.isfinite(q.backwards)
    rounding = 1e-14 * abs(q.losses)[:, None] / q.h
    bad = known & ~(outside <= 1e-5 * (1.0 + abs(d)) + rounding)  # NaN makes this True
    if bad.any():
        j, i = (int(place) for place in np.unravel_index(bad.argmax(), bad.shape))
        k = q.columns[i]
        raise InputError(
            f"derivative(A, Y) of cost {cost.name!r} must be ∂ℓ/∂a; got {d[j, i]:.6g} at a = {A[j, k]:.6g}, "
            f"y = {Y[j, k]:.6g} (row {rows[j]}, column {k}), where differences of losses give "
            f"{0.5 * (q.forwards[j, i] + q.backwards[j, i]):.6g}. {remedy}"
        )
    return float(outside[known].max(initial=0.0))


def _refuse_dependent_losses(cost: Cost, A: Array, Y: Array, losses: Array) -> None:
    """Raises InputError if the loss of an example depends on the other examples."""
    for j in range(len(A)):
        alone = cost.losses(A[j : j + 1], Y[j : j + 1])[0]
        if np.isfinite(losses[j]) and not np.isclose(alone, losses[j], rtol=1e-9, atol=1e-12):
            raise InputError(
                f"losses(A, Y) of cost {cost.name!r} must depend, in each row, on that example alone; got "
                f"{losses[j]:.6g} among {len(A)} examples and {alone:.6g} alone. J sums over the examples itself."
            )

"""A user's own cost, and the check that a cost's derivative is the derivative of its loss."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from chainrule._internal.checks import Array, as_array
from chainrule.costs.cost import Cost
from chainrule.errors import InputError

LossFunction = Callable[[Array, Array], Array]

_H = 1e-30  # of the complex step: far below rounding, far above underflow


@dataclass(frozen=True, eq=False, repr=False, init=False)
class CustomCost(Cost):
    """A user's own cost from ``losses(A, Y)`` → (t,) and, where given, ``derivative(A, Y)`` = ∂ℓ/∂a → (t, m).

    A and Y are (t, m); row j of ``losses`` depends on row j of A and Y alone, and J sums it (or takes the mean, if so
    asked). Left out, the derivative is the complex step ∂ℓ/∂aₖ = Im ℓ(a + i h eₖ, y)/h with h = 1e-30, exact to
    rounding for losses made of analytic functions. The first use of the derivative compares it, given or not, with
    differences on up to 8 of the examples at hand (`check_cost`). Labels are numbers (t, m), or (t,) where m = 1; any
    output activation is taken.

    Raises InputError at construction for things that are not functions, and at that first use with the counterexample.

    >>> import numpy as np, chainrule as cr
    >>> J = cr.CustomCost(lambda A, Y: np.log(np.cosh(A - Y)).sum(axis=1), name="log_cosh")
    >>> J
    CustomCost(log_cosh)
    >>> J.derivative(np.array([[0.5, -2.0]]), np.zeros((1, 2)))                # tanh(a − y)
    array([[ 0.46211716, -0.96402758]])

    Source: complex step: W. Squire & G. Trapp, Using complex variables to estimate derivatives, SIAM Review 40, 1998.
    """

    function: LossFunction
    slope: LossFunction | None
    title: str
    _verified: list[bool] = field(compare=False)  # filled by the first use; the value itself does not change

    def __init__(
        self,
        losses: LossFunction,
        derivative: LossFunction | None = None,
        name: str = "custom",
        *,
        mean: bool = False,
        l1: float = 0.0,
        l2: float = 0.0,
    ) -> None:
        if not callable(losses):
            raise InputError(f"losses must be a function losses(A, Y) → (t,); got {losses!r}.")
        if derivative is not None and not callable(derivative):
            raise InputError(f"derivative must be a function derivative(A, Y) → (t, m), or None; got {derivative!r}.")
        if not name or str(name) != name:
            raise InputError(f"name must be a text of at least one letter; got {name!r}.")
        own: dict[str, object] = {"function": losses, "slope": derivative, "title": name, "name": name, "_verified": []}
        for symbol, value in (own | {"mean": mean, "l1": l1, "l2": l2}).items():
            object.__setattr__(self, symbol, value)
        self.__post_init__()

    def __repr__(self) -> str:
        defaults = (("mean", False), ("l1", 0.0), ("l2", 0.0))
        given = (f", {s}={getattr(self, s)!r}" for s, default in defaults if getattr(self, s) != default)
        return f"CustomCost({self.title}{''.join(given)})"

    def losses(self, A: Array, Y: Array) -> Array:
        values: Array = np.asarray(self.function(A, Y))
        if values.shape != (len(A),):
            raise InputError(
                f"losses(A, Y) of cost {self.title!r} must give one number per example, shape ({len(A)},); got shape "
                f"{values.shape}. Sum over the outputs alone: .sum(axis=1)."
            )
        return values

    def derivative(self, A: Array, Y: Array) -> Array:
        if not self._verified and np.isfinite(A).all():  # outputs that are not finite are training's to report
            check_cost(self, A.real, Y)
            self._verified.append(True)
        return self._derivative(A, Y)

    def _derivative(self, A: Array, Y: Array) -> Array:
        if self.slope is None:
            return self._complex_step(A, Y)
        values: Array = np.asarray(self.slope(A, Y))
        if values.shape != A.shape:
            raise InputError(
                f"derivative(A, Y) of cost {self.title!r} must have the shape of A, {A.shape}; got {values.shape}."
            )
        return values

    def _complex_step(self, A: Array, Y: Array) -> Array:
        """Im ℓ(a + i h eₖ, y)/h for k = 1 … m, (t, m), in double precision whatever A is."""
        if A.dtype.kind == "c":
            raise InputError(
                f"cost {self.title!r} needs its derivative written out where A is complex: give derivative."
            )
        slopes = np.empty(A.shape)
        for k in range(A.shape[1]):
            shifted = A.astype(np.complex128)
            shifted[:, k] += 1j * _H
            slopes[:, k] = self.losses(shifted, Y).imag / _H
        return slopes.astype(A.dtype)


def check_cost(cost: Cost, A: ArrayLike, Y: ArrayLike) -> float:
    """Compare ``cost.derivative`` with differences of ``cost.losses`` at outputs A (t, m) and labels Y (t, m).

    At up to 8 of the rows and 8 of the columns, evenly spread, ∂ℓ/∂aₖ must lie between the left and the right
    difference quotient of step 1e-6 max(|aₖ|, 0.01), within 1e-5 (1 + |∂ℓ/∂aₖ|) and rounding; places where a quotient
    is not finite are left out. It also checks that an example's loss is its own: the same alone as among others.
    Returns how far outside its quotients a derivative lies at most.

    Raises InputError with the counterexample.

    >>> import numpy as np, chainrule as cr
    >>> wrong = cr.CustomCost(lambda A, Y: ((A - Y) ** 2).sum(axis=1), lambda A, Y: A - Y)
    >>> cr.costs.check_cost(wrong, np.array([[3.0]]), np.array([[1.0]]))
    Traceback (most recent call last):
    chainrule.errors.InputError: derivative(A, Y) of cost 'custom' must be ∂ℓ/∂a; got 2 at a = 3, y = 1 (row 0, column
    0), where differences of losses give 4. Correct it, or leave it out for the complex step.
    """
    outputs, labels = as_array(A, "A", np.float64), as_array(Y, "Y", np.float64)
    if outputs.ndim != 2 or outputs.shape != labels.shape or not outputs.size:
        raise InputError(f"A and Y must have the same shape (t, m), not empty; got {outputs.shape} and {labels.shape}.")
    rows = _spread(len(outputs))
    outputs, labels = outputs[rows], labels[rows]
    custom = isinstance(cost, CustomCost)
    derivative = cost._derivative if isinstance(cost, CustomCost) else cost.derivative
    remedy = "Correct it, or leave it out for the complex step." if custom else "Correct it."
    if isinstance(cost, CustomCost) and cost.slope is None:
        remedy = "The complex step needs analytic functions (abs and casts to float break it): give derivative(A, Y)."
    worst = 0.0
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("error")  # a complex number cast to a real one loses the derivative
        try:
            losses, claimed = cost.losses(outputs, labels), derivative(outputs, labels)
        except InputError:
            raise
        except (TypeError, ValueError, Warning) as error:
            raise InputError(f"cost {cost.name!r} failed on A of shape {outputs.shape}: {error!r}. {remedy}") from error
        _check_own(cost, outputs, labels, losses)
        for k in _spread(outputs.shape[1]):
            h = 1e-6 * np.maximum(abs(outputs[:, k]), 1e-2)  # (t,)
            right, left = outputs.copy(), outputs.copy()
            right[:, k] += h
            left[:, k] -= h
            forwards = (cost.losses(right, labels) - losses) / (right[:, k] - outputs[:, k])
            backwards = (losses - cost.losses(left, labels)) / (outputs[:, k] - left[:, k])
            d = claimed[:, k]
            outside = np.maximum(np.minimum(forwards, backwards) - d, d - np.maximum(forwards, backwards))
            known = np.isfinite(forwards) & np.isfinite(backwards)
            bad = known & ~(outside <= 1e-5 * (1.0 + abs(d)) + 1e-14 * abs(losses) / h)  # a claimed NaN is bad
            if bad.any():
                j = int(bad.argmax())
                raise InputError(
                    f"derivative(A, Y) of cost {cost.name!r} must be ∂ℓ/∂a; got {d[j]:.6g} at a = {outputs[j, k]:.6g}, "
                    f"y = {labels[j, k]:.6g} (row {rows[j]}, column {k}), where differences of losses give "
                    f"{0.5 * (forwards[j] + backwards[j]):.6g}. {remedy}"
                )
            worst = max(worst, float(outside[known].max(initial=0.0)))
    return worst


def _check_own(cost: Cost, A: Array, Y: Array, losses: Array) -> None:
    """Refuse a loss of one example that depends on the others."""
    for j in range(len(A)):
        alone = cost.losses(A[j : j + 1], Y[j : j + 1])[0]
        if np.isfinite(losses[j]) and not np.isclose(alone, losses[j], rtol=1e-9, atol=1e-12):
            raise InputError(
                f"losses(A, Y) of cost {cost.name!r} must depend, in each row, on that example alone; got "
                f"{losses[j]:.6g} among {len(A)} examples and {alone:.6g} alone. Leave sums over examples to J."
            )


def _spread(count: int) -> list[int]:
    """Up to 8 of the indices 0 … count − 1, evenly spread."""
    return sorted({round(k) for k in np.linspace(0, count - 1, min(count, 8))})

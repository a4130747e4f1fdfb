"""User-defined costs, and the check that a cost's derivative is the derivative of its loss."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from chainrule._internal.checks import Array, as_array, shown
from chainrule.costs.cost import Cost
from chainrule.errors import InputError

LossFunction = Callable[[Array, Array], Array]

_H = 1e-30  # the complex step: far below rounding, far above underflow


@dataclass(frozen=True, eq=False, repr=False, init=False)
class CustomCost(Cost):
    """A user-defined cost, given by ``losses(A, Y)`` → (t,) and optionally ``derivative(A, Y)`` = ∂ℓ/∂a → (t, m).

    A and Y are (t, m); entry j of ``losses`` depends on row j of A and Y alone, and J sums the entries (or takes their
    mean). Without ``derivative``, the complex step ∂ℓ/∂aₖ = Im ℓ(a + i h eₖ, y)/h with h = 1e-30 computes it, exact to
    rounding for losses made of analytic functions. Its first use compares the derivative, given or not, with
    differences on up to 8 of the current examples (`check_cost`). Labels are numbers (t, m), or (t,) if m = 1; any
    output activation is accepted.

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
    _verified: list[bool] = field(compare=False)  # a list, which a frozen value can fill at the first use

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
            raise InputError(f"losses must be a function losses(A, Y) → (t,); got {shown(losses)}.")
        if derivative is not None and not callable(derivative):
            raise InputError(
                f"derivative must be a function derivative(A, Y) → (t, m), or None; got {shown(derivative)}."
            )
        if not name or str(name) != name:
            raise InputError(f"name must be a string of at least one letter; got {shown(name)}.")
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
                f"losses(A, Y) of cost {self.title!r} must return one number per example, shape ({len(A)},); got shape "
                f"{values.shape}. Sum over the outputs only: .sum(axis=1)."
            )
        return values

    def derivative(self, A: Array, Y: Array) -> Array:
        if not self._verified and np.isfinite(A).all():  # training reports outputs that are not finite
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
        """Computes Im ℓ(a + i h eₖ, y)/h for k = 1 … m, (t, m), in double precision for any dtype of A."""
        if A.dtype.kind == "c":
            raise InputError(f"cost {self.title!r} needs an explicit derivative for complex A: give derivative(A, Y).")
        slopes = np.empty(A.shape)
        for k in range(A.shape[1]):
            shifted = A.astype(np.complex128)
            shifted[:, k] += 1j * _H
            slopes[:, k] = self.losses(shifted, Y).imag / _H
        return slopes.astype(A.dtype)


def check_cost(cost: Cost, A: ArrayLike, Y: ArrayLike) -> float:
    """Compares ``cost.derivative`` with differences of ``cost.losses`` at outputs A (t, m) and labels Y (t, m).

    At up to 8 of the rows and 8 of the columns, evenly spaced, ∂ℓ/∂aₖ must lie between the left and the right
    difference quotient of step 1e-6 max(|aₖ|, 0.01), within 1e-5 (1 + |∂ℓ/∂aₖ|) and rounding; entries with a quotient
    that is not finite are skipped. It also checks that the loss of an example does not depend on the other examples.
    Returns the largest distance of a derivative from the interval of its quotients.

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
    rows = _evenly_spaced(len(outputs))
    outputs, labels = outputs[rows], labels[rows]
    is_custom = isinstance(cost, CustomCost)
    derivative = cost._derivative if isinstance(cost, CustomCost) else cost.derivative
    remedy = "Correct it, or leave it out for the complex step." if is_custom else "Correct it."
    if isinstance(cost, CustomCost) and cost.slope is None:
        remedy = "The complex step needs analytic functions (abs and casts to float break it): give derivative(A, Y)."
    worst = 0.0
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("error")  # a cast from complex to real would discard the derivative
        try:
            losses, claimed = cost.losses(outputs, labels), derivative(outputs, labels)
        except InputError:
            raise
        except (TypeError, ValueError, Warning) as error:
            raise InputError(f"cost {cost.name!r} failed on A of shape {outputs.shape}: {error!r}. {remedy}") from error
        _refuse_dependent_losses(cost, outputs, labels, losses)
        for k in _evenly_spaced(outputs.shape[1]):
            h = 1e-6 * np.maximum(abs(outputs[:, k]), 1e-2)  # (t,)
            right, left = outputs.copy(), outputs.copy()
            right[:, k] += h
            left[:, k] -= h
            forwards = (cost.losses(right, labels) - losses) / (right[:, k] - outputs[:, k])
            backwards = (losses - cost.losses(left, labels)) / (outputs[:, k] - left[:, k])
            d = claimed[:, k]
            outside = np.maximum(np.minimum(forwards, backwards) - d, d - np.maximum(forwards, backwards))
            known = np.isfinite(forwards) & np.isfinite(backwards)
            bad = known & ~(outside <= 1e-5 * (1.0 + abs(d)) + 1e-14 * abs(losses) / h)  # NaN makes this True
            if bad.any():
                j = int(bad.argmax())
                raise InputError(
                    f"derivative(A, Y) of cost {cost.name!r} must be ∂ℓ/∂a; got {d[j]:.6g} at a = {outputs[j, k]:.6g}, "
                    f"y = {labels[j, k]:.6g} (row {rows[j]}, column {k}), where differences of losses give "
                    f"{0.5 * (forwards[j] + backwards[j]):.6g}. {remedy}"
                )
            worst = max(worst, float(outside[known].max(initial=0.0)))
    return worst


def _refuse_dependent_losses(cost: Cost, A: Array, Y: Array, losses: Array) -> None:
    """Raises InputError if the loss of an example depends on the other examples."""
    for j in range(len(A)):
        alone = cost.losses(A[j : j + 1], Y[j : j + 1])[0]
        if np.isfinite(losses[j]) and not np.isclose(alone, losses[j], rtol=1e-9, atol=1e-12):
            raise InputError(
                f"losses(A, Y) of cost {cost.name!r} must depend, in each row, on that example alone; got "
                f"{losses[j]:.6g} among {len(A)} examples and {alone:.6g} alone. J sums over the examples itself."
            )


def _evenly_spaced(count: int) -> list[int]:
    """Returns up to 8 of the indices 0 … count − 1, evenly spaced."""
    return sorted({round(k) for k in np.linspace(0, count - 1, min(count, 8))})

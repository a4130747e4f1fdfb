"""User-defined costs, whose derivative is given or computed, and always checked."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from chainrule._internal.checks import Array, as_array, shown
from chainrule._internal.complex_step import H, derivative_along
from chainrule.costs.certify import ROWS, LossFunction, check_derivative
from chainrule.costs.cost import Cost
from chainrule.costs.training_set import evenly_spaced
from chainrule.errors import InputError


@dataclass
class _Checked:
    """The uses and distances that the checks of a derivative have seen; it changes inside a frozen cost."""

    uses: int = 0
    distance: float = 0.0  # the largest |a − y|


@dataclass(frozen=True, eq=False, repr=False, init=False)
class CustomCost(Cost):
    """A user-defined cost, given by ``losses(A, Y)`` → (t,) and optionally ``derivative(A, Y)`` = ∂ℓ/∂a → (t, m).

    A and Y are (t, m); entry j of ``losses`` depends on row j of A and Y alone, and J sums the entries (or takes their
    mean). Without ``derivative``, the complex step ∂ℓ/∂aₖ = Im ℓ(a + i h eₖ, y)/h with h = 1e-30 computes it, exact to
    rounding for losses made of analytic functions. Its first use compares the derivative, given or not, with
    differences (`check_cost`). Later uses compare it on the rows with the largest and the smallest loss: at the second,
    fourth, eighth, … use, and whenever an output is twice as far from its label as any before. Labels are numbers
    (t, m), or (t,) if m = 1; any output activation is accepted.

    Raises InputError at construction for things that are not functions, and at a use with the counterexample.

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
    _checked: _Checked = field(compare=False)

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
        own: dict[str, object] = {
            "function": losses,
            "slope": derivative,
            "title": name,
            "name": name,
            "_checked": _Checked(),
        }
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
        if np.isfinite(A).all():  # training reports outputs that are not finite
            self._check(A.real, Y)
        return self._derivative(A, Y)

    def hessian_product(self, A: Array, Y: Array, U: Array) -> Array:
        what = f"∂²ℓ/∂a² of cost {self.title!r}"
        if self.slope is None:
            raise InputError(f"{what} needs its derivative: give derivative(A, Y).")
        remedy = "Its derivative must be made of analytic functions (no abs, no casts to float)."
        return derivative_along(lambda B: self._derivative(B, Y), A, U, what, remedy)

    def _check(self, A: Array, Y: Array) -> None:
        """Checks the derivative at the first use, and later where A and Y may lie in another piece of the loss."""
        done, distance = self._checked, float(abs(A - Y).max(initial=0.0))
        if not done.uses:
            check_cost(self, A, Y)
        elif done.uses & (done.uses + 1) == 0 or distance > 2.0 * done.distance:
            order = np.argsort(self.losses(A, Y)).tolist()
            rows = sorted({*order[: ROWS // 2], *order[-ROWS // 2 :], int(abs(A - Y).max(axis=1).argmax())})
            wide = A.astype(np.float64), Y.astype(np.float64)
            check_derivative(self, self._derivative, *wide, rows, self._remedy)
        done.uses += 1
        done.distance = max(done.distance, distance)

    @property
    def _remedy(self) -> str:
        if self.slope is None:
            return "The complex step needs analytic functions (abs and casts to float break it): give derivative(A, Y)."
        return "Correct it, or leave it out for the complex step."

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
            shifted[:, k] += 1j * H
            slopes[:, k] = self.losses(shifted, Y).imag / H
        return slopes.astype(A.dtype)


def check_cost(cost: Cost, A: ArrayLike, Y: ArrayLike) -> float:
    """Compares ``cost.derivative`` with differences of ``cost.losses`` at outputs A (t, m) and labels Y (t, m).

    At up to 8 of the rows, evenly spaced, at those with the least and the largest label, in up to 8 of the columns, and
    at outputs up to 100 times as far from the labels, ∂ℓ/∂aₖ must lie between the left and the right difference
    quotient of step 1e-6 max(|aₖ|, 0.01), within 1e-5 (1 + |∂ℓ/∂aₖ|) and rounding; entries with a quotient that is not
    finite are skipped. It also checks that the loss of an example does not depend on the other examples. Returns the
    largest distance of a derivative from the interval of its quotients.

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
    extreme = labels.min(axis=1).argmin(), labels.max(axis=1).argmax()
    rows = sorted({*evenly_spaced(len(outputs), ROWS).tolist(), *map(int, extreme)})
    if isinstance(cost, CustomCost):
        return check_derivative(cost, cost._derivative, outputs, labels, rows, cost._remedy)
    return check_derivative(cost, cost.derivative, outputs, labels, rows, "Correct it.")

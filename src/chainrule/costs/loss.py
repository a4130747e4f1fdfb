"""The loss ℓ(a, y) of one example, its derivative ∂ℓ/∂a, and the domains of a and y (Lecture, L9)."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from chainrule._internal.checks import Array, as_array, as_rows
from chainrule._internal.complex_step import derivative_along
from chainrule.activations import Sigma
from chainrule.errors import InputError

INFINITE = (-math.inf, math.inf)

# An infinite J or ∇J is a valid result (a = 0 for y = 1, or 10²⁰⁰ squared); training reports it, NumPy need not warn.
silent = np.errstate(all="ignore")


class Loss(ABC):
    """The loss ℓ(a, y) of an output a = a[r] and a label y: the part of a `Cost` that concerns a single example.

    A is a[r] (t, m), Z is z[r] (t, m), and Y (t, m) holds the labels as ``targets`` encodes them, one example per row.
    """

    name: ClassVar[str]
    canonical: ClassVar[str | None] = None  # the σ[r] for which ℓ∘σ[r] has a closed form in z[r]
    outputs: ClassVar[tuple[float, float]] = INFINITE  # the interval that must contain the entries of a[r]
    labels: ClassVar[tuple[float, float]] = INFINITE  # the interval that must contain the entries of y
    label_remedy: ClassVar[str] = ""

    @abstractmethod
    def losses(self, A: Array, Y: Array) -> Array:
        """Computes ℓ(a, y) of each example, (t,)."""

    @abstractmethod
    def derivative(self, A: Array, Y: Array) -> Array:
        """Computes ∂ℓ/∂a[r] of each example, (t, m)."""

    def hessian_product(self, A: Array, Y: Array, U: Array) -> Array:
        """Computes (∂²ℓ/∂a²) u, the change of ∂ℓ/∂a as a moves along u, of each example, (t, m); 0 at a kink of ∂ℓ/∂a.

        Unless a cost overrides it with a formula, it is the complex step of ``derivative``, compared with differences.

        Raises InputError if the complex step cannot compute it.
        """
        what, remedy = f"∂²ℓ/∂a² of cost {self.name!r}", "Define hessian_product(A, Y, U) in its class."
        return derivative_along(lambda B: self.derivative(B, Y), A, U, what, remedy)

    def canonical_losses(self, Z: Array, Y: Array) -> Array:
        """Computes ℓ(σ(z), y) of each example, (t,), in closed form for σ = ``canonical``, even if σ(z) rounds."""
        raise NotImplementedError(f"{type(self).__name__} has no canonical output")

    def canonical_delta(self, Z: Array, Y: Array) -> Array:
        """Computes δ[r] = ∂ℓ(σ(z), y)/∂z of each example, (t, m), in closed form for σ = ``canonical``."""
        raise NotImplementedError(f"{type(self).__name__} has no canonical output")

    def canonical_hessian_product(self, Z: Array, Y: Array, U: Array) -> Array:
        """Computes (∂δ[r]/∂z) u of each example, (t, m), for σ = ``canonical``, as `hessian_product` does."""
        what, remedy = f"∂δ/∂z of cost {self.name!r}", "Define canonical_hessian_product(Z, Y, U) in its class."
        return derivative_along(lambda B: self.canonical_delta(B, Y), Z, U, what, remedy)

    def example_losses(self, z: Array, a: Array, Y: Array, sigma: Sigma) -> Array:
        """Computes ℓ of each example, (t,), from z[r] and a[r] = σ[r](z[r]), in closed form for ``canonical``."""
        return self.canonical_losses(z, Y) if self.closed_form(sigma) else self.losses(a, Y)

    def output_delta(self, z: Array, a: Array, Y: Array, sigma: Sigma) -> Array:
        """Computes δ[r] = (∂σ[r]/∂z[r])ᵀ ∂ℓ/∂a[r] of each example, (t, m), in closed form for ``canonical`` (L14)."""
        if self.closed_form(sigma):
            return self.canonical_delta(z, Y)
        delta: Array = sigma.pullback(z, self.derivative(a, Y))
        return delta

    def closed_form(self, sigma: Sigma) -> bool:
        """Returns True if this cost has a closed form for the output activation σ[r]."""
        return sigma.builtin and sigma.name == self.canonical

    # ---- the border --------------------------------------------------------------------------------------------------

    def targets(self, Y: ArrayLike, m: int, dtype: DTypeLike = np.float64) -> Array:
        """Returns the labels as an array (t, m) of ``dtype``, checked, and encoded as this cost needs them.

        Y is (t, m), or (t,) if m = 1. Labels are real even if ``dtype`` is complex. A suitable array is not copied.

        Raises InputError for a wrong shape, no examples, strings, or labels that are not finite or outside the domain.
        """
        return self._labels(Y, m, np.dtype(dtype).type(0).real.dtype)

    def _labels(self, Y: ArrayLike, m: int, dtype: np.dtype[Any]) -> Array:
        """Implements `targets` for a real dtype."""
        array = as_array(Y, "Y", dtype)
        if array.ndim == 1 and m == 1:
            array = array[:, None]
        if array.ndim == 1:
            classes = " For integer classes use CrossEntropy()." if np.asarray(Y).dtype.kind in "iub" else ""
            raise InputError(
                f"Y must have shape (t, {m}), a row of {m} numbers per example; got {array.shape}.{classes}"
            )
        array = as_rows(array, m, "Y", dtype)
        low, high = self.labels
        outside = ~((array >= low) & (array <= high))
        if outside.any():
            where = tuple(int(k) for k in np.argwhere(outside)[0])
            raise InputError(
                f"Y must lie in {_interval(self.labels)} for {type(self).__name__}; "
                f"got {array[where]:g} at index {where}. {self.label_remedy}"
            )
        return array

    def check_output(self, sigma: Sigma, m: int) -> None:
        """Raises InputError if the values of the output activation σ[r] do not fit this cost.

        The message names the output activation to use instead. A user's own σ without a range is accepted.
        """
        (low, high), (a, b) = self.outputs, sigma.range
        if (a < low or b > high) and (sigma.builtin or sigma.range != INFINITE):
            remedy = f'; use output="{self.canonical}"' if self.canonical else "; use another activation"
            raise InputError(
                f"{type(self).__name__} needs outputs a[r] in {_interval(self.outputs)}; got sigma[r] = {sigma.name}, "
                f"with values in {_interval(sigma.range)}{remedy} or another cost."
            )


def _interval(bounds: tuple[float, float]) -> str:
    """Returns the interval in the usual notation: [0, 1], [0, inf), (-inf, inf)."""
    low, high = bounds
    return f"{'[' if low > -math.inf else '('}{low:g}, {high:g}{']' if high < math.inf else ')'}"

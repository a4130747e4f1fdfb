"""Activation functions as values (Lecture, Def. 4.1): a map σ: ℝᵐ → ℝᵐ beside its derivative.

`Activation` is entrywise: a scalar σ: ℝ → ℝ, extended entry by entry, with σ′. `VectorActivation` mixes the entries
of a row, so that ∂σ/∂z is a full matrix, given by the product of its transpose with a vector (the pullback).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from chainrule._internal.checks import Array, as_integer
from chainrule.activations.sigma import Sigma, complex_values
from chainrule.errors import InputError

# The step of the complex-step derivative Im σ(z + ih)/h. Its error is O(h²), so h is far below rounding.
COMPLEX_STEP = 1e-30


class Activation(Sigma):
    """An entrywise activation: σ: ℝ → ℝ applied to every entry (Lecture, Def. 4.1, L1), beside its derivative σ′.

    function(z, **parameters) and derivative(z, **parameters) act entry by entry and keep the shape of z. The derivative
    may be omitted if the complex step Im σ(z + ih)/h can compute it: then the function must accept complex z and be
    analytic (no abs, no conj), which the constructor verifies on [-20, 20].

    Raises ActivationRefused if the derivative is omitted and cannot be computed reliably; InputError for parameters
    that are not finite. A derivative that is passed is not checked; `check_activation` certifies it.

    >>> import numpy as np
    >>> import chainrule as cr
    >>> cube = cr.Activation(lambda z: z**3, lambda z: 3 * z**2, name="cube")
    >>> cube(2.0), cube.derivative(2.0)
    (np.float64(8.0), np.float64(12.0))
    >>> cr.Activation(lambda z, k: np.sin(k * z), parameters={"k": 2.0}).derivative(0.0)
    np.float64(2.0)

    Source: Lecture, Def. 4.1 (L1); complex step: Squire & Trapp, SIAM Review 40 (1998) 110.
    """

    entrywise: ClassVar[bool] = True

    def __init__(
        self,
        function: Callable[..., Any],
        derivative: Callable[..., Any] | None = None,
        *,
        name: str = "",
        parameters: Mapping[str, float] | None = None,
        range: tuple[float, float] = (-math.inf, math.inf),  # noqa: A002 - the name of the attribute
        kinks: Iterable[float] = (),
        hidden_initial: str = "glorot",
    ) -> None:
        self._set_up(function, derivative, name, parameters, range, kinks, hidden_initial)

    def derivative(self, z: npt.ArrayLike) -> Array:
        """Computes σ′(z), of the shape and dtype of z.

        >>> import chainrule as cr
        >>> cr.relu.derivative([-1.0, 0.0, 2.0])
        array([0., 0., 1.])
        """
        z = self._input(z)
        return self._evaluate(self._adjoint or self._complex_step, z)

    def _complex_step(self, z: Array, **parameters: float) -> Array:
        if z.dtype.kind == "c":
            raise InputError(f"{self.name}: without σ′ the derivative exists for real z only; give σ′ for complex z.")
        shifted = complex_values(self, z + 1j * COMPLEX_STEP)
        return np.asarray(shifted.imag / COMPLEX_STEP)

    def pullback(self, z: npt.ArrayLike, g: npt.ArrayLike) -> Array:
        """Computes σ′(z) ⊙ g, which is (∂σ/∂z)ᵀ g for each row: (t, m), (t, m) → (t, m) (Lecture, L14)."""
        z, g = self._input(z), self._input(g)
        if z.shape != g.shape:
            raise InputError(f"g must have the shape of z, {z.shape}; got {g.shape}.")
        with np.errstate(all="ignore"):
            return np.asarray(self.derivative(z) * g)

    def jacobian(self, z: npt.ArrayLike) -> Array:
        """Computes ∂σ/∂z = diag σ′(z) for each row: (t, m) → (t, m, m)."""
        slopes = np.asarray(self.derivative(z))
        return np.asarray(slopes[..., :, None] * np.eye(slopes.shape[-1], dtype=slopes.dtype))

    @property
    def smooth(self) -> bool:
        """True if σ has no kink at its current parameters (elu has one at 0 unless its alpha is 1)."""
        kinks = np.array(self.kinks)
        left, right = (self.derivative(np.nextafter(kinks, end)) for end in (-np.inf, np.inf))
        return bool(np.allclose(left, right, rtol=1e-12, atol=0.0))


class VectorActivation(Sigma):
    """A vector-valued activation: every entry of σ(z) depends on the whole row z (Lecture, Def. 4.1, L1).

    function(z, **parameters) maps rows, (t, m) → (t, m); pullback(z, g, **parameters) is (∂σ/∂z)ᵀ g for each row. The
    pullback may be omitted if the complex step can compute the Jacobian, as for `Activation`. ``m`` is the length of a
    row if σ is defined for this one alone, such as z ↦ M z, and None if it is defined for every length.

    Raises ActivationRefused if the pullback is omitted and cannot be computed reliably; InputError for parameters that
    are not finite. A pullback that is passed is not checked; `check_activation` certifies it.

    >>> import chainrule as cr
    >>> centre = cr.VectorActivation(
    ...     lambda z: z - z.mean(axis=-1, keepdims=True), lambda z, g: g - g.mean(axis=-1, keepdims=True)
    ... )
    >>> centre([1.0, 2.0, 6.0])
    array([-2., -1.,  3.])
    >>> centre.jacobian([1.0, 2.0])
    array([[ 0.5, -0.5],
           [-0.5,  0.5]])
    >>> turn = cr.VectorActivation(lambda z: z @ [[0.0, 1.0], [-1.0, 0.0]], name="turn", m=2)
    >>> turn([1.0, 2.0])
    array([-2.,  1.])

    Source: Lecture, Def. 4.1 (L1), L14, L17.
    """

    entrywise: ClassVar[bool] = False

    def __init__(
        self,
        function: Callable[..., Any],
        pullback: Callable[..., Any] | None = None,
        *,
        name: str = "",
        parameters: Mapping[str, float] | None = None,
        range: tuple[float, float] = (-math.inf, math.inf),  # noqa: A002 - the name of the attribute
        hidden_initial: str = "glorot",
        m: int | None = None,
    ) -> None:
        vars(self)["m"] = None if m is None else as_integer(m, "m", 1)
        self._set_up(function, pullback, name, parameters, range, (), hidden_initial)

    def _input(self, z: npt.ArrayLike) -> Array:
        array = super()._input(z)
        if array.ndim == 0 or array.shape[-1] == 0 or self.m not in (None, array.shape[-1]):
            got = f"shape {array.shape}" if array.ndim else "a single number"
            m, of = ("m", ", m ≥ 1, for a vector-valued σ") if self.m is None else (self.m, f" for {self.name}")
            raise InputError(f"z must be rows (t, {m}) or one row ({m},){of}; got {got}.")
        return array

    def _key(self) -> tuple[object, ...]:
        return (*super()._key(), self.m)

    def pullback(self, z: npt.ArrayLike, g: npt.ArrayLike) -> Array:
        """Computes (∂σ/∂z)ᵀ g, row by row: (t, m), (t, m) → (t, m) (Lecture, L14).

        >>> import chainrule as cr
        >>> cr.softmax.pullback([0.0, 0.0], [1.0, 0.0])
        array([ 0.25, -0.25])
        """
        z, g = self._input(z), self._input(g)
        if z.shape != g.shape:
            raise InputError(f"g must have the shape of z, {z.shape}; got {g.shape}.")
        return self._evaluate(self._adjoint or self._complex_step, z, g)

    def _complex_step(self, z: Array, g: Array, **parameters: float) -> Array:
        if z.dtype.kind == "c":
            raise InputError(f"{self.name}: without a pullback the Jacobian exists for real z only; give the pullback.")
        result = np.empty_like(z)
        for k in range(z.shape[-1]):
            step = np.zeros(z.shape[-1], dtype=np.complex128)
            step[k] = 1j * COMPLEX_STEP
            slope = complex_values(self, z + step).imag / COMPLEX_STEP  # ∂σ/∂zₖ, (t, m)
            result[..., k] = (slope * g).sum(axis=-1)
        return result

    def jacobian(self, z: npt.ArrayLike) -> Array:
        """Computes ∂σ/∂z, row by row: (t, m) → (t, m, m); row k of each is the pullback of the k-th unit vector."""
        z = self._input(z)
        m = z.shape[-1]
        repeated = np.repeat(z.reshape(-1, m), m, axis=0)  # (t·m, m)
        units = np.tile(np.eye(m, dtype=z.dtype), (len(repeated) // m, 1))
        return self.pullback(repeated, units).reshape(*z.shape, m)

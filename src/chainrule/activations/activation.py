"""Activation functions as values (Lecture, Def. 4.1): a map σ: ℝᵐ → ℝᵐ beside its derivative.

`Activation` is entrywise: a scalar σ: ℝ → ℝ, extended entry by entry, with σ′. `VectorActivation` mixes the entries
of a row, so that ∂σ/∂z is a full matrix, given by the product of its transpose with a vector (the pullback).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from chainrule._internal.checks import Array, as_integer, shown
from chainrule._internal.complex_step import H, derivative_along
from chainrule.activations.sigma import Sigma, complex_values
from chainrule.errors import InputError


class Activation(Sigma):
    """An entrywise activation: σ: ℝ → ℝ applied to every entry (Lecture, Def. 4.1, L1), beside its derivative σ′.

    function(z, **parameters) and derivative(z, **parameters) act entry by entry and keep the shape of z. The derivative
    may be omitted if the complex step Im σ(z + ih)/h can compute it: then the function must accept complex z and be
    analytic (no abs, no conj), which the constructor verifies on [-20, 20]. ``second_derivative`` is σ″, which only
    `hessian_vector_product` needs; if it is omitted, the complex step of ``derivative`` computes it.

    Raises ActivationRefused if the derivative is omitted and cannot be computed reliably; InputError for parameters
    that are not finite. A derivative that is passed is not checked; `check_activation` certifies it. A function that
    fails for an array, such as max(0, z), is refused too.

    A sigmoid written as 1/(1 + e⁻ᶻ) rounds to 1 above z = 37. Then log(1 − a) = −∞, and J = ∞ with `LogLikelihood`,
    which has a closed form for ``cr.sigmoid`` alone, exact for every z (`CrossEntropy`: for ``cr.softmax``).

    >>> import numpy as np
    >>> import chainrule as cr
    >>> cube = cr.Activation(lambda z: z**3, lambda z: 3 * z**2, name="cube")
    >>> cube(2.0), cube.derivative(2.0)
    (np.float64(8.0), np.float64(12.0))
    >>> cr.Activation(lambda z, k: np.sin(k * z), parameters={"k": 2.0}).derivative(0.0)
    np.float64(2.0)
    >>> own = cr.Activation(lambda z: 1 / (1 + np.exp(-z)), range=(0.0, 1.0), name="own_sigmoid")
    >>> for sigma in (own, cr.sigmoid):
    ...     net = cr.Network([cr.Layer([[1.0]], [0.0], sigma)])
    ...     print(cr.LogLikelihood()(net, [[40.0]], [[0.0]]))
    inf
    40.0

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
        second_derivative: Callable[..., Any] | None = None,
    ) -> None:
        self._set_up(function, derivative, name, parameters, range, kinks, hidden_initial, second_derivative)

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
        shifted = complex_values(self, z + 1j * H)
        return np.asarray(shifted.imag / H)

    def second_derivative(self, z: npt.ArrayLike) -> Array:
        """Computes σ″(z), of the shape and dtype of z; at a kink it is the derivative of a neighbouring piece of σ′.

        Raises InputError if σ″ is not given, and the complex step of σ′ cannot compute it.

        >>> import chainrule as cr
        >>> cr.sine.second_derivative(0.0), cr.relu.second_derivative(2.0)
        (np.float64(-0.0), np.float64(0.0))
        """
        z = self._input(z)
        return self._evaluate(self._second or self._complex_step_of_derivative, z)

    def _complex_step_of_derivative(self, z: Array, **parameters: float) -> Array:
        remedy = f"Give second_derivative in cr.Activation(…, name={self.name!r})."
        slope, what, points = self._adjoint, f"σ″ of {self.name}", z.reshape(-1, 1)
        if slope is None:
            raise InputError(f"{what} needs σ′, which is not given. {remedy}")
        second = derivative_along(lambda x: slope(x, **parameters), points, np.ones_like(points), what, remedy)
        return second.reshape(z.shape)

    def pullback(self, z: npt.ArrayLike, g: npt.ArrayLike) -> Array:
        """Computes σ′(z) ⊙ g, which is (∂σ/∂z)ᵀ g for each row: (t, m), (t, m) → (t, m) (Lecture, L14)."""
        z, g = self._inputs(z, g=g)
        with np.errstate(all="ignore"):
            return np.asarray(self.derivative(z) * g)

    def pushforward(self, z: npt.ArrayLike, u: npt.ArrayLike) -> Array:
        """Computes σ′(z) ⊙ u, which is (∂σ/∂z) u for each row: (t, m), (t, m) → (t, m)."""
        return self.pullback(z, u)

    def hessian_product(self, z: npt.ArrayLike, g: npt.ArrayLike, u: npt.ArrayLike) -> Array:
        """Computes σ″(z) ⊙ g ⊙ u, the change of the pullback of g as z moves along u: all (t, m)."""
        z, g, u = self._inputs(z, g=g, u=u)
        with np.errstate(all="ignore"):
            return np.asarray(self.second_derivative(z) * g * u)

    def jacobian(self, z: npt.ArrayLike) -> Array:
        """Computes ∂σ/∂z = diag σ′(z) for each row: (t, m) → (t, m, m)."""
        slopes = np.asarray(self.derivative(z))
        return np.asarray(slopes[..., :, None] * np.eye(slopes.shape[-1], dtype=slopes.dtype))

    def exact(self, z: npt.NDArray[np.object_]) -> tuple[npt.NDArray[Any], npt.NDArray[Any]] | None:
        """Computes σ(z) and σ′(z) of fractions as fractions, or returns None if σ or σ′ is not made of them alone."""
        parameters = {key: Fraction(value).limit_denominator(10**6) for key, value in self.parameters.items()}
        results: list[npt.NDArray[Any]] = []
        for mapping in (self.function, self._adjoint):
            try:
                values = None if mapping is None else np.asarray(mapping(z, **parameters), dtype=object)
            except (TypeError, AttributeError):  # NumPy knows no exponential of a fraction
                values = None
            if values is None or not all(isinstance(value, (int, Fraction)) for value in values.flat):
                return None
            results.append(np.vectorize(Fraction, otypes=[object])(np.broadcast_to(values, z.shape)))
        return results[0], results[1]

    @property
    def smooth(self) -> bool:
        """True if σ has no kink at its current parameters (elu has one at 0 unless its alpha is 1)."""
        kinks = np.array(self.kinks)
        left, right = (self.derivative(np.nextafter(kinks, end)) for end in (-np.inf, np.inf))
        return bool(np.allclose(left, right, rtol=1e-12, atol=0.0))


class VectorActivation(Sigma):
    """A vector-valued activation: every entry of σ(z) depends on the whole row z (Lecture, Def. 4.1, L1).

    function(z, **parameters) maps rows, (t, m) → (t, m); pullback(z, g, **parameters) is (∂σ/∂z)ᵀ g for each row. The
    pullback may be omitted if the complex step can compute the Jacobian, as for `Activation`. Only
    `hessian_vector_product` needs pushforward(z, u, **parameters), which is (∂σ/∂z) u and by default computed from m
    pullbacks, and hessian_product(z, g, u, **parameters), which is ∇²(gᵀσ)(z) u and by default the complex step of the
    pullback. ``m`` is the length of a row if σ is defined for this one alone, such as z ↦ M z, and None if it is
    defined for every length.

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
    _pushforward: Callable[..., Any] | None  # (∂σ/∂z) u; None means from the Jacobian

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
        pushforward: Callable[..., Any] | None = None,
        hessian_product: Callable[..., Any] | None = None,
    ) -> None:
        if pushforward is not None and not callable(pushforward):
            raise InputError(f"pushforward must be a function or None; got {shown(pushforward)}.")
        vars(self).update(m=None if m is None else as_integer(m, "m", 1), _pushforward=pushforward)
        self._set_up(function, pullback, name, parameters, range, (), hidden_initial, hessian_product)

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
        z, g = self._inputs(z, g=g)
        return self._evaluate(self._adjoint or self._complex_step, z, g)

    def pushforward(self, z: npt.ArrayLike, u: npt.ArrayLike) -> Array:
        """Computes (∂σ/∂z) u, row by row: (t, m), (t, m) → (t, m).

        >>> import chainrule as cr
        >>> cr.log_softmax.pushforward([0.0, 0.0], [1.0, 0.0])
        array([ 0.5, -0.5])
        """
        z, u = self._inputs(z, u=u)
        return self._evaluate(self._pushforward or self._pushforward_by_pullbacks, z, u)

    def _pushforward_by_pullbacks(self, z: Array, u: Array, **parameters: float) -> Array:
        return np.asarray((self.jacobian(z) @ u[..., None])[..., 0])

    def hessian_product(self, z: npt.ArrayLike, g: npt.ArrayLike, u: npt.ArrayLike) -> Array:
        """Computes ∇²(gᵀσ)(z) u, the change of the pullback of g as z moves along u, row by row: all (t, m).

        Raises InputError if it is not given, and the complex step of the pullback cannot compute it.
        """
        z, g, u = self._inputs(z, g=g, u=u)
        return self._evaluate(self._second or self._complex_step_of_pullback, z, g, u)

    def _complex_step_of_pullback(self, z: Array, g: Array, u: Array, **parameters: float) -> Array:
        remedy = f"Give hessian_product in cr.VectorActivation(…, name={self.name!r})."
        pullback, what = self._adjoint, f"∇²(gᵀσ) u of {self.name}"
        if pullback is None:
            raise InputError(f"{what} needs the pullback, which is not given. {remedy}")
        return derivative_along(lambda x: pullback(x, g, **parameters), z, u, what, remedy)

    def _complex_step(self, z: Array, g: Array, **parameters: float) -> Array:
        if z.dtype.kind == "c":
            raise InputError(f"{self.name}: without a pullback the Jacobian exists for real z only; give the pullback.")
        result = np.empty_like(z)
        for k in range(z.shape[-1]):
            step = np.zeros(z.shape[-1], dtype=np.complex128)
            step[k] = 1j * H
            slope = complex_values(self, z + step).imag / H  # ∂σ/∂zₖ, (t, m)
            result[..., k] = (slope * g).sum(axis=-1)
        return result

    def jacobian(self, z: npt.ArrayLike) -> Array:
        """Computes ∂σ/∂z, row by row: (t, m) → (t, m, m); row k of each is the pullback of the k-th unit vector."""
        z = self._input(z)
        m = z.shape[-1]
        repeated = np.repeat(z.reshape(-1, m), m, axis=0)  # (t·m, m)
        units = np.tile(np.eye(m, dtype=z.dtype), (len(repeated) // m, 1))
        return self.pullback(repeated, units).reshape(*z.shape, m)

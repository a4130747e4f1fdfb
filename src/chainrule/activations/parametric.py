"""Parametric activations, with one trainable number κ per unit that blends the identity with σ."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from chainrule._internal.checks import Array
from chainrule.activations.activation import Activation
from chainrule.activations.catalogue import get
from chainrule.activations.sigma import Sigma
from chainrule.errors import InputError


class Parametric(Activation):
    """σ_κ(z) = (1 − κ) z + κ σ(z), with one κ per unit of the layer: κ = 1 gives σ, κ = 0 the identity.

    ``sigma`` is an entrywise activation, or the name of one. The κ (m,) are parameters of the layer: `Layer` takes
    their initial values, ``net.kappa[i]`` holds those of layer i, and ``net.sigma[i]`` always uses their current
    values. Outside of a layer it equals σ (κ = 1). ``range`` is all of ℝ, since κ may become any number.

    Raises InputError for a vector-valued σ, UnknownName for an unknown one.

    >>> import chainrule as cr
    >>> layer = cr.Layer([[1.0], [1.0]], [0.0, 0.0], cr.Parametric("relu"), kappa=[1.0, 0.25])
    >>> cr.Network([layer])([-4.0])
    array([ 0., -3.])

    Source: Lecture, Def. 4.1 (L1), for each κ; D. Holzmüller, L. Grinsztajn & I. Steinwart, Better by default, 2024
    (parametric activations); K. He et al., Delving deep into rectifiers, 2015, for ReLU.
    """

    sigma: Activation
    kappa: Array | None  # (m,), a view into the layer's κ; None means 1

    def __init__(self, sigma: Sigma | str) -> None:
        inner = get(sigma)
        if not isinstance(inner, Activation) or isinstance(inner, Parametric):
            raise InputError(f"sigma must be an entrywise activation that has no κ itself; got {inner!r}.")
        self._bind(inner, None)

    def _bind(self, sigma: Activation, kappa: Array | None) -> None:
        vars(self).update(
            vars(sigma),
            sigma=sigma,
            kappa=kappa,
            name=f"parametric {sigma.name}",
            function=_blend(lambda z: z, sigma, kappa),
            _adjoint=_blend(np.ones_like, sigma.derivative, kappa),
            _second=_blend(np.zeros_like, sigma.second_derivative, kappa),
            range=(-math.inf, math.inf),
            __doc__=type(self).__doc__,
        )

    def with_kappa(self, kappa: Array | None) -> Parametric:
        """Returns the same σ_κ bound to these κ (m,); it uses their current values."""
        bound = object.__new__(Parametric)
        bound._bind(self.sigma, kappa)
        return bound

    def with_parameters(self, **parameters: float) -> Self:
        bound = object.__new__(type(self))
        bound._bind(self.sigma.with_parameters(**parameters), self.kappa)
        return bound

    def kappa_gradient(self, z: npt.ArrayLike, g: npt.ArrayLike) -> Array:
        """Computes ∂J/∂κ (m,) = Σ (σ(z) − z) ⊙ g over the examples, g = ∂J/∂a; z and g (t, m).

        >>> import chainrule as cr
        >>> cr.Parametric("relu").kappa_gradient([[-3.0, 5.0]], [[2.0, 2.0]])
        array([6., 0.])
        """
        g = self._input(g)
        return np.asarray((self.kappa_slope(z) * g).sum(axis=0))

    def kappa_slope(self, z: npt.ArrayLike) -> Array:
        """Computes ∂σ_κ(z)/∂κ = σ(z) − z, of the shape of z."""
        z = self._input(z)
        return np.asarray(self.sigma(z) - z)

    def kappa_slope_derivative(self, z: npt.ArrayLike) -> Array:
        """Computes ∂²σ_κ(z)/∂κ∂z = σ′(z) − 1, of the shape of z."""
        return np.asarray(self.sigma.derivative(z) - 1.0)

    @property
    def smooth(self) -> bool:
        """True if σ has no kink at its current parameters."""
        return self.sigma.smooth

    def _key(self) -> tuple[object, ...]:
        return Parametric, self.sigma._key()

    def __repr__(self) -> str:
        return f"cr.Parametric({self.sigma!r})"

    def __getstate__(self) -> dict[str, Any]:
        return {"sigma": self.sigma, "kappa": self.kappa}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._bind(state["sigma"], state["kappa"])


def without_kappa(sigma: Sigma) -> Sigma:
    """Returns the σ of a parametric σ_κ, and any other activation itself."""
    return sigma.sigma if isinstance(sigma, Parametric) else sigma


def _blend(one: Callable[[Array], Array], other: Callable[[Array], Array], kappa: Array | None) -> Callable[..., Array]:
    """Returns z ↦ (1 − κ) one(z) + κ other(z) in double precision; it ignores ``parameters``, which σ already has."""

    def blended(z: Array, **parameters: float) -> Array:
        if kappa is None:
            return other(z)
        if z.ndim == 0 or z.shape[-1] != len(kappa):
            raise InputError(f"z must have {len(kappa)} columns, one per κ of the layer; got shape {z.shape}.")
        wide = kappa.astype(np.result_type(kappa.dtype, np.float64), copy=False)
        return np.asarray((1.0 - wide) * one(z) + wide * other(z))

    return blended

"""A σ with one trainable number κ for each unit, between the identity and σ."""

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
    """σ_κ(z) = (1 − κ) z + κ σ(z), with one κ for each unit of the layer: κ = 1 is σ, κ = 0 the identity.

    ``sigma`` is an entrywise activation, or the name of one. κ (m,) are parameters of the layer: `Layer` takes their
    initial values, ``net.kappa[i]`` are those of layer i, and ``net.sigma[i]`` follows them. By itself, outside of a
    layer, it is σ (κ = 1). ``range`` is all of ℝ, since κ may become any number.

    Raises InputError for a vector-valued σ, UnknownName for an unknown one.

    >>> import chainrule as cr
    >>> layer = cr.Layer([[1.0], [1.0]], [0.0, 0.0], cr.Parametric("relu"), kappa=[1.0, 0.25])
    >>> cr.Network([layer])([-4.0])
    array([ 0., -3.])

    Source: Lecture, Def. 4.1 (L1), for each κ; D. Holzmüller, L. Grinsztajn & I. Steinwart, Better by default, 2024
    (parametric activations); K. He et al., Delving deep into rectifiers, 2015, for ReLU.
    """

    sigma: Activation
    kappa: Array | None  # (m,), the layer's; None: 1

    def __init__(self, sigma: Sigma | str) -> None:
        inner = get(sigma)
        if not isinstance(inner, Activation) or isinstance(inner, Parametric):
            raise InputError(f"sigma must be an entrywise activation without a κ of its own; got {inner!r}.")
        self._bind(inner, None)

    def _bind(self, sigma: Activation, kappa: Array | None) -> None:
        vars(self).update(
            vars(sigma),
            sigma=sigma,
            kappa=kappa,
            name=f"parametric {sigma.name}",
            function=_between(lambda z: z, sigma, kappa),
            _adjoint=_between(np.ones_like, sigma.derivative, kappa),
            range=(-math.inf, math.inf),
        )

    def with_kappa(self, kappa: Array | None) -> Parametric:
        """The same σ_κ with these κ (m,), which it follows as they move."""
        bound = object.__new__(Parametric)
        bound._bind(self.sigma, kappa)
        return bound

    def with_parameters(self, **parameters: float) -> Self:
        bound = object.__new__(type(self))
        bound._bind(self.sigma.with_parameters(**parameters), self.kappa)
        return bound

    def kappa_gradient(self, z: npt.ArrayLike, g: npt.ArrayLike) -> Array:
        """∂J/∂κ (m,) = Σ (σ(z) − z) ⊙ g over the examples, g = ∂J/∂a; z and g (t, m).

        >>> import chainrule as cr
        >>> cr.Parametric("relu").kappa_gradient([[-3.0, 5.0]], [[2.0, 2.0]])
        array([6., 0.])
        """
        z, g = self._input(z), self._input(g)
        return np.asarray(((self.sigma(z) - z) * g).sum(axis=0))

    @property
    def smooth(self) -> bool:
        """Whether σ has no kink with its present parameters."""
        return self.sigma.smooth

    def _key(self) -> tuple[object, ...]:
        return Parametric, self.sigma._key()

    def __repr__(self) -> str:
        return f"cr.Parametric({self.sigma!r})"

    def __reduce__(self) -> tuple[Callable[..., Parametric], tuple[Any, ...]]:
        return _restored, (self.sigma, self.kappa)


def _between(
    one: Callable[[Array], Array], other: Callable[[Array], Array], kappa: Array | None
) -> Callable[..., Array]:
    """z ↦ (1 − κ) one(z) + κ other(z) in double precision; σ's own parameters are in σ already."""

    def mixed(z: Array, **parameters: float) -> Array:
        if kappa is None:
            return other(z)
        if z.ndim == 0 or z.shape[-1] != len(kappa):
            raise InputError(f"z must have {len(kappa)} columns, one for each κ of the layer; got shape {z.shape}.")
        wide = kappa.astype(np.result_type(kappa.dtype, np.float64), copy=False)
        return np.asarray((1.0 - wide) * one(z) + wide * other(z))

    return mixed


def _restored(sigma: Activation, kappa: Array | None) -> Parametric:
    """What was pickled or copied."""
    return Parametric(sigma).with_kappa(kappa)

"""Certificates that a derivative is the derivative of its map, and counterexamples if it is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np
import numpy.typing as npt

from chainrule._internal.checks import Array, as_integer, as_real, shown
from chainrule.activations.certify_entrywise import check_entrywise
from chainrule.activations.certify_vector_valued import check_vector_valued
from chainrule.errors import ActivationRefused, InputError


class Differentiable(Protocol):
    """A map σ with a claimed derivative: ``pullback``, and also ``derivative`` for an entrywise σ."""

    name: str
    entrywise: ClassVar[bool]

    def __call__(self, z: npt.ArrayLike) -> Array:
        """Computes σ(z)."""

    def pullback(self, z: npt.ArrayLike, g: npt.ArrayLike) -> Array:
        """Computes (∂σ/∂z)ᵀ g."""


@dataclass(frozen=True, eq=False)
class Certificate:
    """The result of `check_activation` for a σ that it accepts.

    low, high  the range that was checked
    points     the number of z (entrywise) or rows z (vector-valued) at which the derivative was evaluated
    kinks      the points where the one-sided derivatives differ, in increasing order; () for a vector-valued σ
    error      the largest |claimed − measured| / (1 + |claimed|), including the error of the measurement itself
    """

    sigma: Differentiable
    low: float
    high: float
    points: int
    kinks: tuple[float, ...]
    error: float


def check_activation(
    sigma: Differentiable, low: float = -20.0, high: float = 20.0, *, sizes: tuple[int, ...] | None = None
) -> Certificate:
    """Certifies that the claimed derivative of σ is its derivative on [low, high], including kinks.

    For an entrywise σ: σ(b) − σ(a) = ∫ₐᵇ σ′ on every cell of a grid, and at kinks and at special points k, σ′(k) lies
    between the one-sided derivatives of σ. For a vector-valued σ: pullback(z, g) = (∂σ/∂z)ᵀ g at random rows z, g of
    each of the ``sizes`` m (None: those that σ is defined for, at most 1, 2 and 5). A given σ″, or
    ∇²(gᵀσ) u, is checked against σ′, or the pullback, in the same way.

    It detects a relative error of σ′ of 1e-7 over a cell, which is (high − low)/1024 wide. The certificate is
    numerical: it may miss an error in a small part of a cell, or at a single point that is neither a kink nor a
    multiple of ½.

    Raises ActivationRefused with the counterexample (claimed and measured in the message, z as an attribute) for a
    wrong derivative, a jump, values that are not finite, wrong shapes, an entrywise σ that mixes entries, a
    vector-valued σ that mixes rows, and a σ that changes its input; InputError unless low < high are finite.

    >>> import numpy as np
    >>> import chainrule as cr
    >>> cr.check_activation(cr.hard_tanh).kinks
    (-1.0, 1.0)
    >>> cr.check_activation(cr.Activation(np.sin, np.sin, name="wrong"))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    chainrule.errors.ActivationRefused: wrong: σ′(...) is claimed to be ..., measured ...

    Source: Lecture, Def. 4.1 (L1), L14.
    """
    if not callable(getattr(sigma, "pullback", None)):
        raise InputError(f"sigma must be an activation, such as cr.Activation(function); got {shown(sigma)}.")
    low, high = as_real(low, "low"), as_real(high, "high")
    if not low < high:
        raise InputError(f"low and high must be finite numbers with low < high; got {shown(low)} and {shown(high)}.")
    if sizes is None:
        m = getattr(sigma, "m", None)
        sizes = (1, 2, 5) if m is None else (m,)
    if not sizes:
        raise InputError("sizes must hold at least one size m of a row; got ().")
    sizes = tuple(as_integer(m, "sizes", 1) for m in sizes)
    name, has_second = sigma.name, getattr(sigma, "_second", None) is not None
    f = _guarded(f"{name}: σ", sigma)
    with np.errstate(all="ignore"):
        if sigma.entrywise:
            slope = _guarded(f"{name}: σ′", sigma.derivative)  # type: ignore[attr-defined]  # an entrywise σ has it
            points, kinks, error = check_entrywise(name, f, slope, low, high)
            if has_second:
                jumps = (*kinks, *getattr(sigma, "kinks", ()))
                second = _guarded(f"{name}: σ″", sigma.second_derivative)  # type: ignore[attr-defined]
                more, _, second_error = check_entrywise(name, slope, second, low, high, ("σ′", "σ″"), jumps)
                points, error = points + more, max(error, second_error)
            return Certificate(sigma, low, high, points, kinks, error)
        pullback = _guarded(f"{name}: the pullback", sigma.pullback)
        product = _guarded(f"{name}: ∇²(gᵀσ) u", sigma.hessian_product) if has_second else None  # type: ignore[attr-defined]
        points, error = check_vector_valued(name, f, pullback, low, high, sizes, product)
        return Certificate(sigma, low, high, points, (), error)


def _guarded(what: str, mapping: Callable[..., Any]) -> Callable[..., Array]:
    """Wraps a mapping z, … ↦ y so that a failure, a changed input or a result that is not finite is refused."""

    def guarded(*inputs: Array) -> Array:
        copies = [x.copy() for x in inputs]
        try:
            y = np.asarray(mapping(*copies))
        except ActivationRefused:
            raise
        except Exception as error:  # a user's own function may raise anything
            raise ActivationRefused(f"{what} fails on an array of shape {inputs[0].shape}: {error}.") from error
        if not all(np.array_equal(x, copy) for x, copy in zip(inputs, copies, strict=True)):
            raise ActivationRefused(f"{what} changes its input in place; it must leave z as it is.")
        if not np.isfinite(y).all():
            first = tuple(np.argwhere(~np.isfinite(y))[0])
            z = inputs[0][first]
            raise ActivationRefused(f"{what} is {y[first]} at z = {z:.17g}; it must be finite.", z)
        return y

    return guarded

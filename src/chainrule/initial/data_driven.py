"""Initial values derived from data: each z has unit variance, and the kink of each unit lies among the examples."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule._internal.by_layer import ByLayer
from chainrule._internal.checks import Array, as_rows, as_seed, shown
from chainrule.errors import InputError

EXAMPLES_OF_A_BIAS = 5


@runtime_checkable
class Layered(Protocol):
    """The part of `Network` that this module needs; it cannot import `Network`, which draws its W by `Initial`."""

    m: tuple[int, ...]
    layers: tuple[Any, ...]
    W: ByLayer[Any]
    b: ByLayer[Array]
    sigma: ByLayer[Any]

    def __init__(self, layers: Iterable[Any]) -> None: ...

    def __call__(self, x: Array) -> Array:
        """Computes N(x) of rows, by the engine that is chosen."""

    @property
    def r(self) -> int:
        """The number of layers."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """The number type of θ."""


@np.errstate(over="ignore", invalid="ignore")  # `_of_unit_variance` handles a z that overflows
def from_data(net: Layered, X: ArrayLike, seed: int | None = 0, *, output_bias: bool = False) -> None:
    """Draws W and b of every layer with a full W, in place, so that they suit the examples X (t, n).

    It proceeds layer by layer, with a[i−1] of all examples. W ~ N(0, 1), and each row is divided by the standard
    deviation of its z over the examples, so that z[i] has variance 1. b_k = −Σⱼ λⱼ zₖ⁽ʲ⁾ ("he+5") over 5 examples drawn
    for unit k, with weights λ distributed uniformly over λ ≥ 0, Σ λⱼ = 1, so that the kink of the unit, z = 0, lies
    among them. In the output layer b = 0, unless ``output_bias`` is True.

    Layers with a `BlockDiagonal` W keep their values, and so does every κ. If a z is the same for all examples (one
    example, constant features, dead units below), it has no variance: then W ~ N(0, 1/n), and b is finite. A
    thousand random rows of a large training set are enough. ``seed=None`` draws a new seed.

    Raises InputError for rows whose size is not that of the network's input, or numbers that are not finite.

    >>> import numpy as np, chainrule as cr
    >>> net, X = cr.Network.dense([3, 64, 64, 1], hidden="selu"), np.random.default_rng(0).normal(2.0, 5.0, (1000, 3))
    >>> cr.initial.from_data(net, X)
    >>> [net.forward(X).z[i].var(axis=0).mean().round(6).item() for i in (1, 2, 3)]
    [1.0, 1.0, 1.0]

    Source: Lecture, L12 ("start from some θ"); D. Holzmüller, L. Grinsztajn & I. Steinwart, Better by default, NeurIPS
    2024 (which draws b[r] like the others); he+: I. Steinwart, A sober look at neural network initializations, 2019.
    """
    if not isinstance(output_bias, bool):
        raise InputError(f"output_bias must be True or False; got {shown(output_bias)}.")
    if not isinstance(net, Layered):
        raise InputError(f"net must be a cr.Network; got {shown(net)}.")
    A = as_rows(X, net.m[0], "X", net.dtype)
    rng = np.random.default_rng(seed if seed is None else as_seed(seed))
    for i in range(1, net.r + 1):
        W, b = net.W[i], net.b[i]
        if isinstance(W, np.ndarray):  # W is full
            W[...] = _of_unit_variance(rng.standard_normal((W.shape[0], W.shape[1])), A)
            b[...] = _between_examples(rng, A @ W.T) if i < net.r or output_bias else 0.0
        if i < net.r:
            A = _outputs(net, i, A)


def _outputs(net: Layered, i: int, A: Array) -> Array:
    """Returns a[i] from the a[i−1] of all examples, without dropout: by an engine, unless some of them overflowed."""
    if not np.isfinite(A).all():
        a: Array = net.sigma[i](A @ net.W[i].T + net.b[i])
        return a
    layer = net.layers[i - 1]
    kappa = layer.kappa if len(layer.kappa) else None
    return type(net)([type(layer)(layer.W, layer.b, layer.sigma, kappa=kappa)])(A)


def _of_unit_variance(W: NDArray[np.float64], A: NDArray[np.inexact]) -> NDArray[np.float64]:
    """Scales the rows of W (m, n) so that z = W a has variance 1 over the rows of A, or to N(0, 1/n) if z has none."""
    kind = np.finfo(np.float32 if A.dtype == np.float32 else np.float64)
    deviation: NDArray[np.float64] = (A.astype(np.float64, copy=False) @ W.T).std(axis=0)  # of each z, (m,)
    # By rounding, a constant z varies by a few units in the last place of its largest term.
    noise = 4.0 * A.shape[1] * float(kind.eps) * (abs(W) * abs(A).max(axis=0)).max(axis=1)
    limit = float(kind.max) ** 0.5  # below this, products of W do not overflow
    varies = (deviation > noise) & (abs(W).max(axis=1) < limit * deviation) & np.isfinite(deviation)
    return np.asarray(W / np.where(varies, deviation, np.sqrt(W.shape[1]))[:, None])


def _between_examples(rng: np.random.Generator, Z: NDArray[np.inexact]) -> NDArray[np.float64]:
    """Returns −Σⱼ λⱼ zₖ⁽ʲ⁾ for each column of Z (t, m), or 0 if that is not finite."""
    t, m = Z.shape
    rows = rng.integers(t, size=(EXAMPLES_OF_A_BIAS, m))
    shares = rng.dirichlet(np.ones(EXAMPLES_OF_A_BIAS), size=m).T  # λ (5, m)
    b = -(np.take_along_axis(Z, rows, axis=0) * shares).sum(axis=0)
    return np.where(np.isfinite(b), b, 0.0)

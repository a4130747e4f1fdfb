"""The native engine's AᵀA and Aᵀr lie within the derived rounding bounds of the reference's, for every σ."""

from __future__ import annotations

import math
import zlib
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from support.rounding import U, difference_bounds, gamma
from support.strategies import random_network

import chainrule as cr
from chainrule import engines
from chainrule._internal.checks import Array
from chainrule.activations import ACTIVATIONS, Sigma
from chainrule.backprop import normal_equations, parameter_jacobian
from chainrule.engines import thread_counts
from chainrule.network.forward import forward

pytestmark = pytest.mark.native
u = U[np.dtype(np.float64)]
SIZES = [(1, 3, 1), (3, 7, 5, 2), (9, 12, 1), (2, 4, 4, 4, 3)]
SIGMAS = [*ACTIVATIONS.values(), cr.leaky_relu.with_parameters(slope=-0.5), cr.elu.with_parameters(alpha=-0.5)]


def examples(sigma: Sigma, sizes: tuple[int, ...], t: int) -> tuple[cr.Network, Array, Array, Array]:
    """A network with σ in every layer and small z, X, Y and factors w."""
    rng = np.random.default_rng([zlib.crc32(sigma.name.encode()), t])
    if sigma.name == "layer_norm":  # of one entry it is 0, of two entries almost ±1
        sizes = (sizes[0], *(max(m, 3) for m in sizes[1:]))
    net = random_network(rng, list(sizes), [sigma] * (len(sizes) - 1))
    X, Y = rng.normal(size=(t, sizes[0])), rng.normal(size=(t, sizes[-1]))
    if sigma.name == "exp":
        net.theta = 0.3 * net.theta
    return net, X, Y, rng.uniform(0.5, 1.5, size=t)


def computed(net: cr.Network, X: Array, Y: Array, w: Array) -> tuple[Array, Array]:
    """AᵀA, made symmetric, and Aᵀr of the native engine."""
    AtA, Atr = engines.chosen(net, jacobian=True, engine="native").engine.normal_equations(net, X, Y, w, lambda: None)()
    upper = np.triu(AtA)
    return upper + np.triu(upper, 1).T, Atr


def errors_of_a_column(net: cr.Network, X: Array, k: int) -> tuple[Array, Array]:
    """Bounds of the errors of the rows of ∂a[r]ₖ/∂θ, (t, d), and of a[r]ₖ (t,).

    A further layer selects output k, and |a − y| has the slope 1 there for y = a − 1: δ[i] and a[i−1] with their bounds
    are those of ∂a[r]ₖ/∂θ.
    """
    row = np.eye(net.m[-1])[k : k + 1]
    selected = cr.Network([*(cr.Layer(W, b, s) for W, b, s in zip(net.W, net.b, net.sigma, strict=True)),
                           cr.Layer(row, [0.0], "identity")])  # fmt: skip
    run = forward(selected, X)
    Y = run.a[selected.r] - 1.0
    bounds = difference_bounds(selected, cr.AbsoluteError(), X, Y)
    delta = cr.gradient(selected, cr.AbsoluteError(), X, Y, engine="reference").delta
    parts: list[Array] = []
    for i in range(1, net.r + 1):
        a: NDArray[Any] = np.abs(run.a[i - 1])
        d: NDArray[Any] = np.abs(delta[i])
        da, dd = bounds.a[i - 1], bounds.delta[i]
        of_W = dd[:, :, None] * (a + da)[:, None, :] + d[:, :, None] * da[:, None, :]  # of δ aᵀ
        parts += [of_W.reshape(len(X), -1), dd]
    rows = np.concatenate(parts, axis=1)
    return rows, bounds.a[net.r][:, k]


@pytest.mark.parametrize("sigma", SIGMAS, ids=lambda sigma: sigma.name)
def test_they_lie_within_the_derived_bounds(sigma: Sigma) -> None:
    """|ΔAᵀA| ≤ Σ |ΔA|ᵀ|A| + |A|ᵀ|ΔA| + |ΔA|ᵀ|ΔA| and the rounding γ(k) of k = t m + 8 sums and products; so too Aᵀr."""
    for number, sizes in enumerate(SIZES):
        t = (1, 37, 70, 260)[number]
        net, X, Y, w = examples(sigma, sizes, t)
        m = net.m[-1]
        AtA, Atr = normal_equations(net, X, Y, w)
        run = forward(net, X)
        A: NDArray[Any] = np.abs(parameter_jacobian(net, run, w)).reshape(t, m, net.d)
        r: NDArray[Any] = np.abs(w[:, None] * (run.a[net.r] - Y))
        dA, dr = np.empty_like(A), np.empty_like(r)
        for k in range(m):
            dA[:, k], dr[:, k] = errors_of_a_column(net, X, k)
        dA, dr = w[:, None, None] * dA + 4 * u * A, w[:, None] * dr + 8 * u * (r + w[:, None] * abs(Y))
        A, dA, r, dr = A.reshape(-1, net.d), dA.reshape(-1, net.d), r.ravel(), dr.ravel()
        rounded = 2 * gamma(t * m + 8, u)
        mine = computed(net, X, Y, w)
        assert (abs(mine[0] - AtA) <= dA.T @ A + A.T @ dA + dA.T @ dA + rounded * (A + dA).T @ (A + dA)).all()
        assert (abs(mine[1] - Atr) <= (A + dA).T @ dr + dA.T @ r + rounded * (A + dA).T @ (r + dr)).all()
        assert np.linalg.norm(mine[0] - AtA) <= 1e-10 * np.linalg.norm(AtA)  # where the bound is wide


@pytest.mark.parametrize("sizes", [(3, 7, 5, 2), (8, 40, 1)])
def test_threads_and_calls_change_no_bit(sizes: tuple[int, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    """Every number of threads, and every division of the examples into calls, gives the same bits."""
    net, X, Y, w = examples(cr.tanh, sizes, 1100)
    one = computed(net, X, Y, w)
    monkeypatch.setattr(thread_counts, "FLOP_PER_THREAD", 1.0)
    monkeypatch.setattr("chainrule.engines.native.engine.PRODUCTS_OF_A_CALL", 1.0)
    for threads in (1, 2, 3, 8):
        monkeypatch.setenv("CHAINRULE_THREADS", str(threads))
        for mine, other in zip(computed(net, X, Y, w), one, strict=True):
            np.testing.assert_array_equal(mine, other)


def test_examples_of_weight_0_do_not_count() -> None:
    """An example with w = 0 leaves AᵀA and Aᵀr as they are, bit for bit, at the end of the examples."""
    net, X, Y, w = examples(cr.tanh, (3, 7, 2), 65)
    w[64] = 0.0
    for mine, other in zip(computed(net, X, Y, w), computed(net, X[:64], Y[:64], w[:64]), strict=True):
        np.testing.assert_array_equal(mine, other)


@pytest.mark.parametrize(
    ("layer", "reason"),
    [(cr.Layer(cr.BlockDiagonal([[[1.0]], [[2.0]]]), [0.0, 0.0], "tanh"), r"W\[1\] is block-diagonal"),
     (cr.Layer(np.eye(2), [0.0, 0.0], cr.Parametric("tanh")), r"sigma\[1\] is parametric")],
)  # fmt: skip
def test_what_it_has_no_jacobian_of_runs_on_the_reference(layer: cr.Layer, reason: str) -> None:
    """Block-diagonal W and κ are declined with the reason, and Levenberg–Marquardt takes the reference engine."""
    net = cr.Network([layer, cr.Layer([[1.0, 1.0]], [0.0], "identity")])
    assert engines.chosen(net, engine="native").name == "native"
    with pytest.raises(cr.EngineDeclined, match=reason):
        engines.chosen(net, jacobian=True, engine="native")
    choice = engines.choice._choose(net, None, None, "auto", jacobian=True)
    assert choice.name == "reference"
    assert "Levenberg–Marquardt needs its Jacobian" in choice.reason


def test_an_overflow_is_not_hidden() -> None:
    """If A overflows, so do AᵀA and Aᵀr, as on the reference engine: the search sees that no step is possible."""
    net = cr.Network([cr.Layer([[1e200]], [0.0], "identity"), cr.Layer([[1e200]], [0.0], "identity")])
    AtA, _ = computed(net, np.ones((1, 1)), np.ones((1, 1)), np.ones(1))
    assert math.isinf(AtA[0, 0])

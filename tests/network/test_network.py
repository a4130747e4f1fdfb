"""Layers and networks have a frozen structure and movable numbers; W and b are views into θ."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.strategies import layer_sizes, random_network, seeds, sigma_names

import chainrule as cr
from chainrule._internal.by_layer import ByLayer
from chainrule.activations import ACTIVATIONS


@given(m=st.lists(layer_sizes, min_size=2, max_size=6), seed=seeds, data=st.data())
def test_theta_is_the_layers_in_order(m: list[int], seed: int, data: st.DataObject) -> None:
    """For any sizes, θ is W[1] row by row, b[1], W[2], …, Σ mᵢ (mᵢ₋₁ + 1) numbers; W[i] and b[i] share its memory."""
    sigmas = [ACTIVATIONS[data.draw(sigma_names(m_i))] for m_i in m[1:]]
    net = random_network(np.random.default_rng(seed), m, sigmas)
    assert (net.m, net.r, list(net.sigma)) == (tuple(m), len(m) - 1, sigmas)
    assert net.d == len(net.theta) == sum(m_i * (n_i + 1) for n_i, m_i in pairwise(m))
    parts = [part for i in range(1, net.r + 1) for part in (net.W[i].ravel(), net.b[i])]
    np.testing.assert_array_equal(net.theta, np.concatenate(parts))
    assert net.theta.flags.c_contiguous
    for i, layer in enumerate(net.layers, 1):
        assert net.W[i].shape == (m[i], m[i - 1])
        assert net.b[i].shape == (m[i],)
        assert layer.W is not None
        for view in (net.W[i], net.b[i], layer.W, layer.b):
            assert np.shares_memory(view, net.theta)


def test_moving_theta_moves_the_network_and_the_other_way_round() -> None:
    """θ, W, b and the layers are the same numbers, whichever of them is written to."""
    net = cr.Network.dense([2, 3, 1], seed=1)
    net.theta = np.arange(13.0)
    np.testing.assert_array_equal(net.W[1], [[0, 1], [2, 3], [4, 5]])
    np.testing.assert_array_equal(net.b[1], [6, 7, 8])
    net.W[2][0, 1] = -1.0
    net.layers[1].b[0] = -2.0
    np.testing.assert_array_equal(net.theta[9:], [9, -1, 11, -2])
    theta = net.theta
    net.theta -= 1.0
    assert net.theta is theta
    assert net.b[2][0] == -3.0
    net.b[2] += 5.0  # a step of the lecture, layer by layer
    assert net.theta[-1] == 2.0


def test_a_network_copies_what_it_is_built_from() -> None:
    """A network copies the arrays of its layers: changes of either do not reach the other."""
    W, b = np.ones((1, 2)), np.zeros(1)
    layer = cr.Layer(W, b, "tanh")
    net, twin = cr.Network([layer]), cr.Network([layer])
    net.theta += 1.0
    assert W[0, 0] == 1.0
    assert twin.theta[0] == 1.0


@pytest.mark.parametrize("name", ["W", "b", "m", "r", "d", "dtype", "layers", "sigma", "dropout"])
def test_the_structure_is_frozen(name: str) -> None:
    """Nothing but θ can be assigned to a network, and nothing to a layer."""
    net = cr.Network.dense([2, 1])
    with pytest.raises(AttributeError, match=f"{name} of a network is frozen"):
        setattr(net, name, getattr(net, name))
    with pytest.raises(AttributeError):
        net.layers[0].W = np.ones((1, 2))  # type: ignore[misc]
    with pytest.raises(TypeError):
        net.W[1] = np.ones((1, 2))


def test_from_theta_and_back() -> None:
    """``from_theta(net.theta, …)`` is the same network with numbers of its own, float32 too."""
    for dtype in ("float32", "float64"):
        net = cr.Network.dense([3, 4, 2], hidden="softmax", output="sigmoid", seed=2, dtype=dtype)
        twin = cr.Network.from_theta(net.theta, [3, 4, 2], ["softmax", cr.sigmoid])
        assert (twin.m, twin.dtype, list(twin.sigma)) == (net.m, np.dtype(dtype), list(net.sigma))
        np.testing.assert_array_equal(twin.theta, net.theta)
        assert not np.shares_memory(twin.theta, net.theta)


def test_dense_has_a_sigma_and_a_dropout_per_layer() -> None:
    """``hidden`` and ``dropout`` are one value for all hidden layers, or a list; the output layer has no dropout."""
    net = cr.Network.dense([2, 3, 4, 1], hidden=["tanh", cr.relu], output="sigmoid", dropout=[0.1, 0.2])
    assert [s.name for s in net.sigma] == ["tanh", "relu", "sigmoid"]
    assert list(net.dropout) == [0.1, 0.2, 0.0]
    assert list(cr.Network.dense([2, 3, 4, 1], dropout=0.5).dropout) == [0.5, 0.5, 0.0]
    assert cr.Network.dense([2, 1], dropout=0.5).dropout[1] == 0.0  # there is no hidden layer


def test_dense_draws_by_its_seed() -> None:
    """The same seed draws the same θ₀; another seed, or None, draws another; biases start at 0."""
    a, b, c = (cr.Network.dense([4, 5, 3], seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(a.theta, b.theta)
    assert (a.theta != c.theta).any()
    assert (cr.Network.dense([4, 5, 3], seed=None).theta != cr.Network.dense([4, 5, 3], seed=None).theta).any()
    assert not np.concatenate([a.b[1], a.b[2]]).any()
    assert not cr.Network.dense([4, 5, 3], initial="zeros").theta.any()  # the lecture's θ = 0


def test_rows_and_single_examples() -> None:
    """N(x) is (n,) → (m,) and (t, n) → (t, m), row by row the same."""
    net = cr.Network.dense([3, 4, 2], hidden="layer_norm", seed=3)
    X = np.random.default_rng(0).normal(size=(5, 3))
    assert net(X).shape == (5, 2)
    assert net(X[0]).shape == (2,)
    np.testing.assert_allclose([net(x) for x in X], net(X), rtol=1e-13)
    run = net.forward(X[0])
    assert [z.shape for z in run.z] == [(4,), (2,)]
    assert [a.shape for a in run.a] == [(3,), (4,), (2,)]
    assert net.jacobian(X).shape == (5, 2, 3)
    assert net.jacobian(X[0]).shape == (2, 3)
    assert net.jacobian(X, wrt="theta").shape == (5, 2, net.d)
    np.testing.assert_allclose(net.jacobian(X[0], wrt="theta"), net.jacobian(X, wrt="theta")[0], rtol=1e-13)


def test_the_jacobian_by_theta_gives_the_gradient() -> None:
    """∇J = Σⱼ (∂N/∂θ)ᵀ (N(x⁽ʲ⁾) − y⁽ʲ⁾) for the sum of squares; the argument of N must be x or θ."""
    net = cr.Network.dense([3, 4, 2], hidden=cr.Parametric("tanh"), seed=3)
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(5, 3)), rng.normal(size=(5, 2))
    expected = np.einsum("tmd,tm->d", net.jacobian(X, wrt="theta"), net(X) - Y)
    np.testing.assert_allclose(cr.gradient(net, "sum_of_squares", X, Y).theta, expected, rtol=1e-10, atol=1e-13)
    with pytest.raises(cr.UnknownName, match="unknown argument of N 'W'"):
        net.jacobian(X, wrt="W")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "twin",
    [
        cr.Network.copy,
        copy.copy,
        copy.deepcopy,
        lambda net: pickle.loads(pickle.dumps(net)),  # noqa: S301 (its own bytes, as processes exchange networks)
    ],
    ids=["copy", "copy.copy", "deepcopy", "pickle"],
)
def test_copies_are_independent_networks(twin: Callable[[cr.Network], cr.Network]) -> None:
    """A copy has the same structure and the same bits, and its W and b are views into its own θ."""
    net = cr.Network.dense([3, 4, 2], hidden="softmax", dropout=0.25, seed=4, dtype="float32")
    other = twin(net)
    assert (other.m, other.dtype, list(other.sigma), list(other.dropout)) == (
        net.m,
        net.dtype,
        list(net.sigma),
        list(net.dropout),
    )
    assert other.theta.tobytes() == net.theta.tobytes()
    assert np.shares_memory(other.W[2], other.theta)
    assert np.shares_memory(other.layers[0].b, other.theta)
    other.theta += 1.0
    assert (other.theta != net.theta).all()


def test_astype_rounds_once() -> None:
    """``astype`` rounds θ to the dtype, which outputs then have too; float32 → float64 → float32 changes nothing."""
    net = cr.Network.dense([3, 4, 2], hidden="gelu", seed=5)
    single = net.astype("float32")
    np.testing.assert_array_equal(single.theta, net.theta.astype(np.float32))
    assert single(np.ones(3)).dtype == np.float32
    np.testing.assert_array_equal(single.astype("float64").astype("float32").theta, single.theta)
    np.testing.assert_allclose(single(np.ones(3)), net(np.ones(3)), rtol=1e-5)


def test_a_float32_layer_beside_a_float64_one_makes_a_float64_network() -> None:
    """θ has one dtype, which is float32 only if every layer has it."""
    a, b = cr.Layer(np.ones((2, 1), "f4"), np.ones(2, "f4"), "relu"), cr.Layer(np.ones((1, 2)), [0.0], "identity")
    assert cr.Network([a]).dtype == np.float32
    assert cr.Network([a, b]).dtype == np.float64


def test_layers_are_numbered_as_in_the_lecture() -> None:
    """The indices of z are 1 … r and those of a 0 … r; others raise an error with the range; iteration is in order."""
    z, a = ByLayer("xyz"), ByLayer("wxyz", first=0)
    assert (z[1], z[3], a[0], a[3]) == ("x", "z", "w", "z")
    assert z[np.int64(2)] == "y"  # type: ignore[call-overload]  # an integer of NumPy's is one too
    assert ["".join(z), "".join(reversed(z)), len(z), len(a)] == ["xyz", "zyx", 3, 4]
    assert (z.index("z"), a.index("z"), "x" in z, z.count("q")) == (3, 3, True, 0)
    for i in (0, 4, -1):
        with pytest.raises(IndexError, match=r"numbered from 1 to 3 here; got"):
            z[i]
    with pytest.raises(IndexError, match=r"numbered from 0 to 3 here; got -1"):
        a[-1]
    with pytest.raises(TypeError, match="one layer at a time"):
        z[1:]
    with pytest.raises(TypeError):
        z["1"]  # type: ignore[call-overload]
    with pytest.raises(ValueError, match="no layer has the entry"):
        z.index("x", 2)


def test_numbers_that_overflow_come_back_infinite_without_a_warning() -> None:
    """A finite x whose z overflows gives ∞ or NaN, by IEEE arithmetic, in N(x), J and ∇J alike."""
    net = cr.Network([cr.Layer([[10.0, 10.0]], [0.0], "identity"), cr.Layer([[1.0]], [0.0], "identity")])
    x = np.array([1e308, 1e308])
    assert net(x)[0] == np.inf
    assert net.forward(x).z[1][0] == np.inf
    np.testing.assert_array_equal(net.jacobian(x), [[10.0, 10.0]])
    g = cr.gradient(net, cr.SumOfSquares(), x[None], [[0.0]], wrt_x=True)
    assert g.J == np.inf
    assert g.b[2][0] == np.inf

"""The native engine's N(x), J(θ), ∇J(θ) and δ[i] lie within the derived rounding bounds of the reference's.

Every σ is combined with every cost that it fits, in float32 and float64, with sizes 1, 7, 31, 33 and 257 of inputs,
hidden layers and outputs, and with batches of 1, 37 and 101. Training steps of gradient descent, which have kernels of
their own on two methods, are checked too: ∇J(θ) is (θ₀ − θ₁)/α with an α so large that θ₀ does not matter.
"""

from __future__ import annotations

import numpy as np
import pytest
from support.engines.gradient_bounds import DTYPES, assert_gradients, assert_within, one_step, reference
from support.engines.gradient_cases import SIGMAS, SIZES, TABLE, cases, draw, title
from support.rounding import difference_bounds

import chainrule as cr
from chainrule.activations import Sigma
from chainrule.costs import COSTS
from chainrule.engines.minibatches import dropout_masks
from chainrule.network.forward import forward

pytestmark = pytest.mark.native


@pytest.mark.parametrize(("sigma", "kind"), TABLE)
def test_gradients(sigma: Sigma, kind: type[cr.Cost]) -> None:
    """J(θ), ∇J(θ) and every δ[i], from ``cr.gradient`` and from a step of training, lie within the derived bound."""
    for case in cases(sigma, kind):
        assert_gradients(case, is_sharp=sigma.entrywise)


def test_the_sizes_cover_both_methods_of_training() -> None:
    """The sizes of this file are trained by both methods, lanes and panels."""
    taken = [one_step(case)[0] for case in cases(cr.tanh, cr.SumOfSquares)]
    assert taken.count("lanes") >= 2
    assert taken.count("panels") >= 2


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("t", [127, 128, 131, 257, 5003])
def test_many_rows(t: int, dtype: str) -> None:
    """The bounds hold from 128 rows on, where gradients are summed in halves, and from 4,097 on, where in blocks."""
    case = draw(cr.tanh, cr.SumOfSquares, (9, 40, 37, 3), t, dtype, 3)
    assert case is not None
    assert assert_gradients(case, is_sharp=True) == "panels"


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("sizes", [(3, 5, 2), (5, 70, 40, 3)], ids=["lanes", "panels"])
@pytest.mark.parametrize("sigma", SIGMAS, ids=title)
def test_dropout(sigma: Sigma, sizes: tuple[int, ...], dtype: str) -> None:
    """A training step with dropout has the ∇J(θ) of the network thinned by the masks of the stream's first key."""
    case = draw(sigma, cr.SumOfSquares, sizes, 37, dtype, 0)
    assert case is not None
    layers = case.net.layers
    thinned = cr.Network(cr.Layer(L.W, L.b, L.sigma, 0.0 if L is layers[-1] else 0.3) for L in layers)
    case = case._replace(net=thinned)
    masks = dropout_masks(
        int(np.random.PCG64(7).random_raw()), thinned.astype(np.float64), 37, [0.3] * (len(layers) - 1) + [0.0]
    )
    truth, bound = reference(case, masks), difference_bounds(*case, masks)
    method, J, g, rounded = one_step(case, seed=7)
    assert method == ("lanes" if max(sizes) < 10 else "panels")
    assert_within("J", J, truth.J, bound.J)
    assert_within("∇J", g, truth.theta, bound.theta + rounded)


@pytest.mark.parametrize("dtype", DTYPES)
def test_many_rows_with_many_zeros(dtype: str) -> None:
    """The bounds hold when the second block of rows skips the many zeros of ReLU that the first has shown."""
    case = draw(cr.relu, cr.SumOfSquares, (9, 130, 110, 3), 5003, dtype, 3)
    assert case is not None
    assert assert_gradients(case, is_sharp=True) == "panels"


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("sizes", [(4, 8, 2), (20, 40, 35)], ids=["lanes", "panels"])
def test_many_examples(sizes: tuple[int, ...], dtype: str) -> None:
    """The bounds hold for a full batch of 9,973 examples, which is summed in blocks."""
    for number, kind in enumerate([COSTS["sum_of_squares"], COSTS["cross_entropy"]]):
        case = draw(cr.tanh, kind, sizes, 9973, dtype, 3 + number)
        assert case is not None
        truth, bound = reference(case), difference_bounds(*case)
        g = cr.gradient(*case, engine="native")
        assert_within("J", g.J, truth.J, bound.J)
        assert_within("∇J", g.theta, truth.theta, bound.theta)
        for i in range(1, case.net.r + 1):
            assert_within(f"δ[{i}]", g.delta[i], truth.delta[i], bound.delta[i])
        _, J, step, rounded = one_step(case)
        assert_within("J of a step", J, truth.J, bound.J)
        assert_within("∇J of a step", step, truth.theta, bound.theta + rounded)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("sigma", SIGMAS, ids=title)
def test_outputs(sigma: Sigma, dtype: str) -> None:
    """N(x) of one row, of two, of many, and of each row by itself lies within the derived bound."""
    for number, sizes in enumerate(SIZES):
        for t in (1, 2, 37, 1031) if number in (0, 5) else (1, 37):
            if sigma.name == "layer_norm":
                sizes = (sizes[0], *(max(m, 3) for m in sizes[1:]))
            case = draw(sigma, cr.SumOfSquares, sizes, t, dtype, number)
            assert case is not None
            net, _, X, *_ = case
            wide = net.astype(np.float64)
            truth = forward(wide, X.astype(np.float64)).a[net.r]
            bound = difference_bounds(*case).a[net.r]
            outputs = net(X, engine="native")
            assert (outputs.shape, outputs.dtype) == (truth.shape, net.dtype)
            assert_within(f"{net.m}, t = {t}", outputs, truth, bound)
            assert_within(f"{net.m}, t = {t}, auto", net(X), truth, bound)
            for j in {0, t // 2, t - 1}:
                assert_within(f"row {j}", net(X[j], engine="native"), truth[j], bound[j])
                assert_within(f"row {j}, auto", net(X[j]), truth[j], bound[j])


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_way_of_calling_gives_the_same_bits(dtype: str) -> None:
    """N(x) has the same bits at the first call and later, for an array, a list or a view, with the engine named or not,
    and from a predictor."""
    X = np.random.default_rng(3).normal(size=(4, 9)).astype(dtype)
    for t in (1, 2, 3, 4):
        net = cr.Network.dense([9, 40, 3], hidden="gelu", seed=1, dtype=dtype)
        rows, first = X[:t], net(X[:t])
        double = np.repeat(rows, 2, axis=1)
        answers = [net(rows), net(rows.tolist()), net(double[:, ::2]), net(np.asfortranarray(rows)), net.copy()(rows)]
        answers += [net(rows, engine="native"), net.copy()(rows, engine="native"), net.predictor()(rows)]
        for answer in answers:
            np.testing.assert_array_equal(answer, first)


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_predictor_reuses_its_array(dtype: str) -> None:
    """Every call of a predictor for one row returns the same array, overwritten."""
    predict, x = cr.Network.dense([10, 32, 16, 1], dtype=dtype, seed=0).predictor(), np.ones(10, dtype)
    assert predict(x) is predict(x)


@pytest.mark.parametrize("dtype", DTYPES)
def test_outputs_follow_theta(dtype: str) -> None:
    """N(x) is that of the present θ, whether θ was moved as a vector, through a view W[i] or b[i], or by training."""
    rng = np.random.default_rng(3)
    net = cr.Network.dense([3, 40, 2], hidden="tanh", seed=1, dtype=dtype)
    X = rng.normal(size=(5, 3)).astype(dtype)

    def check() -> None:
        for rows in (X, X[:1], X[0]):
            for outputs in (net(rows, engine="native"), net(rows)):
                np.testing.assert_allclose(outputs, net(rows, engine="reference"), rtol=0, atol=1e-5)

    check()
    net.theta += net.dtype.type(0.25)
    check()
    net.W[1][...] = -net.W[1]
    net.b[2][...] = 3.0
    check()
    net.theta = np.linspace(-1.0, 1.0, net.d)
    check()
    cr.train(net, X, np.ones((5, 2)), epochs=3, engine="native")
    check()


def test_misaligned_and_strided_rows() -> None:
    """Rows that are misaligned, strided or in Fortran order give the bits of a fresh copy of them."""
    rng = np.random.default_rng(4)
    for dtype in DTYPES:
        net = cr.Network.dense([7, 33, 3], hidden="gelu", seed=1, dtype=dtype)
        kept = rng.normal(size=1 + 40 * 14).astype(dtype)
        shifted, strided = kept[1 : 1 + 37 * 7].reshape(37, 7), kept[:-1].reshape(40, 14)[:37, ::2]
        views = [shifted, strided, np.asfortranarray(shifted)]
        for X in views:
            plain, Y = X.copy(order="C"), np.ones((37, 3), dtype)
            for x, y in ((X, plain), (X[:1], plain[:1]), (X[5], plain[5])):
                np.testing.assert_array_equal(net(x, engine="native"), net(y, engine="native"))
                np.testing.assert_array_equal(net(x), net(y))
            g, h = (cr.gradient(net, cr.SumOfSquares(), rows, Y, engine="native") for rows in (X, plain))
            np.testing.assert_array_equal(g.theta, h.theta)
            nets = [net.copy(), net.copy()]
            for other, rows in zip(nets, (X, plain), strict=True):
                cr.train(other, rows, Y, epochs=2, batch_size=8, optimizer="adam", engine="native")
            np.testing.assert_array_equal(nets[0].theta, nets[1].theta)

"""A quantile for each output: the sum of their costs, with labels that the outputs share."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr

LEVELS = (0.125, 0.5, 0.875)
RNG = np.random.default_rng(0)
A, y = RNG.normal(size=(6, 3)), RNG.normal(size=6)


def test_the_cost_is_the_sum_of_those_of_the_outputs() -> None:
    """ℓ and ∂ℓ/∂a are those of `Quantile(q)` for each output by itself."""
    J, Y = cr.Quantile(q=LEVELS), np.repeat(y[:, None], 3, axis=1)
    single = [cr.Quantile(q=q) for q in LEVELS]
    parts = [one.losses(A[:, [k]], Y[:, [k]]) for k, one in enumerate(single)]
    np.testing.assert_array_equal(J.losses(A, Y), np.sum(parts, axis=0))
    slopes = [one.derivative(A[:, [k]], Y[:, [k]]) for k, one in enumerate(single)]
    np.testing.assert_array_equal(J.derivative(A, Y), np.hstack(slopes))


def test_outputs_share_labels() -> None:
    """Labels (t,) belong to each output; labels (t, m) are taken as they are."""
    J, Y = cr.Quantile(q=LEVELS), np.repeat(y[:, None], 3, axis=1)
    np.testing.assert_array_equal(J.targets(y, 3), Y)
    np.testing.assert_array_equal(J.targets(A, 3), A)
    net = cr.Network.dense([2, 3], seed=1)
    X = RNG.normal(size=(6, 2))
    assert J(net, X, y) == J(net, X, Y)


def test_masked_labels_are_refused() -> None:
    """A mask is not dropped where the outputs share labels either."""
    with pytest.raises(cr.InputError, match="Y must be finite; got masked entries"):
        cr.Quantile(q=LEVELS).targets(np.ma.masked_array(y, mask=y > 0.0), 3)


def test_single_precision_stays() -> None:
    """Results have the number type of the outputs."""
    J, single, labels = cr.Quantile(q=LEVELS), A.astype(np.float32), np.zeros((6, 3), dtype=np.float32)
    assert J.losses(single, labels).dtype == J.derivative(single, labels).dtype == np.float32


def test_a_list_is_a_tuple() -> None:
    """A list of quantiles makes an equal cost, which can be hashed; one quantile in a tuple has one output."""
    assert cr.Quantile(q=[0.25, 0.75]) == cr.Quantile(q=(0.25, 0.75))  # type: ignore[arg-type]
    assert len({cr.Quantile(q=(0.25, 0.75)), cr.Quantile(q=(0.25, 0.75)), cr.Quantile(q=0.25)}) == 2
    np.testing.assert_array_equal(cr.Quantile(q=(0.25,)).losses(A[:, :1], A[:, 1:2]),
                                  cr.Quantile(q=0.25).losses(A[:, :1], A[:, 1:2]))  # fmt: skip


def test_each_output_needs_its_quantile() -> None:
    """Another number of outputs than of quantiles is refused before anything is computed."""
    with pytest.raises(cr.InputError, match=r"q must have a number for each of the 2 outputs; got 3: \(0.125"):
        cr.train(cr.Network.dense([1, 2]), [[1.0]], [1.0], cost=cr.Quantile(q=LEVELS))


def test_training_learns_quantiles() -> None:
    """Two outputs of x alone approach the quartiles of y: a quarter of 400 labels, ± 3 %, lies below the first."""
    x, noise = np.zeros((400, 1)), RNG.normal(size=400)
    net = cr.Network.dense([1, 2], initial="zeros")
    cr.train(net, x, noise, cost=cr.Quantile(q=(0.25, 0.75), mean=True), optimizer=cr.Adam(0.05), epochs=300)
    low, high = net([0.0])
    assert abs((noise <= low).mean() - 0.25) < 0.03
    assert abs((noise <= high).mean() - 0.75) < 0.03


@pytest.mark.native
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("hidden", [3, 150], ids=["lanes", "panels"])
@pytest.mark.parametrize("m", [2, 37])
def test_derivatives_of_each_output(m: int, hidden: int, dtype: str) -> None:
    """δ[r] is −qₖ below the label and 1 − qₖ above it: with dyadic qₖ and one example, ∂J/∂b[r] is exact."""
    levels = tuple(k / 64 for k in range(1, m + 1))
    net = cr.Network.dense([4, hidden, m], hidden="tanh", seed=0, dtype=dtype)
    x, label = np.full((1, 4), 0.5), 0.25
    a = net(x[0], engine="reference")
    g = cr.gradient(net, cr.Quantile(q=levels), x, [label], engine="native")
    assert g.b[2].tolist() == [1.0 - q if a_k > label else -q for a_k, q in zip(a, levels, strict=True)]
    e = label - np.asarray(net(x[0], engine="native"), dtype=np.float64)
    J = np.maximum(np.array(levels) * e, (np.array(levels) - 1.0) * e).sum()
    assert g.J == pytest.approx(J, rel=1e-5 if dtype == "float32" else 1e-13)


@pytest.mark.native
def test_training_is_that_of_the_reference() -> None:
    """Some steps of gradient descent agree with the reference engine to rounding."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(64, 3)), rng.normal(size=64)
    trained = []
    for engine in ("native", "reference"):
        net = cr.Network.dense([3, 8, 3], hidden="tanh", seed=1)
        cost = cr.Quantile(q=(0.1, 0.5, 0.9), mean=True, l2=0.01)
        cr.train(net, X, y, cost=cost, optimizer=cr.GradientDescent(0.1), epochs=3, batch_size=16, engine=engine)
        trained.append(net.theta)
    np.testing.assert_allclose(trained[0], trained[1], rtol=1e-12, atol=1e-14)


@pytest.mark.native
def test_products_with_the_hessian() -> None:
    """∇²J(θ) v of the native engine is that of the reference engine, in which ∂²ℓ/∂a² is 0."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(33, 3)), rng.normal(size=33)
    net, J = cr.Network.dense([3, 6, 2], hidden="tanh", seed=1), cr.Quantile(q=(0.2, 0.7))
    v = rng.normal(size=net.d)
    ours, theirs = (cr.hessian_vector_product(net, J, X, y, v, engine=engine) for engine in ("native", "reference"))
    np.testing.assert_allclose(ours, theirs, rtol=1e-11, atol=1e-12)

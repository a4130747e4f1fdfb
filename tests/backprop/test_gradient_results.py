"""The results of ``cr.gradient``: ∂J/∂a[i] beside δ[i], one example beside rows, and a table that can be read."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from scipy import sparse

import chainrule as cr
from chainrule._internal.checks import Array
from chainrule.backprop import backpropagate
from chainrule.network.forward import forward


def small(dtype: type = np.float64) -> tuple[cr.Network, Array, Array]:
    """A 2-3-2 network with a vector-valued output, and three examples."""
    rng = np.random.default_rng(3)
    net = cr.Network.dense([2, 3, 2], hidden="tanh", output="softmax", seed=1, dtype=dtype)
    return net, rng.normal(size=(3, 2)), np.array([[1.0, 0.0], [0.0, 1.0], [0.5, 0.5]])


@pytest.mark.parametrize("weights", [None, [1.0, 0.0, 2.5]], ids=["equal", "weighted"])
@pytest.mark.parametrize("mean", [False, True], ids=["sum", "mean"])
def test_the_chain_from_each_output_to_the_next(mean: bool, weights: list[float] | None, engine: str) -> None:
    """δ[i] = (∂σ[i]/∂z[i])ᵀ ∂J/∂a[i] and ∂J/∂a[i−1] = W[i]ᵀ δ[i], from ∂J/∂a[r] down to ∂J/∂x."""
    net, X, Y = small()
    g = cr.gradient(net, cr.SumOfSquares(mean=mean), X, Y, weights, wrt_x=True, wrt_a=True, engine=engine)
    assert g.a is not None
    assert g.run is not None
    assert g.slopes is not None
    assert g.x is not None
    scale = np.ones(3) if weights is None else np.array(weights)
    scale = scale / scale.sum() if mean else scale
    np.testing.assert_allclose(g.a[2], (net(X) - Y) * scale[:, None], rtol=1e-14)
    for i in (1, 2):
        np.testing.assert_allclose(net.sigma[i].pullback(g.run.z[i], g.a[i]), g.delta[i], rtol=1e-12, atol=1e-17)
        np.testing.assert_allclose(g.a[i - 1], g.delta[i] @ net.W[i], rtol=1e-14)
    np.testing.assert_allclose(g.x, g.a[0], rtol=1e-14)
    np.testing.assert_allclose(g.slopes[1], 1 - np.tanh(g.run.z[1]) ** 2, rtol=1e-12)  # type: ignore[arg-type]
    assert g.slopes[2] is None  # softmax has a Jacobian matrix


def test_J_is_that_of_the_cost() -> None:
    """J beside ∇J(θ) is the cost's, a plain float, with weights, and with the share of the penalties of a minibatch."""
    net, X, Y = small()
    cost, weights = cr.SumOfSquares(l2=0.5), np.array([1.0, 0.0, 2.5])
    g = cr.gradient(net, cost, X, Y, weights, engine="reference")
    assert g.J == cost(net, X, Y, weights) != cost(net, X, Y)
    assert type(g.J) is float
    parts = [backpropagate(net, cost, forward(net, X), Y, weights, penalty_scale=share) for share in (0.25, 0.75)]
    assert parts[0].J + parts[1].J == pytest.approx(g.J + cr.SumOfSquares()(net, X, Y, weights), rel=1e-14)
    weights_alone = np.concatenate([[*W.ravel(), *np.zeros(len(b))] for W, b in zip(net.W, net.b, strict=True)])
    np.testing.assert_allclose(parts[1].theta - parts[0].theta, 0.25 * weights_alone, rtol=1e-13, atol=1e-15)


def test_single_precision_stays() -> None:
    """∇J(θ) of each example, and ∂N/∂x, of a float32 network are float32."""
    net, X, Y = small(np.float32)
    g = cr.gradient(net, "sum_of_squares", X, Y, each=True, engine="reference")
    assert g.each is not None
    assert g.each.dtype == g.theta.dtype == net.jacobian(X).dtype == np.float32
    layer, A = net.layers[1], np.random.default_rng(0).normal(size=(20, 3)).astype("f4")
    Z = forward(cr.Network([layer]), A).z[1]
    for k, e in enumerate(np.eye(2, dtype="f4")):
        row = layer.sigma.pullback(Z, np.tile(e, (20, 1))) @ layer.W
        np.testing.assert_array_equal(cr.Network([layer]).jacobian(A)[:, k], row)


def test_a_single_example_has_single_deltas(engine: str) -> None:
    """x (n,) gives δ[i] (mᵢ,) and ∂J/∂x (n,), as it gives z[i] (mᵢ,); a row x (1, n) gives rows."""
    net, X, Y = small()
    cost = cr.CrossEntropy()
    single = cr.gradient(net, cost, X[0], Y[0], wrt_x=True, wrt_a=True, engine=engine)
    rows = cr.gradient(net, cost, X[:1], Y[:1], wrt_x=True, wrt_a=True, engine=engine)
    assert single.J == rows.J
    assert single.theta.tobytes() == rows.theta.tobytes()
    assert [delta.shape for delta in single.delta] == [(3,), (2,)]
    assert [delta.shape for delta in rows.delta] == [(1, 3), (1, 2)]
    for name in ("delta", "a", "slopes"):
        for one, row in zip(getattr(single, name), getattr(rows, name), strict=True):
            np.testing.assert_array_equal(one, row if row is None else row[0])  # softmax has no slopes
    np.testing.assert_array_equal(single.x, rows.x[0])  # type: ignore[index]
    assert single.run is not None
    assert single.a is not None
    assert single.run.z[2].shape == (2,)
    np.testing.assert_array_equal(single.a[0], single.x)
    assert single.each is rows.each is None


@pytest.mark.parametrize(("x", "y"), [(2.0, 1.0), ([2.0], 1.0), ([2.0], [1.0]), ([2.0], [[1.0]]), ([[2.0]], 1.0)])
def test_numbers_are_examples_of_a_network_from_R_to_R(x: Any, y: Any, engine: str) -> None:
    """For n = m = 1 a number is an x and a number is a y, in N(x), J, ∇J and training."""
    net = cr.Network.from_theta([3.0, -1.0], [1, 1], ["identity"])  # 3x − 1
    cost, expected = cr.SumOfSquares(), np.array([8.0, 4.0])  # (a − y) x and a − y with a = 5
    assert np.ravel(net(x, engine=engine)).tolist() == [5.0]
    assert cost(net, x, y) == 8.0
    assert cr.gradient(net, cost, x, y, engine=engine).theta.tolist() == expected.tolist()
    cr.train(net, x, y, cost=cost, optimizer=cr.GradientDescent(0.125), epochs=1, engine=engine)
    assert net.theta.tolist() == ([3.0, -1.0] - 0.125 * expected).tolist()


def test_a_number_is_no_example_of_more_inputs() -> None:
    """With n = 2, or for two rows, a number is refused with the shape that is needed."""
    net, X, _ = small()
    with pytest.raises(cr.InputError, match=r"x must have shape \(2,\) or \(t, 2\)"):
        net(2.0)
    with pytest.raises(cr.InputError, match=r"Y must have shape"):
        cr.gradient(net, "sum_of_squares", X, 1.0)


def test_a_training_set_stands_for_X_Y_and_weights(engine: str) -> None:
    """J(net, T), ∇J, training, L-BFGS and validation take 𝒯 with the same results as its parts."""
    net, X, Y = small()
    T, cost = cr.TrainingSet(X, Y, np.array([1.0, 2.0, 0.5])), cr.SumOfSquares()
    assert (T.t, cr.TrainingSet(sparse.csr_array(X), Y).t) == (3, 3)
    assert cost(net, T) == cost(net, *T)
    assert (
        cr.gradient(net, cost, T, engine=engine).theta.tobytes()
        == cr.gradient(net, cost, *T, engine=engine).theta.tobytes()
    )
    runs = []
    for data in ((T,), (T.X, T.Y)):
        own = net.copy()
        weights = None if len(data) == 1 else T.weights
        validation = T if len(data) == 1 else (*data, T.weights)
        runs.append(
            cr.train(own, *data, weights=weights, validation=validation, epochs=3, engine=engine).validation_J.tolist()
        )
    assert runs[0] == runs[1]
    by_set, by_parts = net.copy(), net.copy()
    cr.minimize(by_set, T, epochs=3)
    cr.minimize(by_parts, X, Y, weights=T.weights, epochs=3)
    assert by_set.theta.tobytes() == by_parts.theta.tobytes()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (lambda T: (T, T.Y), "a TrainingSet holds Y and weights itself"),
        (lambda T: (T, None, [1.0]), "a TrainingSet holds Y and weights itself"),
        (lambda T: (T.X,), r"Y must be an array of labels; got None. Pass X and Y, or a cr.TrainingSet"),
    ],
)
def test_labels_are_given_once(arguments: Any, message: str) -> None:
    """A TrainingSet with further labels, and X without any, are refused."""
    net, X, Y = small()
    for call in (lambda *a: cr.SumOfSquares()(net, *a), lambda *a: cr.gradient(net, "sum_of_squares", *a)):
        with pytest.raises(cr.InputError, match=message):
            call(*arguments(cr.TrainingSet(X, Y)))


def test_a_layer_is_a_map() -> None:
    """L[i](a[i−1]) = a[i] (Def. 4.2), for one example and for rows, and layers are numbered from 1."""
    net, X, _ = small()
    run = net.forward(X)
    for i in (1, 2):
        np.testing.assert_array_equal(net.L[i](run.a[i - 1]), run.a[i])
        np.testing.assert_allclose(net.L[i](run.a[i - 1][0]), run.a[i][0], rtol=1e-15)
    assert net.L[2] is net.layers[1]
    with pytest.raises(cr.InputError, match=r"a must have shape \(3,\) or \(t, 3\); got \(3, 2\)"):
        net.L[2](X)
    with pytest.raises(AttributeError, match="L of a network is frozen"):
        net.L = net.L
    assert cr.Layer(0.5 * np.eye(1), [0.25], "identity")(2.0).tolist() == [1.25]


def test_a_gradient_is_shown_as_a_table() -> None:
    """``print(g)`` is one line per layer, entry by entry where that fits, and else by shape and size."""
    net, X, Y = small()
    g = cr.gradient(net, "cross_entropy", X[0], Y[0], wrt_a=True)
    lines = str(g).splitlines()
    assert lines[0].startswith("J(θ) = ")
    assert re.findall("<caption[^>]*>(.*?)</caption>", g._repr_html_()) == lines[:1]
    assert re.findall("<th [^>]*>(.*?)</th>", g._repr_html_()) == lines[1].split()
    assert g._repr_html_().count("<tr>") == 3
    assert lines[0].endswith("d = 17")
    assert lines[1].split() == ["i", "z[i]", "a[i]", "σ′(z[i])", "∂J/∂a[i]", "δ[i]", "∂J/∂W[i]", "∂J/∂b[i]"]
    assert [line[0] for line in lines[2:]] == ["1", "2"]
    wide = cr.Network([cr.Layer(np.ones((200, 2)), np.zeros(200), cr.Parametric("tanh")), cr.Layer(
        cr.BlockDiagonal([np.ones((1, 100)), np.ones((1, 100))]), np.zeros(2), "identity")])  # fmt: skip
    text = str(cr.gradient(wide, "sum_of_squares", X, Y))
    assert "(3, 200), max |·| = " in text
    assert text.splitlines()[1].split() == ["i", "δ[i]", "∂J/∂W[i]", "∂J/∂b[i]", "∂J/∂κ[i]"]
    assert max(map(len, text.splitlines())) < 250
    assert str(net.forward(X[0])).splitlines()[0].split() == ["i", "z[i]", "a[i]"]
    assert "SparseRows" in str(net.forward(sparse.csr_array(X)))

"""The lecture, definition by definition, with numbers worked by hand; the numbers L1 … L17 are docs/lecture.md's."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import ArrayLike

import chainrule as cr

LOG2, LOG3 = np.log(2.0), np.log(3.0)
ULPS = 4 * np.finfo(np.float64).eps  # a few roundings, of numbers near 1


def square() -> cr.Activation:
    """σ(z) = z², σ′(z) = 2z: exact on small integers."""
    return cr.Activation(lambda z: z * z, lambda z: 2 * z, name="square")


def test_L1_scalar_functions_act_entry_by_entry() -> None:
    """An entrywise σ maps each entry alone, so its Jacobian is diagonal; a vector-valued σ has a full one."""
    z = np.array([[1.0, -2.0, 3.0]])
    np.testing.assert_array_equal(cr.tanh(z), [[np.tanh(1.0), np.tanh(-2.0), np.tanh(3.0)]])
    np.testing.assert_array_equal(square().jacobian(z)[0], np.diag([2.0, -4.0, 6.0]))
    assert (cr.softmax.jacobian(z) != 0).all()


def test_L2_relu() -> None:
    """ReLU(x) = max{0, x}."""
    np.testing.assert_array_equal(cr.relu(np.array([[-3.0, 0.0, 2.5]])), [[0.0, 0.0, 2.5]])


def test_L3_sigmoid() -> None:
    """S(x) = 1 / (1 + e⁻ˣ): S(0) = 1/2, S(log 3) = 3/4, S(−log 3) = 1/4."""
    np.testing.assert_allclose(cr.sigmoid(np.array([[0.0, LOG3, -LOG3]])), [[0.5, 0.75, 0.25]], rtol=ULPS)


def test_L4_softmax() -> None:
    """Softmax(0, log 2, log 3) = (1, 2, 3) / 6."""
    np.testing.assert_allclose(cr.softmax(np.array([[0.0, LOG2, LOG3]])), [[1 / 6, 2 / 6, 3 / 6]], rtol=ULPS)


def test_L5_a_layer_is_W_b_sigma() -> None:
    """A layer holds W ∈ ℝ^{m×n}, b ∈ ℝᵐ and its own σ, with m, n ≥ 1."""
    layer = cr.Layer(np.ones((2, 3)), np.zeros(2), cr.softmax)
    assert (layer.W.shape, layer.b.shape, layer.sigma) == ((2, 3), (2,), cr.softmax)
    net = cr.Network([layer, cr.Layer(np.ones((1, 2)), [0.0], cr.relu)])
    assert [sigma.name for sigma in net.sigma] == ["softmax", "relu"]


def test_L6_the_lectures_network_has_29_parameters() -> None:
    """m = (5, 3, 2, 1) gives r = 3 layers and d = (3·5 + 3) + (2·3 + 2) + (1·2 + 1) = 29 parameters."""
    net = cr.Network.dense([5, 3, 2, 1], hidden="sigmoid", output="identity", seed=0)
    assert (net.r, net.m, net.d) == (3, (5, 3, 2, 1), 29)
    assert [net.W[i].shape for i in (1, 2, 3)] == [(3, 5), (2, 3), (1, 2)]


def test_L7_forward_pass() -> None:
    """a[0] = x, z[i] = W[i] a[i−1] + b[i], a[i] = σ[i](z[i]), N(x) = a[r]; here 2-2-1, ReLU and square."""
    net = cr.Network(
        [
            cr.Layer([[1.0, 2.0], [3.0, -4.0]], [1.0, -1.0], cr.relu),
            cr.Layer([[2.0, 5.0]], [-3.0], square()),
        ]
    )
    run = net.forward([1.0, 1.0])
    np.testing.assert_array_equal(run.a[0], [1.0, 1.0])
    np.testing.assert_array_equal(run.z[1], [4.0, -2.0])
    np.testing.assert_array_equal(run.a[1], [4.0, 0.0])
    np.testing.assert_array_equal(run.z[2], [5.0])
    np.testing.assert_array_equal(run.a[2], [25.0])
    np.testing.assert_array_equal(net([1.0, 1.0]), [25.0])


def test_L8_a_network_approximates_the_function_behind_its_training_set() -> None:
    """Trained on x ↦ 2x − 1 at three points, a linear N equals f elsewhere too."""
    net = cr.Network([cr.Layer([[0.0]], [0.0], cr.identity)])
    X = np.array([[-1.0], [0.0], [2.0]])
    descent = cr.GradientDescent(learning_rate=0.2)
    cr.train(net, X, 2 * X - 1, cost=cr.SumOfSquares(), optimizer=descent, epochs=500, seed=0)
    np.testing.assert_allclose(net([10.0]), [19.0], rtol=1e-12)


def test_L9_theta_is_all_weights_and_biases() -> None:
    """θ lists W[1] row by row, b[1], W[2], …; θ₁ is the top left entry of W[1], and moving θ moves N_θ."""
    net = cr.Network(
        [cr.Layer([[1.0, 2.0], [3.0, 4.0]], [5.0, 6.0], cr.identity), cr.Layer([[7.0, 8.0]], [9.0], cr.identity)]
    )
    np.testing.assert_array_equal(net.theta, np.arange(1.0, 10.0))
    before = net([1.0, 0.0])
    net.theta[0] += 1.0
    assert net.W[1][0, 0] == 2.0
    np.testing.assert_array_equal(net([1.0, 0.0]) - before, [7.0])  # W[2] has 7 there


def test_L10_sum_of_squares() -> None:
    """J(θ) = ½ Σⱼ ‖N_θ(x⁽ʲ⁾) − y⁽ʲ⁾‖² = ½ (1² + 2² + 3² + 0²) = 7."""
    net = cr.Network([cr.Layer(np.eye(2), [0.0, 0.0], cr.identity)])
    assert cr.SumOfSquares()(net, [[1.0, 2.0], [3.0, 4.0]], [[0.0, 4.0], [0.0, 4.0]]) == 7.0


def test_L11_log_likelihood_and_its_generalisation() -> None:
    """With N = 3/4 twice and y = 1, 0: J = −log ¾ − log ¼; cross-entropy over softmax(0, z) is the same number."""
    y = np.array([[1.0], [0.0]])
    X = np.zeros((2, 1))
    logistic = cr.Network([cr.Layer([[0.0]], [LOG3], cr.sigmoid)])
    two_classes = cr.Network([cr.Layer([[0.0], [0.0]], [0.0, LOG3], cr.softmax)])
    J = -np.log(0.75) - np.log(0.25)
    assert cr.LogLikelihood()(logistic, X, y) == pytest.approx(J, rel=ULPS)
    assert cr.CrossEntropy()(two_classes, X, [1, 0]) == pytest.approx(J, rel=ULPS)


def test_L12_gradient_descent_until_J_does_not_change() -> None:
    """One epoch is θ := θ − α ∇J(θ); with ``tol`` the repetition ends when J no longer changes."""
    X, Y, J = [[1.0], [2.0]], [[1.0], [4.0]], cr.SumOfSquares()
    net = cr.Network([cr.Layer([[0.0]], [0.0], cr.identity)])  # ∇J(0) = (−1·1 − 4·2, −1 − 4) = (−9, −5)
    descent = cr.GradientDescent(learning_rate=0.125)
    cr.train(net, X, Y, cost=J, optimizer=descent, epochs=1)
    np.testing.assert_array_equal(net.theta, [1.125, 0.625])
    history = cr.train(net, X, Y, cost=J, optimizer=descent, epochs=10**6, tol=1e-12)
    assert len(history.J) < 10**5
    assert J(net, X, Y) < 1e-11  # both examples lie on a line


def test_L13_a_step_layer_by_layer() -> None:
    """W[i] := W[i] − α ∂J/∂W[i] and b[i] := b[i] − α ∂J/∂b[i], each derivative of the shape of what it moves."""
    net = cr.Network.dense([3, 2, 2], hidden="tanh", seed=1)
    X, Y, J = [[1.0, 2.0, 3.0]], [[0.5, -0.5]], cr.SumOfSquares()
    g = cr.gradient(net, J, X, Y, engine="reference")
    W = [net.W[i] - 0.25 * g.W[i] for i in (1, 2)]
    b = [net.b[i] - 0.25 * g.b[i] for i in (1, 2)]
    assert [g.W[i].shape for i in (1, 2)] == [(2, 3), (2, 2)]
    cr.train(net, X, Y, cost=J, optimizer=cr.GradientDescent(learning_rate=0.25), epochs=1, engine="reference")
    for i in (1, 2):
        np.testing.assert_array_equal(net.W[i], W[i - 1])
        np.testing.assert_array_equal(net.b[i], b[i - 1])


def test_L14_delta() -> None:
    """δ[r] = (a[r] − y) ⊙ σ[r]′(z[r]) for an entrywise σ, and (∂σ[r]/∂z[r])ᵀ (a[r] − y) in general."""
    X, Y, J = [[1.0, -1.0]], [[1.0, 0.0]], cr.SumOfSquares()
    W, b = [[2.0, 1.0], [0.0, -3.0]], [1.0, -1.0]  # z[1] = (2, 2)
    g = cr.gradient(cr.Network([cr.Layer(W, b, square())]), J, X, Y)
    np.testing.assert_array_equal(g.delta[1], [[(4.0 - 1.0) * 4.0, (4.0 - 0.0) * 4.0]])
    g = cr.gradient(cr.Network([cr.Layer(W, b, cr.softmax)]), J, X, Y)  # a = (½, ½), ∂σ/∂z = ¼ [[1, −1], [−1, 1]]
    np.testing.assert_array_equal(g.delta[1], [[-0.25, 0.25]])


def test_L15_derivatives_of_a_layer() -> None:
    """∂J/∂b[i] = δ[i] and ∂J/∂W[i] = δ[i] a[i−1]ᵀ."""
    net = cr.Network.dense([3, 4, 2], hidden="softmax", output="tanh", seed=2)
    x, y = np.array([1.0, -2.0, 0.5]), np.array([0.25, 0.5])
    run, g = net.forward(x), cr.gradient(net, cr.SumOfSquares(), x[None], y[None], engine="reference")
    for i in (1, 2):
        np.testing.assert_array_equal(g.b[i], g.delta[i][0])
        np.testing.assert_allclose(g.W[i], np.outer(g.delta[i][0], run.a[i - 1]), rtol=ULPS)


def test_L16_two_layers_by_hand_with_squares() -> None:
    """r = 2, n = m = 1, σ(z) = z², x = 2, y = 8: every step of the chain rule is a small integer."""
    net = cr.Network([cr.Layer([[3.0]], [-5.0], square()), cr.Layer([[2.0]], [1.0], square())])
    run = net.forward([2.0])
    assert [float(run.z[1][0]), float(run.a[1][0])] == [1.0, 1.0]  # 3·2 − 5, 1²
    assert [float(run.z[2][0]), float(run.a[2][0])] == [3.0, 9.0]  # 2·1 + 1, 3²
    g = cr.gradient(net, cr.SumOfSquares(), [[2.0]], [[8.0]])
    assert g.J == 0.5  # ½ (9 − 8)²
    assert g.delta[2].item() == 6.0  # (a[2] − y) σ′(z[2]) = 1 · 2·3
    assert g.b[2].item() == 6.0  # δ[2]
    assert g.W[2].item() == 6.0  # δ[2] a[1] = 6 · 1
    assert g.delta[1].item() == 24.0  # W[2] δ[2] σ′(z[1]) = 2 · 6 · 2·1
    assert g.b[1].item() == 24.0  # δ[1]
    assert g.W[1].item() == 48.0  # δ[1] a[0] = 24 · 2
    np.testing.assert_array_equal(g.theta, [48.0, 24.0, 6.0, 6.0])


def test_L16_two_layers_by_hand_with_sigmoids() -> None:
    """r = 2, n = m = 1, σ = S, x = 2, y = 1, with z[1] = log 3 and z[2] = 0, so that S and S′ are fractions."""
    net = cr.Network([cr.Layer([[LOG3 / 2]], [0.0], cr.sigmoid), cr.Layer([[4.0]], [-3.0], cr.sigmoid)])
    g = cr.gradient(net, cr.SumOfSquares(), [[2.0]], [[1.0]])  # a[1] = 3/4, S′(z[1]) = 3/16; a[2] = 1/2, S′(z[2]) = 1/4
    assert g.J == pytest.approx(1 / 8, rel=ULPS)
    assert g.delta[2].item() == pytest.approx(-1 / 8, rel=ULPS)  # −½ · ¼
    assert g.W[2].item() == pytest.approx(-3 / 32, rel=ULPS)  # −⅛ · ¾
    assert g.delta[1].item() == pytest.approx(-3 / 32, rel=ULPS)  # 4 · −⅛ · 3/16
    assert g.W[1].item() == pytest.approx(-3 / 16, rel=ULPS)  # −3/32 · 2


def test_L16_two_layers_by_hand_in_decimals() -> None:
    """r = 2, n = m = 1, tanh then S, x = 0.5, y = 0.7, W = 0.8, −1.2, b = −0.1, 0.3: every number of the chain rule."""
    net = cr.Network([cr.Layer([[0.8]], [-0.1], cr.tanh), cr.Layer([[-1.2]], [0.3], cr.sigmoid)])
    run, g = net.forward([0.5]), cr.gradient(net, cr.SumOfSquares(), [[0.5]], [[0.7]])
    by_hand: dict[str, tuple[ArrayLike, float]] = {
        "z[1]": (run.z[1], 0.3),  # 0.8 · 0.5 − 0.1
        "a[1]": (run.a[1], 0.291312612451590906),  # tanh 0.3
        "z[2]": (run.z[2], -0.049575134941909087),  # −1.2 · 0.291312… + 0.3
        "a[2]": (run.a[2], 0.487608753984828876),  # 1/(1 + e^0.049575…)
        "J": (g.J, 0.022555020691938472),  # ½ (0.487608… − 0.7)²
        "δ[2]": (g.delta[2], -0.053065200319419155),  # −0.212391… · S′, and S′ = a[2] (1 − a[2]) = 0.249846…
        "∂J/∂b[2]": (g.b[2], -0.053065200319419155),  # δ[2]
        "∂J/∂W[2]": (g.W[2], -0.015458562135316990),  # δ[2] a[1] = −0.053065… · 0.291312…
        "δ[1]": (g.delta[1], 0.058274311438841663),  # W[2] δ[2] tanh′, and tanh′ = 1 − a[1]² = 0.915136…
        "∂J/∂b[1]": (g.b[1], 0.058274311438841663),  # δ[1]
        "∂J/∂W[1]": (g.W[1], 0.029137155719420832),  # δ[1] a[0] = 0.058274… · 0.5
    }
    for symbol, (computed, number) in by_hand.items():
        np.testing.assert_allclose(np.ravel(computed), [number], rtol=8 * ULPS, err_msg=symbol)
    cr.train(net, [[0.5]], [[0.7]], cost=cr.SumOfSquares(), optimizer=cr.GradientDescent(learning_rate=10.0), epochs=1)
    after = [0.508628442805791683, -0.682743114388416626, -1.045414378646830098, 0.830652003194191552]  # θ − 10 ∇J(θ)
    np.testing.assert_allclose(net.theta, after, rtol=8 * ULPS)


def test_L17_derivatives_have_the_shape_of_what_they_derive_by() -> None:
    """∂N/∂x of N: ℝ² → ℝ³ is the 3×2 Jacobian, W for a linear N; gradients add up over the examples."""
    W = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    net = cr.Network([cr.Layer(W, np.zeros(3), cr.identity)])
    np.testing.assert_array_equal(net.jacobian([1.0, 1.0]), W)
    X, Y, J = np.array([[1.0, 0.0], [2.0, 1.0]]), np.ones((2, 3)), cr.SumOfSquares()
    each = [cr.gradient(net, J, X[j : j + 1], Y[j : j + 1]).W[1] for j in (0, 1)]
    np.testing.assert_array_equal(cr.gradient(net, J, X, Y).W[1], each[0] + each[1])

"""The parametric σ_κ(z) = (1 − κ) z + κ σ(z): its values, its κ in θ, and its refusals."""

from __future__ import annotations

import copy
import math
import pickle

import numpy as np
import pytest

import chainrule as cr
from chainrule.activations import ACTIVATIONS, Activation, Parametric, without_kappa

ENTRYWISE = sorted(name for name, sigma in ACTIVATIONS.items() if sigma.entrywise)


def one_layer(sigma: str, kappa: float) -> cr.Network:
    """3-4-2 with σ_κ in layer 1."""
    plain = cr.Network.dense([3, 4, 2], seed=3)
    first = cr.Layer(plain.W[1], [0.1, -0.2, 0.3, 0.0], cr.Parametric(sigma), kappa=kappa)
    return cr.Network([first, plain.layers[1]])


@pytest.mark.parametrize("sigma", ENTRYWISE)
def test_kappa_1_is_sigma_and_0_the_identity(sigma: str) -> None:
    """N(x), J and ∇J are bitwise those of σ with κ = 1, and those of the identity with κ = 0."""
    X = np.random.default_rng(0).normal(size=(6, 3))
    for kappa, plain in ((1.0, sigma), (0.0, "identity")):
        net = one_layer(sigma, kappa)
        same = cr.Network([cr.Layer(net.W[1], net.b[1], plain), net.layers[1]])
        np.testing.assert_array_equal(net(X, engine="reference"), same(X, engine="reference"))
        g, h = (cr.gradient(N, "sum_of_squares", X, np.ones((6, 2)), engine="reference") for N in (net, same))
        assert g.J == h.J
        for i in (1, 2):
            np.testing.assert_array_equal(g.W[i], h.W[i])
            np.testing.assert_array_equal(g.b[i], h.b[i])
        np.testing.assert_array_equal(net.jacobian(X), same.jacobian(X))


def test_by_hand() -> None:
    """z = −4, κ = ¼, ReLU, y = 0: a = −3, δ = −3 · ¾, ∂J/∂κ = (0 + 4) · (−3), in a hidden and in an output layer."""
    last = cr.Layer([[2.0]], [0.0], cr.Parametric("relu"), kappa=[0.25])
    g = cr.gradient(cr.Network([last]), "sum_of_squares", [[-2.0]], [[0.0]], engine="reference")
    assert (g.J, g.delta[1].tolist(), g.kappa[1].tolist()) == (4.5, [[-2.25]], [-12.0])
    assert g.theta.tolist() == [4.5, -2.25, -12.0]
    net = cr.Network([last, cr.Layer([[1.0]], [0.0], "identity")])
    g = cr.gradient(net, "sum_of_squares", [[-2.0]], [[0.0]], engine="reference")
    assert g.theta.tolist() == [4.5, -2.25, -12.0, 9.0, -3.0]


def test_derivatives_by_kappa_by_hand() -> None:
    """∂σ_κ/∂κ = σ(z) − z, ∂²σ_κ/∂κ∂z = σ′(z) − 1, and ∂J/∂κ of each unit is the sum of its own column."""
    sigma, Z = cr.Parametric("relu"), [[-3.0, 5.0], [-1.0, -2.0]]
    assert sigma.kappa_slope(Z).tolist() == [[3.0, 0.0], [1.0, 2.0]]
    assert sigma.kappa_slope_derivative(Z).tolist() == [[-1.0, 0.0], [-1.0, -1.0]]
    assert sigma.kappa_gradient(Z, [[2.0, 2.0], [1.0, 10.0]]).tolist() == [7.0, 20.0]


def test_the_second_derivative_is_a_share_of_that_of_sigma() -> None:
    """σ_κ″ = κ σ″, from the σ″ that a user gives, even where the complex step of σ′ would be wrong."""
    cube = cr.Activation(lambda z: z**3, lambda z: 3 * np.abs(z) ** 2, second_derivative=lambda z: 6 * z, name="cube")
    sigma = cr.Parametric(cube).with_kappa(np.array([1.0, 0.25]))
    assert sigma.second_derivative([[1.0, -2.0]]).tolist() == [[6.0, -3.0]]
    assert cr.Parametric(cube).second_derivative([2.0]).tolist() == [12.0]


def test_complex_kappas() -> None:
    """A complex κ blends as it does in ℝ: a = (1 − i) z + i σ(z), in single precision too."""
    for dtype in (np.complex64, np.complex128):
        a = cr.Parametric("relu").with_kappa(np.array([1j], dtype))(np.array([-4.0], dtype))
        assert a.tolist() == [-4.0 + 4.0j]


def test_units_of_two_kinds() -> None:
    """One layer can hold sines, with κ = 1, and units that return z, with κ = 0."""
    sigma = cr.Parametric("sine")
    net = cr.Network([cr.Layer(cr.Diagonal([2.0, 3.0]), [0.0, 1.0], sigma, kappa=[1.0, 0.0])])
    assert net([0.5, 2.0]).tolist() == [math.sin(1.0), 7.0]


def test_kappa_lies_in_theta() -> None:
    """θ holds W, b, κ of each layer; net.kappa, layers and net.sigma follow it; a layer without κ has (0,)."""
    net = one_layer("tanh", 0.5)
    assert (net.d, net.kappa[1].shape, net.kappa[2].shape) == (4 * 3 + 4 + 4 + 2 * 4 + 2, (4,), (0,))
    net.theta[16:20] = [1.0, 0.0, 2.0, -1.0]
    assert net.kappa[1].tolist() == net.layers[0].kappa.tolist() == [1.0, 0.0, 2.0, -1.0]
    t = math.tanh(1.0)
    np.testing.assert_allclose(net.sigma[1](np.ones(4)), [t, 1.0, 2 * t - 1, 2 - t], rtol=1e-15)
    np.testing.assert_allclose(net.sigma[1].jacobian(np.zeros(4)), np.eye(4), rtol=1e-15)
    again = cr.Network.from_theta(net.theta, net.m, list(net.sigma))
    assert again.theta.tobytes() == net.theta.tobytes()
    assert again.kappa[1] is not net.kappa[1]
    assert not np.shares_memory(again.theta, net.theta)


def test_outside_a_layer_kappa_is_1() -> None:
    """Outside a layer κ is 1; a layer built with the σ of another layer has its κ, unless κ is given."""
    z = np.linspace(-3.0, 3.0, 7)
    np.testing.assert_array_equal(cr.Parametric("mish")(z), cr.mish(z))
    np.testing.assert_array_equal(cr.Parametric("mish").derivative(z), cr.mish.derivative(z))
    bound = cr.Layer([[1.0]], [0.0], cr.Parametric("tanh"), kappa=[0.5]).sigma
    assert cr.Layer([[2.0]], [0.0], bound).kappa.tolist() == [0.5]
    assert cr.Layer([[2.0]], [0.0], bound, kappa=2.0).kappa.tolist() == [2.0]
    assert cr.Network.dense([2, 3, 1], hidden=cr.Parametric("tanh")).kappa[1].tolist() == [1.0, 1.0, 1.0]


def test_it_is_a_value() -> None:
    """Two parametric σ are equal if their σ are, whatever their κ; copies and pickles keep κ."""
    sigma = cr.Parametric(cr.leaky_relu.with_parameters(slope=0.25))
    assert sigma == cr.Parametric("leaky_relu").with_parameters(slope=0.25) != cr.Parametric("leaky_relu")
    assert len({sigma, cr.Parametric(cr.leaky_relu.with_parameters(slope=0.25)), cr.leaky_relu}) == 2
    assert repr(sigma) == "cr.Parametric(leaky_relu(slope=0.25))"
    assert (sigma.name, sigma.builtin, sigma.entrywise, sigma.range) == (
        "parametric leaky_relu", True, True, (-math.inf, math.inf),
    )  # fmt: skip
    assert (sigma.hidden_initial, sigma.kinks, sigma.smooth) == ("he", (0.0,), False)
    assert without_kappa(sigma) is sigma.sigma
    assert "(1 − κ) z + κ σ(z)" in sigma._repr_html_()
    bound = cr.Layer([[1.0]], [0.0], sigma, kappa=[0.5]).sigma
    assert bound.with_parameters(slope=0.5)(np.array([-4.0])).tolist() == [-3.0]
    for other in (copy.deepcopy(bound), copy.copy(bound), pickle.loads(pickle.dumps(bound))):  # noqa: S301 - our own
        assert other == bound == sigma
        assert other(np.array([-4.0])).tolist() == [-2.5]
    with pytest.raises(AttributeError, match="frozen"):
        sigma.kappa = np.ones(1)
    cr.check_activation(sigma)


def test_an_own_sigma_can_be_parametric() -> None:
    """A user's entrywise σ can be parametric, also if the complex step computes its derivative."""
    cube = cr.Activation(lambda z: z**3, name="cube")
    net = cr.Network([cr.Layer([[1.0]], [0.0], cr.Parametric(cube), kappa=[0.5])])
    assert net([2.0]).tolist() == [5.0]
    assert net.jacobian([2.0]).tolist() == [[6.5]]
    assert isinstance(net.sigma[1], Activation)


def test_float32_keeps_its_type() -> None:
    """σ_κ is evaluated in double precision and rounded once."""
    net = one_layer("mish", 0.1).astype("float32")
    z = np.random.default_rng(1).normal(size=(5, 4)).astype("float32")
    kappa = net.kappa[1].astype(np.float64)
    exact = (1 - kappa) * z.astype(np.float64) + kappa * cr.mish(z.astype(np.float64))
    np.testing.assert_array_equal(net.sigma[1](z), exact.astype("float32"))


def test_the_range_is_open() -> None:
    """A cost that needs outputs in [0, 1] refuses a parametric sigmoid, since κ may become any number."""
    net = cr.Network([cr.Layer([[1.0]], [0.0], cr.Parametric("sigmoid"))])
    with pytest.raises(cr.InputError, match=r"needs outputs a\[r\] in \[0, 1\]; got sigma\[r\] = parametric sigmoid"):
        cr.gradient(net, "log_likelihood", [[1.0]], [[1.0]])


@pytest.mark.parametrize("sigma", ["softmax", cr.Parametric("tanh")], ids=["vector-valued", "parametric"])
def test_only_entrywise_sigmas_without_kappa_become_parametric(sigma: Parametric | str) -> None:
    """A vector-valued σ, and one that has κ already, are refused."""
    with pytest.raises(cr.InputError, match="sigma must be an entrywise activation that has no κ itself"):
        cr.Parametric(sigma)


@pytest.mark.parametrize("z", [1.0, [1.0, 2.0, 3.0]], ids=["number", "three"])
def test_z_has_a_column_for_each_kappa(z: float | list[float]) -> None:
    """σ_κ with four κ refuses any z that has not four columns."""
    with pytest.raises(cr.InputError, match="z must have 4 columns, one per κ of the layer"):
        one_layer("tanh", 0.5).sigma[1](z)

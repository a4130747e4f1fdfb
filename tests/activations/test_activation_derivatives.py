"""σ′ and the pullbacks of the catalogue equal those of the complex step and of formulas."""

from __future__ import annotations

import math

import numpy as np
import pytest

import chainrule as cr
from chainrule.activations import ACTIVATIONS

ENTRYWISE = [sigma for sigma in ACTIVATIONS.values() if isinstance(sigma, cr.Activation)]
VECTOR = [sigma for sigma in ACTIVATIONS.values() if isinstance(sigma, cr.VectorActivation)]


@pytest.mark.parametrize("sigma", [s for s in ENTRYWISE if s.smooth], ids=lambda sigma: sigma.name)
def test_complex_step_gives_the_derivative(sigma: cr.Activation) -> None:
    """Im σ(x + ih)/h = σ′(x) to 1e-13, h = 1e-30, and Re σ(x + ih) = σ(x): σ is analytic, σ′ is its derivative."""
    x = np.concatenate([[0.0], np.linspace(-30, 30, 1201)])
    step = sigma(x + 1e-30j)
    slope = sigma.derivative(x)
    np.testing.assert_allclose(step.imag / 1e-30, slope, rtol=1e-13, atol=1e-14)
    np.testing.assert_allclose(step.real, sigma(x), rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("sigma", ENTRYWISE, ids=lambda sigma: sigma.name)
def test_complex_step_gives_the_derivative_between_kinks(sigma: cr.Activation) -> None:
    """Im σ(x + ih)/h = σ′(x) also for σ with kinks, at every x that is not a kink."""
    x = np.linspace(-30, 30, 1000)
    np.testing.assert_allclose(sigma(x + 1e-30j).imag / 1e-30, sigma.derivative(x), rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("sigma", VECTOR, ids=lambda sigma: sigma.name)
@pytest.mark.parametrize("m", [1, 2, 3, 7])
def test_vector_valued_pullback_is_the_complex_step(sigma: cr.VectorActivation, m: int) -> None:
    """pullback(z, g)ₗ = Σₖ gₖ Im σ(z + ih eₗ)ₖ/h to 1e-13, and so the Jacobian, row by row."""
    rng = np.random.default_rng(m)
    z, g = 2 * rng.standard_normal((5, m)), rng.standard_normal((5, m))
    steps = sigma(z[:, None, :] + 1e-30j * np.eye(m))  # [j, l, k]
    jacobian = (steps.imag / 1e-30).swapaxes(1, 2)  # [j, k, l]
    # the derivative of two normalised entries is almost 0, so that its error is that of differences of size 1
    scale = np.abs(sigma.jacobian(z)).max() + (1 if sigma is cr.layer_norm else 0)
    np.testing.assert_allclose(sigma.jacobian(z), jacobian, rtol=0, atol=1e-13 * scale)
    pulled = np.einsum("jk,jkl->jl", g, jacobian)
    np.testing.assert_allclose(sigma.pullback(z, g), pulled, rtol=0, atol=1e-13 * scale * m)


def test_jacobians_by_formula() -> None:
    """The Jacobian is diag p − ppᵀ for softmax, I − 1pᵀ for log_softmax, and diag σ′ for an entrywise σ."""
    z = np.array([[0.0, math.log(3.0)], [1.0, 1.0]])
    p = np.array([[0.25, 0.75], [0.5, 0.5]])
    np.testing.assert_allclose(cr.softmax(z), p, rtol=1e-15)
    for j in range(2):
        np.testing.assert_allclose(cr.softmax.jacobian(z)[j], np.diag(p[j]) - np.outer(p[j], p[j]), atol=1e-16)
        np.testing.assert_allclose(cr.log_softmax.jacobian(z)[j], np.eye(2) - np.outer([1, 1], p[j]), atol=1e-15)
        np.testing.assert_array_equal(cr.tanh.jacobian(z)[j], np.diag(cr.tanh.derivative(z)[j]))
    np.testing.assert_allclose(cr.layer_norm([1.0, 3.0]), np.array([-1, 1]) / math.sqrt(1 + 1e-5), rtol=1e-15)


@pytest.mark.parametrize("sigma", ENTRYWISE, ids=lambda sigma: sigma.name)
def test_complex_step_gives_the_second_derivative(sigma: cr.Activation) -> None:
    """Im σ′(x + ih)/h = σ″(x) to 1e-13 at every x that is not a kink of σ or σ′."""
    x = np.linspace(-30, 30, 1000)
    second = sigma.derivative(x + 1e-30j).imag / 1e-30
    np.testing.assert_allclose(sigma.second_derivative(x), second, rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("sigma", ENTRYWISE, ids=lambda sigma: sigma.name)
def test_second_derivatives_are_finite_at_the_ends(sigma: cr.Activation) -> None:
    """σ″(±1e308) is 0, and so is σ″(0) between two linear pieces; only e^z is infinite, and NaN stays NaN."""
    if sigma is not cr.sine:
        ends = sigma.second_derivative([-1e308, 1e308])
        np.testing.assert_array_equal(ends, [0.0, np.inf if sigma is cr.exp else 0.0])
    if sigma in (cr.identity, cr.relu, cr.leaky_relu, cr.hard_tanh):
        np.testing.assert_array_equal(sigma.second_derivative([-1.0, 0.0, 1.0]), np.zeros(3))
    elif sigma not in (cr.elu, cr.selu):
        assert np.isnan(sigma.second_derivative(np.nan))


def test_second_derivatives_at_a_kink() -> None:
    """σ″(0) is that of the piece below 0: α for elu, λα for selu."""
    assert cr.elu.with_parameters(alpha=2.0).second_derivative(0.0) == 2.0
    assert cr.selu.second_derivative(0.0) == cr.selu.derivative(0.0)


@pytest.mark.parametrize("sigma", VECTOR, ids=lambda sigma: sigma.name)
def test_one_row_is_mapped_as_in_a_table(sigma: cr.VectorActivation) -> None:
    """z, g and u of one example (m,) give σ, the two products with its Jacobian, and ∇²(gᵀσ) u of the row (1, m)."""
    z, g, u = np.array([0.5, -1.0, 2.0]), np.array([1.0, 2.0, -0.5]), np.array([-1.0, 0.25, 3.0])
    np.testing.assert_array_equal(sigma(z), sigma(z[None])[0])
    np.testing.assert_array_equal(sigma.pullback(z, g), sigma.pullback(z[None], g[None])[0])
    np.testing.assert_array_equal(sigma.pushforward(z, u), sigma.pushforward(z[None], u[None])[0])
    np.testing.assert_array_equal(sigma.hessian_product(z, g, u), sigma.hessian_product(z[None], g[None], u[None])[0])


@pytest.mark.parametrize("m", [1, 2, 3, 7])
@pytest.mark.parametrize("sigma", VECTOR, ids=lambda sigma: sigma.name)
def test_vector_valued_second_products_are_complex_steps(sigma: cr.VectorActivation, m: int) -> None:
    """(∂σ/∂z) u is Im σ(z + ihu)/h, and ∇²(gᵀσ) u is Im pullback(z + ihu, g)/h; the first follows from the Jacobian."""
    rng = np.random.default_rng(m)
    z, g, u = 2 * rng.standard_normal((5, m)), rng.standard_normal((5, m)), rng.standard_normal((5, m))
    scale = 1e3 if sigma is cr.layer_norm and m == 2 else 1.0  # its Jacobian is almost 0, and is a difference
    pushed = sigma.pushforward(z, u)
    np.testing.assert_allclose(pushed, sigma(z + 1e-30j * u).imag / 1e-30, rtol=1e-12, atol=1e-14 * scale)
    np.testing.assert_allclose(pushed, np.einsum("jkl,jl->jk", sigma.jacobian(z), u), rtol=1e-12, atol=1e-14 * scale)
    bend = sigma.pullback(z + 1e-30j * u, g).imag / 1e-30
    np.testing.assert_allclose(sigma.hessian_product(z, g, u), bend, rtol=1e-11, atol=1e-13 * scale)


def test_a_pushforward_is_computed_from_the_pullback() -> None:
    """Without ``pushforward``, (∂σ/∂z) u comes from the Jacobian, as for z ↦ M z."""
    M = np.array([[1.0, 2.0], [3.0, 5.0]])
    turn = cr.VectorActivation(lambda z: z @ M.T, lambda z, g: g @ M, m=2)
    np.testing.assert_allclose(turn.pushforward([[7.0, 8.0]], [[1.0, -1.0]]), [[-1.0, -2.0]])
    np.testing.assert_array_equal(turn.hessian_product([[7.0, 8.0]], [[1.0, 1.0]], [[1.0, -1.0]]), [[0.0, 0.0]])

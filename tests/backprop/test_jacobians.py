"""∂a[r]/∂θ of every example against complex steps, and the normal equations AᵀA and Aᵀr that are summed up from it."""

from __future__ import annotations

import importlib

import numpy as np
import pytest
import scipy.sparse
from support.constrained import SHAPES, random_constrained
from support.strategies import random_network, relative_error

import chainrule as cr
from chainrule._internal.checks import Array
from chainrule._internal.sparse_rows import as_sparse_rows
from chainrule.activations import ACTIVATIONS
from chainrule.backprop import normal_equations, parameter_jacobian
from chainrule.network.forward import forward

MODULE = importlib.import_module("chainrule.backprop.normal_equations")  # the package names the function so
COMPLEX_STEP = 1e-13  # the allowed relative error
H = 1e-30


def by_complex_step(net: cr.Network, X: Array) -> Array:
    """Im N(x; θ + ih eₖ)/h for each k: (t · m, d), the rows of example j from j · m on."""
    columns = []
    for k in range(net.d):
        shifted = net.astype(np.complex128)
        shifted.theta[k] += 1j * H
        columns.append(forward(shifted, X).a[net.r].imag.ravel() / H)
    return np.stack(columns, axis=1)


def dense_case(m: list[int], sigma: str = "tanh") -> tuple[cr.Network, Array]:
    """A network of full W and three rows X."""
    rng = np.random.default_rng(5)
    return random_network(rng, m, [ACTIVATIONS[sigma]] * (len(m) - 1)), rng.normal(size=(3, m[0]))


def test_a_line_by_hand() -> None:
    """For N(x) = 2x + 1 the row of x is ∂a/∂(W, b) = (x, 1), times the factor of the example."""
    net = cr.Network([cr.Layer([[2.0]], [1.0], "identity")])
    run = forward(net, np.array([[3.0], [5.0]]))
    assert parameter_jacobian(net, run).tolist() == [[3.0, 1.0], [5.0, 1.0]]
    assert parameter_jacobian(net, run, 0.5).tolist() == [[1.5, 0.5], [2.5, 0.5]]
    assert parameter_jacobian(net, run, np.array([10.0, 1.0])).tolist() == [[30.0, 10.0], [5.0, 1.0]]


@pytest.mark.parametrize("m", [[2, 1], [2, 3], [3, 4, 1], [2, 3, 4, 2]], ids=str)
@pytest.mark.parametrize("sigma", ["tanh", "layer_norm", "softplus"])
def test_the_complex_step_gives_the_same_jacobian(m: list[int], sigma: str) -> None:
    """∂a[r]/∂θ is Im N(x; θ + ih eₖ)/h, for one output and several, each row times the factor of its example."""
    net, X = dense_case(m, sigma)
    truth, run = by_complex_step(net, X), forward(net, X)
    factors = np.array([0.5, 2.0, 3.0])
    scale = float(np.linalg.norm(truth)) + 1.0  # the layer norm of a single entry is 0
    assert np.linalg.norm(parameter_jacobian(net, run) - truth) <= COMPLEX_STEP * scale
    scaled = parameter_jacobian(net, run, factors) - np.repeat(factors, net.m[-1])[:, None] * truth
    assert np.linalg.norm(scaled) <= 3 * COMPLEX_STEP * scale


@pytest.mark.parametrize("name", SHAPES)
def test_blocks_and_kappas(name: str) -> None:
    """∂a[r]/∂θ is exact for block-diagonal W and parametric σ, their κ included."""
    net = random_constrained(1, SHAPES[name], cr.sine, output=cr.sigmoid)
    X = np.random.default_rng(2).normal(size=(4, net.m[0]))
    assert relative_error(parameter_jacobian(net, forward(net, X)), by_complex_step(net, X)) <= COMPLEX_STEP


def test_sparse_examples() -> None:
    """Sparse X gives the Jacobian of the same dense X, also where each row is repeated for several outputs."""
    net, X = dense_case([3, 2, 2])
    X = np.where(abs(X) > 0.5, X, 0.0)
    sparse = as_sparse_rows(scipy.sparse.csr_array(X), "X", np.float64)
    np.testing.assert_allclose(
        parameter_jacobian(net, forward(net, sparse)), parameter_jacobian(net, forward(net, X)), rtol=1e-14
    )


def test_single_precision() -> None:
    """A float32 network has a float32 Jacobian, of products of float32 numbers, and float32 normal equations."""
    net, X = dense_case([2, 3, 2])
    narrow, x, ones = net.astype("float32"), X.astype("float32"), np.ones(3, np.float32)
    A = parameter_jacobian(narrow, forward(narrow, x), ones)
    assert A.dtype == np.float32
    assert relative_error(A, by_complex_step(net, X)) < 1e-6
    last = cr.Network(narrow.layers[1:])
    run = forward(last, forward(narrow, x).a[1])
    slopes = last.sigma[1].pullback(run.z[1], np.ones((3, 2), np.float32))  # of tanh, entry by entry
    np.testing.assert_array_equal(parameter_jacobian(last, run)[::2, :3], slopes[:, :1] * run.a[0])
    assert [sums.dtype for sums in normal_equations(narrow, x, np.zeros((3, 2), np.float32), ones)] == 2 * [np.float32]


@pytest.mark.parametrize("rows", [1, 2, 3, 100])
def test_normal_equations_are_sums_over_blocks(rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """AᵀA and Aᵀr are those of the whole A and r = factors ⊙ (N(x) − y), with any number of rows in a block."""
    net, _ = dense_case([2, 3, 2])
    rng = np.random.default_rng(3)
    X, Y, factors = rng.normal(size=(7, 2)), rng.normal(size=(7, 2)), rng.uniform(0.5, 2.0, size=7)
    run = forward(net, X)
    A, r = parameter_jacobian(net, run, factors), (factors[:, None] * (run.a[2] - Y)).ravel()
    monkeypatch.setattr(MODULE, "NUMBERS_OF_A_BLOCK", rows * net.d * 2)
    calls: list[None] = []
    AtA, Atr = normal_equations(net, X, Y, factors, lambda: calls.append(None))
    np.testing.assert_allclose(AtA, A.T @ A, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(Atr, A.T @ r, rtol=1e-12, atol=1e-14)
    assert len(calls) == -(-7 // rows)


def test_normal_equations_of_a_network_with_many_parameters(monkeypatch: pytest.MonkeyPatch) -> None:
    """A block has at least one row, however large d is."""
    net, X = dense_case([2, 3, 1])
    whole = normal_equations(net, X, np.zeros((3, 1)), np.ones(3))
    monkeypatch.setattr(MODULE, "NUMBERS_OF_A_BLOCK", 1)
    for one, other in zip(normal_equations(net, X, np.zeros((3, 1)), np.ones(3)), whole, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-13, atol=1e-15)

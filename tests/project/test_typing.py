"""The types of the public names, as mypy infers them in this file, and as pytest finds them at run time."""

from __future__ import annotations

from pathlib import Path
from typing import Any, assert_type

import numpy as np

import chainrule as cr
from chainrule._internal.checks import Array


def test_results_have_the_documented_types(tmp_path: Path) -> None:
    """Results have exact types: arrays are arrays, J is a float, and layers are indexed by int."""
    net = assert_type(cr.Network.dense([2, 3, 1], hidden="tanh", output=cr.identity, seed=0), cr.Network)
    X, Y = np.ones((4, 2)), np.ones((4, 1))
    assert_type(net(X), Array)
    assert_type(net.theta, Array)
    assert_type(net.W[1], Array | Any)  # an array in this network; a BlockDiagonal in a layer that was built from one
    assert_type(net.d, int)
    assert_type(net.m, tuple[int, ...])
    assert_type(net.forward(X).z[1], Array)

    J = cr.SumOfSquares(mean=True, l2=0.5)
    assert_type(J(net, X, Y), float)
    g = assert_type(cr.gradient(net, J, X, Y), cr.Gradient)
    assert_type(g.delta[2], Array)
    assert_type(g.x, Array | None)

    descent = cr.GradientDescent(learning_rate=cr.Cosine(0.1))
    history = assert_type(cr.train(net, X, Y, cost=J, optimizer=descent, epochs=2), cr.History)
    rates = cr.Each([descent, "adam"])
    assert_type(
        cr.train_many([net.copy(), net.copy()], X, Y, optimizer=rates, seed=cr.Each(range(2))), list[cr.History]
    )
    assert len(history.J) == 2
    net.save(tmp_path / "model.safetensors")
    assert_type(cr.load(tmp_path / "model.safetensors"), cr.Network)


def test_constrained_layers_have_types() -> None:
    """A block-diagonal W is a BlockDiagonal after an isinstance check; κ and its gradient are arrays."""
    hidden = cr.Layer(cr.Diagonal([1.0, 2.0]), [0.0, 0.0], cr.Parametric("mish"), cr.FlatCosine(0.1), kappa=[1.0, 0.5])
    net = cr.Network([hidden, cr.Layer([[1.0, 1.0]], [0.0], "identity", rate=cr.Factors(W=6.0))])
    W = net.W[1]
    assert isinstance(W, cr.BlockDiagonal)
    assert_type(W.entries, Array)
    assert_type(W.blocks, tuple[Array, ...])
    assert_type(W.shape, tuple[int, int])
    assert_type(net.kappa[1], Array)
    assert_type(cr.gradient(net, cr.SumOfSquares(), [1.0, 1.0], [1.0]).kappa[1], Array)
    assert_type(net.layers[1].rate, cr.Factors)


def test_own_parts_have_the_expected_types() -> None:
    """Functions on arrays make an activation, and an activation is accepted wherever a name is accepted."""

    def cube(z: Array) -> Array:
        return z * z * z

    def three_squares(z: Array) -> Array:
        return 3 * z * z

    sigma = cr.Activation(cube, three_squares, name="cube")
    assert_type(cr.Layer(np.ones((1, 1)), np.zeros(1), sigma), cr.Layer)
    assert_type(cr.Network.dense([2, 3, 1], hidden=[sigma], output="identity"), cr.Network)

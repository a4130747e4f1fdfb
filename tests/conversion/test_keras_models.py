"""Keras models: objects with the attributes that are read, and Keras itself where it is installed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule._internal.checks import Array

RNG = np.random.default_rng(0)


def layer(kind: str, **attributes: Any) -> Any:
    """Returns an object with the type name of a layer of Keras."""
    return type(kind, (), {"name": kind.lower(), "__call__": attributes.pop("call", None), **attributes})()


def dense(n: int, m: int, activation: Callable[[Array], Array], name: str = "own") -> Any:
    """Returns a Dense layer; its kernel is Wᵀ."""
    weights = [RNG.normal(size=(n, m)).astype("float32"), RNG.normal(size=m).astype("float32")]

    def sigma(z: Array) -> Array:
        return activation(z)

    sigma.__name__ = name
    return layer("Dense", get_weights=lambda self: weights, activation=staticmethod(sigma))


def model(layers: Sequence[Any], compute: Callable[[Array], Array]) -> Any:
    """Returns an object of a package called keras."""
    kind = type("Sequential", (), {"__module__": "keras.src.models", "__call__": lambda self, x: compute(x)})
    made = kind()
    made.layers, made.outputs = list(layers), [None]
    return made


def chain(first: Any, last: Any) -> Callable[[Array], Array]:
    """Returns what two Dense layers compute, the first with a leaky ReLU."""
    (V, c), (W, d) = first.get_weights(), last.get_weights()
    return lambda x: np.asarray(last.activation(_leaky(x @ V + c) @ W + d))


def _leaky(z: Array) -> Array:
    return np.asarray(np.maximum(z, np.float32(0.15) * z))


def test_dense_layers_activations_and_dropout() -> None:
    """The kernel is transposed, a layer of its own gives the σ, and a linear activation leaves room for it."""
    first, last = dense(4, 5, lambda z: z, "linear"), dense(5, 2, np.tanh)
    others = [
        layer("InputLayer"),
        first,
        layer("LeakyReLU", call=lambda self, z: _leaky(z)),
        layer("Dropout", rate=0.1),
    ]
    compute = chain(first, last)
    net = cr.import_model(model([*others, last], compute))
    X = RNG.normal(size=(6, 4)).astype("float32")
    np.testing.assert_allclose(net(X), compute(X), atol=1e-6)
    assert list(net.sigma) == [cr.leaky_relu.with_parameters(slope=0.15), cr.tanh]
    assert net.layers[0].dropout == 0.1


def test_what_is_no_chain_is_refused() -> None:
    """A layer of another kind is named; a model that computes something else is found by its outputs."""
    first, last = dense(4, 4, np.tanh), dense(4, 2, np.tanh)
    with pytest.raises(cr.InputError, match=r"add \(Add\) cannot be read"):
        cr.import_model(model([first, layer("Add"), last], lambda x: x))
    with pytest.raises(cr.InputError, match="must be a chain of layers with one output"):
        cr.import_model(model([first, last], lambda x: x[:, :2]))


@pytest.mark.filterwarnings("ignore::DeprecationWarning:keras")
def test_keras_itself() -> None:
    """A Sequential model of Keras, on whatever backend there is."""
    keras = pytest.importorskip("keras")
    other = keras.Sequential([keras.Input((4,)), keras.layers.Dense(5, "mish"), keras.layers.Dense(2, "softmax")])
    X = RNG.normal(size=(6, 4)).astype("float32")
    np.testing.assert_allclose(cr.import_model(other)(X), other.predict(X, verbose=0), atol=1e-6)

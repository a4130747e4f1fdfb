"""Keras: a Sequential model or a functional chain, on any backend."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from chainrule._internal.checks import Array
from chainrule.conversion.chain import Chain
from chainrule.errors import InputError
from chainrule.network import Network

IGNORED = {"InputLayer", "Flatten"}
SIGMAS = {"ReLU", "LeakyReLU", "PReLU", "ELU", "Softmax"}  # layers of one activation


def knows(model: Any) -> bool:
    """Returns True for a model of Keras, in its own package or in TensorFlow's."""
    packages = {kind.__module__.partition(".")[0] for kind in type(model).__mro__}
    return bool(packages & {"keras", "tf_keras"}) and hasattr(model, "layers")


def read(model: Any) -> Network:
    """Returns the network of a chain of layers; W is the kernel, transposed.

    A list of layers does not tell which one follows which, so both are compared on some rows.
    """
    chain = Chain("the Keras model")
    for layer in model.layers:
        kind, part = type(layer).__name__, f"{layer.name} ({type(layer).__name__})"
        if kind == "Dense":
            W, *b = layer.get_weights()
            chain.affine(np.asarray(W).T, b[0] if b else None, part)
            if getattr(layer.activation, "__name__", "") != "linear":
                chain.sigma(partial(_values, layer.activation), part)
        elif kind == "Activation" or kind in SIGMAS:
            chain.sigma(partial(_values, layer), part)
        elif kind == "Dropout":
            chain.dropout(layer.rate, part)
        elif kind not in IGNORED:
            raise chain.refused(part, "a layer (W, b, σ) has no such part")
    net = chain.network()
    X = np.linspace(-2.0, 2.0, 3 * net.m[0]).reshape(3, -1).astype(net.dtype)
    theirs = _values(model, X) if len(model.outputs) == 1 else np.empty(0)
    if theirs.shape != (3, net.m[-1]) or not np.allclose(net(X), theirs, rtol=1e-3, atol=1e-5):
        raise InputError("the Keras model must be a chain of layers with one output; it computes something else.")
    return net


def _values(part: Any, z: Array) -> Array:
    """Returns what a part of Keras computes; a tensor of PyTorch must forget how."""
    values = part(z)
    return np.asarray(values.detach() if hasattr(values, "detach") else values)

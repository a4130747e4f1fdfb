"""scikit-learn's MLPClassifier and MLPRegressor."""

from __future__ import annotations

from itertools import chain, repeat
from typing import Any

from chainrule._internal.checks import shown
from chainrule.errors import InputError
from chainrule.network import Layer, Network

NAMES = {"logistic": "sigmoid"}  # the others have the names of `chainrule.activations`


def knows(model: Any) -> bool:
    """Returns True for an estimator with the attributes of scikit-learn's pair."""
    return any(kind.__module__.startswith("sklearn.neural_network") for kind in type(model).__mro__)


def read(model: Any) -> Network:
    """Returns the network of a fitted estimator: coefs_[i] is W[i+1]ᵀ."""
    if not hasattr(model, "coefs_"):
        raise InputError(f"model must be a fitted MLPClassifier or MLPRegressor; got {shown(model)}. Fit it first.")
    hidden = NAMES.get(model.activation, model.activation)
    output = NAMES.get(model.out_activation_, model.out_activation_)
    sigmas = chain(repeat(hidden, len(model.coefs_) - 1), [output])
    return Network(Layer(W.T, b, sigma) for W, b, sigma in zip(model.coefs_, model.intercepts_, sigmas, strict=True))

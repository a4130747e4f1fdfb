"""Parameters that belong to fitted networks: training that continues cannot change them."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn", "1.6")

import chainrule as cr
from chainrule.estimators import Hidden, NetworkClassifier, NetworkRegressor

SMALL: dict[str, Any] = {"n_networks": 2, "hidden_layer_sizes": 16, "epochs": 2, "random_state": 0, "warm_start": True}
X = np.random.default_rng(0).normal(size=(400, 3))
Y = 1.0 + np.sin(X[:, 0]) + X[:, 1] ** 2
CHANGED = {
    "a layer more": ({"hidden_layer_sizes": (16, 8)}, r"hidden_layer_sizes = \(16, 8\) asks .* have .* = \[16\], and"),
    "a layer less": ({"hidden_layer_sizes": ()}, r"hidden_layer_sizes = \(\) asks"),
    "another size": ({"hidden_layer_sizes": 8}, "hidden_layer_sizes = 8 asks"),
    "another σ": ({"activation": "relu"}, "activation = 'relu' asks for other networks .* have activation = 'mish'"),
    "another σ of a layer": ({"hidden_layer_sizes": [Hidden(16, "relu")]}, "have activation = 'mish'"),
    "dropout": ({"dropout": 0.3}, r"dropout = 0\.3 asks .* have dropout = 0\.0"),
    "an embedding": ({"embedding": "periodic"}, "embedding = 'periodic' asks"),
    "κ": ({"parametric": True}, "parametric = True asks .* have parametric = False"),
    "the scaling of numbers": ({"numbers": "standard"}, "numbers = 'standard' asks .* have numbers = 'robust'"),
    "more networks": ({"n_networks": 3}, "n_networks = 3 asks .* have n_networks = 2"),
    "another type": ({"dtype": "float64"}, "dtype = 'float64' asks .* have dtype = 'float32'"),
    "another preset": ({"preset": "best"}, "preset = 'best' asks .* have preset = 'default'"),
    "quantiles": ({"quantiles": (0.1, 0.9)}, r"quantiles = \(0\.1, 0\.9\) asks .* have quantiles = None"),
    "another σ of the outputs": ({"cost": "poisson"}, "cost = poisson needs networks with the output activation exp; "),
}


@pytest.fixture(scope="module")
def fitted() -> NetworkRegressor:
    """A regressor with the parameters `SMALL`."""
    return NetworkRegressor(**SMALL).fit(X, Y)


@pytest.mark.parametrize(("change", "words"), CHANGED.values(), ids=CHANGED)
def test_continued_training_refuses_other_networks(
    fitted: NetworkRegressor, change: dict[str, Any], words: str
) -> None:
    """``warm_start`` and ``partial_fit`` name the parameter, its value, that of the fitted networks, and remedies."""
    for continued in ("fit", "partial_fit"):
        model = copy.deepcopy(fitted).set_params(**change)
        with pytest.raises(cr.InputError, match=words) as caught:
            getattr(model, continued)(X, Y)
        assert "fit with warm_start=False" in str(caught.value)
    model.set_params(warm_start=False).fit(X, Y)


def test_levels_of_quantiles_stay() -> None:
    """Networks for some quantiles cannot go on as networks for others, or for the mean."""
    model = NetworkRegressor(**SMALL, quantiles=(0.1, 0.5)).fit(X, Y)
    model.set_params(quantiles=[0.1, 0.5], epochs=3).fit(X, Y)
    for levels in ((0.2, 0.5), None):
        with pytest.raises(cr.InputError, match=r"which have quantiles = \[0\.1, 0\.5\]"):
            model.set_params(quantiles=levels).fit(X, Y)


@pytest.mark.parametrize("same", [
    {"hidden_layer_sizes": [Hidden(16)], "activation": cr.activations.get("mish")},
    {"hidden_layer_sizes": None, "n_networks": None, "embedding": None},
    {"hidden_layer_sizes": [Hidden(16, "mish", dropout=0.0)], "numbers": "robust", "preset": "default"},
    {"cost": "absolute_error", "learning_rate": 0.001, "weight_decay": 0.0},
])  # fmt: skip
def test_the_same_networks_continue(fitted: NetworkRegressor, same: dict[str, Any]) -> None:
    """Parameters in other words, those that are not set, and those of training alone leave the networks as they are."""
    model = copy.deepcopy(fitted).set_params(epochs=3, **same)
    model.partial_fit(X, Y)
    copy.deepcopy(fitted).set_params(epochs=3, **same).fit(X, Y)


def test_bins_of_an_embedding_stay() -> None:
    """After ``partial_fit`` on other rows, ``warm_start`` continues on these, with the bins of the first rows."""
    first, later = X[:200], 3.0 + 2.0 * X[200:]
    labels = NetworkClassifier(**SMALL, embedding="piecewise").fit(first, Y[:200] > 2.0)
    bins = [net.W[1] for net in labels.networks_]
    labels.partial_fit(later, Y[200:] > 2.0)
    labels.set_params(epochs=4).fit(later, Y[200:] > 2.0)
    for net, before in zip(labels.networks_, bins, strict=True):
        np.testing.assert_array_equal(np.asarray(net.W[1]), np.asarray(before))

"""Pickles, joblib, skops and copies of a fitted estimator: small ones, and complete ones."""

from __future__ import annotations

import copy
import io
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn", "1.6")

import joblib  # type: ignore[import-untyped]
from sklearn.exceptions import ConvergenceWarning

import chainrule as cr
from chainrule.engines.state import TrainingState
from chainrule.estimators import MLPClassifier, MLPRegressor, NetworkClassifier, NetworkRegressor

X = np.random.default_rng(0).normal(size=(200, 4))
OF = {NetworkClassifier: X[:, 0] > 0.0, NetworkRegressor: X[:, 0]}
QUICK: dict[str, Any] = {"epochs": 3, "n_networks": 2, "hidden_layer_sizes": (64, 64), "random_state": 0}
kinds = pytest.mark.parametrize("kind", [NetworkClassifier, NetworkRegressor], ids=lambda kind: kind.__name__)


def through_joblib(model: Any) -> Any:
    """The estimator that joblib writes and reads."""
    file = io.BytesIO()
    joblib.dump(model, file)
    file.seek(0)
    return joblib.load(file)


def through_skops(model: Any) -> Any:
    """The estimator that skops writes and reads, which trusts Chainrule's classes."""
    skops = pytest.importorskip("skops.io")
    data = skops.dumps(model)
    foreign = [name for name in skops.get_untrusted_types(data=data) if not name.startswith(("chainrule.", "numpy."))]
    assert foreign == []
    return skops.loads(data, trusted=skops.get_untrusted_types(data=data))


WAYS: dict[str, Callable[[Any], Any]] = {
    "pickle": lambda model: pickle.loads(pickle.dumps(model)),  # noqa: S301  # our own bytes
    "joblib": through_joblib,
    "skops": through_skops,
    "copy": copy.deepcopy,
}


@kinds
@pytest.mark.parametrize("way", WAYS)
def test_an_estimator_survives(kind: Any, way: str) -> None:
    """Predictions and settings survive each way; with warm_start, so does training, bit for bit."""
    model = kind(**QUICK).fit(X, OF[kind])
    again = WAYS[way](model)
    assert again.get_params() == model.get_params()
    np.testing.assert_array_equal(again.model_.outputs(X), model.model_.outputs(X))
    np.testing.assert_allclose(again.history_["J"], model.history_["J"], rtol=1e-7)
    model = kind(warm_start=True, **QUICK).fit(X, OF[kind])
    again = WAYS[way](model)
    for one in (model, again):
        one.set_params(epochs=5).fit(X, OF[kind])
    np.testing.assert_array_equal(again.model_.outputs(X), model.model_.outputs(X))
    np.testing.assert_array_equal(again.history_["J"], model.history_["J"])


MLPS: dict[str, Any] = {"hidden_layer_sizes": (64, 64), "max_iter": 4, "random_state": 0}


def mlp(kind: Any, **settings: Any) -> Any:
    """A fitted estimator of the MLP pair, which has not converged."""
    with pytest.warns(ConvergenceWarning):
        return kind(**MLPS, **settings).fit(X, X[:, 0] > 0.0 if kind is MLPClassifier else X[:, 0])


@pytest.mark.parametrize("kind", [MLPClassifier, MLPRegressor], ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("way", WAYS)
def test_an_mlp_survives(kind: Any, way: str) -> None:
    """Predictions survive each way, and coefs_ are views into θ; a copy, or with warm_start all, continue exactly."""
    for settings in ({}, {"warm_start": True}):
        model = mlp(kind, **settings)
        again = WAYS[way](model)
        assert again.get_params() == model.get_params()
        np.testing.assert_array_equal(again.predict(X), model.predict(X))
        again.coefs_[0][:] = 0.0
        assert not again.network_.W[1].any()
        again.coefs_[0][:] = model.coefs_[0]
        y = X[:50, 0] > 0.0 if kind is MLPClassifier else X[:50, 0]
        outputs = [one.partial_fit(X[:50], y).network_.theta for one in (model, again)]
        assert (outputs[0] == outputs[1]).all() == (bool(settings) or way == "copy")


@pytest.mark.parametrize("settings", [{}, {"early_stopping": True}], ids=["plain", "early stopping"])
def test_a_pickle_of_an_mlp_is_no_larger_than_one_and_a_half_files(settings: Any, tmp_path: Path) -> None:
    """A pickle holds θ once, and not the moments of the optimizer."""
    model = mlp(MLPRegressor, **settings)
    model.save(tmp_path / "m")
    assert len(pickle.dumps(model)) <= 1.5 * (tmp_path / "m").stat().st_size


@kinds
def test_a_pickle_is_no_larger_than_one_and_a_half_files(kind: Any, tmp_path: Path) -> None:
    """A pickle holds θ once, as a file does, and neither the moments of the optimizer nor the rows of the networks."""
    model = kind(**QUICK).fit(X, OF[kind])
    model.save(tmp_path / "m")
    assert len(pickle.dumps(model)) <= 1.5 * (tmp_path / "m").stat().st_size


def test_a_pickle_without_its_state_says_so() -> None:
    """warm_start set after a pickle has no state to continue from, and a history none to give."""
    again = pickle.loads(pickle.dumps(NetworkRegressor(**QUICK).fit(X, X[:, 0])))  # noqa: S301
    with pytest.raises(cr.InputError, match="saved without"):
        again.set_params(warm_start=True).fit(X, X[:, 0])
    with pytest.raises(cr.InputError, match="state of this run was not kept"):
        _ = again.histories_[0].state
    again.partial_fit(X, X[:, 0])


def test_a_state_of_training_survives_a_pickle() -> None:
    """A state, its records included, is the same after a pickle."""
    net = cr.Network.dense([1, 2, 1], seed=0)
    state = cr.train(net, [[1.0], [2.0]], [[2.0], [4.0]], optimizer="adam", epochs=3).state
    again = pickle.loads(pickle.dumps(state))  # noqa: S301
    assert isinstance(again, TrainingState)
    np.testing.assert_equal(again.records, {name: list(values) for name, values in state.records.items()})
    again.check()

"""NetworkRegressor(optimizer="lm"): whole-batch Levenberg–Marquardt with early stopping on held-out rows."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn", "1.6")

import chainrule as cr
from chainrule.estimators import NetworkClassifier, NetworkRegressor, TrainingWarning

RNG = np.random.default_rng(0)
X = RNG.normal(size=(300, 2))
y = np.sin(X[:, 0]) * X[:, 1]
ONE: dict[str, Any] = {"optimizer": "lm", "n_networks": 1, "random_state": 0}


def test_a_smooth_function_is_fitted() -> None:
    """Without noise, eight networks of 16 units predict new rows with an R² of more than 0.99."""
    model = NetworkRegressor(optimizer="lm", epochs=40, random_state=0).fit(X[:200], y[:200])
    assert model.score(X[200:], y[200:]) > 0.99
    assert [net.m for net in model.networks_] == [(2, 16, 1)] * 8
    assert model.recipe_.minimizer == "lm"
    assert np.isnan(model.history_["learning_rate"].astype(float)).all()


def test_each_network_keeps_its_best_epoch_and_ends_by_patience() -> None:
    """With noise, the held-out cost rises after some iterations: the kept θ is that of the lowest one."""
    noisy = y + RNG.normal(size=300)
    model = NetworkRegressor(patience=3, hidden_layer_sizes=8, **ONE).fit(X, noisy)
    history, held_out = model.histories_[0], model._splits.splits()[0].held_out
    assert model.stopped_ == "patience"
    assert history.epochs == int(history.validation_J.argmin()) + 1 + 3
    error = (model.predict(X[held_out]) - noisy[held_out]) / model.target_.deviation[0]
    assert 0.5 * np.mean(error**2) == pytest.approx(history.validation_J.min(), rel=1e-5)


def test_the_same_seed_is_the_same_model_for_any_number_of_threads() -> None:
    """Predictions are bitwise equal with one thread and with several."""
    one, two = (
        NetworkRegressor(optimizer="lm", n_networks=3, epochs=10, random_state=0, threads=threads).fit(X, y).predict(X)
        for threads in (1, 3)
    )
    np.testing.assert_array_equal(one, two)


def test_weights_and_several_targets() -> None:
    """A row of weight 2 counts twice, for two targets too: J is the weighted mean over the rows."""
    Y, w = np.column_stack([y, X[:, 0]]), 1.0 + (np.arange(300) % 2)
    settings: dict[str, Any] = {"validation_fraction": 0.0, "epochs": 10, "dtype": "float64", **ONE}
    model = NetworkRegressor(**settings).fit(X, Y, sample_weight=w)
    net, Z = model.networks_[0], model.target_.standardised(Y)
    J = cr.SumOfSquares(mean=True)(net, model.encoder_.encode(X), Z, w)
    assert model.histories_[0].J[-1] == pytest.approx(J, rel=1e-9)


def test_the_time_limit_holds() -> None:
    """A time limit ends the search, and fit returns soon after it."""
    began = time.perf_counter()
    with pytest.warns(TrainingWarning, match="time limit"):
        NetworkRegressor(epochs=10**6, patience=10**6, time_limit=0.3, **ONE).fit(X, y)
    assert time.perf_counter() - began < 10.0


@pytest.mark.parametrize(
    ("settings", "message"),
    [({"cost": "huber"}, r"needs a sum of squares.* got cost = Huber\(mean=True\)"),
     ({"cost": cr.SumOfSquares(l1=0.1)}, "with l1 = 0"),
     ({"hidden_layer_sizes": 600}, r"got the sizes 2-600-1 with d = 2,401, and t = 300 rows: t m d² = 1\.7e\+09, and "
                                   r"0\.18 GB of memory"),
     ({"dropout": 0.1}, "depends on θ alone; got dropout"),
     ({"learning_rate": 0.1}, "learning_rate does not go with"),
     ({"weight_decay": 0.1}, "weight_decay does not go with"),
     ({"batch_size": 32}, "batch_size does not go with"),
     ({"warm_start": True}, "warm_start does not go with"),
     ({"checkpoint": "folder"}, "checkpoint does not go with")],
)  # fmt: skip
def test_what_it_is_not_for_is_refused(settings: dict[str, Any], message: str, tmp_path: Any) -> None:
    """A problem that is too large, another cost, and parameters of an optimizer's steps are refused by their names."""
    if "checkpoint" in settings:
        settings = {"checkpoint": tmp_path / "folder"}
    with pytest.raises(cr.InputError, match=message):
        NetworkRegressor(**ONE, **settings).fit(X, y)


def test_many_rows_are_refused() -> None:
    """t m d² bounds the operations of an iteration, whatever d is alone."""
    with pytest.raises(cr.InputError, match=r"t m d² ≤ 5e\+10; got .* t = 60,000 rows"):
        NetworkRegressor(hidden_layer_sizes=400, **ONE).fit(np.tile(X, (200, 1)), np.tile(y, 200))


def test_other_ways_of_training_are_refused() -> None:
    """Classification has no sum of squares, and partial_fit makes the steps of an optimizer."""
    with pytest.raises(cr.InputError, match='optimizer="lm" minimises a sum of squares'):
        NetworkClassifier(optimizer="lm").fit(X, y > 0)
    with pytest.raises(cr.InputError, match="partial_fit makes steps of an optimizer"):
        NetworkRegressor(**ONE).partial_fit(X, y)

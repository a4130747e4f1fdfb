"""``callbacks=`` of the MLP pair: they watch the only History of a fit, change no bit of it, and may end it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

import chainrule as cr
from chainrule.estimators import MLPClassifier, MLPRegressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
rng = np.random.default_rng(0)
X = rng.normal(size=(60, 3))
PROBLEMS: list[tuple[Any, Any]] = [(MLPClassifier, X[:, 0] > 0), (MLPRegressor, X @ [1.0, -1.0, 0.5])]
EACH = pytest.mark.parametrize(("kind", "y"), PROBLEMS, ids=["classifier", "regressor"])


@EACH
@pytest.mark.parametrize("settings", [{}, {"solver": "sgd", "early_stopping": True}], ids=["adam", "sgd"])
def test_they_change_no_bit(kind: Any, y: Any, settings: dict[str, Any]) -> None:
    """A function sees J after every epoch, and θ and the curve are those of a fit without it."""
    seen: list[float] = []
    arguments = {"hidden_layer_sizes": (4,), "max_iter": 7, "random_state": 0, **settings}
    plain = kind(**arguments).fit(X, y)
    watched = kind(**arguments, callbacks=[lambda history: seen.append(float(history.J[-1]))]).fit(X, y)
    assert len(seen) == 7
    assert watched.loss_curve_ == plain.loss_curve_
    np.testing.assert_array_equal(watched.network_.theta, plain.network_.theta)


@EACH
def test_callback_epochs_and_ready_callbacks(kind: Any, y: Any) -> None:
    """Functions are called every ``callback_epochs`` epochs; `chainrule.callbacks` at their own intervals."""
    epochs: list[int] = []
    stopping = cr.callbacks.EarlyStopping(lambda net: 1.0, mode="max", patience=3)
    fitted = kind(hidden_layer_sizes=(4,), max_iter=9, random_state=0, callback_epochs=2,
                  callbacks=[lambda history: epochs.append(history.epochs), stopping]).fit(X, y)  # fmt: skip
    assert epochs == [2, 4]
    assert fitted.n_iter_ == len(fitted.loss_curve_) == 4


@EACH
def test_true_ends_the_fit(kind: Any, y: Any) -> None:
    """A function that returns True ends the fit after that epoch, without a word about convergence."""
    with pytest.warns(ConvergenceWarning):
        kind(hidden_layer_sizes=(4,), max_iter=5, random_state=0).fit(X, y)
    fitted = kind(
        hidden_layer_sizes=(4,), max_iter=50, random_state=0, callbacks=[lambda history: history.epochs == 3]
    ).fit(X, y)
    assert fitted.n_iter_ == 3


@EACH
def test_partial_fit_has_a_history_of_one_epoch(kind: Any, y: Any) -> None:
    """Each call of ``partial_fit`` is a run of one epoch."""
    epochs: list[int] = []
    estimator = kind(hidden_layer_sizes=(4,), random_state=0, callbacks=[lambda history: epochs.append(history.epochs)])
    for _ in range(2):
        estimator.partial_fit(X, y, **({"classes": [False, True]} if kind is MLPClassifier else {}))
    assert epochs == [1, 1]


def test_a_stop_request_is_shared_by_clones() -> None:
    """A clone has the same request, as the network pair's have: it ends before its first step."""
    stop = cr.callbacks.StopRequest()
    estimator = clone(MLPRegressor(hidden_layer_sizes=(4,), callbacks=[stop]))
    stop.set()
    assert estimator.fit(X, X[:, 0]).n_iter_ == 0


@pytest.mark.parametrize(
    ("settings", "message"),
    [({"solver": "lbfgs"}, 'solver="adam"'),
     ({"solver": "sgd", "learning_rate": "adaptive"}, "learning_rate='adaptive'"),
     ({"solver": "sgd", "learning_rate": "invscaling"}, "scikit-learn's own callbacks"),
     ({"callbacks": 3}, "callbacks must be a list of functions"),
     ({"callbacks": [cr.callbacks.Progress]}, "got the class Progress. Call it first"),
     ({"callback_epochs": 0}, "callback_epochs must be an integer ≥ 1")],
)  # fmt: skip
def test_what_they_need_is_named(settings: dict[str, Any], message: str) -> None:
    """A solver without one History, and what is no callback, are refused before any work."""
    with pytest.raises(cr.InputError, match=message):
        MLPRegressor(hidden_layer_sizes=(4,), **{"callbacks": [print], **settings}).fit(X, X[:, 0])

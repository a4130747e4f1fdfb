"""Every warning points at the user's own line, however deep in the package it is issued."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline

import chainrule as cr
from chainrule import engines
from chainrule.engines import choice
from chainrule.errors import DataWarning, TrainingWarning
from chainrule.estimators import MLPRegressor, NetworkClassifier, NetworkRegressor
from chainrule.tables import TableEncoder

X = np.random.default_rng(0).normal(size=(40, 2))
Y = X[:, 0]
CONSTANT = np.column_stack([X, np.ones(40)])
TEXTS = np.array([["1.5", "a"], ["1,5", "b"]] * 20, dtype=object)
GROUPS = np.repeat([0, 1], 20)
SHORT: dict[str, Any] = {"epochs": 1, "hidden_layer_sizes": (2,), "random_state": 0}
CLASSES = np.array(["a", "b"] * 19 + ["c", "a"])

NET = cr.Network.dense([2, 2], output="identity", seed=0)


class Own(cr.GradientDescent):
    """An optimizer that the native engine declines."""


CALLS: dict[str, tuple[type[Warning], Callable[[], object]]] = {
    "a column left out": (DataWarning, lambda: TableEncoder().fit(CONSTANT)),
    "a column left out, with rows": (DataWarning, lambda: TableEncoder().fit_transform(CONSTANT)),
    "a column left out by fit": (DataWarning, lambda: NetworkRegressor(**SHORT).fit(CONSTANT, Y)),
    "the same by partial_fit": (DataWarning, lambda: NetworkRegressor(**SHORT).partial_fit(CONSTANT, Y)),
    "the same in a pipeline": (DataWarning, lambda: make_pipeline(NetworkRegressor(**SHORT)).fit(CONSTANT, Y)),
    "the same in a loop": (DataWarning, lambda: cross_val_score(NetworkRegressor(**SHORT), CONSTANT, Y, cv=2)),
    "a class with one row": (DataWarning, lambda: NetworkClassifier(**SHORT).fit(X, CLASSES)),
    "groups": (DataWarning, lambda: NetworkClassifier(**SHORT).fit(X, GROUPS, groups=GROUPS)),
    "not scaled": (DataWarning, lambda: MLPRegressor(hidden_layer_sizes=(2,), max_iter=300, tol=10.0).fit(1e4 + X, Y)),
    "batch_size": (UserWarning, lambda: MLPRegressor(hidden_layer_sizes=(2,), tol=10.0, batch_size=50).fit(X, Y)),
    "not converged": (UserWarning, lambda: MLPRegressor(hidden_layer_sizes=(2,), max_iter=1).fit(X, Y)),
    "not converged, lbfgs": (
        UserWarning,
        lambda: MLPRegressor(solver="lbfgs", max_iter=1).fit(X, Y),
    ),
    "another engine": (engines.EngineNotice, lambda: cr.train(NET, X, X, optimizer=Own(0.1), epochs=1)),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_warning_points_at_the_line_of_the_user(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """File and line of each warning are those of the call, not a line of Chainrule or scikit-learn."""
    monkeypatch.setattr(choice, "_reported_reasons", set())
    category, call = CALLS[name]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call()
    found = [(w.filename, w.lineno) for w in caught if issubclass(w.category, (category, TrainingWarning))]
    assert found
    assert set(found) == {(__file__, inspect.getsourcelines(call)[1])}


def test_only_one_place_issues_warnings() -> None:
    """All warnings of the package go through ``_internal.user_warnings``."""
    source = Path(cr.__file__).parent
    issuing = {path.name for path in source.rglob("*.py") if "warnings.warn(" in path.read_text()}
    assert issuing == {"user_warnings.py"}

"""The SQL that is exported: the same text in DuckDB and SQLite, any names and levels, and what is refused."""

from __future__ import annotations

import importlib.util
import re
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.exports import models

import chainrule as cr
from chainrule.activations.catalogue import ACTIVATIONS
from chainrule.exports.targets.sql.target import SqlTarget, results
from chainrule.exports.vectors import Vectors
from chainrule.tables import TableEncoder
from chainrule.tables.model import TableModel
from chainrule.tables.target_decoder import ClassLabels, NumericLabels

HAS_DUCKDB = importlib.util.find_spec("duckdb") is not None
NO_TIMES: Any = {"has_times": False}
MODELS: dict[str, Callable[[], Any]] = {
    "classes": lambda: models.classifier(**NO_TIMES),
    "two classes": lambda: models.classifier(2, output="sigmoid", dtype="float32", **NO_TIMES),
    "sigmoids": lambda: models.classifier(3, output="sigmoid", **NO_TIMES),
    "a level other": lambda: models.classifier(max_levels=3, **NO_TIMES),
    "standard": lambda: models.classifier(numbers="standard", dtype="float32", **NO_TIMES),
    "a number": lambda: models.regressor(dtype="float32", **NO_TIMES),
    "numbers": lambda: models.regressor(2, **NO_TIMES),
    "several labels": lambda: models.several_labels(**NO_TIMES),
    "quantiles": lambda: models.quantiles(**NO_TIMES),
    "numbers with names": lambda: models.named(**NO_TIMES),
    "embedded": models.embedded,
}


def of_columns(names: Sequence[str], target: ClassLabels | NumericLabels | None = None) -> TableModel:
    """A model of numbers with these names, which predicts two classes or by default a number."""
    X = np.random.default_rng(0).normal(size=(9, len(names)))
    encoder = TableEncoder().fit([dict(zip(names, row, strict=True)) for row in X.tolist()])
    m, output = (2, "softmax") if isinstance(target, ClassLabels) else (1, "identity")
    net = cr.Network.dense([len(names), 3, m], output=output, seed=0)
    return TableModel(encoder, target or NumericLabels.fit(np.arange(9.0)), (net,))


def has_mathematics() -> bool:
    """True if this SQLite was compiled with mathematical functions."""
    try:
        return bool(sqlite3.connect(":memory:").execute("SELECT exp(0) + tanh(0) + power(1, 1)").fetchone())
    except sqlite3.OperationalError:
        return False


@pytest.mark.parametrize("name", MODELS)
def test_the_same_text_runs_in_every_database(name: str, tmp_path: Path) -> None:
    """DuckDB proves each model, and SQLite gives values within the same bounds, and the same labels."""
    path = tmp_path / "m.sql"
    proof = cr.export(MODELS[name](), path)
    assert proof.is_proved == HAS_DUCKDB
    if has_mathematics():
        vectors = SqlTarget().vectors(path)
        with sqlite3.connect(":memory:") as connection:
            values, labels = results(connection, path.read_text(encoding="utf-8"), vectors)
        deviation, bound = vectors.deviation(np.array(values))
        assert deviation <= bound
        assert vectors.wrong_labels(labels or ()) == 0


def test_every_activation_but_gelu(tmp_path: Path) -> None:
    """A network with every other σ, parameters and κ included, is proved."""
    rng = np.random.default_rng(0)
    names = [name for name, sigma in ACTIVATIONS.items() if name not in ("softmax", "exp", "gelu")]
    sigmas = [*(ACTIVATIONS[name] for name in names), cr.Parametric("mish")]
    layers = [cr.Layer(0.7 * rng.normal(size=(4, 4)), rng.normal(size=4), sigma) for sigma in sigmas]
    net = cr.Network([*layers, cr.Layer(0.1 * rng.normal(size=(3, 4)), rng.normal(size=3), "exp")])
    assert cr.export(net, tmp_path / "net.sql").is_proved == HAS_DUCKDB


def test_a_sum_of_many_terms(tmp_path: Path) -> None:
    """1,100 terms are no deeper than SQLite's limit of 1,000, since a sum is a balanced tree."""
    path = tmp_path / "m.sql"
    assert cr.export(cr.Network.dense([1100, 1], seed=0), path).is_proved == HAS_DUCKDB
    vectors = SqlTarget().vectors(path)
    with closing(sqlite3.connect(":memory:")) as connection:
        values, _ = results(connection, path.read_text(encoding="utf-8"), replace(vectors, rows=vectors.rows[:3]))
    assert (np.abs(values - vectors.values[:3]) <= vectors.bounds[:3]).all()


@pytest.mark.parametrize("target", [None, ClassLabels.fit(["it's", 'a "b"'])], ids=["a number", "classes"])
def test_columns_may_have_any_names(target: ClassLabels | None, tmp_path: Path) -> None:
    """Quotes, dots, words of SQL and the names inside the query are columns like others."""
    names = ['a "b"', "a.b", "select", "p0", "label", "prediction", "top", "x0", "it's; --", "r0"]
    assert cr.export(of_columns(names, target), tmp_path / "m.sql").is_proved == HAS_DUCKDB


def test_results_have_names(tmp_path: Path) -> None:
    """Each label and its probability, number and quantile is a column by its name, or predicted_NAME."""
    expected = {
        models.several_labels: ["spam", "a b", "probabilities", "p_spam", "p_a b", "p_probabilities"],
        models.named: ["predicted_rooms", "2 ÷ 3"],
        models.quantiles: ["q0.05", "q0.5", "q0.95"],
    }
    for model, names in expected.items():
        cr.export(model(**NO_TIMES), tmp_path / "m.sql")
        text = (tmp_path / "m.sql").read_text(encoding="utf-8")
        assert re.findall(r'^  predictions\.r\d+ AS "(.*)",?$', text, re.MULTILINE) == names


REFUSALS = [
    # the model, and the reason
    (models.classifier, "no common functions for times, and the column 'sold'"),
    (lambda: cr.Network.dense([2, 3, 1], hidden="gelu", seed=0), "sigma = gelu is too long a formula"),
    (lambda: cr.Network.dense([200, 110, 1], seed=0), r"at most 20,000 weights; the model has 22,1\d\d"),
    (lambda: cr.Network.dense([1700, 1], seed=0), "at most 1,600 features"),
    (lambda: cr.Network.dense([2, 101], seed=0), "at most 100 classes or numbers; the model has 101"),
    (lambda: of_columns(["Rooms", "rooms"]), "names that differ in more than case"),
]


@pytest.mark.parametrize(
    ("model", "message"), REFUSALS, ids=["times", "gelu", "weights", "features", "outputs", "case"]
)
def test_models_that_sql_cannot_hold(model: Callable[[], Any], message: str, tmp_path: Path) -> None:
    """The error names the reason, and nothing is written."""
    with pytest.raises(cr.InputError, match=message):
        cr.export(model(), tmp_path / "m.sql")
    assert not list(tmp_path.iterdir())


def test_far_numbers_are_clipped(tmp_path: Path) -> None:
    """A number whose square overflows is clipped to the limit, as the model does, in DuckDB and in SQLite."""
    encoder = TableEncoder().fit([{"a": float(k), "b": float(k % 3)} for k in range(9)])
    model = TableModel(encoder, NumericLabels.fit(np.arange(9.0)), (cr.Network.dense([2, 3, 1], seed=0),))
    path = tmp_path / "m.sql"
    cr.export(model, path)
    far = [{"a": 1e200, "b": 1.0}, {"a": -1e200, "b": 1.0}, {"a": 2.0, "b": 1e10}]
    vectors = Vectors(far, np.zeros((3, 1)), np.zeros((3, 1)), None)
    expected = [model.predict([row])[0] for row in far]
    with sqlite3.connect(":memory:") as connection:
        if has_mathematics():
            values, _ = results(connection, path.read_text(encoding="utf-8"), vectors)
            np.testing.assert_allclose(np.ravel(values), expected, rtol=1e-12)
    if HAS_DUCKDB:
        import duckdb

        with duckdb.connect() as database:
            values, _ = results(database, path.read_text(encoding="utf-8"), vectors)
        np.testing.assert_allclose(np.ravel(values), expected, rtol=1e-12)

"""Each awkward table is handled as documented or refused with the promised error."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

pytest.importorskip("pandas")
pytest.importorskip("pyarrow")
pytest.importorskip("polars")
pytest.importorskip("sklearn", "1.6")

import pandas as pd
import polars
import pyarrow

from chainrule.errors import DataWarning, InputError
from chainrule.estimators import NetworkClassifier, NetworkRegressor

T = 60
QUICK: dict[str, Any] = {"epochs": 2, "hidden_layer_sizes": 4, "n_networks": 1, "random_state": 0}


def frame(**columns: Any) -> Any:
    """A sound column of numbers beside the awkward ones."""
    return pd.DataFrame({"sound": np.linspace(-1.0, 1.0, T), **columns})


HANDLED = {  # what is awkward, the column, and the warning that it brings, or None
    "all values missing": ([None] * T, "left out"),
    "one category": (["only"] * T, "left out"),
    "one value": ([3.5] * T, "left out"),
    "texts that differ in every row": ([f"name {k}" for k in range(T)], None),
    "huge numbers": (np.where(np.arange(T) % 2, 1e300, -1e300), None),
    "tiny numbers": (np.where(np.arange(T) % 2, 1e-300, -1e-300), None),
    "numbers beside texts": ([k % 3 if k % 2 else "many" for k in range(T)], "mixes numbers and texts"),
    "missing numbers": (np.where(np.arange(T) % 5, np.arange(T), np.nan), None),
    "missing categories": (["a" if k % 3 else None for k in range(T)], None),
    "booleans with gaps": ([True, False, None] * (T // 3), None),
    "datetimes with gaps": ([pd.Timestamp("2024-02-29"), pd.NaT, pd.Timestamp("1969-07-20")] * (T // 3), None),
    "durations": (pd.to_timedelta(np.arange(T), unit="h"), None),
}


@pytest.mark.parametrize("what", HANDLED)
def test_awkward_columns_are_handled(what: str) -> None:
    """The model is fitted, warns about columns that are left out or converted, and predicts finite numbers."""
    column, warning = HANDLED[what]
    X, y = frame(awkward=column), np.linspace(0.0, 1.0, T)
    model = NetworkRegressor(**QUICK)
    if warning is None:
        model.fit(X, y)
    else:
        with pytest.warns(DataWarning, match=warning):
            model.fit(X, y)
    assert np.isfinite(model.predict(X)).all()


def with_infinity() -> Any:
    """A column with an infinite number."""
    column = np.arange(float(T))
    column[7] = math.inf
    return frame(awkward=column)


REFUSED = {  # what is awkward, the table, the labels, and what the error says
    "an infinite number": (with_infinity(), np.arange(T), "'awkward'.*infinite in row 8"),
    "lists": (frame(awkward=[[1, 2]] * T), np.arange(T), "'awkward'.*must hold numbers, categories"),
    "no rows": (frame()[:0], [], "at least one row|0 sample"),
    "no columns": (frame()[[]], np.arange(T), "0 feature"),
    "a name twice": (frame(awkward=1.0).set_axis(["same", "same"], axis=1), np.arange(T), "each column once.*'same'"),
    "nothing that varies": (frame()[["sound"]] * 0.0, np.arange(T), "must have a column that varies"),
    "labels missing": (frame(), np.where(np.arange(T) == 3, np.nan, 1.0), "no value in row 4"),
    "labels of another length": (frame(), np.arange(T - 1), "inconsistent numbers of samples"),
    "labels that are texts": (frame(), ["a", "b"] * (T // 2), "real numbers"),
    "an infinite label": (frame(), np.where(np.arange(T) == 3, np.inf, 1.0), "must be finite"),
    "a column that is not there": (frame(), "price", "must be the name of a column"),
}


@pytest.mark.parametrize("what", REFUSED)
@pytest.mark.filterwarnings("ignore::chainrule.errors.DataWarning")  # only the error matters
def test_awkward_tables_are_refused_by_name(what: str) -> None:
    """The error is an InputError, raised before training, and names the place."""
    X, y, words = REFUSED[what]
    with pytest.raises(InputError, match=words):
        NetworkRegressor(**QUICK).fit(X, y)


def test_a_target_of_one_class_is_refused() -> None:
    """A single class is refused; the error names it."""
    with pytest.raises(InputError, match=r"at least two classes.*one class: 'yes'"):
        NetworkClassifier(**QUICK).fit(frame(), ["yes"] * T)


def test_unseen_values_at_prediction() -> None:
    """An unseen category, a new gap and a new datetime are predicted for; a text among numbers is not."""
    kinds = ["red", "green", "blue"] * (T // 3)
    when = pd.date_range("2024-01-01", periods=T)
    model = NetworkClassifier(**QUICK).fit(frame(kind=kinds, when=when), np.arange(T) % 2)
    new = pd.DataFrame({"sound": [np.nan], "kind": ["pink"], "when": [pd.Timestamp("2031-05-01")]})
    assert np.isfinite(model.predict_proba(new)).all()
    with pytest.raises(InputError, match=r"'sound'.*must hold numbers"):
        model.predict(new.assign(sound="much"))


def test_frames_of_other_libraries_give_the_same() -> None:
    """pandas, polars, pyarrow and a CSV file of the same table are one table."""
    X, y = frame(kind=["a", "b", "c"] * (T // 3)), np.arange(T) % 2
    tables = [X, polars.from_pandas(X), pyarrow.Table.from_pandas(X, preserve_index=False)]
    P = [NetworkClassifier(**QUICK).fit(table, y).predict_proba(table) for table in tables]
    np.testing.assert_array_equal(P[0], P[1])
    np.testing.assert_array_equal(P[0], P[2])


def test_a_file_is_a_table_too(tmp_path: Any) -> None:
    """X may be a path, y the name of one of its columns."""
    table = frame(kind=["a", "b", "c"] * (T // 3), label=["no", "yes"] * (T // 2))
    path = tmp_path / "table.csv"
    table.to_csv(path, index=False)
    model = NetworkClassifier(**QUICK).fit(path, "label")
    assert set(model.predict(path)) <= {"no", "yes"}
    assert model.n_features_in_ == 2


def test_sparse_and_dense_are_one() -> None:
    """A sparse X gives the same model as the dense one."""
    sparse = pytest.importorskip("scipy.sparse")
    X = np.where(np.random.default_rng(0).random((T, 6)) < 0.7, 0.0, 1.5)
    X[:, 0] += np.arange(T)
    y = X[:, 1] + X[:, 2]
    dense, thin = (NetworkRegressor(**QUICK).fit(A, y).predict(A) for A in (X, sparse.csr_array(X)))
    np.testing.assert_array_equal(dense, thin)

"""A table read by its path and the same table as a frame give the same model, predictions and scores."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars
import pyarrow as pa
import pytest

from chainrule.errors import DataWarning
from chainrule.estimators import NetworkClassifier, NetworkRegressor, load
from chainrule.tables.columns import Task
from chainrule.tables.target_decoder import NumericLabels
from chainrule.tables.text.notation import Writing
from chainrule.tables.text.recognition import recognised_target
from chainrule.tables.text.text_column import TextColumn

QUICK: dict[str, Any] = {"epochs": 30, "hidden_layer_sizes": 8, "n_networks": 1, "random_state": 0}
T = 120
CODES = {  # the levels of an input, and a batch of some of them
    "leading zeros": (["007", "013", "A12"], ["007", "013"]),
    "booleans": (["TRUE", "FALSE", "UNKNOWN"], ["TRUE", "FALSE"]),
    "decimals": (["1.10", "1.1", "2.x"], ["1.10", "1.1"]),
    "gaps": (["NA", "EU", "AS"], ["NA"]),
    "dates": (["2024-01-01", "2024-01-02", "unknown"], ["2024-01-01"]),
    "times": (["09:00", "10:00", "closed"], ["10:00", "09:00"]),
}


def text_table(levels: list[str]) -> Any:
    """A table of texts whose target is p for the first level, and q for all others."""
    rng = np.random.default_rng(0)
    code = rng.choice(levels, T)
    columns = {"code": code, "b": [f"{x:.3f}" for x in rng.normal(size=T)], "y": np.where(code == levels[0], "p", "q")}
    return pd.DataFrame(columns).astype(str)


@pytest.mark.parametrize("what", CODES)
@pytest.mark.filterwarnings("ignore::chainrule.errors.DataWarning")
def test_codes_mean_the_same_in_every_batch(tmp_path: Path, what: str) -> None:
    """Codes that look like numbers, booleans, gaps or times are the training's levels in any file of new rows."""
    levels, batch = CODES[what]
    text_table(levels).to_csv(tmp_path / "t.csv", index=False)
    model = NetworkClassifier(**{**QUICK, "epochs": 150}).fit(tmp_path / "t.csv", "y")
    new = pd.DataFrame({"code": batch, "b": ["0.1"] * len(batch)})
    new.to_csv(tmp_path / "new.csv", index=False)
    expected = ["p" if code == levels[0] else "q" for code in batch]
    assert model.predict(tmp_path / "new.csv").tolist() == model.predict(new).tolist() == expected


@pytest.mark.parametrize(
    ("levels", "batch"), [(["007", "A12"], "007"), (["TRUE", "FALSE", "NOT SURE"], "TRUE"), (["NA", "EU"], "NA")]
)
@pytest.mark.filterwarnings("ignore::chainrule.errors.DataWarning")
def test_labels_that_look_like_something_else(tmp_path: Path, levels: list[str], batch: str) -> None:
    """Class labels that read as numbers, booleans or gaps are texts if any label is one, in every batch."""
    table = text_table(levels).rename(columns={"code": "y", "y": "code"})
    table.to_csv(tmp_path / "t.csv", index=False)
    model = NetworkClassifier(**QUICK).fit(tmp_path / "t.csv", "y")
    assert model.classes_.tolist() == sorted(levels)
    part = table[table["y"] == batch]
    part.to_csv(tmp_path / "part.csv", index=False)
    assert model.score(tmp_path / "part.csv", "y") == model.score(part, "y") == model.score(part, part["y"])


def test_numbers_with_decimal_commas(tmp_path: Path) -> None:
    """Inputs and a target with decimal commas are numbers, in the file of a saved model and in new rows too."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=T).round(3)
    pd.DataFrame({"x": x, "y": 2.0 * x}).to_csv(tmp_path / "t.csv", index=False, sep=";", decimal=",")
    with pytest.warns(DataWarning, match="is read as"):
        model = NetworkRegressor(**QUICK).fit(tmp_path / "t.csv", "y")
    typed = pd.DataFrame({"x": x, "y": 2.0 * x})
    assert model.score(tmp_path / "t.csv", "y") == model.score(typed, "y")
    np.testing.assert_array_equal(
        model.predict(tmp_path / "t.csv"), NetworkRegressor(**QUICK).fit(typed, "y").predict(typed)
    )
    model.save(tmp_path / "m.safetensors")
    again = load(tmp_path / "m.safetensors")
    np.testing.assert_array_equal(again.predict(tmp_path / "t.csv"), model.predict(typed))
    assert isinstance(again.target, NumericLabels)
    assert again.target.notations == model.target_.notations


def test_one_question_mark_does_not_spoil_a_column(tmp_path: Path) -> None:
    """A gap written as ? in a column of numbers is missing, with a warning."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=T)
    table = pd.DataFrame({"x": [f"{value:.3f}" for value in x], "y": x})
    table.loc[5, "x"] = "?"
    table.to_csv(tmp_path / "t.csv", index=False)
    with pytest.warns(DataWarning, match=r"'\?' counts as a missing value in 'x'"):
        model = NetworkRegressor(**QUICK).fit(tmp_path / "t.csv", "y")
    assert model.encoder_.get_feature_names_out().tolist() == ["x", "x_missing"]


@pytest.mark.filterwarnings("ignore::chainrule.errors.DataWarning")
def test_path_and_frames_give_one_model(tmp_path: Path) -> None:
    """A CSV file and its texts as a frame of pandas or polars give the same θ, predictions and scores."""
    rng = np.random.default_rng(0)
    table = text_table(["a", "b", "NA"]).assign(
        day=[f"2024-01-{day:02d}" for day in rng.integers(1, 29, T)], z=[f"{k % 7},5" for k in range(T)]
    )
    table.to_csv(tmp_path / "t.csv", index=False)
    tables = [tmp_path / "t.csv", table, polars.from_pandas(table)]
    models = [NetworkClassifier(**QUICK).fit(X, "y") for X in tables]
    for model in models:
        assert (model.networks_[0].theta == models[0].networks_[0].theta).all()
        assert len({model.score(X, "y") for X in tables}) == 1
        for X in tables:
            np.testing.assert_array_equal(model.predict_proba(X), models[0].predict_proba(tables[0]))


def test_further_columns_and_another_order(tmp_path: Path) -> None:
    """Columns that training did not have, such as the target, are ignored; another order changes nothing."""
    X = pd.DataFrame(np.random.default_rng(0).normal(size=(T, 2)), columns=["a", "b"])
    model = NetworkRegressor(**QUICK).fit(X.assign(y=X.a), "y")
    more, other = X.assign(y=X.a)[["y", "a", "b"]], X[["b", "a"]]
    for name, frame in (("more.csv", more), ("other.csv", other)):
        frame.to_csv(tmp_path / name, index=False)
    for name, frame in (("more.csv", more), ("other.csv", other)):
        for rows in (frame, polars.from_pandas(frame), tmp_path / name):
            np.testing.assert_allclose(model.predict(rows), model.predict(X), rtol=1e-6)


def test_class_codes_are_as_written(tmp_path: Path) -> None:
    """Labels with leading zeros come back as the file has them, with a warning; for regression they are numbers."""
    path = tmp_path / "t.csv"
    pd.DataFrame({"a": np.linspace(-1.0, 1.0, T), "y": np.where(np.arange(T) % 2, "01", "10")}).to_csv(
        path, index=False
    )
    with pytest.warns(DataWarning, match=r"'y': digits with leading zeros, such as '01', are classes as written"):
        model = NetworkClassifier(**QUICK).fit(path, "y")
    assert model.classes_.tolist() == ["01", "10"]
    assert set(model.predict(path)) <= {"01", "10"}
    assert 0.0 <= model.score(path, "y") <= 1.0
    with pytest.warns(DataWarning, match="are read as numbers"):
        assert NetworkRegressor(**QUICK).fit(path, "y").target_.mean == [np.mean([1, 10])]


@pytest.mark.parametrize(
    ("texts", "task", "values"),
    [
        (["007", "7"], "classification", ["007", "7"]),
        (["007", "7"], None, ["007", "7"]),
        (["007", "7.5"], "classification", ["007", "7.5"]),
        (["01", "2", "NA"], "classification", ["01", "2", None]),
        ([f"{k:02}" for k in range(9, 130)], "classification", [f"{k:02}" for k in range(9, 130)]),
        ([f"{k:03}" for k in range(90, 130)], None, [f"{k:03}" for k in range(90, 130)]),
        ([f"{k:02}" for k in range(9, 130)], None, [*range(9, 130)]),
        (["007", "7"], "regression", [7, 7]),
    ],
)
def test_different_codes_are_different_classes(texts: list[str], task: Task | None, values: list[object]) -> None:
    """A leading zero makes codes of the numbers of a target of classes, and a warning says what they are read as."""
    for column in (np.array(texts * 6, dtype=object), pa.chunked_array([texts * 6])):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            found = recognised_target("y", TextColumn(column, is_declared=False), Writing(), task)
        assert found.objects().tolist() == values * 6
        assert sum("digits with leading zeros" in str(one.message) for one in caught) == 1


def test_whole_classes_are_integers(tmp_path: Path) -> None:
    """Class labels 0 and 1 beside decimal numbers are the integers 0 and 1, in frames and in files."""
    table = pd.DataFrame({"a": np.linspace(-1.0, 1.0, T), "y": np.arange(T) % 2})
    table.to_csv(tmp_path / "t.csv", index=False)
    table.to_parquet(tmp_path / "t.parquet")
    for source in (table, polars.from_pandas(table), tmp_path / "t.csv", tmp_path / "t.parquet"):
        model = NetworkClassifier(**QUICK).fit(source, "y")
        assert [repr(label) for label in model.classes_.tolist()] == ["0", "1"]
        assert model.predict(source).dtype.kind == "i"
        assert model.score(source, "y") > 0.4

"""NetworkRegressor on several targets, by the names of their columns or as a frame of their own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn", "1.6")
pytest.importorskip("pandas")

import pandas as pd
from sklearn.metrics import r2_score

from chainrule.errors import DataWarning, InputError
from chainrule.estimators import NetworkRegressor, load
from chainrule.tables.target_decoder import NumericLabels

SMALL: dict[str, Any] = {"epochs": 30, "hidden_layer_sizes": (16,), "n_networks": 3, "random_state": 0}
NAMES = ["height", "price"]
T = 160


@pytest.fixture(scope="module")
def frame() -> Any:
    """Rows with two targets of very different sizes, of which one depends on a category."""
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"a": rng.normal(size=T), "b": rng.normal(size=T), "kind": rng.choice(["x", "y"], T)})
    table["height"] = 1e-3 * (table.a + table.b)
    table["price"] = 1e6 * (table.b - table.a + (table.kind == "x"))
    return table


@pytest.fixture(scope="module")
def model(frame: Any) -> NetworkRegressor:
    """A model of both, fitted by their names."""
    return NetworkRegressor(**SMALL).fit(frame, NAMES)


def test_targets_by_name_are_those_of_a_frame_and_of_an_array(frame: Any, model: NetworkRegressor) -> None:
    """The columns are taken out of the table, and the model is the same in each form, but for the names."""
    X = frame.drop(columns=NAMES)
    for Y in (frame[NAMES], frame[NAMES].to_numpy()):
        other = NetworkRegressor(**SMALL).fit(X, Y)
        assert (other.predict(X) == model.predict(frame)).all()
        assert other.target_.names == (() if isinstance(Y, np.ndarray) else tuple(NAMES))
    assert model.feature_names_in_.tolist() == ["a", "b", "kind"]
    assert model.model_.target_names == tuple(NAMES)


def test_each_target_has_a_scale_of_its_own(frame: Any, model: NetworkRegressor) -> None:
    """Both are learned, although one is 10⁹ times as large, and intervals are those of each target."""
    assert isinstance(model.target_, NumericLabels)
    assert model.target_.deviation == pytest.approx(frame[NAMES].std(ddof=0).to_numpy())
    Y, P, ends = frame[NAMES].to_numpy(), model.predict(frame), model.predict_interval(frame, 0.8)
    assert (r2_score(Y, P, multioutput="raw_values") > 0.9).all()
    inside = ((ends[..., 0] <= Y) & (Y <= ends[..., 1])).mean(axis=0)
    assert (inside > 0.7).all()
    assert (ends[..., 1] - ends[..., 0]).mean(axis=0) / Y.std(axis=0) == pytest.approx([0.5, 0.5], abs=0.5)


def test_the_score_is_the_mean_r2_by_the_names_of_the_columns(frame: Any, model: NetworkRegressor) -> None:
    """score is scikit-learn's uniform average; columns in another order are found by their names."""
    X = frame.drop(columns=NAMES)
    expected = r2_score(frame[NAMES], model.predict(frame))
    backwards = NAMES[::-1]
    for X_, y in ((frame, NAMES), (frame, backwards), (X, frame[backwards]), (X, frame[NAMES].to_numpy())):
        assert model.score(X_, y) == pytest.approx(expected, rel=1e-12)
        assert model.model_.score(X_, y) == pytest.approx(expected, rel=1e-12)
    w = np.arange(T) % 3
    weighted = r2_score(frame[NAMES], model.predict(frame), sample_weight=w)
    gaps = frame.copy()
    gaps.loc[w == 0, "height"] = np.nan
    assert model.score(gaps, backwards, w) == pytest.approx(weighted, rel=1e-12)


def test_training_continues_by_name(frame: Any, tmp_path: Path) -> None:
    """Files, validation rows, partial_fit and weights take the names of the columns too."""
    model = NetworkRegressor(**SMALL).fit(frame[40:], NAMES, X_val=frame[:40])
    model.partial_fit(frame, NAMES[::-1])
    path = tmp_path / "m.safetensors"
    model.save(path)
    again = NetworkRegressor.load(path)
    assert again.target_.names == tuple(NAMES)
    assert (again.predict(frame) == model.predict(frame)).all()
    assert load(path).score(frame, NAMES) == pytest.approx(model.score(frame, NAMES), rel=1e-12)
    again.partial_fit(frame, frame[NAMES[::-1]])
    assert again.score(frame, NAMES) > 0.8
    gaps = frame.copy()
    gaps.loc[0, "price"] = np.nan
    NetworkRegressor(**SMALL).fit(gaps, NAMES, sample_weight=np.arange(T))


@pytest.mark.parametrize(
    ("y", "words"),
    [
        (
            ["height", "prize"],
            r"y = 'prize' must hold names of a column of X; did you mean 'price'\? It has: 'a'",
        ),
        (["height", "height"], r"y must name each column once"),
        (["height", "kind"], r"'kind' must hold (real )?numbers"),
        (["height"] * T, r"y must"),
    ],
    ids=["unknown", "twice", "texts", "labels"],
)
def test_other_columns_are_refused(y: list[str], words: str, frame: Any) -> None:
    """An unknown column, one that is named twice and one of texts are refused by name."""
    with pytest.raises(InputError, match=words):
        NetworkRegressor(**SMALL).fit(frame, y)


def test_a_gap_in_a_target_is_refused_by_name(frame: Any) -> None:
    """The error names the column and the row."""
    gaps = frame.copy()
    gaps.loc[3, "price"] = np.nan
    X = gaps.drop(columns=NAMES)
    for X_, y in ((gaps, NAMES), (X, gaps[NAMES])):
        with pytest.raises(InputError, match=r"column 'price' of [Xy] has no value in row 4"):
            NetworkRegressor(**SMALL).fit(X_, y)


def test_numbers_in_texts_are_read_as_in_training(tmp_path: Path) -> None:
    """Each target of a file has its own notation, in which later files are read too."""
    rng = np.random.default_rng(1)
    a = rng.normal(size=80)
    lines = [f"{x:.4f};{2 * x:.3f};{f'{1000 * x:.2f}'.replace('.', ',')}\n" for x in a.tolist()]
    path = tmp_path / "t.csv"
    path.write_text("a;b;c\n" + "".join(lines))
    with pytest.warns(DataWarning, match="is read as"):
        model = NetworkRegressor(**SMALL).fit(path, ["b", "c"])
    assert [notation.decimal for notation in model.target_.notations] == [".", ","]
    assert model.score(path, ["c", "b"]) > 0.8
    assert model.model_.score(path, ["b", "c"]) == pytest.approx(model.score(path, ["b", "c"]), rel=1e-12)


def test_the_report_names_the_targets(frame: Any, model: NetworkRegressor, tmp_path: Path) -> None:
    """Summary, card, report and measures have the names of the targets."""
    pytest.importorskip("matplotlib")
    assert "Targets: height (mean" in model.summary()
    path = tmp_path / "r.html"
    model.report(path, frame, NAMES)
    page = path.read_text(encoding="utf-8")
    assert "R² of price" in page
    assert "height, price: 2 numbers" in page

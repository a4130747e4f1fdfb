"""A model that has learned from further rows shows the course of all its training, and counts all its rows."""

from __future__ import annotations

import copy
import pickle
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn")

from support.files.model_files import header_of, write_raw

from chainrule.engines.state import RECORDS
from chainrule.estimators import NetworkClassifier, NetworkRegressor
from chainrule.estimators.network.inspection.charted_courses import charted_courses
from chainrule.files import read_any

rng = np.random.default_rng(0)
X = rng.normal(size=(180, 3))
Y = 2.0 * X[:, 0] + np.sin(3.0 * X[:, 1]) + 0.1 * rng.normal(size=180)
NEW = slice(120, None)
SETTINGS: dict[str, Any] = {"n_networks": 3, "embedding": "none", "random_state": 0, "hidden_layer_sizes": 16}


def fitted(**keywords: Any) -> NetworkRegressor:
    """A regressor of 120 rows, whose networks end after different numbers of epochs."""
    return NetworkRegressor(**{"epochs": 60, "patience": 3, **SETTINGS, **keywords}).fit(X[:120], Y[:120])


@pytest.fixture(scope="module")
def before() -> NetworkRegressor:
    """A regressor after fit alone."""
    return fitted()


@pytest.fixture
def model(before: NetworkRegressor) -> NetworkRegressor:
    """The regressor after three passes over 60 new rows, the last of which has 30 of them."""
    model = copy.deepcopy(before)
    for rows in (NEW, NEW, slice(120, 150)):
        model.partial_fit(X[rows], Y[rows])
    return model


def epochs(model: Any) -> list[int]:
    """The epochs of each network."""
    return [history.epochs for history in model.histories_]


def test_the_course_has_fit_and_passes(before: NetworkRegressor, model: NetworkRegressor) -> None:
    """The history has the epochs of fit, bit by bit, and one for each pass, in which the last one is kept."""
    assert len(set(epochs(before))) > 1
    assert epochs(model) == [count + 3 for count in epochs(before)]
    assert model.n_iter_ == max(epochs(model))
    assert "pass" not in before.history_
    for j, (old, new) in enumerate(zip(before.histories_, model.histories_, strict=True), 1):
        for name in RECORDS:
            np.testing.assert_array_equal(getattr(new, name)[: old.epochs], getattr(old, name))
        passes = model.history_["pass"][model.history_["network"] == j]
        assert passes.tolist() == [0] * old.epochs + [1, 2, 3]
    assert None not in before.kept_epochs_
    assert model.kept_epochs_ == (None,) * 3


def test_words_name_all_rows(before: NetworkRegressor, model: NetworkRegressor) -> None:
    """Summary and cards have the rows of fit and those since; rows that came in the same call again are not new."""
    low, high = min(epochs(before)), max(epochs(before))
    rows = "210 rows, 120 in fit and 90 later"
    assert f"Trained on: {rows}\n" in model.summary()
    trained = rf"Epochs: best \d+ to \d+ of {low} to {high} in fit, then 3 over later rows, the last is kept; "
    assert re.search(trained, model.summary())
    assert re.search(r"^3 .* last +", model.summary(), re.MULTILINE)
    assert rows in model._repr_html_()
    assert f"**Trained on**: {rows}\n" in model.card()
    assert "held-out rows of the last training." in model.card()
    assert "Trained on: 120 rows\n" in before.summary()
    begun = NetworkClassifier(**SETTINGS).partial_fit(X, Y > 0.0, classes=[False, True]).partial_fit(X, Y > 0.0)
    assert "Trained on: 180 rows\nEpochs: 2, the last is kept; " in begun.summary()
    assert begun.history_["pass"].tolist() == [1, 2] * 3


def test_new_rows_begin_at_a_line(before: NetworkRegressor, model: NetworkRegressor, tmp_path: Path) -> None:
    """The passes of all networks lie side by side after a thin line, and the epochs that fit kept are marked."""
    pytest.importorskip("matplotlib")
    longest = max(epochs(before))
    found = charted_courses(model)
    assert found.start == longest
    assert {len(values) for course in found.courses for values in course.values} == {longest + 3}
    assert found.courses[-1].kept == list(before.kept_epochs_)
    (axes,) = model.plot_history().axes
    (line,) = [line for line in axes.lines if line.get_label() == "new rows"]
    assert np.asarray(line.get_xdata()).tolist() == [longest + 0.5] * 2
    legend = axes.get_legend()
    assert legend is not None
    assert legend.get_texts()[-1].get_text().startswith("kept by fit: epoch ")
    (axes,) = before.plot_history().axes
    assert "new rows" not in [line.get_label() for line in axes.lines]
    assert (">new rows<" in model._repr_html_(), ">new rows<" in before._repr_html_()) == (True, False)
    model.report(tmp_path / "r.html")
    assert "each network that fit had kept: best" in (tmp_path / "r.html").read_text()


@pytest.mark.parametrize("way", ["file", "file with state", "pickle"])
def test_the_whole_course_is_saved(way: str, model: NetworkRegressor, tmp_path: Path) -> None:
    """A file and a pickle hold the course and the rows; training goes on from there, and a copy is the same file."""
    if way == "pickle":
        again: Any = pickle.loads(pickle.dumps(model))  # noqa: S301 - its own
    else:
        model.save(tmp_path / "m", training_state=way == "file with state")
        again = NetworkRegressor.load(tmp_path / "m")
        again.save(tmp_path / "n", training_state=way == "file with state")
        assert (tmp_path / "m").read_bytes() == (tmp_path / "n").read_bytes()
    assert (again.kept_epochs_, again.n_iter_) == (model.kept_epochs_, model.n_iter_)
    for name, values in model.history_.items():
        np.testing.assert_array_equal(again.history_[name].astype(np.float32), values.astype(np.float32))
    for one in (again, model):
        one.partial_fit(X[NEW], Y[NEW])
        assert one.history_["pass"].max() == 4
        assert "210 rows, 120 in fit and 90 later" in one.summary()
    assert epochs(again) == epochs(model)


def test_a_file_without_this_record_is_read(model: NetworkRegressor, tmp_path: Path) -> None:
    """A file of an earlier version has the curves that it holds, and its rows count as those of fit."""
    model.save(tmp_path / "m")
    header, tensors = header_of(tmp_path / "m"), read_any(tmp_path / "m")[1]
    del header["estimator"]["later"]
    write_raw(tmp_path / "m", header, {name: tensor for name, tensor in tensors.items() if name != "later_rows"})
    old = NetworkRegressor.load(tmp_path / "m")
    assert "pass" not in old.history_
    assert epochs(old) == epochs(model)
    old.partial_fit(X[:30], Y[:30])
    assert "240 rows, 210 in fit and 30 later" in old.summary()


def test_another_fit_begins_again(model: NetworkRegressor) -> None:
    """Fit forgets the course before; by warm_start it continues that of the last rows, and keeps its best epoch."""
    before = [count - 1 for count in epochs(model)]
    rows = X[120:150], Y[120:150]
    model.set_params(warm_start=True, epochs=5, patience=9).fit(*rows)
    assert epochs(model) == [count + 5 for count in before]
    kept = [h.validation_J[count:].argmin() + count + 1 for h, count in zip(model.histories_, before, strict=True)]
    assert list(model.kept_epochs_) == kept
    found = charted_courses(model)
    assert found.kept == f"kept: epoch {min(kept)} to {max(kept)}"
    passes = [epoch - count + 2 for epoch, count in zip(kept, before, strict=True)]
    assert [place and place - found.start for place in found.courses[-1].kept] == passes
    assert re.search(r"then 7 over later rows, best \d+ to \d+ of all", model.summary())
    model.set_params(warm_start=False).fit(*rows)
    assert epochs(model) == [5] * 3
    assert "Trained on: 30 rows\n" in model.summary()

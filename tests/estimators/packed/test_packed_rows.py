"""Estimators are fitted to packed rows, at once or in windows, and predict tables as they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import chainrule as cr
from chainrule.estimators import NetworkClassifier, NetworkRegressor
from chainrule.estimators.network.packed import fitting
from chainrule.rows import packing
from chainrule.rows import rows as rows_module
from chainrule.tables import pack
from chainrule.tables.calibration import Calibration
from chainrule.tables.packing.packed_table import PackedTable
from chainrule.tables.reading.read import read

T, NEW = 4_000, 1_500
QUICK: dict[str, Any] = {"hidden_layer_sizes": (16,), "epochs": 8, "random_state": 0}


def table(t: int, seed: int) -> pa.Table:
    """Two numbers, a text, y = sin 2a + 1 for one text + noise, and a class."""
    rng = np.random.default_rng(seed)
    a, text, noise = rng.normal(size=t), rng.choice(["u", "v"], t), 0.2 * rng.normal(size=t)
    y = np.sin(2.0 * a) + (text == "u") + noise
    return pa.table({"a": a, "b": rng.normal(size=t), "text": text, "y": y, "label": np.where(y > 0.5, "yes", "no")})


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, cr.Rows]:
    """The rows packed for y, and for the label, in blocks of 128 rows."""
    folder, whole = tmp_path_factory.mktemp("packed"), read(table(T, 0))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(packing, "BLOCK_BYTES", 4 * 3 * 128)
        return {
            target: pack(whole, folder / f"{target}.rows", target=target, drop=[other]).rows  # type: ignore[arg-type]
            for target, other in (("y", "label"), ("label", "y"))
        }


@pytest.fixture(params=[False, True], ids=["at-once", "in-windows"])
def in_windows(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether the rows are too many for memory, and read in windows of about 1,000."""
    if request.param:
        monkeypatch.setattr(rows_module, "WINDOW_BYTES", 16_000)
        monkeypatch.setattr(rows_module, "SHUFFLED_WINDOW_BYTES", 16_000)
        monkeypatch.setattr(rows_module, "LEAST_MINIBATCHES", 1)
    return bool(request.param)


def test_intervals_cover_new_rows(packed: dict[str, cr.Rows], in_windows: bool, tmp_path: Path) -> None:
    """Intervals of 90 % hold y in 90 % of 1,500 new rows of a table, ±4 standard errors; the saved model agrees."""
    rows, new = packed["y"], table(NEW, 1)
    assert (rows.windows(None, 256) > 1) == in_windows
    model = NetworkRegressor(**QUICK).fit(rows)
    low, high = model.predict_interval(new, 0.9).T
    y = new["y"].to_numpy()
    assert abs(np.mean((low <= y) & (y <= high)) - 0.9) < 4 * np.sqrt(0.09 * (1 / NEW + 1 / 400))
    assert model.score(new, "y") > 0.7
    assert model.validation_score_ == pytest.approx(model.score(new, "y"), abs=0.05)
    assert model.model_.about["column"] == "y"
    model.save(tmp_path / "m.safetensors")
    np.testing.assert_array_equal(NetworkRegressor.load(tmp_path / "m.safetensors").predict(new), model.predict(new))


def test_probabilities_are_calibrated_on_held_out_rows(packed: dict[str, cr.Rows], in_windows: bool) -> None:
    """A classifier has the classes of the file, a temperature from held-out rows, and predicts a dict too."""
    model = NetworkClassifier(n_networks=2, **QUICK).fit(packed["label"])
    new = table(NEW, 1)
    assert model.classes_.tolist() == ["no", "yes"]
    assert model.model_.calibration != Calibration()
    assert model.score(new, "label") > 0.7
    assert model.predict({"a": 0.7, "b": 0.0, "text": "u"}) == ["yes"]


def test_held_out_blocks_are_not_trained_on(
    packed: dict[str, cr.Rows], in_windows: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In windows all networks hold out the same blocks, at most as many rows as suffice, and train on the others."""
    monkeypatch.setattr(fitting, "MOST_HELD_OUT", 256)
    model = NetworkRegressor(n_networks=2, **QUICK).fit(packed["y"])
    assert model.model_.about["rows"] == (T - 256 if in_windows else T)
    assert model.model_.residuals is not None
    assert len(model.model_.residuals) == (256 if in_windows else 2 * 400)


def test_rows_of_the_user_are_validation_rows(packed: dict[str, cr.Rows], in_windows: bool) -> None:
    """With X_val no rows of the file are held out."""
    new = table(300, 1)
    model = NetworkRegressor(**QUICK).fit(packed["y"], X_val=new, y_val="y")
    assert model.model_.about["rows"] == T
    assert model.model_.residuals is not None
    assert len(model.model_.residuals) == 300


def test_a_fit_continues_from_its_checkpoints(packed: dict[str, cr.Rows], in_windows: bool, tmp_path: Path) -> None:
    """A fit that a callback stopped after three epochs continues to the same bits as one that was not stopped."""
    whole = NetworkRegressor(**QUICK).fit(packed["y"])
    options: dict[str, Any] = {**QUICK, "checkpoint": tmp_path / "runs"}
    NetworkRegressor(**options, callbacks=[lambda history: history.epochs == 3]).fit(packed["y"])
    again = NetworkRegressor(**options, resume=True).fit(packed["y"])
    for one, other in zip(whole.networks_, again.networks_, strict=True):
        np.testing.assert_array_equal(one.theta, other.theta)


@pytest.mark.parametrize(
    ("parameters", "arguments", "words"),
    [
        ({}, {"y": "y"}, "y does not go with packed rows"),
        ({}, {"sample_weight": np.ones(T)}, r"sample_weight does not go .*pack\(weights=…\)"),
        ({"categories": ["b"]}, {}, r"categories = .*chainrule\.tables\.pack"),
        ({"warm_start": True}, {}, "warm_start = True"),
        ({"validation_order": "last"}, {}, "validation_order = 'last'"),
        ({"cost": "poisson"}, {}, "cost = poisson"),
        ({"interval": "wide"}, {}, "wide"),
    ],
    ids=["y", "weights", "categories", "warm-start", "order", "cost", "interval"],
)
def test_what_does_not_go_with_rows_is_refused(
    packed: dict[str, cr.Rows], parameters: dict[str, Any], arguments: dict[str, Any], words: str
) -> None:
    """Each parameter and argument that has no meaning for packed rows is named with the reason."""
    with pytest.raises(cr.ChainruleError, match=words):
        NetworkRegressor(**{**QUICK, **parameters}).fit(packed["y"], **arguments)


@pytest.mark.parametrize(
    "parameters",
    [
        {"preset": "lecture"}, {"batch_size": "full"}, {"optimizer": "lm"}, {"validation_fraction": 0.0},
        {"preset": "tuned"},
    ],
    ids=["lecture", "full", "lm", "nothing-held-out", "tuned"],
)  # fmt: skip
def test_windows_need_minibatches_and_held_out_rows(
    packed: dict[str, cr.Rows], parameters: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In windows, steps over all rows are refused before any is read, and so is a training without held-out rows."""
    monkeypatch.setattr(rows_module, "WINDOW_BYTES", 16_000)
    monkeypatch.setattr(rows_module, "SHUFFLED_WINDOW_BYTES", 16_000)
    monkeypatch.setattr(rows_module, "LEAST_MINIBATCHES", 1)
    with pytest.raises(cr.InputError, match=r"minibatches|held-out rows|preset = "):
        NetworkRegressor(epochs=1, **parameters).fit(packed["y"])


@pytest.mark.filterwarnings("ignore:training ended within the first epoch")  # on a busy machine
def test_a_time_limit_plans_epochs_and_rows(packed: dict[str, cr.Rows], in_windows: bool) -> None:
    """A time that suffices changes no bit; in too little of it, networks have fewer epochs or rows, and a warning."""
    options: dict[str, Any] = {**QUICK, "n_networks": 2}
    whole, limited = (NetworkRegressor(**options, time_limit=limit).fit(packed["y"]) for limit in (None, 600.0))
    for one, other in zip(whole.networks_, limited.networks_, strict=True):
        np.testing.assert_array_equal(one.theta, other.theta)
    with pytest.warns(cr.errors.TrainingWarning, match="the time limit of 0.2 s cut the plan"):
        short = NetworkRegressor(**{**options, "epochs": 20_000, "patience": 20_000}, time_limit=0.2).fit(packed["y"])
    assert short.stopped_ == "time_limit"
    assert np.isfinite(short.predict(table(5, 1))).all()


def test_rows_of_another_kind_are_refused(packed: dict[str, cr.Rows], tmp_path: Path) -> None:
    """Rows of another task, and rows without an encoder, are named."""
    with pytest.raises(cr.InputError, match=r"packed for classification\. Use NetworkClassifier"):
        NetworkRegressor(**QUICK).fit(packed["label"])
    arrays = cr.Rows.pack(tmp_path / "a.rows", np.eye(3), np.ones(3))
    with pytest.raises(cr.InputError, match="without an encoder"):
        NetworkRegressor(**QUICK).fit(arrays)
    assert PackedTable.of(packed["y"]).about["task"] == "regression"

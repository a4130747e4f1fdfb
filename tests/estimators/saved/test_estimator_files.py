"""A file is the estimator: parameters, predictions, curves, and training that goes on from it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn", "1.6")

from sklearn.inspection import partial_dependence, permutation_importance
from support.files.model_files import header_of, write_raw

import chainrule as cr
from chainrule import initial
from chainrule.errors import TrainingWarning
from chainrule.estimators import Hidden, NetworkClassifier, NetworkRegressor, load
from chainrule.files import read_any

QUICK: dict[str, Any] = {"epochs": 4, "hidden_layer_sizes": (6,), "n_networks": 2, "random_state": 0}
RNG = np.random.default_rng(0)
X = RNG.normal(size=(90, 3))
OF = {NetworkClassifier: np.where(X[:, 0] > 0.0, "up", "down"), NetworkRegressor: X[:, 0] + X[:, 1] ** 2}
kinds = pytest.mark.parametrize("kind", [NetworkClassifier, NetworkRegressor], ids=lambda kind: kind.__name__)
square = cr.Activation(lambda z: z * z, lambda z: 2 * z, name="square")


def outputs(model: Any) -> np.ndarray:
    """The mean outputs of the networks."""
    return np.asarray(model.model_.outputs(X))


def saved_and_loaded(model: Any, path: Path, **keywords: Any) -> Any:
    """The estimator that a file gives back."""
    model.save(path / "model.safetensors", **keywords)
    return type(model).load(path / "model.safetensors")


@kinds
def test_a_file_gives_the_estimator_back(kind: Any, tmp_path: Path) -> None:
    """Parameters, predictions, recipes, score and what training said are those of the estimator that was saved."""
    model = kind(**QUICK).fit(X, OF[kind])
    again = saved_and_loaded(model, tmp_path)
    assert again.get_params() == model.get_params()
    assert (outputs(again) == outputs(model)).all()
    assert again.score(X, OF[kind]) == model.score(X, OF[kind])
    for name in ("recipes_", "n_iter_", "stopped_", "validation_score_", "n_features_in_"):
        assert getattr(again, name) == getattr(model, name)
    np.testing.assert_array_equal(again.history_["J"], model.history_["J"].astype(np.float32))
    assert repr(again) == repr(model)
    assert "chainrule-card" in again._repr_html_()


@kinds
def test_a_loaded_estimator_is_inspected_by_scikit_learn(kind: Any, tmp_path: Path) -> None:
    """Permutation importance and partial dependence of the loaded estimator are those of the saved one."""
    model = kind(**QUICK).fit(X, OF[kind])
    again = saved_and_loaded(model, tmp_path)
    ours, theirs = (permutation_importance(m, X, OF[kind], n_repeats=2, random_state=0) for m in (again, model))
    np.testing.assert_array_equal(ours.importances, theirs.importances)
    ours, theirs = (partial_dependence(m, X, [0], grid_resolution=5)["average"] for m in (again, model))
    np.testing.assert_array_equal(ours, theirs)


def test_intervals_and_classes_come_back(tmp_path: Path) -> None:
    """Intervals, probabilities and classes are in the file."""
    regressor = NetworkRegressor(**QUICK).fit(X, OF[NetworkRegressor])
    again = saved_and_loaded(regressor, tmp_path)
    np.testing.assert_array_equal(again.predict_interval(X, 0.8), regressor.predict_interval(X, 0.8))
    classifier = NetworkClassifier(**QUICK).fit(X, OF[NetworkClassifier])
    again = saved_and_loaded(classifier, tmp_path)
    np.testing.assert_array_equal(again.classes_, classifier.classes_)
    np.testing.assert_array_equal(again.predict_log_proba(X), np.log(classifier.predict_proba(X)))


SETTINGS: dict[str, Any] = {
    "numbers": 3, "text": "a", "truth": True, "nothing": None, "float": 0.1, "infinite": np.inf, "numpy": np.float32(2),
    "list": [1, [2.0, "b"]], "tuple": (1, (2, 3)), "dict": {"up": 2.0, 1: (3,), False: 0.5}, "path": Path("a") / "b",
    "hidden": (Hidden(8, "tanh", cr.Cosine(0.1)), Hidden(4, cr.leaky_relu.with_parameters(slope=0.2)), 3),
    "cost": cr.Huber(2.0, mean=True), "optimizer": cr.AdamW(cr.Cosine(0.1), weight_decay=0.01, clip_norm=1.0),
    "initial": initial.Glorot("normal"), "schedule": cr.FlatCosine(0.2, flat=0.3), "sigma": cr.mish,
    "parametric": cr.Parametric("elu"),
    "checkpoint": cr.Checkpoint("folder", epochs=3),
}  # fmt: skip


@pytest.mark.parametrize("name", SETTINGS)
def test_every_kind_of_setting_is_kept(name: str) -> None:
    """A setting becomes JSON, and an equal value of the same type again."""
    from chainrule.estimators.network.saved.record import KINDS
    from chainrule.estimators.saving.settings import as_json, from_json

    value = SETTINGS[name]
    again = from_json(json.loads(json.dumps(as_json(value, KINDS), allow_nan=False)), {}, KINDS)
    assert again == value
    assert type(again) is (float if name == "numpy" else type(value))


def test_what_a_file_cannot_hold_is_named(tmp_path: Path) -> None:
    """A user's own function is no setting of a file: loading says which parameter is the default again."""
    model = NetworkRegressor(callbacks=(lambda history: None,), **QUICK).fit(X, OF[NetworkRegressor])
    with pytest.warns(TrainingWarning, match=r"holds no code, and so not callbacks = .*Set it by set_params"):
        again = saved_and_loaded(model, tmp_path)
    assert again.callbacks == ()
    assert (outputs(again) == outputs(model)).all()


def test_an_activation_of_ones_own_is_supplied(tmp_path: Path) -> None:
    """A file holds the name of a user's own σ; load takes the σ itself, and says so if it is missing."""
    model = NetworkRegressor(activation=square, engine="reference", **QUICK).fit(X, OF[NetworkRegressor])
    model.save(tmp_path / "m")
    with pytest.raises(cr.FileFormatError, match="square"):
        NetworkRegressor.load(tmp_path / "m")
    again = NetworkRegressor.load(tmp_path / "m", activations={"square": square})
    assert again.get_params() == model.get_params()
    assert (outputs(again) == outputs(model)).all()


@kinds
@pytest.mark.parametrize("recipe", [{}, {"preset": "best"}, {"dtype": "float64", "optimizer": "momentum"}], ids=str)
def test_training_goes_on_bit_for_bit_from_a_state(kind: Any, recipe: dict[str, Any], tmp_path: Path) -> None:
    """With its training state, a file continues by warm_start and by partial_fit as the estimator itself does."""
    for keywords, state in (({"warm_start": True}, None), ({}, True)):
        model = kind(**keywords, **recipe, **QUICK).fit(X, OF[kind])
        again = saved_and_loaded(model, tmp_path, training_state=state)
        for one in (model, again):
            one.set_params(warm_start=True, epochs=7).fit(X, OF[kind])
        assert (outputs(again) == outputs(model)).all()
        for one in (model, again):
            one.partial_fit(X[:40], OF[kind][:40])
        assert (outputs(again) == outputs(model)).all()
        assert again.validation_score_ == model.validation_score_
        np.testing.assert_array_equal(again.history_["J"], model.history_["J"])


@kinds
def test_training_goes_on_without_a_state(kind: Any, tmp_path: Path) -> None:
    """Without the state, partial_fit starts with new moments; warm_start has nothing to continue from, and says so."""
    again = saved_and_loaded(kind(**QUICK).fit(X, OF[kind]), tmp_path)
    before = outputs(again)
    again.partial_fit(X, OF[kind])
    assert (outputs(again) != before).any()
    with pytest.raises(cr.InputError, match="training_state=True"):
        saved_and_loaded(again, tmp_path).set_params(warm_start=True).fit(X, OF[kind])
    with pytest.raises(cr.InputError, match="training_state must be True"):
        again.save(tmp_path / "m", training_state="yes")


def test_a_table_model_carries_the_estimator_along(tmp_path: Path) -> None:
    """A file that a TableModel has read and written is still that of the estimator."""
    model = NetworkClassifier(**QUICK).fit(X, OF[NetworkClassifier])
    model.save(tmp_path / "a")
    load(tmp_path / "a").save(tmp_path / "b")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_a_file_without_settings_gives_what_it_holds(tmp_path: Path) -> None:
    """A file of an earlier version, which has no settings, predicts, scores and trains, and says what it lacks."""
    model = NetworkRegressor(**QUICK).fit(X, OF[NetworkRegressor])
    model.model_.save(tmp_path / "old")
    with pytest.warns(TrainingWarning, match="neither the settings .* set_params"):
        old = NetworkRegressor.load(tmp_path / "old")
    assert (outputs(old) == outputs(model)).all()
    assert old.validation_score_ == model.validation_score_
    np.testing.assert_array_equal(old.predict_interval(X), model.predict_interval(X))
    assert len(old.history_["J"]) == 0
    assert "chainrule-card" in old._repr_html_()
    old.partial_fit(X, OF[NetworkRegressor])
    np.testing.assert_array_equal(old.model_.residuals, model.model_.residuals)  # too few new ones to replace them


def test_files_of_other_kinds_name_who_reads_them(tmp_path: Path) -> None:
    """The error about a file of another kind names the function that reads it."""
    NetworkClassifier(**QUICK).fit(X, OF[NetworkClassifier]).save(tmp_path / "c")
    cr.Network.dense([2, 1]).save(tmp_path / "n")
    for read, name, reader in (
        (NetworkRegressor.load, "c", r"NetworkClassifier\.load"),
        (cr.load, "c", r"chainrule\.tables\.load, NetworkClassifier\.load"),
        (cr.TrainingState.load, "c", r"chainrule\.tables\.load"),
        (cr.TrainingState.load, "n", r"chainrule\.load"),
        (load, "n", r"chainrule\.load"),
        (NetworkClassifier.load, "n", r"chainrule\.load"),
    ):
        with pytest.raises(cr.FileFormatError, match=f"Read it by {reader}"):
            read(tmp_path / name)


SPOILT: dict[str, Any] = {
    "an unknown parameter": lambda e: e["parameters"].update(colour=1),
    "a setting that is not valid": lambda e: e["parameters"].update(cost={"value": "Huber", "settings": {"delta": -1}}),
    "a class of no setting": lambda e: e["parameters"].update(cost={"value": "Popen", "settings": {"args": "ls"}}),
    "a setting without a kind": lambda e: e["parameters"].update(cost={"eval": "1"}),
    "too few histories": lambda e: e["histories"].pop(),
    "a history without its engine": lambda e: e["histories"][0].pop("engine"),
    "a recipe that does not exist": lambda e: e.update(recipe_of_network=[0, 5]),
    "no parameters": lambda e: e.pop("parameters"),
    "states of one network": lambda e: e["states"].pop(),
    "a state without its step": lambda e: e["states"][0].pop("step"),
    "splits of other rows": lambda e: e["splits"].update(rows=7),
    "later rows of one network": lambda e: e["later"]["fit_kept"].pop(),
    "fewer later rows than none": lambda e: e["later"].update(rows=-1),
    "more epochs than the curves have": lambda e: e["later"].update(fit_epochs=[9, 9]),
    "an epoch that is no number": lambda e: e["later"].update(kept=[None, "1"]),
}


@pytest.mark.parametrize("fault", SPOILT)
def test_a_spoilt_record_is_refused(fault: str, tmp_path: Path) -> None:
    """A record that does not describe an estimator is refused as a whole, without a traceback from inside."""
    path = tmp_path / "m"
    model = NetworkRegressor(warm_start=True, **QUICK).fit(X, OF[NetworkRegressor])
    model.partial_fit(X[:40], OF[NetworkRegressor][:40]).save(path)
    header, tensors = header_of(path), read_any(path)[1]
    SPOILT[fault](header["estimator"])
    write_raw(path, header, tensors)
    with pytest.raises(cr.FileFormatError, match=re.escape(str(path))):
        NetworkRegressor.load(path)

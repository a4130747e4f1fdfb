"""Columns of many levels in NetworkClassifier and NetworkRegressor: what they learn, and what they must not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn", "1.6")

import chainrule as cr
from chainrule.estimators import NetworkClassifier, NetworkRegressor
from chainrule.tables.encoding.categories.target_encoding import TargetEncoding
from chainrule.tables.inspection.dependence import partial_dependence

QUICK: dict[str, Any] = {"epochs": 12, "n_networks": 2, "hidden_layer_sizes": 16, "max_levels": 8, "random_state": 0}


def table(t: int, levels: int, noise: float = 0.3, seed: int = 0) -> tuple[list[list[object]], np.ndarray[Any, Any]]:
    """Rows of a number and a town of many, and a target that is the sum of a number and of an effect of the town."""
    rng = np.random.default_rng(seed)
    effects, towns, x = rng.normal(size=levels), rng.integers(levels, size=t), rng.normal(size=t)
    y = 0.5 * x + effects[towns] + noise * rng.normal(size=t)
    return [[float(value), f"town {town}"] for value, town in zip(x, towns, strict=True)], y


def encoding_of(model: Any) -> object:
    """The step of the town."""
    return model.encoder_.categories_["x1"]


def test_levels_without_a_feature_are_told_apart() -> None:
    """With one-hot features for only 7 of 200 towns, the effects of all towns still explain most of the variance."""
    X, y = table(3_000, 200)
    model = NetworkRegressor(**QUICK).fit(X[:2_000], y[:2_000])
    assert isinstance(encoding_of(model), TargetEncoding)
    assert model.score(X[2_000:], y[2_000:]) > 0.75
    others = NetworkRegressor(**QUICK).fit([[x] for x, _ in X[:2_000]], y[:2_000])
    assert others.score([[x] for x, _ in X[2_000:]], y[2_000:]) < 0.4


def test_held_out_scores_are_those_of_new_rows() -> None:
    """With many uninformative levels of two rows, the held-out score and the report agree with new data."""
    rng = np.random.default_rng(0)
    X = [[f"town {k // 40 if k < 400 else k // 2}"] for k in range(1_200)]
    effects = np.concatenate([np.repeat(np.arange(10), 40) / 3.0, np.zeros(800)])
    y, new = (effects + rng.normal(size=1_200) for _ in range(2))
    model = NetworkRegressor(**QUICK).fit(X, y)
    assert isinstance(model.encoder_.categories_["x0"], TargetEncoding)
    rows = model._held_out_rows
    assert rows is not None
    assert rows.explained() == pytest.approx(model.validation_score_, abs=0.02)
    assert model.score(X, new) == pytest.approx(model.validation_score_, abs=0.15)


def test_partial_dependence_is_that_of_new_rows() -> None:
    """The mean prediction at a town is that of new rows with this town, not with the effect that training rows have."""
    X, y = table(600, 30)
    model = NetworkRegressor(**{**QUICK, "n_networks": 1}).fit(X, y)
    assert model._held_out_rows is not None
    found, held_out = partial_dependence(model._held_out_rows, "x1"), model._splits.splits()[0].held_out
    for town, mean in zip(found.places, found.means[:, 0], strict=True):
        assert mean == pytest.approx(model.predict([[X[row][0], town] for row in held_out]).mean(), rel=1e-5, abs=1e-5)


@pytest.mark.parametrize(
    ("kind", "m"), [("numbers", 1), ("two classes", 1), ("classes", 3), ("quantiles", 1), ("two", 2)]
)
def test_an_effect_for_each_target(kind: str, m: int) -> None:
    """One for numbers, quantiles and two classes, one for each of three classes or of several numbers."""
    X, y = table(600, 60)
    labels: dict[str, Any] = {
        "numbers": y, "quantiles": y, "two classes": y > 0, "classes": np.digitize(y, [-0.5, 0.5]),
        "two": np.stack([y, -y], axis=1),
    }  # fmt: skip
    options = {**QUICK, "epochs": 1} | ({"quantiles": (0.1, 0.5, 0.9)} if kind == "quantiles" else {})
    model = (NetworkClassifier if "classes" in kind else NetworkRegressor)(**options).fit(X, labels[kind])
    step = encoding_of(model)
    assert isinstance(step, TargetEncoding)
    assert step.effects.shape == (len(step.levels), m)


def test_a_warm_start_encodes_its_rows_as_before(tmp_path: Path) -> None:
    """5 epochs and 5 more equal 10 bitwise, also by way of a file: training rows keep the effects of other folds."""
    X, y = table(500, 60)
    settings = {**QUICK, "learning_rate": cr.Constant(0.01)}
    whole = NetworkRegressor(**{**settings, "epochs": 10}).fit(X, y)
    first = NetworkRegressor(**{**settings, "epochs": 5}, warm_start=True).fit(X, y)
    first.save(tmp_path / "m.safetensors", training_state=True)
    for half in (first, NetworkRegressor.load(tmp_path / "m.safetensors")):
        half.set_params(epochs=10).fit(X, y)
        np.testing.assert_array_equal(half.predict(X), whole.predict(X))


def test_partial_fit_encodes_rows_as_new_ones() -> None:
    """Its first call learns no effects, since later calls may bring the same rows; after ``fit`` it keeps them."""
    X, y = table(500, 60)
    first = NetworkRegressor(**QUICK).partial_fit(X, y)
    assert not isinstance(encoding_of(first), TargetEncoding)
    fitted = NetworkRegressor(**QUICK).fit(X, y)
    step = encoding_of(fitted)
    assert encoding_of(fitted.partial_fit(X[:50], y[:50])) is step


def test_groups_and_rows_in_order_of_time() -> None:
    """A group's rows are encoded by other groups: a level of one group alone has no effect in its training rows."""
    X, y = table(600, 40)
    groups = np.array([int(str(town).removeprefix("town ")) for _, town in X])  # every town is a group
    model = NetworkRegressor(**QUICK).fit(X, y, groups=groups)
    assert isinstance(encoding_of(model), TargetEncoding)
    rows = model._held_out_rows
    assert rows is not None
    assert (rows.X[:, -1] == 0.0).all()
    in_time = NetworkRegressor(**QUICK, validation_order="last").fit(X, y)
    assert in_time.validation_score_ is not None
    assert in_time.validation_score_ > 0.3


@pytest.mark.parametrize("ending", [".py", ".onnx", ".c", ".sql", ".mjs"])
def test_exports(ending: str, tmp_path: Path) -> None:
    """Each language has the effects of all levels, and is proved."""
    if ending == ".onnx":
        pytest.importorskip("onnx")
    X, y = table(500, 60)
    model = NetworkRegressor(**QUICK).fit(X, y)
    proof = cr.export(model, tmp_path / f"m{ending}")  # refuses a file that computes something else
    assert proof.is_proved or ending != ".py"  # which needs no other program


def test_an_export_of_features_takes_those_of_the_encoder(tmp_path: Path) -> None:
    """With inputs="matrix" the input is what the encoder of the model returns."""
    pytest.importorskip("onnx")
    session = pytest.importorskip("onnxruntime")
    X, y = table(500, 60)
    model = NetworkRegressor(**QUICK).fit(X, y)
    cr.export(model, tmp_path / "m.onnx", inputs="matrix", real="double")
    run = session.InferenceSession(str(tmp_path / "m.onnx"))
    (found, *_) = run.run(None, {run.get_inputs()[0].name: model.encoder_.transform(X[:9]).astype(np.float64)})
    np.testing.assert_allclose(np.ravel(found), model.predict(X[:9]), rtol=1e-4)

"""``shrink``: one small network that predicts as a fitted model does."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.tables.calibration import Calibration

pytest.importorskip("sklearn")

from sklearn.exceptions import NotFittedError

from chainrule.estimators import NetworkClassifier, NetworkRegressor
from chainrule.estimators.network.shrinking.comparison import Shrinkage
from chainrule.estimators.network.shrinking.drawn_rows import drawn_rows, repeated
from chainrule.estimators.network.shrinking.inherited import sums
from chainrule.tables.encoding.encoder import TableEncoder

pd = pytest.importorskip("pandas")
rng = np.random.default_rng(0)
X = rng.normal(size=(240, 3))
COLOURS = np.array(["red", "green", "blue"])[rng.integers(0, 3, 240)]
TABLE = pd.DataFrame({"a": X[:, 0], "b": X[:, 1], "c": X[:, 2], "colour": COLOURS})
NUMBERS = 50.0 + 10.0 * X[:, 0] * X[:, 1] + 5.0 * (COLOURS == "red") + rng.normal(size=240)
CLASSES = np.where(NUMBERS > 52.0, "yes", "no")
TRAINED: dict[str, Any] = {"epochs": 40, "n_networks": 2, "random_state": 0}


def rows(first: int, last: int) -> Any:
    """Some rows of the table."""
    return TABLE[first:last]


def classifier(**options: Any) -> NetworkClassifier:
    """A model of classes trained on the first rows."""
    return NetworkClassifier(**TRAINED, **options).fit(rows(0, 160), CLASSES[:160])


def regressor(**options: Any) -> NetworkRegressor:
    """A model of numbers trained on the first rows."""
    return NetworkRegressor(**TRAINED, **options).fit(rows(0, 160), NUMBERS[:160])


def test_a_student_of_classes_is_near_its_teacher() -> None:
    """It has one network of the size asked for, the same classes and encoder, and nearly the same probabilities."""
    model = classifier()
    student = model.shrink(rows(0, 160), CLASSES[:160], hidden=(12, 8), epochs=40)
    P, Q = model.predict_proba(rows(160, 240)), student.predict_proba(rows(160, 240))
    assert np.abs(P - Q).mean() < 0.1
    assert student.encoder_ is model.encoder_
    assert student.classes_.tolist() == ["no", "yes"]
    assert [net.m[-3:] for net in student.networks_] == [(12, 8, 2)]
    assert student.model_.calibration == Calibration()
    assert student.validation_score_ is None
    assert student.shrinkage_ is None


def test_labels_do_not_change_a_student() -> None:
    """Rows without labels give the network that rows with labels do, if the rows held out do not depend on them."""
    model = regressor()
    options: dict[str, Any] = {"hidden": 8, "epochs": 5}
    one, other = model.shrink(rows(0, 160), NUMBERS[:160], **options), model.shrink(rows(0, 160), **options)
    np.testing.assert_array_equal(one.networks_[0].theta, other.networks_[0].theta)


def test_the_target_is_a_column_of_the_table() -> None:
    """y may name a column of X, also for the test rows, and is then no input."""
    table = rows(0, 160).assign(y=NUMBERS[:160])
    model = NetworkRegressor(**TRAINED).fit(table, "y")
    student = model.shrink(table, "y", 8, epochs=5, X_test=rows(160, 240).assign(y=NUMBERS[160:]))
    assert student.shrinkage_ is not None
    assert student.shrinkage_.rows == 80
    assert student.model_.about["column"] == "y"


@pytest.mark.parametrize("make", [classifier, regressor], ids=["classes", "numbers"])
def test_three_models_are_compared_and_the_comparison_is_saved(make: Any, tmp_path: Path) -> None:
    """Losses and scores are those of the models on the test rows; a file and a pickle hold them."""
    model, y = make(), CLASSES if make is classifier else NUMBERS
    student = model.shrink(rows(0, 160), y[:160], 8, epochs=40, X_test=rows(160, 240), y_test=y[160:])
    found = student.shrinkage_
    assert isinstance(found, Shrinkage)
    for compared, estimator in ((found.teacher, model), (found.student, student)):
        assert compared.score == pytest.approx(estimator.score(rows(160, 240), y[160:]))
        assert compared.parameters == sum(net.d for net in estimator.networks_)
        predicted = estimator.predict(rows(160, 240))
        if make is regressor:
            assert compared.loss == pytest.approx(np.sqrt(((predicted - y[160:]) ** 2).mean()))
        else:
            P = estimator.predict_proba(rows(160, 240))
            assert compared.loss == pytest.approx(-np.log(P[np.arange(80), (y[160:] == "yes").astype(int)]).mean())
    assert found.direct.parameters == found.student.parameters
    assert "trained directly" in repr(found)
    assert "<table" in found._repr_html_()
    student.save(tmp_path / "small.safetensors")
    copied = pickle.loads(pickle.dumps(student))  # noqa: S301  # our own bytes
    for again in (type(model).load(tmp_path / "small.safetensors"), copied):
        assert again.shrinkage_.as_json() == found.as_json()
        np.testing.assert_array_equal(again.predict(rows(160, 240)), student.predict(rows(160, 240)))


def test_a_loaded_model_has_a_student_which_is_exported(tmp_path: Path) -> None:
    """The teacher may come from a file; the student is exported with a proof, and can train further on new rows."""
    regressor().save(tmp_path / "model.safetensors")
    student = NetworkRegressor.load(tmp_path / "model.safetensors").shrink(rows(0, 160), hidden=8, epochs=10)
    assert cr.export(student, tmp_path / "small.py").is_proved
    before = student.networks_[0].theta.copy()
    student.partial_fit(rows(160, 240), NUMBERS[160:])
    assert not np.array_equal(student.networks_[0].theta, before)


def test_a_student_does_not_continue_on_the_labels() -> None:
    """``warm_start`` would continue on other rows and targets than those of the student's training."""
    student = regressor().shrink(rows(0, 160), hidden=8, epochs=5).set_params(warm_start=True)
    with pytest.raises(cr.InputError, match="shrunk or saved without"):
        student.fit(rows(0, 160), NUMBERS[:160])


@pytest.mark.parametrize("interval", ["constant", "scaled"])
def test_intervals_have_the_residuals_of_the_teacher_and_those_from_it(interval: Any) -> None:
    """The intervals of a poor student are wider than those of its teacher, and as many rows lie in them."""
    model = regressor(interval=interval)
    student = model.shrink(rows(0, 160), hidden=2, epochs=3)
    assert student.model_.spread is model.model_.spread
    assert student.model_.residuals is not None
    assert model.model_.residuals is not None
    assert student.model_.residuals.shape == model.model_.residuals.shape
    ends, wide = (each.predict_interval(rows(160, 240), 0.8) for each in (model, student))
    assert (wide[:, 1] - wide[:, 0]).mean() > (ends[:, 1] - ends[:, 0]).mean()
    assert ((wide[:, 0] <= NUMBERS[160:]) & (NUMBERS[160:] <= wide[:, 1])).mean() > 0.7


def test_several_targets_and_weights() -> None:
    """A student of several targets has the teacher's units; rows of weight 0 do not count."""
    Y = np.column_stack([NUMBERS, -3.0 * NUMBERS])
    weights = np.where(np.arange(160) < 150, 1.0, 0.0)
    model = NetworkRegressor(**TRAINED).fit(rows(0, 160), Y[:160], weights)
    student = model.shrink(
        rows(0, 160), Y[:160], 8, sample_weight=weights, epochs=60, X_test=rows(160, 240), y_test=Y[160:]
    )
    assert student._n_rows == 150
    assert student.predict(rows(160, 240)).shape == (80, 2)
    assert student.shrinkage_ is not None
    assert student.shrinkage_.loss == "RMSE in deviations"


def test_drawn_rows_are_mixtures_of_training_rows() -> None:
    """Each column of a drawn row has a value that it has in one of the rows given, and most are those of its row."""
    encoder = TableEncoder().fit(TABLE)
    Z = np.asarray(encoder.encode(TABLE))
    base = repeated(np.arange(100))
    drawn = drawn_rows(Z, base, encoder, 0)
    number = drawn[:, 0]
    assert np.isin(number, Z[:100, 0]).all()
    assert 0.7 < (number == Z[base, 0]).mean() < 0.9
    np.testing.assert_array_equal(Z, encoder.encode(TABLE))


def test_the_sums_of_two_parts_have_their_variance() -> None:
    """The variance of the sums is that of residuals plus that of differences."""
    R, D = (np.sort(rng.normal(scale=scale, size=(500, 1)), axis=0) for scale in (3.0, 4.0))
    assert sums(R, D).shape == (500, 1)
    assert sums(R, D).std() == pytest.approx(np.hypot(R.std(), D.std()), rel=0.05)


def test_what_cannot_be_shrunk_is_refused_with_a_remedy() -> None:
    """Several labels, quantiles, sparse rows, an unfitted model, and test rows without labels."""
    small: dict[str, Any] = {"epochs": 2, "n_networks": 1, "random_state": 0}
    several = NetworkClassifier(**small).fit(X, np.column_stack([X[:, 0] > 0, X[:, 1] > 0]))
    with pytest.raises(cr.InputError, match="Train a NetworkClassifier for each"):
        several.shrink(X)
    quantiles = NetworkRegressor(quantiles=(0.1, 0.9), **small).fit(X, NUMBERS)
    with pytest.raises(cr.InputError, match=r"NetworkRegressor\(quantiles="):
        quantiles.shrink(X)
    sparse = pytest.importorskip("scipy.sparse")
    words = sparse.random(60, 600, 0.05, format="csr", random_state=0)
    wide = NetworkRegressor(**small).fit(words, NUMBERS[:60])
    with pytest.raises(cr.InputError, match="sparse features"):
        wide.shrink(words)
    with pytest.raises(NotFittedError):
        NetworkRegressor().shrink(X)
    model = NetworkRegressor(**small).fit(X, NUMBERS)
    with pytest.raises(cr.InputError, match="X_test needs y_test"):
        model.shrink(X, NUMBERS, X_test=X)
    with pytest.raises(cr.InputError, match="y_test needs X_test"):
        model.shrink(X, NUMBERS, y_test=NUMBERS)
    with pytest.raises(cr.InputError, match="give those of X as y"):
        model.shrink(X, X_test=X, y_test=NUMBERS)
    with pytest.raises(cr.InputError, match="hidden_layer_sizes must be"):
        model.shrink(X, hidden=0)

"""Table models of several labels and of several numbers: predictions, scores, single rows and files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import files
from chainrule.errors import FileFormatError, InputError
from chainrule.tables import TableEncoder, TableModel, load
from chainrule.tables.calibration import Calibration, calibrated, of_two, tempered
from chainrule.tables.target_decoder import ClassLabels, NumericLabels
from chainrule.tables.targets.indicator_labels import IndicatorLabels

X: list[list[Any]] = [[float(k), ["red", "blue", "green"][k % 3]] for k in range(12)]
Y = np.array([[k % 2, (k // 2) % 2, int(k > 5)] for k in range(12)])
NAMES = ("odd", "second", "large")


@pytest.fixture
def model() -> TableModel:
    """Two networks for three labels, of which each has a temperature."""
    encoder = TableEncoder().fit(X)
    sizes = [encoder.n_features_out_, 4, 3]
    networks = tuple(cr.Network.dense(sizes, output="sigmoid", seed=seed) for seed in (1, 2))
    return TableModel(encoder, IndicatorLabels.fit(Y, names=NAMES), networks, tuple(map(Calibration, (0.5, 1.0, 2.0))))


def test_probabilities_are_the_tempered_mean_of_sigmoids(model: TableModel) -> None:
    """P(label) is p^(1/T) / (p^(1/T) + (1 − p)^(1/T)) of the networks' mean p, and it is predicted where p > ½."""
    Z = model.encoder.encode(X)
    p = np.mean([net(Z) for net in model.networks], axis=0)
    odds = (p / (1.0 - p)) ** (1.0 / np.array([0.5, 1.0, 2.0]))
    assert np.allclose(model.predict_proba(X), odds / (1.0 + odds), rtol=1e-14)
    assert (model.predict(X) == (p > 0.5)).all()
    assert model.predict(X).dtype.kind == "i"
    assert model.classes_.tolist() == list(NAMES)
    assert repr(model).startswith("TableModel(2 columns → 3 labels, 2 × Network(")


def test_a_temperature_of_a_label_is_that_of_two_classes() -> None:
    """Each label is tempered as the second of two classes is; a decision at ½ does not change."""
    P = np.random.default_rng(0).uniform(size=(20, 2))
    found = calibrated(P, (Calibration(0.3), Calibration(4.0)))
    for k, T in enumerate((0.3, 4.0)):
        assert (found[:, k] == tempered(of_two(P[:, k]), T)[:, 1]).all()
    assert ((found > 0.5) == (P > 0.5)).all()


def test_the_score_is_the_share_of_rows_of_which_all_labels_are_right(model: TableModel) -> None:
    """The score is scikit-learn's subset accuracy, weighted, and by the names of columns in any order."""
    right = (model.predict(X) == Y).all(axis=1)
    w = np.arange(12.0)
    assert model.score(X, Y) == right.mean()
    assert model.score(X, Y, w) == pytest.approx(right @ w / w.sum(), rel=1e-15)
    table = [dict(zip(("x0", "x1", *NAMES), (*row, *has), strict=True)) for row, has in zip(X, Y.tolist(), strict=True)]
    assert model.score(table, ["large", "odd", "second"]) == right.mean()
    with pytest.raises(InputError, match="predicts 3 columns, 'odd', 'second', 'large'; got 2"):
        model.score(table, ["large", "odd"])


def test_single_rows_are_those_of_a_table(model: TableModel) -> None:
    """A row predictor returns the labels and the probabilities of each row of the table."""
    rows, P, labels = model.row_predictor(), model.predict_proba(X), model.predict(X)
    for k, row in enumerate(X):
        assert rows.predict(row) == labels[k].tolist()
        assert np.allclose(rows.predict_proba(row), P[k], rtol=1e-15)


def test_a_file_holds_labels_and_temperatures(model: TableModel, tmp_path: Path) -> None:
    """A model that is read predicts the same bits, and is saved as the same bytes."""
    path = tmp_path / "m.safetensors"
    model.save(path)
    again = load(path)
    assert again.calibration == model.calibration
    assert again.target_names == NAMES
    assert (again.predict_proba(X) == model.predict_proba(X)).all()
    written = path.read_bytes()
    again.save(path)
    assert path.read_bytes() == written


def test_a_file_holds_the_smoothing_that_is_taken_out(model: TableModel, tmp_path: Path) -> None:
    """It is there for each label, or for the classes; a reader that does not know it finds no temperature."""
    path = tmp_path / "m.safetensors"
    of_labels = replace(model, calibration=(Calibration(0.5, 0.02), Calibration(), Calibration(2.0)))
    of_classes = replace(model, target=ClassLabels.fit(["a", "b", "c"]), calibration=Calibration(2.0, 0.02))
    for smoothed in (of_labels, of_classes):
        smoothed.save(path)
        assert load(path).calibration == smoothed.calibration
        assert (load(path).predict_proba(X) == smoothed.predict_proba(X)).all()
        assert "temperature" not in files.read(path, "table model")[0]


@pytest.mark.parametrize(
    "change",
    [{"calibration": (Calibration(), Calibration(2.0))}, {"calibration": tuple(map(Calibration, (1.0, 2.0, 0.0)))},
     {"target": IndicatorLabels.fit(Y[:, :2])}, {"target": NumericLabels.fit(Y)}],
    ids=["few", "zero", "labels", "numbers"],
)  # fmt: skip
def test_parts_of_a_file_must_fit_together(change: dict[str, Any], model: TableModel, tmp_path: Path) -> None:
    """There is a positive temperature for each label, and an output of the networks."""
    path = tmp_path / "m.safetensors"
    fields = {name: getattr(model, name) for name in ("encoder", "target", "networks", "calibration")}
    TableModel(**(fields | change)).save(path)
    with pytest.raises(FileFormatError, match="is not a complete model"):
        load(path)


def test_what_several_labels_do_not_have(model: TableModel) -> None:
    """Labels have no intervals."""
    with pytest.raises(InputError, match="has no intervals"):
        model.predict_interval(X)


def test_several_numbers_have_names_and_notations(tmp_path: Path) -> None:
    """Names, and the notation of each target, come back from a file; targets alike have no field of their own."""
    from chainrule.tables.text.notation import PLAIN, Notation

    encoder = TableEncoder().fit(X)
    net = cr.Network.dense([encoder.n_features_out_, 2], seed=0)
    comma = Notation("numbers", ",", ".")
    plain = NumericLabels.fit(Y[:, :2], names=("a", "b"))
    mixed = NumericLabels(plain.mean, plain.deviation, False, (PLAIN, comma), ("a", "b"))
    for target in (plain, mixed):
        path = tmp_path / "m.safetensors"
        TableModel(encoder, target, (net,)).save(path)
        again = load(path)
        assert isinstance(again.target, NumericLabels)
        assert again.target_names == ("a", "b")
        assert [again.target.part(k).notations for k in (0, 1)] == [target.part(k).notations for k in (0, 1)]
        assert ("notations" in again.target.parts()[0]) == (target is mixed)

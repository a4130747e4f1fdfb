"""Weights of 8 and 16 bits: what they are, and what they lose."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.exports import models

import chainrule as cr
from chainrule.exports.loss import Loss
from chainrule.exports.plan import plan_of
from chainrule.exports.quantised import quantised
from chainrule.exports.result import Labels, Numbers, labels_by
from chainrule.tables.calibration import Calibration

MODELS: dict[str, Callable[[], Any]] = {
    "classes": models.classifier,
    "several labels": models.several_labels,
    "quantiles": models.quantiles,
    "a network": models.embedded,
}


@pytest.mark.parametrize(("weights", "largest"), [("int8", 127), ("int16", 32767)])
def test_rows_are_a_number_times_integers(weights: str, largest: int) -> None:
    """W = s Q with s in float32 and whole Q up to ±L, of which one is ±L; W moves by at most half of s; b stays."""
    plan = plan_of(models.classifier())
    for before, after in zip(sum(plan.networks, ()), sum(quantised(plan, weights).networks, ()), strict=True):
        assert after.scale is not None
        assert (after.scale == after.scale.astype(np.float32)).all()
        Q = after.W / after.scale[:, None]
        assert (Q == np.rint(Q)).all()
        assert (np.abs(Q).max(axis=1) == largest).all()
        assert (np.abs(after.W - before.W).max(axis=1) <= after.scale * 0.5 * (1.0 + largest * 2.0**-24)).all()
        assert (after.b == before.b).all()


def test_rows_without_a_weight_stay_zero() -> None:
    """A row of zeros, and one that vanishes in float32, has no factor 0 to divide by."""
    net = cr.Network([cr.Layer([[0.0, 0.0], [1e-50, 0.0], [1.0, -2.0]], np.zeros(3), "identity")])
    (layer,) = quantised(plan_of(net), "int8").networks[0]
    assert layer.scale is not None
    assert layer.scale[:2].tolist() == [1.0, 1.0]
    assert layer.W[:2].tolist() == [[0.0, 0.0], [0.0, 0.0]]


@pytest.mark.parametrize("real", ["float", "double"])
def test_a_factor_beyond_float32_is_refused(real: str, tmp_path: Path) -> None:
    """The factor of a row of integers is a number in float32, whatever the number type is."""
    net = cr.Network([cr.Layer([[1e42]], [0.0], "tanh")])
    with pytest.raises(cr.InputError, match=r"weights must be left out for .* up to 7.9e\+39"):
        cr.export(net, tmp_path / "net.c", real=real, weights="int8")


@pytest.mark.parametrize("weights", ["int8", "int16"])
@pytest.mark.parametrize("name", MODELS)
def test_c_computes_the_model_with_these_weights(name: str, weights: str, tmp_path: Path) -> None:
    """The proof is that of the integers; its loss is the difference from the model, also in the file alone."""
    proof = cr.export(MODELS[name](), tmp_path / "m.c", weights=weights)
    assert proof.is_proved == (shutil.which("cc") is not None)
    assert proof.loss is not None
    assert 0.0 < proof.loss.deviation < {"int8": 0.5, "int16": 2e-3}[weights]
    assert cr.verify(tmp_path / "m.c") == proof
    text = (tmp_path / "m.c").read_text(encoding="utf-8")
    assert f"typedef {weights}_t weight;" in text
    assert "static const real W" not in text


def test_the_loss_counts_labels_and_deviations() -> None:
    """Probabilities differ as they are, numbers in deviations of the target; each label of several counts."""
    p, q = np.array([[0.6, 0.2], [0.1, 0.9]]), np.array([[0.45, 0.2], [0.1, 0.8]])
    labels = Labels(("a", "b"), ((0, 1), ("no", "yes")), (Calibration(), Calibration()))
    loss = Loss.between(labels, "int8", p, q)
    assert (loss.changed, loss.labels, round(loss.deviation, 9)) == (1, 4, 0.15)
    assert str(loss) == "int8 weights change probabilities by at most 0.15, and 1 of 4 labels"
    assert labels_by(labels, q, 0.1) == [[None, "no"], [0, "yes"]]
    numbers = Numbers((), np.zeros(2), np.array([2.0, 0.1]))
    loss = Loss.between(numbers, "int16", p, q)
    assert str(loss) == "int16 weights change numbers by at most 1 deviations of the target"


@pytest.mark.parametrize(
    ("ending", "options", "message"),
    [
        (".py", {"weights": "int8"}, r"weights must be left out for \.py; got 'int8'"),
        (".c", {"weights": "int4"}, r"weights must be int8 or int16 for \.c; got 'int4'"),
        (".c", {"inputs": "matrix"}, r"inputs must be columns for \.c; got 'matrix'"),
    ],
)
def test_other_targets_refuse_by_name(ending: str, options: Any, message: str, tmp_path: Path) -> None:
    """An option that a target does not have is named with what it has."""
    with pytest.raises(cr.InputError, match=message):
        cr.export(models.regressor(), tmp_path / f"m{ending}", **options)

"""TableModel.score and classes_, without scikit-learn: accuracy and R²."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr
from chainrule.tables import TableEncoder, TableModel
from chainrule.tables.scores import r_squared
from chainrule.tables.target_decoder import ClassLabels, NumericLabels

ROWS = [{"x": 1.0, "y": "a", "z": 1.0}, {"x": 2.0, "y": "b", "z": 3.0}, {"x": 4.0, "y": "b", "z": 2.0}]
X = [{"x": row["x"]} for row in ROWS]


def model(target: ClassLabels | NumericLabels) -> TableModel:
    """A model that predicts the first class, or the mean, for every row."""
    encoder, m = TableEncoder().fit(X), len(target) if isinstance(target, ClassLabels) else target.m
    output = "softmax" if isinstance(target, ClassLabels) else "identity"
    return TableModel(encoder, target, (cr.Network.dense([1, m], output=output, initial="zeros"),))


def test_the_score_of_classes_is_the_share_of_right_ones() -> None:
    """By name of a column or as labels, weighted or not: one of three rows has the first class."""
    classes = model(ClassLabels.fit(["a", "b", "b"]))
    assert classes.classes_.tolist() == ["a", "b"]
    assert classes.score(ROWS, "y") == classes.score(X, ["a", "b", "b"]) == pytest.approx(1 / 3)
    assert classes.score(X, ["a", "b", "b"], sample_weight=[2.0, 1.0, 1.0]) == 0.5
    with pytest.raises(cr.InputError, match=r"has no column 'yy'; did you mean 'y'\?"):
        classes.score(ROWS, "yy")
    with pytest.raises(cr.InputError, match="did not occur in training"):
        classes.score(X, ["a", "b", "c"])
    with pytest.raises(cr.InputError, match="y must have 3 labels"):
        classes.score(X, ["a", "b"])


def test_the_score_of_numbers_is_r_squared() -> None:
    """The mean has R² = 0, and of several targets the mean counts; a regression model has no classes."""
    numbers = model(NumericLabels.fit([1.0, 3.0, 2.0]))
    assert numbers.score(ROWS, "z") == pytest.approx(0.0)
    assert not hasattr(numbers, "classes_")
    two = model(NumericLabels.fit([[1.0, 5.0], [3.0, 5.0], [2.0, 5.0]]))
    assert two.score(X, [[1.0, 5.0], [3.0, 5.0], [2.0, 5.0]]) == pytest.approx(0.5)  # a constant one is exact


def test_a_constant_target_has_r_squared_0_or_1_with_any_weights() -> None:
    """The weighted mean of equal numbers may differ from them in the last bit, which is no variance."""
    ones = np.ones((50, 1))
    for seed in range(20):
        weights = np.random.default_rng(seed).random(50)
        assert [r_squared(ones, P, weights) for P in (ones, 1.5 * ones)] == [1.0, 0.0]


def test_r_squared_is_that_of_scikit_learn() -> None:
    """Weighted or not, of one target or several, constant ones too."""
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(0)
    Y, P, w = rng.normal(size=(20, 3)), rng.normal(size=(20, 3)), rng.random(20)
    Y[:, 2] = 1.0
    for weights in (None, w):
        assert r_squared(Y, P, weights) == pytest.approx(metrics.r2_score(Y, P, sample_weight=weights))

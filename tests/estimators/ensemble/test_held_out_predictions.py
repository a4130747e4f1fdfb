"""Predictions of each row by the networks that held it out."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn", "1.6")

import chainrule as cr
from chainrule.costs.training_set import Subset
from chainrule.estimators.network.ensemble import Member
from chainrule.estimators.network.held_out_predictions import held_out_predictions
from chainrule.estimators.network.recipes.presets import preset
from chainrule.estimators.network.validation_split import ValidationSplit
from chainrule.tables.target_decoder import ClassLabels, NumericLabels

TARGET = NumericLabels.fit([[0.0, 0.0], [1.0, 2.0]])
X = np.arange(6.0).reshape(6, 1)  # row k holds the number k


def member(factor: float, at: list[int] | None, weights: Any = None) -> Member:
    """A network x ↦ (factor · x, x) that holds out these rows, with their weights."""
    net = cr.Network([cr.Layer([[factor], [1.0]], [0.0, 0.0], "identity")])
    rows = np.array(at or [], dtype=np.intp)
    held_out = None if at is None else Subset(cr.TrainingSet(X[rows], np.zeros((len(rows), 2)), weights))
    recipe = preset("default", "regression", 6)[0]
    return Member(0, net, recipe, 0, ValidationSplit(np.arange(6), rows), Subset(cr.TrainingSet(X, X)), held_out, rows)


def test_a_row_has_the_mean_of_the_networks_that_held_it_out() -> None:
    """Rows held out once, twice and three times have the mean of one, two and three outputs, in the order of rows."""
    found = held_out_predictions(
        [member(1.0, [5, 1]), member(3.0, [1, 2]), member(8.0, [1]), member(0.0, None)], TARGET
    )
    assert found is not None
    assert found.at.tolist() == [1, 2, 5]
    assert found.P.tolist() == [[4.0, 1.0], [6.0, 2.0], [5.0, 5.0]]
    assert found.weights is None


def test_weights_stay_beside_their_rows() -> None:
    """Each row keeps its weight, however many networks held it out."""
    w = np.array([0.5, 1.0, 2.0, 4.0, 8.0, 16.0])
    members = [member(1.0, [5, 1], w[[5, 1]]), member(1.0, [2, 1], w[[2, 1]])]
    found = held_out_predictions(members, TARGET)
    assert found is not None
    assert found.weights is not None
    assert (found.at.tolist(), found.weights.tolist()) == ([1, 2, 5], [1.0, 2.0, 16.0])
    alone = held_out_predictions(members[:1], TARGET)
    assert alone is not None
    assert alone.weights is not None
    assert alone.weights.tolist() == [1.0, 16.0]


def test_one_output_is_the_probability_of_the_second_class() -> None:
    """For two classes and one sigmoid, a prediction is (1 − p, p)."""
    one = member(1.0, [5, 0])
    one.net = cr.Network([cr.Layer([[math.log(3.0)]], [0.0], "sigmoid")])
    found = held_out_predictions([one], ClassLabels.fit(["a", "b"]))
    assert found is not None
    np.testing.assert_allclose(found.P, [[1 / 2, 1 / 2], [1 / 244, 243 / 244]], rtol=1e-13)


def test_without_held_out_rows_there_are_no_predictions() -> None:
    """None is the answer for networks that held out nothing, and for no network."""
    assert held_out_predictions([member(1.0, None)], TARGET) is None
    assert held_out_predictions([], TARGET) is None

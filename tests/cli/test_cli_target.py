"""The target of the command line: its task, classes, class weights and measures."""

from __future__ import annotations

import math

import numpy as np
import pytest

from chainrule.cli import target
from chainrule.cli.errors import WrongUsage
from chainrule.cli.inputs.columns import known_names
from chainrule.cli.train import training_options
from chainrule.errors import InputError
from chainrule.tables.columns import Column
from chainrule.tables.inspection import measures
from chainrule.tables.reading.array_columns import as_column
from chainrule.tables.target_decoder import ClassLabels, NumericLabels
from chainrule.tables.targets.task import decide_task


@pytest.mark.parametrize(
    ("values", "task"),
    [
        (np.array(["a", "b"] * 10), "classification"),
        (np.array([True, False] * 10), "classification"),
        (np.arange(30).repeat(5), "classification"),
        (np.arange(31).repeat(5), "regression"),
        (np.arange(20).repeat(4), "regression"),
        (np.array([1.0, 2.0] * 10), "classification"),
        (np.array([1.0, 2.5] * 10), "regression"),
        (np.array([-1e308, 1e308] * 10), "classification"),
    ],
)
def test_the_values_of_the_target_suggest_the_task(
    values: np.ndarray[tuple[int], np.dtype[np.generic]], task: str
) -> None:
    """Texts, booleans and at most 30 whole numbers with five rows of each on average suggest classification;
    other values suggest regression."""
    assert decide_task("y", column(values), None)[0] == task


def column(values: object) -> Column:
    """Returns values as a column; texts are categories."""
    found = as_column(np.array(values))
    return found if isinstance(found, Column) else found.as_categories()


def test_several_columns_in_one_option() -> None:
    """Names are separated by commas; a text with a comma is one name if a column is called so."""
    names = ["a", "b", "a,b", "d, e"]
    assert known_names(names, "t.csv", "--drop", ["b,a", "a, b", "a,b", "d, e"]) == ["b", "a", "a", "b", "a,b", "d, e"]
    with pytest.raises(WrongUsage, match=r"--drop: t\.csv has no column ''"):
        known_names(names, "t.csv", "--drop", ["a,"])


def test_classes_keep_their_kind() -> None:
    """Classes are sorted and written as they came: whole floats as whole numbers, booleans as booleans."""

    def values(labels: object) -> list[object]:
        return list(ClassLabels.fit(target.as_labels("y", column(labels), "classification")).values.tolist())

    assert [str(value) for value in values([2.0, 10.0, 2.0])] == ["2", "10"]
    assert values([2.5, -1.0]) == [-1.0, 2.5]
    assert [str(value) for value in values([True, False])] == ["False", "True"]
    assert values(["b", "a", "Z"]) == ["Z", "a", "b"]
    with pytest.raises(InputError, match="at least two classes"):
        values(["b", "b"])


def test_classes_are_matched_by_value_or_by_text() -> None:
    """Numbers match classes that are texts by their text, and texts classes that are numbers by their value."""
    texts, wholes = ClassLabels.fit(["1", "2", "x"]), ClassLabels.fit([1, 2, 5])
    assert target.as_class_numbers("y", column([2.0, 1.0]), texts).tolist() == [1, 0]
    assert target.as_class_numbers("y", column([5.0, 1.0]), wholes).tolist() == [2, 0]
    assert target.as_class_numbers("y", as_column(np.array(["5", "01"])), wholes).tolist() == [2, 0]
    with pytest.raises(InputError, match="must hold the classes 1, 2, 5; got text"):
        target.as_class_numbers("y", column(["5"]), wholes)  # declared as categories
    with pytest.raises(InputError, match="has the class 3 in row 1, which did not occur in training"):
        target.as_class_numbers("y", column([3]), wholes)


def test_measures_by_hand() -> None:
    """Accuracy, log-loss, RMSE, MAE and R² of three rows are the numbers worked by hand."""
    classes = ClassLabels(np.array(["a", "b", "c"]), np.array([0.5, 0.25, 0.25]))
    P = np.array([[0.7, 0.2, 0.1], [0.1, 0.1, 0.8], [0.4, 0.5, 0.1]])
    accuracy, log_loss = measures.ClassResults(classes, np.array([0, 2, 0]), P).measures[:2]
    assert (accuracy.network, accuracy.baseline) == (2 / 3, 2 / 3)
    assert log_loss.network == pytest.approx(-(math.log(0.7) + math.log(0.8) + math.log(0.4)) / 3)
    assert log_loss.baseline == pytest.approx((2 * math.log(2) + math.log(4)) / 3)
    numbers = NumericLabels(np.array([10.0]), np.array([2.0]))
    predicted, y = np.array([[10.0], [12.0], [14.0]]), np.array([[10.0], [13.0], [16.0]])
    rmse, mae, r2 = measures.NumberResults(numbers, y, predicted).measures
    assert (rmse.network, rmse.baseline) == pytest.approx((math.sqrt(5 / 3), math.sqrt(45 / 3)))
    assert (mae.network, mae.baseline) == (1.0, 3.0)
    assert (r2.network, r2.baseline) == pytest.approx((1 - 5 / 18, 1 - 45 / 18))


@pytest.mark.parametrize(
    ("text", "weights"),
    [(None, None), ("balanced", "balanced"), ("a=2", {"a": 2.0}), ("a=1.5,b=0", {"a": 1.5, "b": 0.0})],
)
def test_class_weights(text: str | None, weights: object) -> None:
    """--class-weight may be absent, "balanced", or a weight ≥ 0 for some of the classes."""
    assert training_options.TrainingOptions(class_weight=text).class_weights(["a", "b"]) == weights


@pytest.mark.parametrize("text", ["c=1", "a", "a=x", "a=-1", "a=inf", "a=1,,b=2"])
def test_wrong_class_weights_are_refused(text: str) -> None:
    """An unknown class, a missing weight, a negative or infinite one is wrong usage."""
    with pytest.raises(WrongUsage, match="--class-weight"):
        training_options.TrainingOptions(class_weight=text).class_weights(["a", "b"])

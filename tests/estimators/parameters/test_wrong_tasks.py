"""Parameters and labels that are for the other task."""

from __future__ import annotations

import pytest

pytest.importorskip("sklearn")

from chainrule.errors import InputError
from chainrule.estimators import NetworkRegressor

X = [[float(k)] for k in range(20)]
NUMBERS = [2.0 * k for k in range(20)]


@pytest.mark.parametrize("cost", ["cross_entropy", "log_likelihood"])
def test_costs_of_classes_are_not_for_numbers(cost: str) -> None:
    """A regression names the estimator for classes, and costs for numbers."""
    with pytest.raises(InputError, match=f"cost = {cost} is for classes, and y holds numbers. Use NetworkClassifier"):
        NetworkRegressor(cost=cost).fit(X, NUMBERS)


def test_texts_are_no_numbers() -> None:
    """A regression of texts says that classes need a classifier; numbers that are missing are no texts."""
    with pytest.raises(InputError, match=r"y must hold real numbers; .* If they are classes, train a classifier"):
        NetworkRegressor().fit(X, ["male", "female"] * 10)
    with pytest.raises(InputError) as caught:
        NetworkRegressor().fit(X, [float("nan"), *NUMBERS[1:]])
    assert "classifier" not in str(caught.value)


def test_a_target_is_named_as_it_is_spelt() -> None:
    """A name that differs in its case is answered by the column that is meant."""
    with pytest.raises(InputError, match=r"of a column of X; did you mean 'Survived'\? It has: 'Survived', 'Age'"):
        NetworkRegressor().fit([{"Survived": 1.0, "Age": 3.0}] * 20, "survived")

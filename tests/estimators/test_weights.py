"""Weights of rows and of classes, as both pairs of estimators check and multiply them."""

from __future__ import annotations

import decimal
import math
from typing import Any

import numpy as np
import polars
import pyarrow
import pytest

pytest.importorskip("sklearn")

from chainrule.errors import InputError
from chainrule.estimators import MLPClassifier, NetworkClassifier
from chainrule.estimators.weights import as_row_weights, by_class, counted_rows

Y = np.array(["p", "q", "q", "q"])
W = np.array([1.0, 3.0, 0.0, 2.0])


WEIGHTS: dict[str, Any] = {
    "decimals": [*map(decimal.Decimal, W.astype(int).tolist())],
    "decimals of polars": polars.Series([*map(decimal.Decimal, W.astype(int).tolist())]),
    "decimals of Arrow": pyarrow.array([*map(decimal.Decimal, W.astype(int).tolist())]),
    "integers of 128 bits": polars.Series(W.astype(int).tolist(), dtype=polars.Int128),
    "objects": W.astype(object),
}


@pytest.mark.parametrize("holder", WEIGHTS)
def test_weights_of_every_type(holder: str) -> None:
    """Decimals, integers of 128 bits and objects are weights as floats are."""
    np.testing.assert_array_equal(as_row_weights(WEIGHTS[holder], len(W)), W)


@pytest.mark.parametrize(
    ("class_weight", "weights", "expected"),
    [
        (None, None, None),
        (None, W, W),
        ("balanced", None, [2.0, 2 / 3, 2 / 3, 2 / 3]),
        ("balanced", W, [3.0, 1.8, 0.0, 1.2]),  # each class has the total 3
        ({"p": 3}, None, [3.0, 1.0, 1.0, 1.0]),
        ({"p": 3, "q": 0.5}, W, [3.0, 1.5, 0.0, 1.0]),
        ({"p": 0}, W, [0.0, 3.0, 0.0, 2.0]),
        ({}, W, W),
    ],
)
def test_weights_of_classes(class_weight: Any, weights: Any, expected: Any) -> None:
    """A row has its own weight times that of its class; "balanced" counts a row of weight w as w rows."""
    found = by_class(class_weight, Y, weights)
    if found is None:
        assert expected is None
    else:
        np.testing.assert_allclose(found, expected, rtol=1e-15)


@pytest.mark.parametrize(
    ("class_weight", "message"),
    [
        ({"zz": 1.0, "p": 2.0}, r"must name classes of y, \['p', 'q'\]; got \['zz'\]"),
        ({"p": 1.0, "q": -1}, "finite weights ≥ 0; got -1 for the class 'q'"),
        ({"p": math.nan}, "finite weights ≥ 0; got nan for the class 'p'"),
        ({"q": math.inf}, "finite weights ≥ 0; got inf for the class 'q'"),
        ({"q": "heavy"}, "finite weights ≥ 0; got 'heavy' for the class 'q'"),
        ({"q": None}, "finite weights ≥ 0; got None for the class 'q'"),
        ({"p": 0.0, "q": 0.0}, "no row has a positive weight"),
        ("heavy", "must be None, 'balanced' or a dict"),
        (3.0, "must be None, 'balanced' or a dict"),
    ],
    ids=str,
)
@pytest.mark.parametrize("kind", [NetworkClassifier, MLPClassifier])
def test_wrong_weights_of_classes_are_refused(kind: Any, class_weight: Any, message: str) -> None:
    """Both classifiers name the class that y does not have, or whose weight is not a number ≥ 0."""
    with pytest.raises(InputError, match=message):
        kind(class_weight=class_weight).fit(np.arange(4.0)[:, None], Y)


@pytest.mark.parametrize(
    ("weights", "dtype", "rows"),
    [
        (None, np.float32, [0, 1, 2, 3]),
        (W, np.float32, [0, 1, 3]),
        (np.array([1.0, 1e-60, 1.0, 0.0]), np.float32, [0, 2]),  # 1e-60 is 0 in single precision
        (np.array([1.0, 1e-60, 1.0, 0.0]), np.float64, [0, 1, 2]),
    ],
)
def test_rows_that_count(weights: Any, dtype: Any, rows: list[int]) -> None:
    """A row counts if its weight is positive in the networks' number type."""
    assert counted_rows(weights, 4, dtype).tolist() == rows


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([1e-60] * 4, "no row has a positive weight in float32; the largest is 1e-60"),
        ([1e38] * 4, "finite sum in float32"),
        ([-1.0, 1.0, 1.0, 1.0], "sample_weight: weights must be ≥ 0"),
        ([0.0] * 4, "sample_weight: weights must be ≥ 0 and not all zero"),
        ([1.0] * 3, r"sample_weight: weights must have shape \(4,\)"),
        ([math.nan] * 4, "sample_weight"),
    ],
    ids=str,
)
def test_wrong_weights_of_rows_are_refused(weights: list[float], message: str) -> None:
    """Weights must be one finite number ≥ 0 per row, with a positive and finite sum."""
    with pytest.raises(InputError, match=message):
        counted_rows(as_row_weights(weights, 4), 4, np.float32)

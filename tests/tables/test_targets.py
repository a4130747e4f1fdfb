"""Labels are decoded as they came: classes of any type, and numbers in their own unit."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from chainrule.errors import InputError
from chainrule.tables.target_decoder import ClassLabels, NumericLabels, require_scale
from chainrule.tables.targets.decoders import from_parts


@pytest.mark.parametrize(
    "y", [["b", "a", "b"], [2, 0, 2], [1.5, -1.0, 1.5], [True, False, True], np.array(["b", "a", "b"], dtype=object)]
)
def test_classes_of_any_type(y: Any) -> None:
    """Classes have the order and type of ``np.unique``, are the inverse of their numbers, and survive saving."""
    classes = ClassLabels.fit(y)
    expected = np.unique(np.asarray(y))
    assert classes.values.tolist() == expected.tolist()
    assert classes.values.dtype == expected.dtype
    assert classes.labels(classes.class_numbers(y)).tolist() == list(y)
    assert classes.shares.tolist() == [1 / 3, 2 / 3]
    header, tensors = classes.parts()
    again = from_parts(json.loads(json.dumps(header)), tensors)
    assert isinstance(again, ClassLabels)
    assert (again.values == classes.values).all()
    assert again.values.dtype == classes.values.dtype
    with pytest.raises(InputError, match=r"y has the class .* in row 1, which did not occur in training"):
        classes.class_numbers(["zz"] if isinstance(y[0], str) else [99])


def test_weight_two_is_the_row_twice() -> None:
    """Weighted shares, mean and deviation equal those of repeated rows."""
    y, times = np.array([1.0, 5.0, 2.0]), [2, 1, 3]
    weighted, repeated = NumericLabels.fit(y, times), NumericLabels.fit(np.repeat(y, times))
    assert np.allclose(weighted.mean, repeated.mean, rtol=1e-15)
    assert np.allclose(weighted.deviation, repeated.deviation, rtol=1e-15)
    assert ClassLabels.fit(y, times).shares.tolist() == ClassLabels.fit(np.repeat(y, times)).shares.tolist()


@given(
    arrays.arrays(
        np.float64, st.tuples(st.integers(2, 9), st.integers(1, 3)), elements=st.floats(-1e300, 1e300, width=64)
    )
)
def test_numbers_come_back(Y: np.ndarray[Any, np.dtype[np.float64]]) -> None:
    """Standardised targets are finite and restore y to the rounding of its column's size, also after saving."""
    numbers = NumericLabels.fit(Y)
    Z = numbers.standardised(Y)
    assert np.isfinite(Z).all()
    assert (np.abs(numbers.restored(Z) - Y) <= 8 * np.finfo(float).eps * np.abs(Y).max(axis=0)).all()
    header, tensors = numbers.parts()
    again = from_parts(json.loads(json.dumps(header)), tensors)
    assert isinstance(again, NumericLabels)
    assert np.array_equal(again.standardised(Y), Z)


@pytest.mark.parametrize("y", [[1.7e308, -1.7e308], [1e308, 0.0], [0.0, 5e-324], [1e-310, -1e-310]])
def test_targets_that_float64_cannot_scale_are_refused(y: list[float]) -> None:
    """Predictions near the largest float would be infinite; numbers that vary by less than 1e-307 have few digits."""
    with pytest.raises(InputError, match=r"'b' must lie within ±1e\+307 and vary by 2e-307 or more; .*\. Rescale it"):
        require_scale(np.column_stack([[1.0, 2.0], y]), ["a", "b"])
    require_scale([[1e307, 3e-307], [-1e307, -3e-307]])
    require_scale([5e-324, 5e-324])
    assert np.isfinite(NumericLabels.fit([1e307, -1e307]).standardised([1.7e308, -1.7e308])).all()


def test_one_target_keeps_its_shape() -> None:
    """y (t,) comes back as (t,), y (t, 1) as (t, 1); another number of targets is refused."""
    flat, column = NumericLabels.fit([1.0, 2.0]), NumericLabels.fit([[1.0], [2.0]])
    assert flat.restored(np.zeros((5, 1))).shape == (5,)
    assert column.restored(np.zeros((5, 1))).shape == (5, 1)
    with pytest.raises(InputError, match="y must have 1 columns, as in training; got 2"):
        flat.standardised(np.ones((3, 2)))

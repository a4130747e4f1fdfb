"""Properties of the input checks: accepted values pass unchanged, and refused ones are named in the error."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import chainrule as cr
from chainrule._internal.checks import (
    LARGEST,
    as_array,
    as_integer,
    as_real,
    as_weights,
    check_rows,
    common_dtype,
    shown,
)
from chainrule._internal.naming import resolve
from chainrule.activations import ACTIVATIONS

dtypes = st.sampled_from([np.dtype(np.float32), np.dtype(np.float64), np.dtype(np.complex128)])
shapes = hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=5)
real_arrays = hnp.arrays(
    st.sampled_from(["?", "i1", "u8", "i8", ">i4", "f2", "f4", "f8", ">f8"]), shapes, elements={"allow_nan": False}
)


def finite(dtype: np.dtype[Any], shape: tuple[int, ...], seed: int) -> Any:
    """A finite array of this dtype and shape."""
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


@given(dtypes, shapes, st.integers(0, 99))
def test_a_suitable_array_is_not_copied(dtype: np.dtype[Any], shape: tuple[int, ...], seed: int) -> None:
    """A finite, C-contiguous, aligned array of the right dtype comes back as the same object."""
    array = finite(dtype, shape, seed)
    assert as_array(array, "x", dtype) is array
    assert as_array(array, "x") is array
    if array.ndim == 2 and array.size:
        assert check_rows(array, array.shape[1], "x") is array


@given(real_arrays)
def test_conversion_keeps_every_number(array: Any) -> None:
    """Any finite real array, of any number type and byte order, becomes the same numbers in float64."""
    if not np.isfinite(array).all():
        return
    before = array.tobytes()
    result = as_array(array, "x", np.float64)
    assert result.dtype == np.float64
    assert result.shape == array.shape
    assert result.flags.c_contiguous
    assert result.flags.aligned
    assert result.flags.owndata or result is array or np.shares_memory(result, array)
    np.testing.assert_array_equal(result, array.astype(np.float64))
    assert array.tobytes() == before


@given(
    st.integers(0, 99), st.sampled_from(["transposed", "strided", "backwards", "unaligned", "read-only", "subclass"])
)
def test_views_are_read_correctly(seed: int, kind: str) -> None:
    """Views of every kind give their own numbers, contiguous and aligned."""
    base = finite(np.dtype(np.float64), (6, 4), seed)
    view: Any = {
        "transposed": base.T,
        "strided": base[::2, ::3],
        "backwards": base[::-1, ::-1],
        "unaligned": np.frombuffer(b"\0" + base.tobytes(), np.uint8)[1:].view(np.float64).reshape(6, 4),
        "read-only": np.broadcast_to(base[0], (3, 4)),
        "subclass": base.view(np.recarray),
    }[kind]
    result = as_array(view, "x", np.float64)
    np.testing.assert_array_equal(result, np.array(view))
    assert type(result) is np.ndarray
    assert result.flags.c_contiguous
    assert result.flags.aligned


@given(hnp.arrays(np.float64, hnp.array_shapes(max_dims=3, max_side=4), elements=st.floats(width=64)))
def test_the_first_entry_that_is_not_finite_is_named(array: Any) -> None:
    """An array passes if and only if all entries are finite; otherwise the message names the first that is not."""
    if np.isfinite(array).all():
        assert as_array(array, "Q", np.float64) is array
        return
    with pytest.raises(cr.InputError) as caught:
        as_array(array, "Q", np.float64)
    where = tuple(int(k) for k in np.argwhere(~np.isfinite(array))[0])
    assert f"Q must be finite; got {array[where]} at index {where}." in str(caught.value)


@given(st.integers(0, 3 * 2**18), st.sampled_from([math.nan, math.inf, -math.inf]))
def test_every_part_of_a_large_array_is_checked(where: int, value: float) -> None:
    """A single entry that is not finite is found anywhere among 786,433, which are checked in parts."""
    array = np.zeros(3 * 2**18 + 1, np.float32)
    assert as_array(array, "Q", np.float32) is array
    array[where] = value
    with pytest.raises(cr.InputError, match=rf"got {value} at index \({where},\)"):
        as_array(array, "Q", np.float32)


@given(hnp.arrays(np.float64, 4, elements=st.floats(allow_nan=False, allow_infinity=False)))
def test_conversion_to_float32_refuses_overflow(array: Any) -> None:
    """Numbers convert to float32 if and only if none of them overflows; the message names one that does."""
    with np.errstate(over="ignore"):
        narrow = array.astype(np.float32)
    if np.isfinite(narrow).all():
        assert as_array(array, "x", np.float32).tobytes() == narrow.tobytes()
    else:
        with pytest.raises(cr.InputError, match="does not fit into float32"):
            as_array(array, "x", np.float32)


@given(st.integers(-(2**70), 2**70), st.integers(-5, 5))
def test_integers(value: int, minimum: int) -> None:
    """An integer passes unchanged if and only if it lies between the minimum and 2⁶³ − 1; its float never passes."""
    if minimum <= value <= LARGEST:
        assert as_integer(value, "k", minimum) == value
        assert type(as_integer(np.array([value], dtype=object)[0], "k", minimum)) is int
    else:
        with pytest.raises(cr.InputError, match=r"^k must be an integer"):
            as_integer(value, "k", minimum)
    with pytest.raises(cr.InputError, match=r"^k must be an integer"):
        as_integer(float(value), "k", minimum)


@given(st.floats() | st.integers() | st.fractions(), st.sampled_from([-math.inf, 0.0]), st.booleans())
def test_reals(value: float | Fraction, minimum: float, open_minimum: bool) -> None:
    """A real number passes, as a float, if and only if it is finite and within its bounds."""
    number = float(value)
    if math.isfinite(number) and number >= minimum and not (open_minimum and number == minimum):
        assert as_real(value, "c", minimum, open_minimum=open_minimum) == number
    else:
        with pytest.raises(cr.InputError, match=r"^c must be a finite number"):
            as_real(value, "c", minimum, open_minimum=open_minimum)


@given(hnp.arrays(np.float64, st.integers(1, 6), elements=st.floats(-1.0, 1e308)))
def test_weights(weights: Any) -> None:
    """Weights pass if and only if they are ≥ 0, not all zero, and have a finite sum; those that pass are not copied."""
    with np.errstate(over="ignore"):
        good = (weights >= 0).all() and 0 < weights.sum() < math.inf
    if good:
        assert as_weights(weights, len(weights), np.float64) is weights
    else:
        with pytest.raises(cr.InputError, match=r"^weights must"):
            as_weights(weights, len(weights), np.float64)


@given(st.lists(dtypes, min_size=1, max_size=4))
def test_common_dtype(kinds: list[np.dtype[Any]]) -> None:
    """The common dtype of float32, float64 and complex128 is NumPy's result type."""
    assert common_dtype(*kinds) == np.result_type(*kinds)


values = st.recursive(
    st.none() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
)


@given(values)
def test_anything_is_shown_on_one_short_line(value: object) -> None:
    """A message shows any value on one line of bounded length."""
    text = shown(value)
    assert "\n" not in text
    assert len(text) < 3000
    assert len(shown(np.ones((50, 50)))) <= 80


@given(st.sampled_from(sorted(ACTIVATIONS)), st.data())
def test_a_misspelt_name_gets_a_suggestion(name: str, data: st.DataObject) -> None:
    """A name with one letter left out, or in capitals, gives a suggestion unless it is another name."""
    k = data.draw(st.integers(0, len(name) - 1))
    for wrong in (name[:k] + name[k + 1 :], name.upper()):
        if wrong not in ACTIVATIONS and len(wrong) >= 3:
            with pytest.raises(cr.UnknownName, match="did you mean"):
                resolve("activation", wrong, ACTIVATIONS)

"""Values in messages: on one line, short, and as Python writes them, whichever library they come from."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import chainrule as cr
from chainrule import optimizers
from chainrule._internal.checks import shown
from chainrule._internal.naming import listed
from chainrule.tables import TableEncoder
from chainrule.tables.target_decoder import ClassLabels

SHOWN = [
    (np.str_("u"), "'u'"),
    (np.bytes_(b"u"), "b'u'"),
    (np.float64(1.0), "1.0"),
    (np.float32(0.1), "0.1"),
    (np.int8(-3), "-3"),
    (np.bool_(True), "True"),
    (np.complex128(1j), "1j"),
    (np.datetime64("2024-01-01", "ns"), "2024-01-01T00:00:00.000000000"),
    ([np.float64(1.0), {np.str_("u"): (np.int64(2),)}], "[1.0, {'u': (2,)}]"),
    (np.array([[1.0], [2.0]]), "array([[1.], [2.]])"),
    ("two  spaces\n", "'two  spaces\\n'"),
    ("x" * 200, f"'{'x' * 37}...{'x' * 38}'"),
]


@pytest.mark.parametrize(("value", "text"), SHOWN, ids=str)
def test_a_value_is_shown_as_python_writes_it(value: object, text: str) -> None:
    """Scalars of NumPy look like Python's, also inside a container; a long value is cut, and the line is one."""
    assert shown(value) == text


def test_names_are_listed_as_python_writes_them() -> None:
    """A list of names shows the first ones alike."""
    assert listed([np.str_("a"), np.float64(2.0), 3], 2) == "'a', 2.0 and 1 more"


texts = np.array([["1", np.str_("u")], ["2", np.str_("v")]], dtype=object)
labels = np.array([np.str_("a"), np.str_("b")], dtype=object)

MESSAGES: list[tuple[Callable[[], object], str]] = [
    (lambda: cr.SumOfSquares(mean=np.float64(1.0)), "mean must be True or False; got 1.0."),  # type: ignore[arg-type]
    (lambda: optimizers.get(np.float64(3.0)), "or the name of one; got 3.0."),  # type: ignore[arg-type]
    (lambda: optimizers.get(cr.Adam(), np.float64(3.0)), "given twice: 3.0, and in Adam()."),
    (lambda: ClassLabels.fit(labels).class_numbers(np.array([np.str_("c")], dtype=object)), "the class 'c' in row 1"),
    (lambda: TableEncoder(categories=[np.str_("x7")]).fit(texts), "has no column 'x7'"),
]


@pytest.mark.parametrize(("wrong", "says"), MESSAGES)
def test_messages_show_scalars_of_numpy_as_pythons(wrong: Callable[[], object], says: str) -> None:
    """An error about a scalar of NumPy shows its value alone."""
    with pytest.raises(cr.InputError) as caught:
        wrong()
    assert says in str(caught.value)
    assert "np." not in str(caught.value)


def test_descriptions_show_levels_as_pythons() -> None:
    """The levels of a column of np.str_ objects are Python's texts, in the encoder and in its description."""
    encoder = TableEncoder(categories=["x1"]).fit(np.array([[k, np.str_("uv"[k % 2])] for k in range(4)], dtype=object))
    assert encoder.describe()[1] == ("x1", "categories", "−1 for 'u', 1 for 'v', otherwise 0")
    assert [type(level) for level in encoder.categories_["x1"].levels] == [str, str]

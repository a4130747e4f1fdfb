"""Facts about columns that identify rows: numbers are used with a warning, texts are left out with another."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas
import pytest

from chainrule.errors import DataWarning, InputError
from chainrule.tables import TableEncoder

T = 12
NUMBERS = np.arange(T)[::-1] + 5
IDENTIFIERS = {  # the name and the values of a column
    "id": ("id", NUMBERS),
    "of a passenger": ("PassengerId", NUMBERS),
    "with an underscore": ("order_id", 7 * NUMBERS),
    "an index that pandas has written": ("Unnamed: 0", NUMBERS),
}
OTHERS = {
    "another name": ("year", NUMBERS),
    "a name that ends alike": ("humid", NUMBERS),
    "values that repeat": ("id", NUMBERS // 2),
    "fractions": ("id", NUMBERS / 4),
    "gaps": ("id", np.where(NUMBERS == 6, np.nan, NUMBERS)),
}


def frame(name: str, values: Any) -> Any:
    """A table with this column and another one."""
    return pandas.DataFrame({"x": np.linspace(0.0, 1.0, len(values)), name: values})


@pytest.mark.parametrize(("name", "values"), IDENTIFIERS.values(), ids=IDENTIFIERS)
def test_a_number_that_identifies_rows_is_used_with_a_warning(name: str, values: Any) -> None:
    """The warning names the column and what to do; its feature is that of a number."""
    with pytest.warns(DataWarning, match=rf"^'{re.escape(name)}': named like an identifier, .* Drop it \(--drop\)"):
        encoder = TableEncoder().fit(frame(name, values))
    assert encoder.get_feature_names_out().tolist() == ["x", name]


@pytest.mark.parametrize(("name", "values"), OTHERS.values(), ids=OTHERS)
def test_other_columns_have_no_warning(name: str, values: Any) -> None:
    """It takes both, the name and an integer of its own in every row."""
    TableEncoder().fit(frame(name, values))


def test_several_identifiers_share_a_warning() -> None:
    """One warning names all; few rows have none, as their integers may differ by chance."""
    table = frame("id", NUMBERS).assign(row=NUMBERS)
    with pytest.warns(DataWarning, match=r"^'id', 'row': .* used as numbers\. Drop them \(--drop\)"):
        TableEncoder().fit(table)
    TableEncoder().fit(table[:9])


def test_categories_are_no_numbers() -> None:
    """An identifier given as categories has its levels without a warning; of too many levels, it is only left out."""
    assert TableEncoder(categories=["id"]).fit(frame("id", NUMBERS)).n_features_out_ == 1 + T
    with pytest.warns(DataWarning) as caught:
        TableEncoder(categories=["id"]).fit(frame("id", np.arange(120)))
    assert [str(warning.message)[:13] for warning in caught] == ["left out 'id'"]


def test_texts_that_never_repeat_are_left_out_with_a_remedy() -> None:
    """A text that differs in each row teaches nothing, a part of it may; alone, it is no column to learn from."""
    names = [f"Mr. {k}" for k in range(120)]
    words = "left out 'name': a different text in every training row. Leave it out to silence this warning (--drop). "
    with pytest.warns(DataWarning, match=re.escape(f"{words}If a part of such a text matters, make a column of that")):
        TableEncoder().fit(frame("name", names))
    alone = "must have a column that varies; got none in 120 rows. 'name': a different text in every training row. If a"
    with pytest.raises(InputError, match=re.escape(alone)):
        TableEncoder().fit(frame("name", names)[["name"]])

"""Columns of texts that lie together: the plain numbers among them are read at once, as one by one."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule.tables import TableEncoder
from chainrule.tables.column_set import Columns
from chainrule.tables.table import Table
from chainrule.tables.text import text_block
from chainrule.tables.text.notation import Writing
from chainrule.tables.text.recognition import recognised
from chainrule.tables.text.text_block import TextBlock
from chainrule.tables.text.text_column import TextColumn

CELLS = st.sampled_from(
    ["1", "-2.5", "+3e2", ".5", "4.", "007", "00", "0.25", "1e999", "9007199254740993", "inf", "nan", "NA", "", "?",
     "-", "1,5", "1.234", "1,234", "$5", "2 ", "1-2", "2020-12-31", "red", "TRUE", "gone", None]
)  # fmt: skip
COLUMNS = st.lists(st.lists(CELLS, min_size=4, max_size=4) | st.just(["1", "2.5", "?", "3"]), min_size=1, max_size=6)
WRITINGS = st.sampled_from([Writing(), Writing(decimal=","), Writing(decimal="."), Writing(missing=("gone", "1"))])


def in_block(columns: list[list[Any]]) -> Columns:
    """Returns columns x0, x1, … of texts as a file of texts has them."""
    names = [f"x{k}" for k in range(len(columns))]
    table = pyarrow.table({n: pyarrow.array(c, pyarrow.string()) for n, c in zip(names, columns, strict=True)})
    return Columns.of(names, blocks=[(names, TextBlock(table, is_declared=False))])


def with_warnings(call: Any) -> tuple[Any, list[str]]:
    """Returns the result of a call, or the words of its error, and the words of its warnings."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            found = call()
        except ValueError as error:
            found = str(error)
    return found, [str(warning.message) for warning in caught]


@given(COLUMNS, COLUMNS, WRITINGS)
@settings(max_examples=60, deadline=None)
def test_a_block_is_read_as_its_columns_one_by_one(
    columns: list[list[Any]], new: list[list[Any]], writing: Writing
) -> None:
    """Kinds, notations, numbers, warnings, and the encoding of new rows are the same to the bit."""
    both = [in_block(columns), Columns(dict(in_block(columns)))]
    (one, of_one), (other, of_other) = (with_warnings(lambda c=c: recognised(c, writing)) for c in both)
    assert of_one == of_other
    for name in one:
        a, b = one.typed(name), other.typed(name)
        assert (a.kind, a.type, a.notation, a.levels) == (b.kind, b.type, b.notation, b.levels)
        np.testing.assert_array_equal(a.values, b.values)
        np.testing.assert_array_equal(a.missing, b.missing)
    encoders = [TableEncoder(decimal=writing.decimal, missing=writing.missing) for _ in both]
    results = [
        with_warnings(lambda e=e, c=c: e.fit(Table("X", c)).parts()[0]) for e, c in zip(encoders, both, strict=True)
    ]
    assert results[0] == results[1]
    if not isinstance(results[0][0], str):
        rows = (new * 6)[: len(columns)]
        both = [in_block(rows), Columns(dict(in_block(rows)))]
        a, b = (
            with_warnings(lambda e=e, c=c: e.transform(Table("X", c)).tobytes())
            for e, c in zip(encoders, both, strict=True)
        )
        assert a == b


def test_a_wide_file_needs_no_object_for_each_column(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 300 columns of a file, only that of texts becomes a column of its own, in training and in prediction."""
    path = tmp_path / "wide.csv"
    rows = [[f"g{k}" for k in range(300)], *([f"{(7 * t + k) % 11}.5" for k in range(300)] for t in range(5))]
    rows = [[*row, text] for row, text in zip(rows, ["colour", "red", "blue", "red", "green", "blue"], strict=True)]
    path.write_text("\n".join(map(",".join, rows)))
    made, column = [], TextBlock.column

    def counted(block: TextBlock, place: int) -> TextColumn:
        made.append(place)
        return column(block, place)

    monkeypatch.setattr(TextBlock, "column", counted)
    encoder = TableEncoder()
    assert encoder.fit_transform(path).shape == (5, 303)
    assert encoder.transform(path).shape == (5, 303)
    assert made == [300, 300]


def test_long_tables_and_long_texts_are_read_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """No second copy is made of many rows, nor of texts that are too long to be numbers."""
    block = TextBlock(pyarrow.table({"a": ["1", "2"], "b": ["x", "3" * 1000]}))
    assert [found.places.tolist() for found in block.plain_numbers([0, 1], ".", ())] == [[0]]
    monkeypatch.setattr(text_block, "MOST_BYTES", 1000)
    assert not list(block.plain_numbers([0, 1], ".", ()))
    monkeypatch.undo()
    monkeypatch.setattr(text_block, "FEW_ROWS", 1)
    assert not list(block.plain_numbers([0, 1], ".", ()))

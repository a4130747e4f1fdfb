"""Columns of fractions in a large text file are read as numbers at once, as they are recognised in texts."""

from __future__ import annotations

import tempfile
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.estimators import NetworkRegressor
from chainrule.tables.columns import Column
from chainrule.tables.encoding import encoder_file
from chainrule.tables.reading import csv_files
from chainrule.tables.reading.csv.number_columns import columns_of_fractions
from chainrule.tables.reading.paths import read_arrow, read_path
from chainrule.tables.text.notation import AS_RECOGNISED, PLAIN
from chainrule.tables.text.recognition import recognised

MORE = 150  # rows below those that are looked at


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small files are read as large ones are."""
    monkeypatch.setattr(csv_files, "FIRST_BLOCK", 256)
    monkeypatch.setattr(csv_files, "WIDE_BLOCK", 256)


FIRST_TEXTS = [  # texts of a column in the first rows, and whether it is one of fractions
    (["1.5", "-2", "3e-2"], True),
    (["", "NA", "NaN", "0.25"], True),
    (["1234.567"], True),
    (["1.2345"], True),
    (["1", "2", "3"], False),  # may be codes
    (["1.0", "2.00"], False),  # no fraction
    (["1.234", "12.345"], False),  # may be thousands
    (["1.5", "2,5"], False),
    (["1.5", "?"], False),  # a remark is due
    (["1.5", "+2.5"], False),
    (["1.5", " 2.5"], False),
    (["1.5", "inf"], False),
    (["1.5", "٢"], False),
    (["1.5", ".5"], False),
    (["", "NA"], False),
    ([], False),
]


@pytest.mark.parametrize(("texts", "are_fractions"), FIRST_TEXTS)
def test_columns_of_fractions(texts: list[str], are_fractions: bool) -> None:
    """Plain numbers and gaps, one of them a fraction that nobody reads in another way."""
    assert columns_of_fractions(["x"], [[text] for text in texts]) == ["x"] * are_fractions


def test_types_of_columns(tmp_path: Path) -> None:
    """Columns of fractions become numbers, all others stay texts; and so do all if that is not asked for."""
    path = tmp_path / "t.csv"
    path.write_text("x,k,code,kind\n" + "".join(f"{i / 7:.4f},{i},{i:04},{'ab'[i % 2]}\n" for i in range(300)))
    assert [str(kind) for kind in read_arrow(path, numbers_at_once=True).schema.types] == ["double", *["string"] * 3]
    assert {str(kind) for kind in read_arrow(path).schema.types} == {"string"}
    column = read_path(path, numbers_at_once=True).typed("x")
    assert (column.kind, column.type, column.notation) == ("numbers", "numbers", PLAIN)


USUAL = ["1.5", "-2.25", "1e-3", "12345.678", "0.1", "", "NA", "nan"]
ODD = [
    *USUAL, "007", "1.234", "1,5", "1,234.5", "?", "-", "-nan", "NAN", "+nan", "inf", "-inf", " 1.5", "1.5 ", "+1.5",
    "1.5 kg", "0x1p3", "true", "9007199254740993", "12345678901234567890.5", "1e400", "abc", '"', "\n", "1.", ".5",
]  # fmt: skip


@given(st.lists(st.sampled_from(USUAL), min_size=120, max_size=120), st.lists(st.sampled_from(ODD), max_size=3))
def test_numbers_are_those_that_are_recognised(usual: list[str], odd: list[str]) -> None:
    """Whatever a column holds below its first rows, its values, its kind and the remarks are the same."""
    texts = ["1.5", *usual, *["2.5"] * MORE, *odd]
    quoted = ['"' + text.replace('"', '""') + '"' for text in texts]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "t.csv")
        path.write_text("x,kind\n" + "".join(f"{text},a\n" for text in quoted))
        found: list[tuple[Column, list[str]]] = []
        for at_once in (False, True):
            with warnings.catch_warnings(record=True) as remarks:
                warnings.simplefilter("always")
                column = recognised(read_path(path, numbers_at_once=at_once).columns, AS_RECOGNISED).typed("x")
            found.append((column, [str(remark.message) for remark in remarks]))
    (slow, expected), (fast, remarked) = found
    assert remarked == expected
    assert (fast.kind, fast.type, fast.notation, fast.levels) == (slow.kind, slow.type, slow.notation, slow.levels)
    np.testing.assert_array_equal(fast.values, slow.values)
    np.testing.assert_array_equal(fast.missing, slow.missing)


def test_a_model_is_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model that is fitted to numbers read at once is that of their texts, and predicts for texts."""
    path = tmp_path / "t.csv"
    rows = np.random.default_rng(0).normal(size=(300, 3)).round(4)
    lines = [",".join([*map(str, row), "ab"[i % 2]]) for i, row in enumerate(rows.tolist())]
    path.write_text("\n".join(["u,v,y,kind", *lines, ""]))
    models = [NetworkRegressor(epochs=2, random_state=0).fit(path, "y")]
    monkeypatch.setattr(csv_files, "columns_of_fractions", lambda *_: [])
    models.append(NetworkRegressor(epochs=2, random_state=0).fit(path, "y"))
    assert encoder_file.parts(models[0].encoder_)[0] == encoder_file.parts(models[1].encoder_)[0]
    assert models[0].target_.notations == models[1].target_.notations == (PLAIN,)
    np.testing.assert_array_equal(models[0].predict(path), models[1].predict(path))

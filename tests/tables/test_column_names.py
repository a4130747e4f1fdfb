"""Names of columns agree if they look the same: é is one letter, or e with an accent."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas
import polars
import pytest
from support.command import QUICK, chainrule, read_csv, table, write_csv

from chainrule import InputError
from chainrule._internal.naming import spellings
from chainrule.estimators import NetworkRegressor
from chainrule.estimators.network.training_rows import as_table_and_labels
from chainrule.tables import TableEncoder
from chainrule.tables.column_set import Columns
from chainrule.tables.reading.array_columns import as_column
from chainrule.tables.table import Table

COMPOSED, DECOMPOSED = "caf\u00e9", "cafe\u0301"
HANGUL, JAMO = "\uac00", "\u1100\u1161"

SPELLINGS = [
    # the name, the known names, the known spelling
    (COMPOSED, [COMPOSED], COMPOSED),
    (COMPOSED, [DECOMPOSED], DECOMPOSED),
    (DECOMPOSED, ["cafe", COMPOSED], COMPOSED),
    (JAMO, [HANGUL], HANGUL),
    (COMPOSED, [COMPOSED, DECOMPOSED], COMPOSED),  # its own letters come first
    (DECOMPOSED, [COMPOSED, DECOMPOSED], DECOMPOSED),
    ("\u212b", ["A\u030a", "\u00c5"], None),  # agrees with two, and is neither
    ("cafe", [COMPOSED], None),
    ("x\u00b2", ["x2"], None),  # other letters, though alike
]


@pytest.mark.parametrize(("name", "known", "spelling"), SPELLINGS)
def test_names_that_look_the_same_agree(name: str, known: list[str], spelling: str | None) -> None:
    """A name is found by its letters, or by its one canonical equivalent; letters that only resemble it are others."""
    assert spellings([name], known).get(name) == spelling


def rows_of(*names: str) -> Table:
    """A table of two columns of numbers."""
    values = np.arange(4.0)
    return Table("t", Columns({name: as_column(values * k) for k, name in enumerate(names, 1)}))


@pytest.mark.parametrize(
    "find",
    [
        lambda rows, name: rows.column(name),
        lambda rows, name: as_table_and_labels(rows, name, read_targets=dict)[1],
        lambda rows, name: TableEncoder(categories=[name]).fit(rows).categories_[DECOMPOSED],
        lambda rows, name: TableEncoder().fit(rows_of(name, "b")).transform(rows),
    ],
    ids=["column", "target", "categories", "new rows"],
)
def test_a_column_is_found_by_either_spelling(find: Callable[[Table, str], object]) -> None:
    """A target, a category and a column of new rows are found, and an unknown name is an error as before."""
    assert find(rows_of(DECOMPOSED, "b"), COMPOSED) is not None
    with pytest.raises(InputError, match="cafes"):
        find(rows_of(DECOMPOSED, "b"), "cafes")


def test_one_column_is_not_found_twice() -> None:
    """A name that is known by its own letters is not the spelling of another of the names."""
    assert spellings([COMPOSED, DECOMPOSED], [COMPOSED]) == {COMPOSED: COMPOSED}
    with pytest.raises(InputError, match="no column"):
        TableEncoder().fit(rows_of(COMPOSED, DECOMPOSED)).transform(rows_of(COMPOSED, "b"))


@pytest.mark.parametrize("names", [(COMPOSED, "b"), (DECOMPOSED, "b"), ("a", COMPOSED)])
def test_an_estimator_finds_either_spelling(names: tuple[str, str]) -> None:
    """Frames and tables of either spelling have the same predictions, in any order of the columns."""
    other = tuple(DECOMPOSED if name == COMPOSED else COMPOSED if name == DECOMPOSED else name for name in names)
    X = np.random.default_rng(0).normal(size=(30, 2))
    model = NetworkRegressor(epochs=2, n_networks=1, hidden_layer_sizes=4, random_state=0)
    model.fit(pandas.DataFrame(X, columns=names), X[:, 0])
    expected = model.predict(pandas.DataFrame(X, columns=names))
    for spelled in (names, other):
        frame = pandas.DataFrame(X, columns=spelled)
        for rows in (frame, polars.from_pandas(frame), frame.assign(more=1.0), frame.assign(more="text")):
            np.testing.assert_array_equal(model.predict(rows), expected)
        np.testing.assert_array_equal(model.predict(frame[list(reversed(spelled))]), expected)


def test_the_command_line_finds_either_spelling(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """--target, --drop and --category take the other spelling, and so do the columns of new rows."""
    monkeypatch.chdir(tmp_path)
    rows = [[*row[:2], k % 3, *row[2:]] for k, row in enumerate(table())]
    header = [f"{name}{COMPOSED}" for name in ("a", "b", "level", "c", "kind")]
    other = [f"{name}{DECOMPOSED}" for name in ("a", "b", "level", "c", "kind")]
    write_csv(tmp_path / "t.csv", rows, header)
    write_csv(tmp_path / "new.csv", rows, other)
    columns = ("--target", other[4], "--drop", other[3], "--category", other[2])
    assert chainrule("train", "t.csv", *columns, *QUICK, "--epochs", 2).code == 0
    assert "3 columns become 5 features" in chainrule("info", "t.safetensors").out
    answers = [chainrule("predict", "t.safetensors", name) for name in ("t.csv", "new.csv")]
    assert answers[0] == answers[1]
    assert len(read_csv(answers[1].out)) == len(rows)
    assert chainrule("evaluate", "t.safetensors", "new.csv").code == 0

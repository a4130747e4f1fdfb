"""Integers beyond 2⁵³, which float64 rounds, are said once, and keep their value as categories."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import polars
import pyarrow
import pytest
import scipy.sparse

from chainrule.errors import DataWarning, InputError
from chainrule.estimators import NetworkClassifier, NetworkRegressor
from chainrule.tables import TableEncoder
from chainrule.tables.labels import as_classes, as_targets
from chainrule.tables.target_decoder import NumericLabels

N = 2**53
FRAME = pandas.DataFrame({"id": [N + 1, 2, N + 3, 4] * 5, "x": np.arange(20.0), "even": [N + 2, 2 * N, 0, 1] * 5})


def csv(path: Path) -> Path:
    """Writes the table as CSV."""
    FRAME.to_csv(path / "t.csv", index=False)
    return path / "t.csv"


def parquet(path: Path) -> Path:
    """Writes the table as Parquet."""
    FRAME.to_parquet(path / "t.parquet")
    return path / "t.parquet"


def json_lines(path: Path) -> Path:
    """Writes the table as JSON Lines, in which fractions are among the integers."""
    text = FRAME.to_json(orient="records", lines=True).replace('"id":4,', '"id":4.0,')
    (path / "t.jsonl").write_text(text, encoding="utf-8")
    return path / "t.jsonl"


DECIMALS = pyarrow.table({name: pyarrow.array(FRAME[name]).cast(pyarrow.decimal128(20)) for name in FRAME})

HOLDERS: dict[str, Callable[[Path], Any]] = {
    "CSV": csv,
    "Parquet": parquet,
    "pandas": lambda _: FRAME,
    "polars": lambda _: polars.from_pandas(FRAME),
    "pyarrow": lambda _: pyarrow.Table.from_pandas(FRAME),
    "with gaps": lambda _: FRAME.convert_dtypes(),
    "objects": lambda _: FRAME.astype(object),
    "dicts": lambda _: FRAME.to_dict("records"),
    "JSON Lines": json_lines,
    "decimals": lambda _: DECIMALS,
    "decimals of polars": lambda _: polars.from_arrow(DECIMALS),
    "decimals of Python": lambda _: DECIMALS.to_pylist(),
}
ARRAYS: dict[str, Any] = {
    "array": FRAME[["id", "even"]].to_numpy(),
    "unsigned": FRAME[["id", "even"]].to_numpy().astype(np.uint64),
    "nested lists": [[wide, x] for wide, x in zip(FRAME["id"].tolist(), FRAME["x"].tolist(), strict=True)],
    "masked": np.ma.MaskedArray(FRAME[["id", "even"]].to_numpy(), mask=[[False, k == 0] for k in range(20)]),
    "sparse": scipy.sparse.csr_array(FRAME[["id", "even"]].to_numpy()),
}
SAYS = rf"integers such as {N + 1} are rounded to the nearest number in float64, {N}, .* categories \(--category\)"


@pytest.mark.parametrize("holder", HOLDERS)
def test_a_column_of_large_integers_is_said_once(holder: str, tmp_path: Path) -> None:
    """One warning names the column, an example and what it becomes; a column that float64 holds has none."""
    source = HOLDERS[holder](tmp_path)
    with pytest.warns(DataWarning, match=f"^'id': {SAYS}") as caught:
        TableEncoder().fit(source)
    assert len(caught) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        encoder = TableEncoder(categories=["id"]).fit(source)
    assert len(encoder.categories_["id"].levels) == 4  # as categories they keep their value


@pytest.mark.parametrize("holder", ARRAYS)
def test_an_array_of_large_integers_is_said_once(holder: str) -> None:
    """The same for arrays, dense and sparse."""
    with pytest.warns(DataWarning, match=f"^'x0': {SAYS}") as caught:
        TableEncoder().fit(ARRAYS[holder])
    assert len(caught) == 1


@pytest.mark.parametrize("y", [FRAME["id"], FRAME["id"].to_numpy(), "id"])
def test_a_target_of_large_integers_is_said_once(y: Any) -> None:
    """The same for a target, by name or by itself."""
    table = FRAME[["x", "id"]] if isinstance(y, str) else FRAME[["x"]]
    model = NetworkRegressor(epochs=1, n_networks=1, hidden_layer_sizes=(1,), random_state=0)
    with pytest.warns(DataWarning, match=f"^the target: {SAYS}") as caught:
        model.fit(table, y)
    assert len([w for w in caught if issubclass(w.category, DataWarning)]) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        NumericLabels.fit(np.array([N, N + 2]))


@pytest.mark.parametrize("holder", HOLDERS)
@pytest.mark.parametrize("trained_on", ["CSV", "pandas"])
def test_large_codes_are_compared_exactly(trained_on: str, holder: str, tmp_path: Path) -> None:
    """A row has the same levels, whatever held the training rows and holds the new ones, also its texts."""
    encoder = TableEncoder(categories=["id"]).fit(HOLDERS[trained_on](tmp_path))
    expected = encoder.transform(FRAME)
    for source in (HOLDERS[holder](tmp_path), FRAME.astype({"id": str})):
        assert np.array_equal(encoder.transform(source), expected)
        assert encoder.unseen(source) == {}
    assert encoder.unseen({"id": str(N + 2), "x": 0.0, "even": 0}) == {"id": 1}


@pytest.mark.parametrize("holder", HOLDERS)
def test_classes_keep_their_value(holder: str, tmp_path: Path) -> None:
    """Integers of 64 bits are classes as they are, in whatever holds the table."""
    model = NetworkClassifier(epochs=1, n_networks=1, hidden_layer_sizes=(1,), random_state=0)
    model.fit(HOLDERS[holder](tmp_path), "id")
    assert model.classes_.tolist() == [2, 4, N + 1, N + 3]


@pytest.mark.parametrize("y", [[2**70 + k for k in range(20)], [N + 1, 0.5] * 10])
def test_labels_that_no_integer_type_holds_are_said(y: list[float]) -> None:
    """Integers of more than 64 bits, and those beside fractions, are rounded with a warning."""
    with pytest.warns(DataWarning, match="^'y': integers such as"):
        as_targets(y)
    with pytest.raises(InputError, match=r"y must hold integers of at most 64 bits, or texts, as .*; got \d+\. Make"):
        as_classes(y)


def test_unsigned_integers_are_classes_in_every_form() -> None:
    """Integers of 64 bits without a sign are classes as lists, too; small integers of Python keep their type."""
    labels = [2**64 - 1, 2**64 - 2, 5]
    for y in (labels, np.array(labels, dtype=object), polars.Series(labels, dtype=polars.Int128)):
        assert as_classes(y).tolist() == labels
    assert as_classes([N + 1, -5]).dtype == np.int64


@pytest.mark.parametrize("texts", [["1.234", "9.007.199.254.740.993", "5,5"], ["$9,007,199,254,740,993", "$1", "$2"]])
def test_large_integers_in_texts_of_any_notation(texts: list[str]) -> None:
    """Thousands and currencies do not hide them."""
    with pytest.warns(DataWarning) as caught:
        TableEncoder().fit(pandas.DataFrame({"id": texts}))
    assert len([w for w in caught if f"integers such as {N + 1} " in str(w.message)]) == 1

"""Rows given one by one, as dicts, lists or a Series: encoded and predicted as in a table."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import chainrule as cr
from chainrule.tables import TableEncoder, TableModel
from chainrule.tables.calibration import Calibration
from chainrule.tables.encoding.row_encoder import NeedsTable, RowEncoder
from chainrule.tables.target_decoder import ClassLabels, NumericLabels

DAY = datetime.date(2021, 5, 3)
TRAINING: list[dict[str, Any]] = [
    {"size": 1.5, "count": 3, "kind": "a", "sold": True, "code": 7, "free": "5,5", "when": datetime.date(2020, 1, 1)},
    {"size": None, "count": 4, "kind": "b", "sold": False, "code": 8, "free": "NA", "when": None},
    {"size": 7.25, "count": 9, "kind": "c", "sold": None, "code": 9, "free": "1.000,25", "when": DAY},
    {"size": -2.0, "count": 1, "kind": "b", "sold": True, "code": 7, "free": "3", "when": datetime.date(2020, 7, 9)},
    {"size": 0.5, "count": 2, "kind": "a", "sold": False, "code": 8, "free": "-2", "when": datetime.date(2022, 2, 2)},
]  # fmt: skip
NAMES = list(TRAINING[0])
ANY = (None, float("nan"), np.nan, "", "x", "NA", "?", "b", "1", "7.0", "True", 1, 7, 8.0, 0, True, False, -3.5, 1e300,
       2**70, float("inf"), np.float32(2.5), np.int64(7), np.bool_(True), np.str_("a"), b"a", [1.0], "2020-02-02",
       datetime.date(2021, 1, 1), datetime.datetime(2021, 1, 1, 5), "1,5", "1.5")  # fmt: skip
SCALINGS = ("robust", "standard", "none")


def encoder_of(scaling: Any, dtype: Any = "float64", max_levels: int = 100) -> TableEncoder:
    """An encoder of every kind of column, of which ``code`` has numbers as categories and ``free`` is text."""
    return TableEncoder(scaling, ["code"], max_levels, dtype=dtype, decimal=",", thousands=".", missing=["x"]).fit(
        TRAINING
    )


ENCODERS = {(scaling, m): encoder_of(scaling, max_levels=m) for scaling in SCALINGS for m in (2, 100)}


def both_ways(encoder: TableEncoder, row: dict[str, Any]) -> tuple[Any, Any]:
    """The features of a row by the encoder of tables and by that of rows; the words of an error take their place."""
    ways = (lambda: encoder.encode([row])[0].tolist(), lambda: RowEncoder(encoder, by_name=True)(row))
    found = []
    for way in ways:
        try:
            found.append(way())
        except NeedsTable:
            return None, None
        except cr.InputError as error:
            found.append(str(error))
    return found[0], found[1]


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(sorted(ENCODERS)), st.tuples(*(st.sampled_from(range(len(ANY))) for _ in NAMES)))
def test_a_row_is_encoded_as_in_a_table(which: Any, values: tuple[int, ...]) -> None:
    """A dict of any values has the features of its table bit for bit, or is left to the table."""
    table, row = both_ways(ENCODERS[which], {name: ANY[k] for name, k in zip(NAMES, values, strict=True)})
    assert table == row


@pytest.mark.parametrize("which", ENCODERS, ids=str)
@pytest.mark.parametrize("name", NAMES)
def test_every_value_of_every_column_is_encoded_as_in_a_table(which: Any, name: str) -> None:
    """Each value in each column beside ordinary ones has the features of its table, or is left to the table."""
    for value in ANY:
        table, row = both_ways(ENCODERS[which], {**TRAINING[0], name: value})
        assert table == row, value


def test_ordinary_rows_need_no_table() -> None:
    """Numbers, their texts, categories, gaps, booleans and times of JSON or Python are encoded without a table."""
    encode = RowEncoder(encoder_of("robust"), by_name=True)
    row = {"size": 1, "count": "3", "kind": "new", "sold": None, "code": 7.0, "free": "1.234,5", "when": None}
    assert len(encode(row)) == encoder_of("robust").n_features_out_
    listed = RowEncoder(encoder_of("robust"), by_name=False)
    assert listed(list(row.values())) == encode(row)
    with pytest.raises(NeedsTable):
        listed([1.0])
    with pytest.raises(NeedsTable):
        encode({"size": 1.0})


def model_of(target: Any, k: int, output: str, dtype: str = "float32", temperature: float = 1.0) -> TableModel:
    """A model of k networks with random θ."""
    encoder = encoder_of("robust", dtype)
    m = len(target) if isinstance(target, ClassLabels) else target.m
    m = 1 if output == "sigmoid" and m == 2 else m
    nets = tuple(
        cr.Network.dense([encoder.n_features_out_, 5, m], output=output, seed=j).astype(dtype) for j in range(k)
    )
    return TableModel(encoder, target, nets, Calibration(temperature))


CLASSES, NUMBERS = ClassLabels.fit(["no", "yes", "maybe"]), NumericLabels.fit([[1.0, 5.0], [3.0, 9.0]])
MODELS: dict[str, Callable[[], TableModel]] = {
    "classes": lambda: model_of(CLASSES, 1, "softmax", temperature=0.7),
    "classes, averaged": lambda: model_of(CLASSES, 3, "softmax", temperature=1.3),
    "float64": lambda: model_of(CLASSES, 2, "softmax", "float64", 0.5),
    "one sigmoid": lambda: model_of(ClassLabels.fit([0, 1]), 2, "sigmoid", temperature=0.9),
    "sigmoids": lambda: model_of(CLASSES, 2, "sigmoid"),
    "two numbers": lambda: model_of(NUMBERS, 2, "identity"),
    "a number": lambda: model_of(NumericLabels.fit([1.0, 4.0]), 1, "identity", "float64"),
}


@pytest.mark.parametrize("kind", MODELS)
def test_a_row_is_predicted_as_in_a_table(kind: str) -> None:
    """Labels and numbers are those of the table bit for bit; probabilities differ by the rounding of a power and a sum.

    |Δq/q| ≤ 2 · (2 + 2 k) u: the power, the quotients, and the sum of k of them, each twice.
    """
    model = MODELS[kind]()
    rows = model.row_predictor()
    for row in (*TRAINING, {**TRAINING[0], "kind": ["unreadable"]}):
        if row["kind"] == ["unreadable"]:
            with pytest.raises(cr.InputError, match="'kind' of X must hold categories"):
                rows.predict(row)
            continue
        table = cr_table([row])
        assert rows.predict(row) == rows.predict(list(row.values())) == model.predict(table)[0].tolist()
        assert model.predict(row).tolist() == model.predict([row]).tolist() == model.predict(table).tolist()
        if isinstance(model.target, ClassLabels):
            q = model.predict_proba(table)[0]
            assert (abs(np.array(rows.predict_proba(row)) - q) <= (4 + 4 * len(q)) * 2.0**-53 * q).all()


def cr_table(rows: list[dict[str, Any]]) -> Any:
    """The rows as a table, which is not taken apart again."""
    from chainrule.tables.reading.read import read

    return read(rows)


def test_a_regression_model_has_no_probabilities() -> None:
    """Probabilities of a row of a regression model are refused."""
    with pytest.raises(cr.InputError, match="no class probabilities"):
        MODELS["a number"]().row_predictor().predict_proba(TRAINING[0])


LISTS = [list(row.values()) for row in TRAINING]


@pytest.mark.parametrize("rows", [TRAINING[:1], TRAINING, LISTS[:1], LISTS, np.ones((1, 7)), "1234567", b"1", None, 7])
def test_a_row_predictor_takes_one_row(rows: Any) -> None:
    """Several rows, a text and what has no entries are refused as a row, with the call for several rows."""
    predictor = MODELS["classes"]().row_predictor()
    for predict in (predictor.predict, predictor.predict_proba):
        with pytest.raises(cr.InputError, match=r"row must be one row, .*; got .*\. Predict several rows by"):
            predict(rows)


def test_one_row_of_pandas_is_a_row() -> None:
    """A Series whose index has the names is one row; a column, and a dict of columns, are refused with a remedy."""
    pandas = pytest.importorskip("pandas")
    model = MODELS["classes"]()
    series = pandas.Series(TRAINING[0], dtype=object)
    assert model.predict(series).tolist() == model.predict([TRAINING[0]]).tolist()
    with pytest.raises(cr.InputError, match=r"X\.to_frame\(\) for a column"):
        model.predict(pandas.Series([1.0, 2.0]))
    with pytest.raises(cr.InputError, match="Pass a list of dicts"):
        model.predict({name: [value] for name, value in TRAINING[0].items()})
    with pytest.raises(cr.InputError, match="an empty dict"):
        model.predict({})


def test_dicts_for_a_model_without_names_are_left_to_the_table() -> None:
    """A model of arrays matches columns by position, or as x0, x1, …, so that a dict is a table for it in each case."""
    encoder = TableEncoder().fit([[1.0, 5.0], [2.0, 7.0], [4.0, 6.0]])
    with pytest.raises(NeedsTable):
        RowEncoder(encoder, by_name=True)({"x0": 1.0, "x1": 5.0})
    assert RowEncoder(encoder, by_name=False)([1.0, 5.0]) == encoder.transform([[1.0, 5.0]])[0].tolist()

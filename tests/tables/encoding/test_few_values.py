"""Features for each value of the integers that have few: which columns have them, and what they are."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse

import chainrule as cr
from chainrule.tables import TableEncoder, TableModel, load
from chainrule.tables.encoding.fit_steps import MOST_OF_ALL, SOME_ROWS, fit_few_values
from chainrule.tables.encoding.row_encoder import RowEncoder
from chainrule.tables.target_decoder import NumericLabels

NAN = math.nan
ROWS = [[7.0, 1.0, 0.5, NAN], [9.0, 0.0, 1.0, 3.0], [8.0, 1.0, 2.0, 2.0], [7.0, 0.0, 3.0, 1.0]]


def test_each_value_of_few_integers_has_a_feature() -> None:
    """A column of 7, 8, 9 and one of 1, 2, 3 and a gap have three features each; two values, or fractions, none."""
    encoder = TableEncoder("none", max_values=3).fit(ROWS)
    names = ["x0", "x1", "x2", "x3", "x3_missing", "x0_7", "x0_8", "x0_9", "x3_1", "x3_2", "x3_3"]
    assert encoder.get_feature_names_out().tolist() == names
    assert encoder.n_features_out_ == 11
    assert encoder.transform(ROWS)[:, 5:].tolist() == [
        [1, 0, 0, 0, 0, 0], [0, 0, 1, 0, 0, 1], [0, 1, 0, 0, 1, 0], [1, 0, 0, 1, 0, 0],
    ]  # fmt: skip
    assert encoder.transform([[7.5, 0.0, 0.0, 4.0]])[0, 5:].tolist() == [0.0] * 6
    assert encoder.describe()[0][2] == "(x − 0) · 1, and one-hot: '7', '8', '9'"


@pytest.mark.parametrize(("most", "columns"), [(0, []), (2, []), (3, [0, 3]), (4, [0, 3])])
def test_the_number_of_values_is_limited(most: int, columns: list[int]) -> None:
    """A column with more values than ``max_values`` has no such feature, and none has by default."""
    found = fit_few_values(np.array(ROWS), np.arange(4), most)
    assert np.unique(found.of).tolist() == columns
    assert not len(TableEncoder().fit(ROWS).few_values_.of)


@pytest.mark.parametrize(
    "values", [[1.0, 2.0, 4.0], [0.5, 1.5, 2.5], [2.0, 4.0, 6.0], [1.0, 1.5, 2.0], [0.0, 1.0, 1.0]]
)
def test_only_consecutive_integers_are_codes(values: list[float]) -> None:
    """Sizes with gaps between them, fractions, and two values have no such features."""
    assert not len(fit_few_values(np.array(values)[:, None], np.arange(1), 10).of)


def test_values_that_come_late_count() -> None:
    """A value in the last row is found, and a column whose last rows have many is not one of few."""
    late = np.tile([4.0, 5.0], SOME_ROWS)
    late[-1] = 6.0
    many = late.copy()
    many[-20:] = np.arange(20.0)
    found = fit_few_values(np.stack([late, many], axis=1), np.arange(2), 10)
    assert (found.of.tolist(), found.values.tolist()) == ([0, 0, 0], [4.0, 5.0, 6.0])


def test_very_many_features_are_none() -> None:
    """If all columns together would have more than 512 such features, none has one."""
    columns = MOST_OF_ALL // 4
    R = np.tile(np.arange(4.0)[:, None], columns + 1)
    assert len(fit_few_values(R, np.arange(columns), 4).of) == MOST_OF_ALL
    assert not len(fit_few_values(R, np.arange(columns + 1), 4).of)


def test_sparse_rows_may_come_later() -> None:
    """A sparse table has none; a model of few values encodes sparse rows like the same dense ones."""
    dense = np.array([[0.0, 1.0], [0.0, 2.0], [0.0, 3.0], [5.0, 0.0]])
    sparse = scipy.sparse.csr_array(dense)
    assert not len(TableEncoder(max_values=5).fit(sparse).few_values_.of)
    encoder = TableEncoder(max_values=5).fit(dense)
    assert encoder.few_values_.values.tolist() == [0.0, 1.0, 2.0, 3.0]
    assert np.array_equal(encoder.transform(sparse), encoder.transform(dense))


def test_a_file_keeps_them(tmp_path: Path) -> None:
    """A saved encoder has the same features, bit for bit, and the same settings."""
    encoder = TableEncoder(max_values=3).fit(ROWS)
    net = cr.Network.dense([encoder.n_features_out_, 1], seed=0)
    TableModel(encoder, NumericLabels.fit([1.0, 2.0]), (net,)).save(tmp_path / "m.safetensors")
    again = load(tmp_path / "m.safetensors").encoder
    assert np.array_equal(again.transform(ROWS), encoder.transform(ROWS))
    assert again.get_params() == encoder.get_params()


def test_the_number_of_values_is_checked() -> None:
    """A number of values is an integer from 0."""
    with pytest.raises(cr.InputError, match="max_values must be an integer"):
        TableEncoder(max_values=-1).fit(ROWS)


def test_a_single_row_has_them_too() -> None:
    """The encoding of rows without a table has the same features, for each value, an unknown one and a gap."""
    encoder = TableEncoder("none", max_values=3).fit(ROWS)
    encode = RowEncoder(encoder, by_name=False)
    for row in [*ROWS, [7.5, 0.0, 0.0, 4.0]]:
        assert encode(row) == encoder.transform([row])[0].tolist()

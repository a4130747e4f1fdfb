"""The encoder of tables: the encoding of each kind of column, by hand and by properties, and of awkward columns."""

from __future__ import annotations

import datetime
import json
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas
import polars
import pyarrow
import pyarrow.csv
import pyarrow.parquet
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from support.estimators.frames import ANY_WARNING, frame

from chainrule.errors import DataWarning, InputError
from chainrule.tables.encoding.encoder import TableEncoder
from chainrule.tables.encoding.steps import Calendar
from chainrule.tables.reading.read import read


def test_robust_scaling_by_hand() -> None:
    """z = (x − median) / (q75 − q25), then z / √(1 + (z/3)²)."""
    x = np.array([0.0, 1.0, 2.0, 3.0, 100.0])
    z = (x - 2.0) / 2.0
    assert np.allclose(TableEncoder().fit_transform(x[:, None])[:, 0], z / np.sqrt(1 + (z / 3) ** 2), rtol=1e-15)


def test_equal_quartiles_by_hand() -> None:
    """If both quartiles are equal, the factor is 2 / (max − min)."""
    x = np.array([7.0] * 9 + [11.0])
    z = (x - 7.0) * 2.0 / 4.0
    assert np.allclose(TableEncoder().fit_transform(x[:, None])[:, 0], z / np.sqrt(1 + (z / 3) ** 2), rtol=1e-15)


def test_standard_and_none_by_hand() -> None:
    """ "standard" gives mean 0 and standard deviation 1, "none" the numbers themselves; a gap is the median."""
    X = np.array([[1.0], [2.0], [np.nan], [6.0]])
    assert TableEncoder("none").fit_transform(X).tolist() == [[1.0, 0.0], [2.0, 0.0], [2.0, 1.0], [6.0, 0.0]]
    Z = TableEncoder("standard").fit_transform(X)[:, 0]
    assert np.allclose(Z[[0, 1, 3]].mean(), 0.0, atol=1e-15)
    assert np.allclose(Z[[0, 1, 3]].std(), 1.0)
    assert Z[2] == Z[1]


@pytest.mark.parametrize("t", [2, 5, 100, 101])
def test_quartiles_are_numpy_s(t: int) -> None:
    """Median and quartiles are those of ``numpy.nanquantile``, whichever rows are missing, dense or sparse."""
    rng = np.random.default_rng(t)
    X = rng.normal(size=(t, 6)) * (rng.random((t, 6)) < 0.7)
    X[rng.random((t, 6)) < 0.1] = np.nan
    X[:2] = [[-1.0] * 6, [1.0] * 6]
    q25, median, q75 = np.nanquantile(X, [0.25, 0.5, 0.75], axis=0)
    size = np.nanmax(X, axis=0) - np.nanmin(X, axis=0)
    with np.errstate(divide="ignore"):
        factor = np.where(q75 > q25, 1.0 / (q75 - q25), 2.0 / size)
    for form in (X, scipy.sparse.csr_array(X)):
        encoder = TableEncoder().fit(form)
        assert np.allclose(encoder.scale_.center, median, rtol=1e-14, atol=1e-16)
        assert np.allclose(encoder.scale_.factor, factor, rtol=1e-13)


def test_categories_by_hand() -> None:
    """Two levels are −1 and 1 and a gap 0; three are a 1 among zeros and a gap zeros; a level is its own if unseen."""
    X = [["a", "p"], ["b", "q"], ["a", "r"], [None, None]]
    encoder = TableEncoder().fit(X)
    assert encoder.get_feature_names_out().tolist() == ["x0_b", "x1_p", "x1_q", "x1_r"]
    assert encoder.transform(X).tolist() == [[-1, 1, 0, 0], [1, 0, 1, 0], [-1, 0, 0, 1], [0, 0, 0, 0]]
    assert encoder.transform([["?", "?"]]).tolist() == [[0, 0, 0, 0]]
    assert encoder.unseen([["?", "?"], ["a", "!"], [None, "p"]]) == {"x0": 1, "x1": 2}


def test_rare_levels_share_one() -> None:
    """If a column has more than max_levels levels, the most frequent are kept; the others are "other"."""
    words = ["a"] * 5 + ["b"] * 4 + ["c"] * 3 + ["d"] * 2 + ["e"]
    encoder = TableEncoder(max_levels=3).fit([[word] for word in words])
    assert encoder.get_feature_names_out().tolist() == ["x0_a", "x0_b", "x0_other"]
    assert encoder.transform([["b"], ["e"], ["new"], [None]]).tolist() == [[0, 1, 0], [0, 0, 1], [0, 0, 1], [0, 0, 0]]


def test_texts_that_differ_in_every_row_are_left_out() -> None:
    """A column of identifiers, which says nothing about new rows, is left out with a warning that names it."""
    X = [[f"id{k}", k % 3] for k in range(8)]
    with pytest.warns(DataWarning, match="left out 'x0': a different text in every training row"):
        encoder = TableEncoder(max_levels=5).fit(X)
    assert encoder.dropped_ == {"x0": "a different text in every training row"}


def test_levels_of_one_row_share_one() -> None:
    """Beyond max_levels a level of a single row is "other" too; a gap does not make identifiers a category."""
    encoder = TableEncoder(max_levels=4).fit([["a"], ["a"], ["b"], ["c"], ["d"], ["e"]])
    assert encoder.get_feature_names_out().tolist() == ["x0_a", "x0_other"]
    with pytest.warns(DataWarning, match="a different text in every training row"):
        TableEncoder(max_levels=4).fit([["a", 1], ["b", 1], ["c", 1], ["d", 2], ["e", 1], [None, 2]])


def test_levels_are_those_of_the_rows() -> None:
    """A level without a row in a part of a table is unknown to the encoder of that part."""
    table = read([["a", 1.0], ["b", 2.0], ["c", 3.0], ["b", 4.0]])
    encoder = TableEncoder().fit(table.rows(np.array([0, 1, 3])))
    assert encoder.get_feature_names_out().tolist() == ["x1", "x0_b"]


def test_numbers_come_first() -> None:
    """The first n_numbers_ features are the numbers, then the indicators, then the categories in the table's order."""
    encoder = TableEncoder().fit(frame())
    names = encoder.get_feature_names_out().tolist()
    assert encoder.n_numbers_ == 2 + 7 + 1
    assert names[:3] == ["n", "k", "when"]
    assert names[9:] == ["span", "n_missing", "c_u", "c_v", "c_w", "two_yes", "flag_True"]
    assert len(names) == encoder.n_features_out_ == encoder.transform(frame()).shape[1]


def test_calendar_by_hand() -> None:
    """A quarter of a day is sin 1; a year's first moment is cos 1; days are counted from 1970; NaT is NaN."""
    times = np.array(["1970-01-01T06:00", "2023-01-01", "2024-07-02", "NaT"], dtype="datetime64[us]")
    parts = dict(zip(Calendar.suffixes, Calendar()(times).T, strict=True))
    assert parts[""][:2].tolist() == [0.25, 19358.0]
    assert np.allclose([parts["_day_sin"][0], parts["_year_cos"][1]], 1.0)
    assert np.allclose(parts["_year_cos"][2], -1.0, atol=1e-4)  # 2024 has 366 days
    assert all(np.isnat(times[3]) and np.isnan(part[3]) for part in parts.values())


def test_forced_categories() -> None:
    """``categories`` makes levels of numbers, by name or by position; whole floats are whole numbers."""
    X = np.array([[10.0, 1.0], [20.0, 2.0], [30.0, 4.0], [10.0, 3.0]])
    encoder = TableEncoder(categories=[0]).fit(X)
    assert encoder.get_feature_names_out().tolist() == ["x1", "x0_10", "x0_20", "x0_30"]
    assert encoder.transform(X)[:, 1:].tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 0, 0]]
    named = TableEncoder(categories=["zip"]).fit(pandas.DataFrame(X, columns=["zip", "n"]))
    assert np.array_equal(named.transform(pandas.DataFrame(X, columns=["zip", "n"])), encoder.transform(X))
    with pytest.raises(InputError, match="categories: X has no column 'zap'; did you mean 'zip'"):
        TableEncoder(categories=["zap"]).fit(pandas.DataFrame(X, columns=["zip", "n"]))
    with pytest.raises(InputError, match="must be a list of columns; got the text 'zip'"):
        TableEncoder(categories="zip").fit(X)
    with pytest.raises(InputError, match="must be a list of columns; got 3"):
        TableEncoder(categories=3).fit(X)  # type: ignore[arg-type]
    for odd in (np.timedelta64(3, "s"), datetime.date(2024, 2, 29), [1]):
        with pytest.raises(InputError, match=r"'a' of X must hold numbers, booleans or texts, .*\. Make texts of it"):
            TableEncoder(categories=["a"]).fit([{"a": odd, "b": 1.0}, {"a": odd, "b": 2.0}])


GOOD = [float(k) for k in range(8)]
HUGE = [-1.7e308, 1.7e308, 1e300, -1e300, 0.0, 1.0, 2.0, 3.0]
TINY = [0.0, 5e-324, 0.0, 5e-324, 0.0, 0.0, 5e-324, 0.0]
HANDLED: list[tuple[str, list[Any], list[str], str]] = [
    # description, values, features, warning
    ("all missing", [None] * 8, [], "left out 'a': no values in the training rows"),
    ("all NaN", [float("nan")] * 8, [], "left out 'a': no values in the training rows"),
    ("empty texts", [""] * 8, [], "left out 'a': no values in the training rows"),
    ("constant number", [7.5] * 8, [], "left out 'a': constant in the training rows"),
    ("constant number and gaps", [7.5, None] * 4, ["a_missing"], ""),
    ("one category", ["x"] * 8, [], "left out 'a': constant in the training rows"),
    ("one category and gaps", ["x", None] * 4, ["a_x"], ""),
    ("constant boolean", [True] * 8, [], "left out 'a': constant in the training rows"),
    ("boolean and gaps", [True, False, None, True] * 2, ["a_True"], ""),
    ("constant time", [np.datetime64("2024-01-01", "us")] * 8, [], "left out 'a': constant in the training rows"),
    ("huge numbers", HUGE, ["a"], ""),
    ("numbers that hardly differ", TINY, [], "left out 'a': varies by less than 1e-307 in the training rows"),
    ("numbers beside texts", [1, "x", 2.0, None] * 2, ["a_1", "a_2", "a_x"], "'a' mixes numbers and texts"),
    ("numbers beside booleans", [1, True, 2, 0] * 2, ["a"], ""),
    ("texts that are numbers", ["1", "2", "3", "1"] * 2, ["a"], ""),
    ("odd texts", ["é\n", "\x00", "🙂", "é\n"] * 2, ["a_\x00", "a_é\n", "a_🙂"], ""),
]


@pytest.mark.parametrize(("values", "features", "says"), [case[1:] for case in HANDLED], ids=[c[0] for c in HANDLED])
def test_awkward_columns_are_handled(values: list[Any], features: list[str], says: str) -> None:
    """Each awkward column is encoded as documented, finite and bounded, or left out with a warning."""
    X = pandas.DataFrame({"a": pandas.Series(values, dtype=object), "good": GOOD})
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        encoder = TableEncoder(dtype="float32").fit(X)
    assert [name for name in encoder.get_feature_names_out() if name != "good"] == features
    assert len(caught) == bool(says)
    assert all(isinstance(c.message, DataWarning) and says in str(c.message) for c in caught)
    Z = encoder.transform(X)
    assert np.isfinite(Z).all()
    assert np.abs(Z).max() <= 3.0
    other = pandas.DataFrame({"a": pandas.Series([None] * 8, dtype=object), "good": GOOD})
    assert np.isfinite(encoder.transform(other)).all()  # a gap in a column that had none in training


REFUSED: list[tuple[str, Callable[[], Any], str]] = [
    ("infinite", lambda: pandas.DataFrame({"a": [1.0, np.inf], "b": [1, 2]}), "column 'a' of X is infinite in row 2"),
    ("infinite array", lambda: np.array([[1.0, -np.inf], [1.0, 2.0]]), "column 'x1' of X is infinite in row 1"),
    (
        "infinite sparse",
        lambda: scipy.sparse.csr_array(np.array([[0.0, 0.0], [1.0, np.inf]])),
        "column 'x1' of X is infinite in row 2",
    ),
    ("an integer of 400 digits", lambda: np.array([[10**400], [1]], dtype=object), "'x0' of X is infinite in row 1"),
    ("lists", lambda: pyarrow.table({"a": [[1], [2]]}), "column 'a' of X must hold numbers, categories.*got list"),
    ("bytes", lambda: pyarrow.table({"a": [b"\xff", b"\xfe"]}), "text that is not UTF-8"),
    ("dictionaries", lambda: np.array([[{}], [1]], dtype=object), "column 'x0'.*got dict and numbers, such as"),
    ("one row", lambda: np.ones((1, 3)), r"must have a column that varies.*n_samples = 1"),
    ("nothing varies", lambda: pandas.DataFrame({"a": ["x", "x"], "b": [1, 1]}), "a column that varies; got none in 2"),
]


@pytest.mark.parametrize(("make", "says"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_awkward_tables_are_refused(make: Callable[[], Any], says: str) -> None:
    """A table that cannot be encoded is refused; the error names the column, and the row if there is one."""
    with pytest.raises(InputError, match=says):
        TableEncoder().fit(make())


@pytest.mark.parametrize(
    "options", [{"numbers": "robst"}, {"dtype": "float16"}, {"max_levels": 1}, {"max_levels": 2.5}], ids=str
)
def test_options_are_checked(options: dict[str, Any]) -> None:
    """An option out of its range is refused by ``fit``."""
    with pytest.raises(InputError, match=next(iter(options)) if "numbers" not in options else "did you mean 'robust'"):
        TableEncoder(**options).fit(np.eye(3))


numbers_ = st.floats(allow_nan=True, allow_infinity=False)
tables = arrays.arrays(np.float64, st.tuples(st.integers(2, 30), st.integers(1, 4)), elements=numbers_)


@ANY_WARNING
@given(tables, st.booleans())
def test_robust_features_are_bounded(X: np.ndarray[Any, np.dtype[np.float64]], as_sparse: bool) -> None:
    """Every feature of any numbers and gaps is finite and within ±3; dense and sparse rows give the same features."""
    try:
        encoder = TableEncoder(dtype="float32").fit(scipy.sparse.csr_array(X) if as_sparse else X)
    except InputError:
        for x in X.T:  # nothing varies, and every gap is a whole column
            present = x[~np.isnan(x)]
            assert len(present) in (0, len(x))
            assert not len(present) or 0.5 * present.max() - 0.5 * present.min() < 1e-300
        return
    Z = encoder.transform(X)
    assert np.isfinite(Z).all()
    assert np.abs(Z).max() <= 3.0
    sparse = encoder.transform(scipy.sparse.csr_array(X))
    assert np.array_equal(sparse if isinstance(sparse, np.ndarray) else sparse.toarray(), Z)


@ANY_WARNING
@settings(max_examples=50)
@given(
    st.lists(
        st.tuples(
            st.one_of(st.none(), st.floats(-1e6, 1e6)), st.sampled_from([None, "a", "b", "c", "ü"]), st.booleans()
        ),
        min_size=3,
        max_size=20,
    ),
    st.permutations([0, 1, 2]),
)
def test_order_of_columns_does_not_matter(rows: list[tuple[Any, ...]], order: list[int]) -> None:
    """A frame with its columns in another order is encoded alike, and so is its copy from JSON and tensors."""
    X = polars.DataFrame(rows, schema={"n": polars.Float64, "c": polars.String, "f": polars.Boolean}, orient="row")
    try:
        encoder = TableEncoder().fit(X)
    except InputError:
        assert all(len({v for v in column if v is not None}) <= 1 for column in zip(*rows, strict=True))
        return
    Z = encoder.transform(X)
    assert np.array_equal(encoder.transform(X.select([X.columns[k] for k in order])), Z)
    header, tensors = encoder.parts()
    again = TableEncoder.from_parts(json.loads(json.dumps(header)), tensors)
    assert np.array_equal(again.transform(X), Z)
    assert again.describe() == encoder.describe()
    assert again.get_feature_names_out().tolist() == encoder.get_feature_names_out().tolist()

"""The encoder of tables: the encoding of every kind of column, and of new rows."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
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

from chainrule.errors import DataWarning, FileFormatError, InputError, UnknownName
from chainrule.tables.encoding.encoder import TableEncoder
from chainrule.tables.encoding.steps import Calendar, OneHot, Sign
from chainrule.tables.reading import read
from chainrule.tables.target_decoder import ClassLabels, NumericLabels, from_parts

ANY_WARNING = pytest.mark.filterwarnings("ignore::chainrule.errors.DataWarning")


def frame(t: int = 60, seed: int = 0) -> Any:
    """A pandas frame with a column of each kind, with gaps."""
    rng = np.random.default_rng(seed)
    gap = rng.random(t) < 0.2
    return pandas.DataFrame(
        {
            "n": np.where(gap, np.nan, rng.normal(5.0, 3.0, t)),
            "k": rng.integers(0, 9, t),
            "c": pandas.Series(rng.choice(["u", "v", "w"], t)).mask(gap),
            "two": rng.choice(["no", "yes"], t),
            "flag": rng.random(t) < 0.5,
            "when": pandas.Timestamp("2024-01-01") + pandas.to_timedelta(rng.integers(0, 900, t), unit="h"),
            "span": pandas.to_timedelta(rng.integers(0, 900, t), unit="s"),
        }
    )


# ---- the recipe, by hand ---------------------------------------------------------------------------------------------


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
    """Of more than max_levels levels the most frequent are kept; all others, unseen ones too, are "other"."""
    words = ["a"] * 5 + ["b"] * 4 + ["c"] * 3 + ["d"] * 2 + ["e"]
    encoder = TableEncoder(max_levels=3).fit([[word] for word in words])
    assert encoder.get_feature_names_out().tolist() == ["x0_a", "x0_b", "x0_other"]
    assert encoder.transform([["b"], ["e"], ["new"], [None]]).tolist() == [[0, 1, 0], [0, 0, 1], [0, 0, 1], [0, 0, 0]]


def test_texts_that_differ_in_every_row_are_left_out() -> None:
    """A column of identifiers carries no information about new rows: it is left out, with a warning that names it."""
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


# ---- every awkward thing ---------------------------------------------------------------------------------------------

GOOD = [float(k) for k in range(8)]
HUGE = [-1.7e308, 1.7e308, 1e300, -1e300, 0.0, 1.0, 2.0, 3.0]
TINY = [0.0, 5e-324, 0.0, 5e-324, 0.0, 0.0, 5e-324, 0.0]

HANDLED: list[tuple[str, list[Any], list[str], str]] = [
    # what, the values, its features, the warning
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
    ("numbers that hardly differ", TINY, [], "left out 'a': constant in the training rows"),
    ("numbers beside texts", [1, "x", 2.0, None] * 2, ["a_1", "a_2", "a_x"], "'a' mixes numbers and texts"),
    ("numbers beside booleans", [1, True, 2, 0] * 2, ["a"], ""),
    ("texts that are numbers", ["1", "2", "3", "1"] * 2, ["a_1", "a_2", "a_3"], ""),
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
    assert np.isfinite(encoder.transform(other)).all()  # a gap where training had none


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


def test_texts_of_numbers_beyond_the_cap_are_warned_of() -> None:
    """More than max_levels texts that all read as numbers are probably numbers: a warning says so."""
    with pytest.warns(DataWarning, match="'x0' holds texts that are all numbers"):
        TableEncoder(max_levels=5).fit(np.array([[str(k % 9)] for k in range(20)]))


# ---- new rows --------------------------------------------------------------------------------------------------------


def test_columns_are_found_by_name() -> None:
    """Columns in another order, further ones, and ones that were left out in training change nothing."""
    X = frame().assign(same=1.0)
    with pytest.warns(DataWarning):
        encoder = TableEncoder().fit(X)
    expected = encoder.transform(X)
    assert np.array_equal(encoder.transform(X[X.columns[::-1]].assign(more="?")), expected)
    assert np.array_equal(encoder.transform(X.drop(columns="same")), expected)
    assert np.array_equal(encoder.transform(X.assign(same=None)), expected)


NEW: list[tuple[Callable[[Any], Any], str]] = [
    (lambda X: X.drop(columns=["n"]).rename(columns={"k": "K"}), r"X has no column 'n', 'k'.*It has: "),
    (lambda X: X.assign(n="?"), r"column 'n' of X must hold numbers, as in the training rows; got text, such as '\?'"),
    (lambda X: X.assign(n=X.when), "column 'n' of X must hold numbers.*got timestamp"),
    (lambda X: X.assign(flag="yes"), "column 'flag' of X must hold booleans.*got text"),
    (lambda X: X.assign(when=1.0), "column 'when' of X must hold datetimes.*got double, such as 1.0 in row 1"),
    (lambda X: X.assign(span=1.0), "column 'span' of X must hold durations.*got double"),
    (lambda X: X.assign(c=X.when), "column 'c' of X must hold categories.*got timestamp"),
    (lambda X: X.assign(n=np.inf), "column 'n' of X is infinite in row 1"),
    (lambda X: np.ones((3, 6)), "X has 6 features, but TableEncoder is expecting 7 features as input"),
]


@pytest.mark.parametrize(("change", "says"), NEW)
def test_new_rows_of_another_kind_are_refused(change: Callable[[Any], Any], says: str) -> None:
    """A missing column and a column of another kind than in training are refused by name, with an example."""
    encoder = TableEncoder().fit(frame())
    with pytest.raises(InputError, match=says):
        encoder.transform(change(frame(9)))


def test_what_may_stand_in() -> None:
    """Booleans match 0 and 1, numbers match levels of the same text, and missing values match everything."""
    X = pandas.DataFrame({"n": [0.0, 1.0, 3.0], "flag": [True, False, True], "word": ["1", "2", "x"]})
    encoder = TableEncoder().fit(X)
    as_text = pandas.DataFrame({"n": [0.0, 1.0], "flag": [True, False], "word": ["1", "2"]})
    as_number = pandas.DataFrame({"n": [False, True], "flag": [1, 0], "word": [1.0, 2.0]})
    assert np.array_equal(encoder.transform(as_number), encoder.transform(as_text))
    gaps = encoder.transform(pandas.DataFrame({"n": [None], "flag": [None], "word": [None]}, dtype=object))
    assert gaps.tolist() == [[0.0, 0.0, 0.0, 0.0, 0.0]]
    levels = TableEncoder(categories=["k"]).fit(pandas.DataFrame({"k": [1, 2, 3]}))
    with pytest.raises(InputError, match=r"column 'k' of X must hold numbers.*got text"):
        levels.transform(pandas.DataFrame({"k": ["1"]}))


def test_arrays_and_frames_by_position() -> None:
    """An array matches a frame with the same number of columns, and a frame an array, by position."""
    X = np.random.default_rng(0).normal(size=(20, 3))
    named = TableEncoder().fit(pandas.DataFrame(X, columns=list("abc")))
    unnamed = TableEncoder().fit(X)
    assert named.feature_names_in_.tolist() == ["a", "b", "c"]
    assert not hasattr(unnamed, "feature_names_in_")
    assert not hasattr(named.fit(X), "feature_names_in_")
    for x in (X, pandas.DataFrame(X, columns=list("cba")), scipy.sparse.csr_array(X)):
        assert np.array_equal(unnamed.transform(x), unnamed.transform(X))


def test_numbers_too_far_off() -> None:
    """A number that leaves float32 is refused by name without the clip, and bounded by it."""
    X = np.array([[0.0], [1.0], [2.0]])
    assert TableEncoder(dtype="float32").fit(X).transform([[1e300]]).tolist() == [[3.0]]
    for numbers in ("standard", "none"):
        with pytest.raises(InputError, match="'x0' of X is too far from the training rows in row 2 for float32"):
            TableEncoder(numbers, dtype="float32").fit(X).transform([[1.0], [1e300]])


@pytest.mark.parametrize(
    "options", [{"numbers": "robst"}, {"dtype": "float16"}, {"max_levels": 1}, {"max_levels": 2.5}], ids=str
)
def test_options_are_checked(options: dict[str, Any]) -> None:
    """An option out of its range is refused when rows come."""
    with pytest.raises(InputError, match=next(iter(options)) if "numbers" not in options else "did you mean 'robust'"):
        TableEncoder(**options).fit(np.eye(3))


def test_before_fit() -> None:
    """An unfitted encoder says so; parameters can be read and set as in scikit-learn."""
    encoder = TableEncoder()
    for call in (lambda: encoder.transform([[1]]), encoder.get_feature_names_out, encoder.parts, encoder.describe):
        with pytest.raises(InputError, match=r"Call fit\(X\) first"):
            call()
    with pytest.raises(InputError, match="infinite"):
        encoder.fit([[np.inf], [1.0]])
    with pytest.raises(InputError, match=r"Call fit\(X\) first"):
        encoder.transform([[1.0]])
    assert TableEncoder(**encoder.set_params(max_levels=7).get_params()).max_levels == 7
    with pytest.raises(UnknownName, match="did you mean 'max_levels'"):
        encoder.set_params(max_level=7)


# ---- properties ------------------------------------------------------------------------------------------------------

numbers_ = st.floats(allow_nan=True, allow_infinity=False)
tables = arrays.arrays(np.float64, st.tuples(st.integers(2, 30), st.integers(1, 4)), elements=numbers_)


@ANY_WARNING
@given(tables, st.booleans())
def test_robust_features_are_bounded(X: np.ndarray[Any, np.dtype[np.float64]], as_sparse: bool) -> None:
    """Whatever numbers and gaps come, every feature is finite and within ±3; dense and sparse rows give the same."""
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
    assert np.array_equal(encoder.transform(scipy.sparse.csr_array(X)), Z)


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


@given(st.lists(st.text(min_size=1), min_size=2, max_size=20, unique=True), st.text(min_size=1))
def test_unseen_levels_are_zeros(levels: list[str], new: str) -> None:
    """An unseen text is encoded as zeros, a known one with exactly one nonzero entry."""
    encoder = TableEncoder().fit(np.array([[level] for level in levels], dtype=object))
    row = encoder.transform(np.array([[new]], dtype=object))
    assert np.count_nonzero(row) == (new in levels)
    assert encoder.unseen(np.array([[new]], dtype=object)) == ({} if new in levels else {"x0": 1})


# ---- one table, many libraries ---------------------------------------------------------------------------------------


def test_every_library_is_encoded_alike(tmp_path: Path) -> None:
    """pandas, polars, Arrow, DuckDB, NumPy objects, CSV and Parquet of one table give the same features bit for bit."""
    X = frame()
    table = pyarrow.Table.from_pandas(X, preserve_index=False)
    encoder = TableEncoder().fit(X)
    expected = encoder.transform(X)
    objects = np.array(X.astype(object).where(X.notna(), None).to_numpy(), dtype=object)
    for other in (table, polars.from_arrow(table), duckdb.from_arrow(table), X.convert_dtypes(), objects):
        assert np.array_equal(TableEncoder().fit_transform(other), expected), type(other)
        assert np.array_equal(encoder.transform(other), expected), type(other)
    pyarrow.parquet.write_table(table, tmp_path / "t.parquet")
    assert np.array_equal(encoder.transform(tmp_path / "t.parquet"), expected)
    less = X.drop(columns="span")  # a CSV file has no durations
    less.to_csv(tmp_path / "t.csv", index=False)
    assert np.array_equal(TableEncoder().fit(less).transform(tmp_path / "t.csv"), TableEncoder().fit_transform(less))


def test_sparse_columns_take_no_dense_room() -> None:
    """A sparse table of 20,000 columns of which few vary is encoded without a dense copy of it."""
    import tracemalloc

    t, n = 2000, 20_000
    X = scipy.sparse.random_array((t, n), density=1e-4, rng=np.random.default_rng(0), format="csr")
    keep = np.zeros(n, dtype=bool)
    keep[::100] = True
    X = (X * keep).tocsr()
    tracemalloc.start()
    with pytest.warns(DataWarning):
        encoder = TableEncoder().fit(X)
    Z = encoder.transform(X)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert Z.shape[1] < 200
    assert peak < t * n * 8 / 10
    assert np.array_equal(Z, encoder.transform(X.toarray()))


# ---- saved -----------------------------------------------------------------------------------------------------------


@ANY_WARNING
@pytest.mark.parametrize("numbers", ["robust", "standard", "none"])
def test_saved_and_read(numbers: Any) -> None:
    """JSON and tensors give back an encoder that encodes bit for bit alike and is described alike."""
    X = frame().assign(same=1, long=[str(k % 7) for k in range(60)])
    encoder = TableEncoder(numbers, max_levels=4, dtype="float32").fit(X)
    header, tensors = encoder.parts()
    assert all(name.startswith("encoder.") for name in tensors)
    again = TableEncoder.from_parts(json.loads(json.dumps(header, allow_nan=False)), tensors)
    assert np.array_equal(again.transform(X), encoder.transform(X))
    assert again.transform(X).dtype == np.float32
    assert repr(again) == repr(encoder)
    assert again.describe() == encoder.describe()
    assert again.dropped_ == {"same": "constant in the training rows"}


DAMAGE: list[Callable[[dict[str, Any], dict[str, Any]], object]] = [
    lambda h, x: h.pop("columns"),
    lambda h, x: h["columns"].append(["n", "numbers", "", ""]),
    lambda h, x: h["columns"].append(["z", "colours", "", ""]),
    lambda h, x: h["columns"].append(["z", "categories", "", ""]),
    lambda h, x: h["columns"].append(["z", 5, "", ""]),
    lambda h, x: h["columns"].append("z"),
    lambda h, x: h.update(numbers="rough"),
    lambda h, x: h.update(dtype="int8"),
    lambda h, x: h["clip"].update(limit=-1.0),
    lambda h, x: h["clip"].update(kind="soft"),
    lambda h, x: h.update(clip=3.0),
    lambda h, x: h.update(named=1),
    lambda h, x: h["categories"].pop(),
    lambda h, x: h["categories"][0].update(levels=[]),
    lambda h, x: h["categories"][0].update(levels=["a", 1]),
    lambda h, x: h["categories"][0].update(levels=[["a"], "b"]),
    lambda h, x: h["categories"][0].update(levels=["a", "a"]),
    lambda h, x: h["categories"][0].update(kind="sign"),
    lambda h, x: h["categories"][0].update(kind="embedding"),
    lambda h, x: x.pop("encoder.center"),
    lambda h, x: x.update({"encoder.center": np.ones(3)}),
    lambda h, x: x.update({"encoder.factor": x["encoder.factor"] * np.nan}),
    lambda h, x: x.update({"encoder.used": x["encoder.used"] + 9}),
    lambda h, x: x.update({"encoder.used": x["encoder.used"][::-1]}),
    lambda h, x: x.update({"encoder.gaps": np.array([0.5])}),
]


@pytest.mark.parametrize("damage", range(len(DAMAGE)))
def test_damaged_parts_are_refused(damage: int) -> None:
    """Parts that do not make up one whole encoder are refused as such, whichever it is."""
    header, tensors = TableEncoder().fit(frame()).parts()
    header = json.loads(json.dumps(header))
    DAMAGE[damage](header, tensors)
    with pytest.raises(FileFormatError, match="does not describe a complete encoder"):
        TableEncoder.from_parts(header, tensors)


def test_steps_are_values() -> None:
    """The steps of categories are frozen values that can be compared."""
    assert Sign(("a", "b")) == Sign(("a", "b")) != Sign(("a", "c"))
    assert OneHot((1, 2, 3)).suffixes == ("_1", "_2", "_3")


# ---- labels ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "y", [["b", "a", "b"], [2, 0, 2], [1.5, -1.0, 1.5], [True, False, True], np.array(["b", "a", "b"], dtype=object)]
)
def test_classes_of_any_type(y: Any) -> None:
    """Classes are those of ``np.unique`` in order and type; numbers and labels are inverse; saved they are the same."""
    classes = ClassLabels.fit(y)
    expected = np.unique(np.asarray(y))
    assert classes.values.tolist() == expected.tolist()
    assert classes.values.dtype == expected.dtype
    assert classes.labels(classes.class_numbers(y)).tolist() == list(y)
    assert classes.shares.tolist() == [1 / 3, 2 / 3]
    header, tensors = classes.parts()
    again = from_parts(json.loads(json.dumps(header)), tensors)
    assert isinstance(again, ClassLabels)
    assert (again.values == classes.values).all()
    assert again.values.dtype == classes.values.dtype
    with pytest.raises(InputError, match=r"y has the class .* in row 1, which did not occur in training"):
        classes.class_numbers(["zz"] if isinstance(y[0], str) else [99])


def test_weight_two_is_the_row_twice() -> None:
    """Weighted shares, mean and deviation equal those of repeated rows."""
    y, times = np.array([1.0, 5.0, 2.0]), [2, 1, 3]
    weighted, repeated = NumericLabels.fit(y, times), NumericLabels.fit(np.repeat(y, times))
    assert np.allclose(weighted.mean, repeated.mean, rtol=1e-15)
    assert np.allclose(weighted.deviation, repeated.deviation, rtol=1e-15)
    assert ClassLabels.fit(y, times).shares.tolist() == ClassLabels.fit(np.repeat(y, times)).shares.tolist()


@given(
    arrays.arrays(
        np.float64, st.tuples(st.integers(2, 9), st.integers(1, 3)), elements=st.floats(-1e300, 1e300, width=64)
    )
)
def test_numbers_come_back(Y: np.ndarray[Any, np.dtype[np.float64]]) -> None:
    """Standardised targets are finite, and restored they are y to rounding of the column's size; saved, the same."""
    numbers = NumericLabels.fit(Y)
    Z = numbers.standardised(Y)
    assert np.isfinite(Z).all()
    assert (np.abs(numbers.restored(Z) - Y) <= 8 * np.finfo(float).eps * np.abs(Y).max(axis=0)).all()
    header, tensors = numbers.parts()
    again = from_parts(json.loads(json.dumps(header)), tensors)
    assert np.array_equal(again.standardised(Y), Z)  # type: ignore[union-attr]


def test_one_target_keeps_its_shape() -> None:
    """y (t,) comes back as (t,), y (t, 1) as (t, 1); another number of targets is refused."""
    flat, column = NumericLabels.fit([1.0, 2.0]), NumericLabels.fit([[1.0], [2.0]])
    assert flat.restored(np.zeros((5, 1))).shape == (5,)
    assert column.restored(np.zeros((5, 1))).shape == (5, 1)
    with pytest.raises(InputError, match="y must have 1 columns, as in training; got 2"):
        flat.standardised(np.ones((3, 2)))

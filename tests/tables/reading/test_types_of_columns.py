"""Each type of column, of any library, is read by its meaning, or refused with the name of the column and its type."""

from __future__ import annotations

import datetime
import decimal
import uuid
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas
import polars
import pyarrow
import pytest
from support.pytorch import pytorch

from chainrule.errors import InputError
from chainrule.tables.columns import Column
from chainrule.tables.encoding.encoder import TableEncoder
from chainrule.tables.reading.read import AnyTable, read

WORDS = ["u", "v", "w"]  # a column that is no number, so that each column is read by itself
ID = uuid.UUID("12345678123456781234567812345678")
JANUARY, FEBRUARY = datetime.datetime(2024, 1, 1), datetime.datetime(2024, 2, 1)
HOUR = datetime.timedelta(hours=1)


def objects(*values: Any) -> Any:
    """An array of Python objects, lists and dicts among them."""
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


def extension(kind: Any, values: list[Any]) -> Any:
    """An array of one of Arrow's extension types."""
    return pyarrow.ExtensionArray.from_storage(kind, pyarrow.array(values, kind.storage_type))


def floats(kind: str) -> Any:
    """Three numbers of this type, the last of them missing."""
    return np.array([1.0, 2.0, np.nan]).astype(kind)


PANDAS: dict[str, tuple[Any, str, list[Any]]] = {  # the column a, its kind and its values
    "longdouble": (floats("longdouble"), "numbers", [1.0, 2.0, None]),
    "float16": (floats("f2"), "numbers", [1.0, 2.0, None]),
    "big-endian floats": (floats(">f8"), "numbers", [1.0, 2.0, None]),
    "big-endian integers": (np.array([1, 2, 3], dtype=">i4"), "numbers", [1, 2, 3]),
    "nullable integers": (pandas.array([1, 2, None], dtype="Int64"), "numbers", [1, 2, None]),
    "nullable booleans": (pandas.array([True, False, None], dtype="boolean"), "booleans", [True, False, None]),
    "decimals of Arrow": (
        pandas.array([decimal.Decimal("1.5"), None, None], dtype=pandas.ArrowDtype(pyarrow.decimal128(5, 1))),
        "numbers", [1.5, None, None]),
    "sparse": (pandas.arrays.SparseArray([0.0, 2.0, np.nan]), "numbers", [0.0, 2.0, None]),
    "intervals": (pandas.arrays.IntervalArray.from_arrays([0, 1, np.nan], [1, 2.5, np.nan]), "categories",
                  ["(0, 1]", "(1, 2.5]", None]),
    "classes of cut": (pandas.cut([1, 5, -20], [-9, 0, 9]), "categories", ["(0, 9]", "(0, 9]", None]),
    "classes of cut by floats": (pandas.cut([1, 5, -20], [-9.0, 0.0, 9.0]), "categories", ["(0, 9]", "(0, 9]", None]),
    "classes of cut, left": (pandas.cut([1, 5, -5], [-9, 0, 9], right=False), "categories",
                             ["[0, 9)", "[0, 9)", "[-9, 0)"]),
    "periods": (pandas.PeriodIndex(["2024-01", "2024-02", None], freq="M"), "datetimes", [JANUARY, FEBRUARY, None]),
    "categories of pairs": (pandas.Categorical(objects((1, 2), None, None)), "categories", ["(1, 2)", None, None]),
    "categories of numbers and texts": (pandas.Categorical(["1", 1, None]), "categories", ["1", "1", None]),
    "objects: texts, None and NaN": (objects("b", None, float("nan")), "categories", ["b", None, None]),
    "objects: texts and a number": (objects("b", float("nan"), 1.5), "categories", ["b", None, "1.5"]),
    "objects: NumPy's texts": (objects(np.str_("b"), np.str_("a"), None), "categories", ["b", "a", None]),
    "objects: times of day": (objects(datetime.time(1), None, datetime.time(0)), "durations",
                              [HOUR, None, datetime.timedelta(0)]),
    "objects: UUID": (objects(ID, None, ID), "categories", [str(ID), None, str(ID)]),
}  # fmt: skip


def typed(table: AnyTable, name: str) -> Column:
    """Returns a column of the table; texts are categories."""
    column = table.column(name)
    return column if isinstance(column, Column) else column.as_categories()


@pytest.mark.parametrize("what", PANDAS)
def test_types_of_pandas(what: str) -> None:
    """A column of any type of pandas has the kind and the values that its type means, beside columns of other types."""
    values, kind, expected = PANDAS[what]
    column = typed(read(pandas.DataFrame({"word": WORDS, "a": values})), "a")
    assert (column.kind, column.objects().tolist()) == (kind, expected)
    assert {type(level) for level in column.levels} <= {str}


OTHERS: dict[str, tuple[Callable[[], Any], str, list[Any]]] = {
    "polars, Int128": (lambda: polars.DataFrame({"a": polars.Series([1, 2**70, None], dtype=polars.Int128)}), "numbers",
                       [1.0, 2.0**70, None]),
    "polars, objects": (lambda: polars.DataFrame({"a": polars.Series([1, None], dtype=polars.Object)}), "numbers",
                        [1.0, None]),
    "polars, Enum": (lambda: polars.DataFrame({"a": polars.Series(["v", "u"], dtype=polars.Enum(["v", "u"]))}),
                     "categories", ["v", "u"]),
    "polars, Decimal": (lambda: polars.DataFrame({"a": [decimal.Decimal("1.5"), None]}), "numbers", [1.5, None]),
    "decimal128": (lambda: pyarrow.table({"a": [decimal.Decimal("-9.95"), None]}), "numbers", [-9.95, None]),
    "polars, Null": (lambda: polars.DataFrame({"a": [None, None]}), "empty", [None, None]),
    "runs of numbers": (lambda: pyarrow.table({"a": pyarrow.RunEndEncodedArray.from_arrays([2, 3], [1.5, None])}),
                        "numbers", [1.5, 1.5, None]),
    "runs of texts": (lambda: pyarrow.table({"a": pyarrow.RunEndEncodedArray.from_arrays([2, 3], ["u", None])}),
                      "categories", ["u", "u", None]),
    "bool8": (lambda: pyarrow.table({"a": extension(pyarrow.bool8(), [0, 1, None])}), "booleans", [False, True, None]),
    "uuid": (lambda: pyarrow.table({"a": extension(pyarrow.uuid(), [ID.bytes, None])}), "categories", [str(ID), None]),
    "json": (lambda: pyarrow.table({"a": extension(pyarrow.json_(), ["{}", None])}), "categories", ["{}", None]),
    "dictionary of numbers": (lambda: pyarrow.table({"a": pyarrow.array([7, 8, None]).dictionary_encode()}),
                              "categories", [7, 8, None]),
    "dictionary of dates": (lambda: pyarrow.table({"a": pyarrow.array([JANUARY.date(), None]).dictionary_encode()}),
                            "categories", ["2024-01-01", None]),
    "views of texts": (lambda: pyarrow.table({"a": pyarrow.array(["u", None], pyarrow.string_view())}), "categories",
                       ["u", None]),
    "halffloat": (lambda: pyarrow.table({"a": pyarrow.array(floats("f2"))}), "numbers", [1.0, 2.0, None]),
    "decimal32": (lambda: pyarrow.table({"a": pyarrow.array([decimal.Decimal(1), None], pyarrow.decimal32(5, 2))}),
                  "numbers", [1.0, None]),
    "NumPy's texts of variable length": (lambda: np.array([["u"], [None]], dtype=np.dtypes.StringDType(na_object=None)),
                                         "categories", ["u", None]),
    "bytes": (lambda: np.array([[b"u"], [b""]]), "categories", ["u", None]),
    "years": (lambda: np.array([["2024"], ["NaT"]], dtype="M8[Y]"), "datetimes", [JANUARY, None]),
    "big-endian times": (lambda: np.array([["2024"], ["NaT"]], dtype=">M8[D]"), "datetimes", [JANUARY, None]),
    "big-endian texts": (lambda: np.array([["u"], [""]]).astype(">U1"), "categories", ["u", None]),
    "masked texts": (lambda: np.ma.MaskedArray([["u"], ["v"]], mask=[[False], [True]]), "categories", ["u", None]),
    "masked booleans": (lambda: np.ma.MaskedArray([[True], [True]], mask=[[False], [True]]), "booleans", [True, None]),
    "masked dates": (lambda: np.ma.MaskedArray(np.array([["2024"], ["2025"]], dtype="M8[D]"), mask=[[False], [True]]),
                     "datetimes", [JANUARY, None]),
}  # fmt: skip


@pytest.mark.parametrize("what", OTHERS)
def test_types_of_other_libraries(what: str) -> None:
    """A column of any type of polars, Arrow and NumPy has the kind and the values that its type means."""
    make, kind, expected = OTHERS[what]
    table = read(make())
    (name,) = table.names
    column = typed(table, name)
    assert (column.kind, column.objects().tolist()) == (kind, expected)


UNREADABLE: dict[str, tuple[Callable[[], Any], str]] = {
    "complex": (lambda: pandas.DataFrame({"a": [1j, 2j]}), "complex128"),
    "complex objects": (lambda: pandas.DataFrame({"a": objects(1j, 2j)}), "complex, such as 1j"),
    "sets": (lambda: pandas.DataFrame({"a": objects({1}, {2})}), r"set, such as \{1\}"),
    "bytes": (lambda: pandas.DataFrame({"a": objects(b"u", b"v")}), "bytes, such as b'u'"),
    "lists of Arrow": (
        lambda: pandas.DataFrame({"a": pandas.Series([[1]], dtype=pandas.ArrowDtype(pyarrow.list_(pyarrow.int8())))}),
        r"list<item: int8>, such as \[1\]"),
    "polars, objects": (lambda: polars.DataFrame({"a": polars.Series([{1}], dtype=polars.Object)}), "set, such as"),
    "polars, List": (lambda: polars.DataFrame({"a": [[1], [2]]}), "list<item: int64>"),
    "polars, Struct": (lambda: polars.DataFrame({"a": [{"x": 1}, {"x": 2}]}), "struct<x: int64>"),
    "polars, Array": (lambda: polars.DataFrame({"a": [[1], [2]]}, schema={"a": polars.Array(polars.Int8, 1)}), "list"),
    "polars, Binary": (lambda: polars.DataFrame({"a": [b"u", b"v"]}), "binary_view"),
    "tensors": (lambda: pyarrow.table({"a": extension(pyarrow.fixed_shape_tensor(pyarrow.int8(), [1]), [[1], [2]])}),
                "fixed_shape_tensor"),
    "union": (lambda: pyarrow.table({"a": pyarrow.UnionArray.from_sparse(
        pyarrow.array([0, 1], pyarrow.int8()), [pyarrow.array([1, 2]), pyarrow.array(["u", "v"])])}), "sparse_union"),
    "void": (lambda: np.zeros((2, 1), dtype="V3"), r"\|V3"),
    "not UTF-8": (lambda: np.array([[b"\xff"], [b"v"]]), r"text that is not UTF-8, such as b'\\xff'"),
    "a field of several numbers": (lambda: np.zeros(2, dtype=[("a", "f8", (2,))]), "ndarray, such as"),
}  # fmt: skip


@pytest.mark.parametrize("what", UNREADABLE)
def test_types_without_meaning_are_refused(what: str) -> None:
    """A column from which no network can learn is refused by its name, with its type and a value."""
    make, got = UNREADABLE[what]
    with pytest.raises(InputError, match=f"column '(a|x0)' of X must hold numbers, .*got .*{got}"):
        TableEncoder().fit(make())


class Strange(pandas.api.extensions.ExtensionDtype):  # type: ignore[misc]  # pandas has no types
    """A type of pandas that nobody can convert."""

    name, type = "strange", object

    @classmethod
    def construct_array_type(cls) -> Any:
        return StrangeArray


class StrangeArray(pandas.api.extensions.ExtensionArray):  # type: ignore[misc]  # pandas has no types
    """An array of that type, whose conversion fails with an error of its own."""

    dtype = Strange()

    def __len__(self) -> int:
        return 3

    def __getitem__(self, item: Any) -> Any:
        return self

    def copy(self) -> Any:
        return self

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise KeyError("no such thing")


def test_a_type_that_cannot_be_converted_is_refused_by_name() -> None:
    """Whatever a type of another package raises, the InputError names the column and the type."""
    with pytest.raises(InputError, match=r"column 'odd' of X has the type strange, which cannot be read"):
        read(pandas.DataFrame({"word": WORDS, "odd": StrangeArray()}))


NAMES: dict[str, tuple[Any, tuple[str, ...]]] = {
    "numbers": ([0, 1], ("0", "1")),
    "levels": (pandas.MultiIndex.from_tuples([("u", 1), ("u", 2)]), ("('u', 1)", "('u', 2)")),
    "a number and None": (pandas.Index([1, None], dtype=object), ("1", "None")),
    "dates": (pandas.to_datetime(["2024-01-01", "2024-02-01"]), ("2024-01-01 00:00:00", "2024-02-01 00:00:00")),
}


@pytest.mark.parametrize("what", NAMES)
@pytest.mark.parametrize("values", [1.5, "u"])
def test_names_that_are_no_texts(what: str, values: Any) -> None:
    """Names of pandas columns that are no texts are taken by their text."""
    labels, names = NAMES[what]
    frame = pandas.DataFrame([[values] * 2] * 3, columns=labels)
    assert tuple(read(frame).names) == names


ROWS: dict[str, Callable[[], Any]] = {
    "structured": lambda: np.array([(1, "u"), (2, "")], dtype=[("a", "i4"), ("b", "U1")]),
    "record array": lambda: ROWS["structured"]().view(np.recarray),
    "dicts": lambda: [{"a": 1, "b": "u"}, {"a": 2}],
    "array of dicts": lambda: objects({"a": 1, "b": "u"}, {"a": 2, "b": None}),
}


@pytest.mark.parametrize("what", ROWS)
def test_rows_with_names(what: str) -> None:
    """A structured array and a list of dicts are tables with named columns."""
    table = read(ROWS[what]())
    assert (table.has_names, tuple(table.names)) == (True, ("a", "b"))
    assert table.column("a").objects().tolist() == [1, 2]
    assert table.column("b").objects().tolist() == ["u", None]


def test_a_mask_of_a_structured_array_counts() -> None:
    """A masked entry of a structured array is missing."""
    rows: Any = np.ma.MaskedArray(np.array([(1, 2.5), (2, 3.5)], dtype=[("a", "i4"), ("b", "f8")]))
    rows["a"][0] = rows["b"][1] = np.ma.masked
    table = read(rows)
    assert [table.column(name).missing.tolist() for name in table.names] == [[True, False], [False, True]]


class Failing:
    """An object whose conversion fails with an error of its own."""

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise KeyError("no such thing")


ADVICE: list[tuple[Callable[[], Any], str]] = [
    (lambda: {"a": [1, 2]}, r"Pass a list of dicts for several rows, or pandas\.DataFrame\(X\)"),
    (lambda: pandas.Series([1, 2]), r"Pass X\.to_frame\(\) for a column"),
    (lambda: polars.Series([1, 2]), r"Pass X\.to_frame\(\) for a single column"),
    (lambda: np.ones((2, 3, 4)), r"Make each example a row: X\.reshape\(len\(X\), -1\)"),
    (list, "at least one row"),
    (Failing, "a Failing that NumPy cannot convert: 'no such thing'"),
]


@pytest.mark.parametrize(("make", "advice"), ADVICE)
def test_advice(make: Callable[[], Any], advice: str) -> None:
    """An object that is no table is refused with the call that makes it one."""
    with pytest.raises(InputError, match=advice):
        read(make())


@pytest.mark.parametrize(
    ("change", "remedy"),
    [
        (lambda torch, X: X.requires_grad_(), r"Call X\.detach\(\)\.cpu\(\)\.numpy\(\)"),
        (lambda torch, X: X.to(torch.bfloat16), r"Call X\.detach\(\)\.cpu\(\)\.float\(\)\.numpy\(\)"),
        (lambda torch, X: X.to("meta"), r"Call X\.detach\(\)\.cpu\(\)\.numpy\(\)"),
    ],
)
def test_tensors(change: Callable[[Any, Any], Any], remedy: str) -> None:
    """A tensor of PyTorch is an array; one that NumPy cannot convert is refused with the call that helps."""
    torch = pytorch()
    assert read(torch.ones(2, 2)).names == ("x0", "x1")
    with pytest.raises(InputError, match=remedy):
        read(change(torch, torch.ones(2, 2)))

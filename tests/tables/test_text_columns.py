"""Columns of texts: what they hold is recognised in the training rows, and new rows are read in the same way."""

from __future__ import annotations

import datetime
import re
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas
import polars
import pyarrow
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule.errors import DataWarning, InputError
from chainrule.tables import TableEncoder
from chainrule.tables.column_set import Columns
from chainrule.tables.columns import Column
from chainrule.tables.text.conversion import converted, plain_numbers
from chainrule.tables.text.notation import PLAIN, Notation, Writing
from chainrule.tables.text.recognition import recognised
from chainrule.tables.text.text_column import TextColumn


def of(texts: list[Any], *, is_declared: bool = True) -> dict[str, TextColumn]:
    """Returns the same column of texts as NumPy and as Arrow hold it."""
    array = np.array([*texts, None], dtype=object)[:-1]
    arrow = pyarrow.chunked_array([pyarrow.array(texts, pyarrow.string())])
    return {"NumPy": TextColumn(array, is_declared=is_declared), "Arrow": TextColumn(arrow, is_declared=is_declared)}


NONE = float("nan")
NUMBERS: list[tuple[list[Any], list[float]]] = [  # texts, and the numbers that they hold
    (["1", "-2.5", "+3e2", ".5", "4."], [1.0, -2.5, 300.0, 0.5, 4.0]),
    (["1", "?", "2", "-", ".", "NA", "n/a", "None", "NULL", "#N/A", "", None, "nan"], [1.0, NONE, 2.0, *[NONE] * 10]),
    ([" 1 ", "\u22122", "3\u00a0"], [1.0, -2.0, 3.0]),
    (["1,5", "-0,25", "1.234,5"], [1.5, -0.25, 1234.5]),
    (["1,234", "1,234,567", "12"], [1234.0, 1234567.0, 12.0]),
    (["1,234.5", "0.5", "999"], [1234.5, 0.5, 999.0]),
    (["1 234,5", "12"], [1234.5, 12.0]),
    (["1\u202f234", "12"], [1234.0, 12.0]),
    (["1'234.5", "12"], [1234.5, 12.0]),
    (["$1,200.00", "-$3.50", "$-2"], [1200.0, -3.5, -2.0]),
    (["1.200,00 €", "3,50 €"], [1200.0, 3.5]),
    (["CHF 1'200.50", "CHF 3"], [1200.5, 3.0]),
    (["12%", "3.5 %", "-"], [12.0, 3.5, NONE]),
    (["007", "013", "100"], [7.0, 13.0, 100.0]),
]


@pytest.mark.parametrize(("texts", "numbers"), NUMBERS, ids=str)
@pytest.mark.filterwarnings("ignore::chainrule.errors.DataWarning")  # their words are below
def test_numbers_are_recognised(texts: list[Any], numbers: list[float]) -> None:
    """A column of which every text but usual gaps is a number in one notation holds numbers."""
    for holder, column in of(texts).items():
        found = recognised(Columns({"a": column}), Writing()).typed("a")
        assert found.kind == "numbers", holder
        np.testing.assert_array_equal(found.as_floats(), numbers)


OTHERS: list[tuple[list[Any], str, list[Any]]] = [  # texts, the kind of their column, and its values
    (["2024-02-29", "NA"], "datetimes", [datetime.datetime(2024, 2, 29), None]),
    (["2024/02/29 18:30", "2024-02-28T01:00+09:00"], "datetimes",
     [datetime.datetime(2024, 2, 29, 18, 30), datetime.datetime(2024, 2, 27, 16)]),
    (["31.12.2020", "1.2.2020"], "datetimes", [datetime.datetime(2020, 12, 31), datetime.datetime(2020, 2, 1)]),
    (["31/12/2020", "01/02/2020"], "datetimes", [datetime.datetime(2020, 12, 31), datetime.datetime(2020, 2, 1)]),
    (["12/31/2020", "01/02/2020"], "datetimes", [datetime.datetime(2020, 12, 31), datetime.datetime(2020, 1, 2)]),
    (["09:00", "9:30:15.5"], "durations",
     [datetime.timedelta(hours=9), datetime.timedelta(hours=9, minutes=30, seconds=15.5)]),
    (["TRUE", "false", ""], "booleans", [True, False, None]),
    (["1", "0", "True", "False"], "categories", ["1", "0", "True", "False"]),
    (["yes", "no"], "categories", ["yes", "no"]),
    (["007", "A12"], "categories", ["007", "A12"]),
    (["NA", "EU"], "categories", ["NA", "EU"]),
    (["1", "?x"], "categories", ["1", "?x"]),
    (["$5", "€5"], "categories", ["$5", "€5"]),
    (["1,23,4", "1"], "categories", ["1,23,4", "1"]),
    (["2024-02-30", "2024-02-01"], "categories", ["2024-02-30", "2024-02-01"]),
    (["25:00", "09:00"], "categories", ["25:00", "09:00"]),
    (["NA", "", None], "empty", [None, None, None]),
]  # fmt: skip


@pytest.mark.parametrize(("texts", "kind", "values"), OTHERS, ids=str)
@pytest.mark.filterwarnings("ignore::chainrule.errors.DataWarning")
def test_other_kinds_are_recognised(texts: list[Any], kind: str, values: list[Any]) -> None:
    """Dates, times of day and booleans are recognised where all texts agree; anything else is a category."""
    for holder, column in of(texts).items():
        found = recognised(Columns({"a": column}), Writing()).typed("a")
        assert (found.kind, found.objects().tolist()) == (kind, values), holder


MANY = [f"{k}.5" for k in range(20)]
DAYS = [f"{k:02}" for k in range(1, 13)]
DATES_OF_OTHERS = [  # twelve dates in each notation that is not read
    [f"{day} January 2020" for day in DAYS],
    [f"Wed {day} Jan 2020" for day in DAYS],
    [f"Jan {day}, 2020" for day in DAYS],
    [f"{day}-Jan-20" for day in DAYS],
    [f"{day}/13/20" for day in DAYS],
    [f"01.{day}.20" for day in DAYS],
    [f"2020-{month}" for month in DAYS],
    [f"Jan-20{day}" for day in DAYS],
    [f"2020-01-{day} 10:00 AM" for day in DAYS],
]
NUMBERS_AND_MORE = [  # twelve numbers each, with something that is not read
    [f"0.{k} kg" for k in range(12)],
    [f"-{k}.5cm" for k in range(12)],
    [f"({k},200)" for k in range(12)],
    [f"{k}.25-" for k in range(12)],
    [f"{k + 1}_130" for k in range(12)],
    [*(f"{k} m" for k in range(9)), *(f"{k} ft" for k in range(9))],
    [*(f"{k} °C" for k in range(12)), "A12", "1.2.3"],
]
WORDS: list[tuple[list[Any], str]] = [  # texts of a file, and the warning about them
    (["1", "2", "?"], r"'\?' counts as a missing value in 'a'"),
    (["007", "013"], "'a': digits with leading zeros, such as '007', are read as numbers.*categories"),
    (["1", "02", "3"], "'a': digits with leading zeros, such as '02', are read as numbers.*categories"),
    (["1,5", "2,5"], "'a': '1,5' is read as 1.5"),
    (["1,234", "5"], r"'a': '1,234' is read as 1234; it could also be 1.234. Set decimal or thousands"),
    (["$5", "$6"], r"'a': '\$5' is read as 5"),
    (["31.12.2020", "30.12.2020"], "'a': '31.12.2020' is read as 2020-12-31"),
    (["01/02/2020", "03/04/2020"], "'01/02/2020' is read as 2020-02-01; it could also be 2020-01-02"),
    (["NA", "EU"], "'a': 'NA' is a category like any other; pandas.read_csv takes it for missing"),
    ([*MANY, "?x"], r"'a' holds numbers except '\?x' in row 21, and is read as texts"),
    ([*MANY, "n/k", "?", "n/k"], r"'a' holds numbers except 'n/k' in row 21 and 1 more"),
    ([*MANY, *(["unknown", "pending"] * 8)], r"'a' holds numbers except 'unknown' in row 21 and 15 more"),
    *((texts, f"'a': texts such as {texts[0]!r} look like dates, in a notation that") for texts in DATES_OF_OTHERS),
    *((texts, f"'a': texts such as {re.escape(repr(texts[0]))} begin with a number") for texts in NUMBERS_AND_MORE),
]


NAMES = [  # twelve texts each that hold numbers, and are names
    [f"store_{k}" for k in range(12)],
    [f"{k}{'ABCDEF'[k % 6]}" for k in range(12)],
    [f"1.2.{k}" for k in range(12)],
    [f"10013-{k}" for k in range(12)],
    [f"{k} {street} Street" for k, street in enumerate(("Main", "Elm", "Oak", "High") * 3)],
    [*map(str, range(12)), "B", "G", "M", "P"],  # floors
    [*map(str, range(12)), *(["unknown"] * 13)],  # mostly unknown
]


@pytest.mark.parametrize(("texts", "says"), WORDS, ids=str)
def test_what_is_recognised_is_said(texts: list[Any], says: str) -> None:
    """A warning says what was recognised beyond plain numbers, and names the odd texts of a column of numbers."""
    for column in of(texts, is_declared=False).values():
        with pytest.warns(DataWarning, match=says) as caught:
            recognised(Columns({"a": column}), Writing())
        assert len(caught) == 1


def test_ordinary_texts_need_no_word() -> None:
    """Plain numbers, ISO dates, booleans and categories give no warning, nor do texts that pandas calls missing, nor
    names, codes and addresses that hold numbers."""
    for texts in (["1", "NA"], ["2024-01-01", ""], ["true", "null"], ["a", "b"], ["09:00", "10:00"], *NAMES):
        for column in of(texts, is_declared=False).values():
            recognised(Columns({"a": column}), Writing())
    for words in ([f"may {k}" for k in DAYS], [f"1.2.{k}" for k in DAYS], [f"{k}-2020-x" for k in DAYS]):
        for column in of(words, is_declared=False).values():
            recognised(Columns({"a": column}), Writing())
    for column in of(["NA", "EU"]).values():  # declared as texts
        recognised(Columns({"a": column}), Writing())


def test_one_column_with_decimal_commas_decides_for_the_table() -> None:
    """In a table with decimal commas, 1.234 and 1,234 are read as there: 1234 and 1.234."""
    columns: dict[str, Any] = {
        name: of(texts)["Arrow"]
        for name, texts in {"a": ["0,5", "2"], "b": ["1.234", "2"], "c": ["1,234", "2"], "d": ["0.25", "2"]}.items()
    }
    with pytest.warns(DataWarning):
        found = recognised(Columns(columns), Writing())
    assert [found.typed(name).values[0] for name in "abcd"] == [0.5, 1234.0, 1.234, 0.25]


SAID: list[tuple[Writing, list[Any], list[float]]] = [
    (Writing(decimal=","), ["1,234", "2"], [1.234, 2.0]),
    (Writing(decimal="."), ["1,234", "2"], [1234.0, 2.0]),
    (Writing(thousands="."), ["1.234", "2"], [1234.0, 2.0]),
    (Writing(missing=("99",)), ["99", "2"], [NONE, 2.0]),
    (Writing(missing=("x",)), ["x", "2,5"], [NONE, 2.5]),
]


@pytest.mark.parametrize(("writing", "texts", "numbers"), SAID, ids=str)
@pytest.mark.filterwarnings("ignore::chainrule.errors.DataWarning")
def test_the_user_settles_what_texts_leave_open(writing: Writing, texts: list[Any], numbers: list[float]) -> None:
    """The marks and the missing texts that the user gives are used in place of those that texts suggest."""
    for column in of(texts).values():
        np.testing.assert_array_equal(recognised(Columns({"a": column}), writing).typed("a").as_floats(), numbers)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"decimal": ";"}, "decimal must be"), ({"thousands": "-"}, "thousands must be"),
        ({"decimal": ",", "thousands": ","}, "thousands must be"), ({"missing": "?"}, "missing must be a list"),
        ({"missing": None}, "missing must be a list"), ({"missing": 3}, "missing must be a list"),
    ],
)  # fmt: skip
def test_marks_are_checked(options: dict[str, Any], says: str) -> None:
    """Another mark, the same one twice and no list of texts are refused by ``fit``, also for numbers."""
    with pytest.raises(InputError, match=says):
        TableEncoder(**options).fit([["1,5"], ["2,5"]])
    with pytest.raises(InputError, match=says):
        TableEncoder(**options).fit([[1.5], [2.5]])


NEW: list[tuple[list[Any], list[Any], str]] = [  # training texts, a new text, and the error
    (
        ["1,5", "2,5"],
        ["x"],
        "must hold numbers like 1.234,5, as in the training rows; got text, such as 'x' in row 1",
    ),
    (["1.5", "2.5"], ["1,5"], "must hold numbers"),
    (["31.12.2020", "30.12.2020"], ["2020-12-31"], "must hold datetimes"),
    (["TRUE", "FALSE"], ["UNKNOWN"], "must hold booleans"),
]


@pytest.mark.parametrize(("training", "new", "says"), NEW)
@pytest.mark.filterwarnings("ignore::chainrule.errors.DataWarning")
def test_new_texts_in_another_notation_are_refused(training: list[Any], new: list[Any], says: str) -> None:
    """A new text that cannot be read in the notation of the training rows is refused with its row."""
    encoder = TableEncoder().fit([[text] for text in training])
    with pytest.raises(InputError, match=says):
        encoder.transform([new])


def test_0_and_1_are_booleans_in_new_rows_alone() -> None:
    """Among true and false in training, 1 and 0 are texts of their own; for a column of booleans new ones are read."""
    rows: list[list[object]] = [["True"], ["False"], ["True"], ["0"], [1]]
    assert TableEncoder().fit(rows[:4]).categories_["x0"].levels == ("0", "False", "True")
    with pytest.warns(DataWarning, match="mixes numbers and texts"):
        assert TableEncoder().fit(rows).categories_["x0"].levels == ("0", "1", "False", "True")
    encoder = TableEncoder().fit(rows[:3])
    assert encoder.transform([["1"], [" 0"], ["TRUE"], ["NA"]]).tolist() == [[1.0], [-1.0], [1.0], [0.0]]


LEVELS = ["007", "TRUE", "1.10", "1.1", "NA", "2024-01-01", "09:00", "null", "?", "x"]


@pytest.mark.parametrize("level", LEVELS)
def test_a_level_is_the_same_alone_and_among_others(level: str) -> None:
    """Levels that read as numbers, booleans, gaps or times are compared as texts, in a batch of one row too."""
    X = pandas.DataFrame({"a": LEVELS})
    encoder = TableEncoder().fit(X)
    row = pandas.DataFrame({"a": [level]})
    for new in (row, polars.from_pandas(row), [[level]]):
        assert encoder.transform(new)[0].tolist() == encoder.transform(X)[LEVELS.index(level)].tolist()
        assert encoder.unseen(new) == {}


@pytest.mark.filterwarnings("ignore::chainrule.errors.DataWarning")
def test_codes_as_categories() -> None:
    """Codes of digits that are to be categories are known by their number, and a new code of letters is unseen."""
    encoder = TableEncoder(categories=["zip"]).fit(pandas.DataFrame({"zip": ["01010", "01020", "10300"]}))
    expected = [[1.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
    assert encoder.transform(pandas.DataFrame({"zip": ["01010", "A-1020"]})).tolist() == expected
    assert encoder.transform(pandas.DataFrame({"zip": [1010, 7]})).tolist() == expected
    assert encoder.unseen(pandas.DataFrame({"zip": ["01010", "A-1020"]})) == {"zip": 1}
    encoder = TableEncoder(categories=["zip"]).fit(pandas.DataFrame({"zip": ["007", "7", "8", "NA"]}))
    assert encoder.categories_["zip"].levels == ("007", "7", "8")
    assert encoder.transform(pandas.DataFrame({"zip": ["007", "NA"]})).tolist() == [[1.0, 0.0, 0.0], [0.0, 0.0, 0.0]]


def test_the_notation_is_part_of_the_encoder_in_a_file() -> None:
    """An encoder read back from JSON and tensors reads texts as the one that was written."""
    rows = [["1.234,5 €", "31.12.2020", "x"], ["2,5 €", "01.02.2020", "y"]]
    with pytest.warns(DataWarning):
        encoder = TableEncoder(missing=["--"]).fit(rows)
    again = TableEncoder.from_parts(*encoder.parts())
    new = [["7.000,25 €", "03.04.2021", "y"], ["--", "--", "--"]]
    assert again.transform(new).tolist() == encoder.transform(new).tolist()
    header, tensors = encoder.parts()
    older = {key: value for key, value in header.items() if key not in ("writing", "notations")}
    assert TableEncoder.from_parts(older, tensors).notations_ == {}


TOKENS = st.sampled_from(["1", "2.5", "-3", "1e3", "007", "TRUE", "NA", "?", "", "a", "2024-01-01", "09:00", "inf"])


@given(st.lists(st.lists(TOKENS, min_size=2, max_size=2), min_size=2, max_size=12))
@settings(deadline=None)
@pytest.mark.filterwarnings("ignore::chainrule.errors.DataWarning")
def test_path_and_frames_are_one_table(tmp_path_factory: Any, rows: list[list[str]]) -> None:
    """A file, its texts in frames of polars and pandas, and its rows in turn are encoded alike."""
    frame = pandas.DataFrame(rows, columns=["a", "b"]).assign(c=[f"{k}.5" for k in range(len(rows))])
    path = Path(tmp_path_factory.mktemp("t")) / "t.csv"
    frame.to_csv(path, index=False)
    text = pandas.read_csv(path, dtype=str, keep_default_na=False)
    try:
        encoder = TableEncoder().fit(path)
    except InputError:  # an infinite number
        with pytest.raises(InputError):
            TableEncoder().fit(text)
        return
    expected = encoder.transform(path)
    for table in (text, text.astype(object), polars.from_pandas(text), text.to_numpy(dtype=object)):
        other = TableEncoder().fit(table)
        np.testing.assert_array_equal(other.transform(table), expected)
        np.testing.assert_array_equal(encoder.transform(table), expected)
    alone = [encoder.transform(text.iloc[[k]]) for k in range(len(text))]
    np.testing.assert_array_equal(np.vstack(alone), expected)


@given(st.lists(st.text("0123456789.,-+eE infa", max_size=8), min_size=1, max_size=4))
@settings(deadline=None)
def test_arrow_reads_numbers_as_the_grammar(texts: list[str]) -> None:
    """A column that Arrow reads at once has the numbers that the grammar gives text by text."""
    columns = of(texts)
    for notation in (PLAIN, Notation("numbers", ",", "."), Notation("numbers", ",", " ")):
        at_once, slow = plain_numbers(columns["Arrow"], notation), converted(columns["NumPy"], notation)
        if at_once is not None:
            assert isinstance(slow, Column)
            np.testing.assert_array_equal(at_once.as_floats(), slow.as_floats())


@pytest.mark.parametrize("texts", [["1,5", "-2,25e1", "NA", "", "3"], ["0,5", "1234,5"]])
def test_decimal_commas_are_read_at_once(texts: list[str]) -> None:
    """A column of Arrow that holds decimal commas, and no mark between thousands, needs no look at each text."""
    notation = Notation("numbers", ",", ".")
    at_once, slow = plain_numbers(of(texts)["Arrow"], notation), converted(of(texts)["NumPy"], notation)
    assert at_once is not None
    assert isinstance(slow, Column)
    np.testing.assert_array_equal(at_once.as_floats(), slow.as_floats())


@pytest.mark.parametrize("row", [0, 1, 500, 998, 999])
@pytest.mark.parametrize("decimal", [".", ","])
def test_one_odd_text_is_enough_wherever_it_is(row: int, decimal: Literal[".", ","]) -> None:
    """A column of 1,000 texts is one of numbers only if all of them are, though a few are tried first."""
    texts = [f"{k}{decimal}5" for k in range(1000)]
    found = plain_numbers(of(texts)["Arrow"], Notation("numbers", decimal))
    assert found is not None
    np.testing.assert_array_equal(found.as_floats(), np.arange(1000) + 0.5)
    gap, odd = ([*texts[:row], text, *texts[row + 1 :]] for text in ("NA", "n/k"))
    found = plain_numbers(of(gap)["Arrow"], Notation("numbers", decimal))
    assert found is not None
    assert np.flatnonzero(found.missing).tolist() == [row]
    assert plain_numbers(of(odd)["Arrow"], Notation("numbers", decimal)) is None


def test_a_notation_that_no_file_has_is_refused() -> None:
    """A notation of a damaged file is refused."""
    for entry in ({"kind": "words"}, {"decimal": ".", "thousands": "."}, {"date_order": "week"}):
        with pytest.raises(ValueError, match="a notation must be known"):
            Notation.from_json(entry)
    with pytest.raises(TypeError, match="object of texts"):
        Notation.from_json([])

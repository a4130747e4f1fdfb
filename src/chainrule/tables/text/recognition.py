"""Recognition of columns of texts in the training rows: numbers, booleans, dates, times of day, or categories."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.user_warnings import warn
from chainrule.errors import DataWarning
from chainrule.tables.column_set import Columns, NumberBlock
from chainrule.tables.columns import Column, Task, nothing, rows_by_code
from chainrule.tables.targets.task import decide_task
from chainrule.tables.text.conversion import converted, plain_numbers, reader
from chainrule.tables.text.notation import Notation, Writing, is_usual_gap
from chainrule.tables.text.notes import Notes, may_need_remark
from chainrule.tables.text.numbers import rest_of_number, unit_of
from chainrule.tables.text.text_column import AnyColumn, TextColumn
from chainrule.tables.text.times import may_be_date
from chainrule.tables.work import each

MOSTLY, HALF = 0.8, 0.5  # the parts of the rows, and
FEWEST = 10  # the number of distinct texts, that read as numbers or dates where a column is probably meant so
FEW = 2  # as many odd texts stand for gaps, and as many endings of numbers are units or signs
SAMPLE = 500  # distinct texts that decide whether all are worth a look

POINTS = tuple(Notation("numbers", ".", thousands) for thousands in (",", " ", "'"))
COMMAS = tuple(Notation("numbers", ",", thousands) for thousands in (".", " ", "'"))
NUMBERS = (POINTS[0], COMMAS[0], *POINTS[1:], *COMMAS[1:])  # besides the usual notation, in the order of trial
DAY_FIRST, MONTH_FIRST = Notation("datetimes", date_order="day"), Notation("datetimes", date_order="month")
OTHERS = (Notation("booleans"), Notation("datetimes"), Notation("durations"), DAY_FIRST, MONTH_FIRST)
RIVALS = {POINTS[0]: COMMAS[0], DAY_FIRST: MONTH_FIRST}  # the same texts may fit both


def recognised(columns: Columns, writing: Writing, chosen: Collection[str] = ()) -> Columns:
    """Returns the columns, each column of texts as what it holds; those among ``chosen`` become categories.

    Texts are numbers, booleans, dates or times of day if all of them read so, except gaps; else they are categories.
    Issues a DataWarning for what may surprise, such as a column of which most texts, but not all, read as numbers.
    """
    notes = Notes()
    texts = columns.names_of("texts")
    blocks = list(_plain_numbers(columns, [name for name in texts if name not in chosen], writing))
    at_once = {name for names, _ in blocks for name in names}
    found: dict[str, Column] = {}
    single = {name: _texts(columns, name) for name in texts if name not in at_once}
    usual = writing.number_notation()

    def as_numbers(name: str) -> Column | None:
        return None if name in chosen else plain_numbers(single[name].without(writing.missing), usual)

    numbers = each("reading numbers", len(single) * columns.t, as_numbers, list(single))
    for (name, column), plain in zip(single.items(), numbers, strict=True):
        found[name] = _chosen(column, writing) if name in chosen else _recognised(name, column, plain, writing, notes)
    new = columns.replaced(found, blocks)
    if writing.decimal is None and any(name not in notes.ambiguous and _has_commas(c) for name, c in found.items()):
        for name in texts:
            if name not in chosen and (number := new.typed(name)).kind == "numbers":
                found[name] = _with_commas(name, _texts(columns, name), number, writing, notes)
        new = new.replaced(found)
    notes.issue()
    return new


def _texts(columns: Columns, name: str) -> TextColumn:
    """Returns a column of texts."""
    column = columns[name]
    if not isinstance(column, TextColumn):
        raise TypeError(f"{name!r} is not a column of texts")
    return column


def _plain_numbers(columns: Columns, names: Iterable[str], writing: Writing) -> Iterator[tuple[list[str], NumberBlock]]:
    """Yields blocks of those columns of texts that are plain numbers without any remark, and can be read at once."""
    usual = writing.number_notation()
    for some, found in columns.plain_numbers(names, usual.decimal, writing.missing):
        kept = np.flatnonzero(~may_need_remark(found.texts, found.values) & ~np.isnan(found.values).all(axis=1))
        yield [some[k] for k in kept.tolist()], NumberBlock(found.values[kept].T, usual)


def recognised_target(name: str, column: AnyColumn, writing: Writing, task: Task | None) -> Column:
    """Returns the target as what it holds; ``task`` is None if it is not known yet.

    Texts stay texts if their source has types and they need not be numbers, and for classification if they are times.
    So do numbers of which one is digits with a leading zero, with a DataWarning: they are codes. If the task is not
    known, they are so only if all have equally many digits, or are few whole numbers. Large integers stay exact, unless
    the task is regression.
    """
    if isinstance(column, Column):
        return column
    texts = column.without(writing.missing)
    if task != "regression":
        if column.is_declared:
            return texts.as_categories()
        numbers = converted(texts, writing.number_notation())
        if isinstance(numbers, Column) and not numbers.missing.all():
            return _codes_or_numbers(name, texts, numbers, task)
    found = recognised(Columns({name: column}), writing).typed(name)
    is_time = found.kind in ("datetimes", "durations")
    return texts.as_categories() if is_time and task == "classification" else found


def _codes_or_numbers(name: str, texts: TextColumn, numbers: Column, task: Task | None) -> Column:
    """Returns a target of texts as the numbers that it holds, or as classes if they are codes with leading zeros."""
    if code := texts.code_with_leading_zeros():
        present = [text for text in texts.distinct[1] if text and not is_usual_gap(text)]
        lengths = {len(text) if text.isdecimal() else 0 for text in present}
        are_alike = len(lengths) == 1 and 0 not in lengths
        if task is not None or are_alike or decide_task(name, numbers, None)[0] == "classification":
            warn(
                f"{name!r}: digits with leading zeros, such as {code!r}, are classes as written; pandas.read_csv takes "
                "them for numbers.",
                DataWarning,
            )
            return _as_column(texts, Notation("categories"))
    if numbers.exact is None:
        notes = Notes()
        notes.of_values(name, texts, numbers)
        notes.issue()
    return numbers


def _chosen(column: TextColumn, writing: Writing) -> Column:
    """Returns a column of texts as categories; numbers and booleans by their value, as in a table that has types.

    Codes such as 007 stay texts if another one, such as 7, has the same value.
    """
    column = column.without(writing.missing)
    for notation in (writing.number_notation(), Notation("booleans")):
        found = converted(column, notation)
        if isinstance(found, Column) and not found.missing.all():
            levels = found.as_categories()
            has_same = bool(column.code_with_leading_zeros()) and len(levels.levels) < len(_Texts.of(column).present)
            return _as_column(column, Notation("categories")) if has_same else levels
    return column.as_categories()


def _recognised(name: str, column: TextColumn, found: Column | None, writing: Writing, notes: Notes) -> Column:
    """Returns a column of texts, or its plain numbers ``found``, as what it holds, judged by itself."""
    column = column.without(writing.missing)
    usual = writing.number_notation()
    if found is not None and not found.missing.all():
        notes.of_values(name, column, found)
        return found
    texts = _Texts.of(column)
    if not texts.present:
        return nothing(len(column))
    some = texts.sample()
    fitting = (n for n in _candidates(texts, writing) if some.all_read_as(n))
    notation = next((n for n in fitting if plain_numbers(column, n) is not None or texts.all_read_as(n)), None)
    if notation is None:
        return _as_text(name, column, texts, writing, notes)
    found = _as_column(column, notation)
    rival = _rival(notation, writing)
    notes.of_values(name, column, found)
    notes.of_notation(name, texts.present, notation, rival if rival and texts.all_read_as(rival) else None, usual)
    return found


class _Texts(NamedTuple):
    """The distinct texts of a column, except those that usually stand for a gap, and the number of their rows."""

    present: list[str]
    counts: NDArray[np.intp]

    @classmethod
    def of(cls, column: TextColumn) -> _Texts:
        codes, texts = column.distinct
        counts = rows_by_code(codes, len(texts))
        kept = [k for k, text in enumerate(texts) if counts[k] and not is_usual_gap(text)]
        return cls([texts[k] for k in kept], counts[kept])

    def sample(self) -> _Texts:
        """Returns some of the texts, from everywhere."""
        step = max(1, len(self.present) // SAMPLE)
        return _Texts(self.present[::step], self.counts[::step])

    def all_read_as(self, notation: Notation) -> bool:
        """True if each text holds a value in this notation."""
        read = reader(notation)
        return all(read(text) is not None for text in self.present)

    def readable(self, notation: Notation) -> NDArray[np.bool_]:
        """Returns a mask of the texts that hold a value in this notation."""
        read = reader(notation)
        return np.array([read(text) is not None for text in self.present], dtype=bool)

    def number_with_rest(self) -> str | None:
        """Returns a text that is no number, if most rows hold numbers that have the same few endings."""
        rests = [rest_of_number(text) for text in self.present]
        rows: Counter[str] = Counter()
        for rest, count in zip(rests, self.counts.tolist(), strict=True):
            rows.update({} if rest is None else {rest: count})
        usual = [rest for rest, _ in rows.most_common(FEW)]
        if not self.part(np.array([rest in usual for rest in rests])) >= MOSTLY:
            return None
        found = [text for text, rest in zip(self.present, rests, strict=True) if rest in usual]
        return next(filter(rest_of_number, found), found[0])

    def part(self, readable: NDArray[np.bool_]) -> float:
        """Returns the part of the rows whose text is readable."""
        return float(self.counts[readable].sum() / self.counts.sum())


def _candidates(texts: _Texts, writing: Writing) -> list[Notation]:
    """Returns the notations that a column may have, in the order of trial."""
    unit = Counter(map(unit_of, texts.sample().present)).most_common(1)[0][0]
    numbers = [writing.number_notation()] + [
        notation
        for notation in NUMBERS
        if writing.decimal in (None, notation.decimal) and writing.thousands in (None, notation.thousands)
    ]
    return [replace(notation, unit=unit) for notation in numbers] + list(OTHERS)


def _as_column(column: TextColumn, notation: Notation) -> Column:
    """Returns the column of the values; every text must hold one in this notation."""
    found = converted(column, notation)
    if not isinstance(found, Column):
        raise TypeError(f"the text {found[1]!r} holds no value")
    return found


def _rival(notation: Notation, writing: Writing) -> Notation | None:
    """Returns the notation that gives other values to some of the same texts, if the user leaves it open."""
    rival = RIVALS.get(replace(notation, unit=""))
    if rival is None or (rival.kind == "numbers" and (writing.decimal or writing.thousands is not None)):
        return None
    return replace(rival, unit=notation.unit)


def _as_text(name: str, column: TextColumn, texts: _Texts, writing: Writing, notes: Notes) -> Column:
    """Returns the column as categories, and notes the odd texts if most others read as numbers or dates."""
    some = texts.sample()
    best = max(_candidates(texts, writing), key=lambda notation: some.part(some.readable(notation)))
    if some.part(some.readable(best)) >= HALF:
        readable = texts.readable(best)
        odd = [text for text, fits in zip(texts.present, readable, strict=True) if not fits]
        if readable.sum() >= FEWEST and texts.part(readable) >= (HALF if len(odd) <= FEW else MOSTLY):
            notes.of_odd_texts(name, column, best.kind, odd)
            return _as_column(replace(column, type="text"), Notation("categories"))
    if len(texts.present) >= FEWEST and some.part(np.array([*map(may_be_date, some.present)])) >= MOSTLY:
        notes.of_other_dates(name, next(filter(may_be_date, some.present)))
    elif len(texts.present) >= FEWEST and (text := some.number_with_rest()):
        notes.of_numbers_with_rest(name, text)
    notes.of_levels(name, column)
    return column.as_categories()


def _has_commas(column: Column) -> bool:
    """True if the column holds numbers with decimal commas."""
    return column.notation is not None and column.notation.kind == "numbers" and column.notation.decimal == ","


def _with_commas(name: str, column: TextColumn, found: Column, writing: Writing, notes: Notes) -> Column:
    """Returns a column of numbers in a table whose other numbers have decimal commas: 1.234 may be 1234 there."""
    plain = found.notation
    if plain is None or plain.decimal == ",":
        return found
    column = column.without(writing.missing)
    for notation in COMMAS:
        new = converted(column, replace(notation, unit=plain.unit))
        if isinstance(new, Column) and new.notation is not None:
            if not np.array_equal(new.values, found.values, equal_nan=True):
                notes.of_notation(name, _Texts.of(column).present, new.notation, None, plain)
            return new
    return found

"""Remarks about what was recognised in columns of texts, issued together as warnings."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.checks import Floats
from chainrule._internal.naming import listed
from chainrule._internal.user_warnings import warn
from chainrule.errors import DataWarning
from chainrule.tables.arrow_values import as_index, booleans_of, numbers_of
from chainrule.tables.columns import LARGEST_WHOLE, Column
from chainrule.tables.rounding import words_about
from chainrule.tables.text.conversion import reader, rounded_integer
from chainrule.tables.text.notation import Notation, is_missing_in_pandas
from chainrule.tables.text.text_column import TextColumn


class Notes:
    """Collects remarks about columns; columns with the same remark share it."""

    def __init__(self) -> None:
        self.ambiguous: set[str] = set()  # the columns whose texts leave their notation open
        self._remarks: dict[object, tuple[list[str], str]] = {}  # names and words, in which {} stands for the names

    def issue(self) -> None:
        """Issues each remark as a DataWarning."""
        for names, words in self._remarks.values():
            warn(words.replace("{}", listed(names)), DataWarning)

    def of_values(self, name: str, column: TextColumn, found: Column) -> None:
        """Notes texts that count as missing although pandas would keep them, and digits that may be codes."""
        present, values = column, found.values
        if found.missing.any():
            present, values = column.at(~found.missing), values[~found.missing]
            gaps = [text for text in column.at(found.missing).distinct[1] if text and not is_missing_in_pandas(text)]
            if gaps:
                words = "count as missing values" if len(gaps) > 1 else "counts as a missing value"
                self._add(name, f"{listed(sorted(gaps), 4)} {words} in {{}}.")
        if found.kind != "numbers":
            return
        if (integer := rounded_integer(column, found)) is not None:
            self._add(name, words_about(integer), "rounded")
        if (values == np.floor(values)).all() and (code := present.code_with_leading_zeros()):
            self._add(
                name,
                f"{{}}: digits with leading zeros, such as {code!r}, are read as numbers. "
                "If they are codes, name the column in categories (--category).",
                "codes",
            )

    def of_notation(
        self, name: str, texts: Sequence[str], notation: Notation, other: Notation | None, usual: Notation
    ) -> None:
        """Notes how numbers or dates are written if it is not as usual, and the other notation that fits, if any."""
        read, plain = reader(notation), reader(usual if notation.kind == "numbers" else Notation(notation.kind))
        text = next((text for text in texts if plain(text) != read(text)), None)
        if text is None:
            return
        rival = None if other is None else reader(other)(text)
        words = f"{{}}: {text!r} is read as {_shown(read(text))}"
        if rival is None or rival == read(text):
            self._add(name, f"{words}.", notation)
            return
        self.ambiguous.add(name)
        remedy = (
            "Set decimal or thousands (--decimal, --thousands)" if notation.kind == "numbers" else "Write 2020-12-31"
        )
        self._add(name, f"{words}; it could also be {_shown(rival)}. {remedy} to settle it.", (notation, other))

    def of_odd_texts(self, name: str, column: TextColumn, kind: str, odd: Collection[str]) -> None:
        """Notes the texts that keep a column from being one of numbers or dates."""
        (codes, texts), odd = column.distinct, set(odd)
        rows = np.flatnonzero(np.isin(codes, [k for k, text in enumerate(texts) if text in odd]))
        more = f" and {len(rows) - 1} more" if len(rows) > 1 else ""
        what = "numbers" if kind == "numbers" else "dates" if kind == "datetimes" else "times"
        self._add(
            name,
            f"{{}} holds {what} except {texts[codes[rows[0]]]!r} in row {rows[0] + 1}{more}, and is read as "
            "texts. Correct these cells, or declare their texts missing (missing=[…], --na).",
        )

    def of_other_dates(self, name: str, text: str) -> None:
        """Notes a column whose texts, such as this one, look like dates in a notation that is not read."""
        self._add(
            name,
            f"{{}}: texts such as {text!r} look like dates, in a notation that is not read. Write them as 2020-12-31; "
            "pandas.to_datetime reads most.",
            "other dates",
        )

    def of_numbers_with_rest(self, name: str, text: str) -> None:
        """Notes a column whose texts, such as this one, are numbers with a unit or a sign that is not read."""
        self._add(
            name,
            f"{{}}: texts such as {text!r} begin with a number, but are read as categories. If numbers are meant, "
            "leave nothing but the number in each cell.",
            "numbers with more",
        )

    def of_levels(self, name: str, column: TextColumn) -> None:
        """Notes texts in a file that are categories here, but missing values for pandas."""
        levels = [] if column.is_declared else [t for t in column.distinct[1] if t and is_missing_in_pandas(t)]
        if levels:
            self._add(
                name,
                f"{{}}: {listed(sorted(levels), 4)} is a category like any other; pandas.read_csv takes it for missing "
                "(unless keep_default_na=False). Declare it missing (missing=[…], --na) if it is.",
            )

    def _add(self, name: str, words: str, key: object = None) -> None:
        """Adds a remark about a column to those with the same key, or if it is None with the same words."""
        self._remarks.setdefault(words if key is None else key, ([], words))[0].append(name)


def may_need_remark(texts: Any, values: Floats) -> NDArray[np.bool_]:
    """Returns a mask of the columns (k,) about which `Notes.of_values` may have a remark.

    ``values`` (k, t) are their numbers, and ``texts`` (k t,) an Arrow array of their texts, column after column.
    """
    from pyarrow import compute

    is_missing = np.isnan(values)
    may_need: NDArray[np.bool_] = np.any(np.abs(np.where(is_missing, 0.0, values)) >= LARGEST_WHOLE, axis=1)
    gaps = texts.take(as_index(np.flatnonzero(is_missing))).unique().to_pylist()
    if any(gap and not is_missing_in_pandas(gap) for gap in gaps):
        may_need |= is_missing.any(axis=1)
    is_code = booleans_of(compute.starts_with(texts, "0")) & (numbers_of(compute.binary_length(texts)) > 1)
    for k in np.flatnonzero(is_code.reshape(values.shape).any(axis=1)):
        present = values[k, ~is_missing[k]]
        may_need[k] |= bool((present == np.floor(present)).all())
    return may_need


def _shown(value: Any) -> str:
    """Returns a number or a time as text."""
    return f"{value:.15g}" if isinstance(value, float) else str(value).removesuffix("T00:00:00.000000")

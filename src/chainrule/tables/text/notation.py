"""The notation of a column of texts: how numbers, dates and gaps are written in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, Self, get_args

from chainrule._internal.checks import shown
from chainrule.errors import InputError

TextKind = Literal["numbers", "booleans", "datetimes", "durations", "categories"]
DateOrder = Literal["year", "day", "month"]
DecimalMark = Literal[".", ","]

# pandas reads these as missing in every column; in capitals or not, with spaces around them or not
PANDAS_MISSING = frozenset(
    ("", "#n/a", "#n/a n/a", "#na", "-1.#ind", "-1.#qnan", "-nan", "1.#ind", "1.#qnan", "<na>", "n/a", "na", "nan",
     "none", "null")
)  # fmt: skip
USUAL_MISSING = PANDAS_MISSING | frozenset(("?", "-", "--", "–", "—", ".", "..", "n.a.", "missing"))


def is_usual_gap(text: str) -> bool:
    """True for a text that usually stands for a missing number or date: ?, -, NA, None and the like."""
    return text.strip().lower() in USUAL_MISSING


def is_missing_in_pandas(text: str) -> bool:
    """True for a text that pandas reads as a missing value in every column."""
    return text.strip().lower() in PANDAS_MISSING


@dataclass(frozen=True)
class Notation:
    """The notation by which the texts of one column are read.

    =========== ====================================================================================================
    kind        a text is
    =========== ====================================================================================================
    numbers     a number with this decimal mark; ``thousands`` may separate groups of three digits, "" for none;
                ``unit``, a currency or %, is beside every number and does not change it
    booleans    true or false
    datetimes   a date, whose first part is its year, day or month (``date_order``), with or without a time
    durations   a time of day
    categories  a level; the usual texts for gaps are missing values, as in the other kinds
    =========== ====================================================================================================
    """

    kind: TextKind = "numbers"
    decimal: DecimalMark = "."
    thousands: str = ""
    unit: str = ""
    date_order: DateOrder = "year"

    @property
    def example(self) -> str:
        """A number or a date in this notation; an empty text for plain numbers, ISO dates and other kinds."""
        if self.kind == "numbers" and self != Notation():
            beside = f" {self.unit}" if self.unit else ""
            return f"1{self.thousands}234{self.decimal}5{beside}"
        dates = {"day": "31.12.2020", "month": "12/31/2020"}
        return dates.get(self.date_order, "") if self.kind == "datetimes" else ""

    def as_json(self) -> dict[str, str]:
        """Returns the notation as a file stores it."""
        return asdict(self)

    @classmethod
    def from_json(cls, entry: Any) -> Self:
        """Returns the notation of a file. Raises TypeError or ValueError for anything else."""
        if not isinstance(entry, Mapping) or not all(isinstance(value, str) for value in entry.values()):
            raise TypeError(f"a notation must be an object of texts; got {shown(entry)}")
        notation = cls(**{name: entry[name] for name in cls.__dataclass_fields__ if name in entry})
        if (
            notation.kind not in get_args(TextKind)
            or notation.decimal not in get_args(DecimalMark)
            or notation.thousands not in THOUSANDS
            or notation.thousands == notation.decimal
            or notation.date_order not in get_args(DateOrder)
        ):
            raise ValueError(f"a notation must be known; got {shown(entry)}")
        return notation


PLAIN = Notation()  # numbers such as -1234.5 or 1e-3
THOUSANDS = ("", ",", ".", " ", "'")


@dataclass(frozen=True)
class Writing:
    """Settings of the user for the texts of a table; None leaves the decision to the columns.

    ``missing`` are texts that are missing values in every column, besides the usual ones in columns of numbers and
    dates.
    """

    decimal: DecimalMark | None = None
    thousands: str | None = None
    missing: tuple[str, ...] = ()

    @classmethod
    def of(cls, decimal: object, thousands: object, missing: Iterable[str]) -> Self:
        """Returns the checked settings. Raises InputError."""
        if decimal not in (None, *get_args(DecimalMark)):
            raise InputError(f"decimal must be '.' or ','; got {shown(decimal)}.")
        if thousands not in (None, *THOUSANDS) or (thousands and thousands == decimal):
            raise InputError(f"thousands must be ',', '.', ' ', \"'\" or '', not the decimal; got {shown(thousands)}.")
        are_several = isinstance(missing, Iterable) and not isinstance(missing, str)
        if not are_several or not all(isinstance(token, str) for token in missing):
            raise InputError(f"missing must be a list of texts; got {shown(missing)}.")
        return cls(decimal, thousands, tuple(missing))  # type: ignore[arg-type]  # checked above

    def number_notation(self) -> Notation:
        """Returns the notation of numbers where the column does not decide."""
        decimal: DecimalMark = self.decimal or ("," if self.thousands == "." else ".")
        thousands = ("." if decimal == "," else "") if self.thousands is None else self.thousands
        return Notation("numbers", decimal, thousands)


AS_RECOGNISED = Writing()

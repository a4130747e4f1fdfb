"""Dates and times of day in texts: 2020-12-31, 31.12.2020, 12/31/2020, with or without 23:59:59.5, and 23:59."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable

import numpy as np

from chainrule.tables.text.notation import DateOrder

CLOCK = r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:\.(?P<fraction>\d{1,9}))?)?"
ZONE = r"(?:Z|(?P<sign>[+-])(?P<zone_hour>\d{2}):?(?P<zone_minute>\d{2})?)"
YEAR, MONTH, DAY = r"(?P<year>\d{4})", r"(?P<month>\d{1,2})", r"(?P<day>\d{1,2})"
DATES: dict[DateOrder, str] = {
    "year": rf"{YEAR}(?P<mark>[-/.]){MONTH}(?P=mark){DAY}",
    "day": rf"{DAY}(?P<mark>[-/.]){MONTH}(?P=mark){YEAR}",
    "month": rf"{MONTH}(?P<mark>[-/]){DAY}(?P=mark){YEAR}",
}
PATTERNS = {order: re.compile(rf"{date}(?:[T ]{CLOCK} ?{ZONE}?)?", re.ASCII) for order, date in DATES.items()}
TIME_OF_DAY = re.compile(CLOCK, re.ASCII)

# Notations that are not read: which day or century is meant, or in which language, is not for a library to guess.
WORD = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
NUMBER_OF_DAY, NUMBER_OF_MONTH = r"(?:0?[1-9]|[12]\d|3[01])", r"(?:0[1-9]|1[0-2])"
OTHER_DATES = (
    rf"(?:[a-z]{{2,9}}\.?,? )?{NUMBER_OF_DAY}[- ]{WORD}[- ,]+\d{{2,4}}",  # Wed 01 Jan 2020
    rf"(?:[a-z]{{2,9}}\.?,? )?{WORD} {NUMBER_OF_DAY},? \d{{4}}",  # January 1, 2020
    rf"{WORD}[- ]\d{{4}}",  # Jan-2020
    rf"(?:19|20)\d{{2}}[-/]{NUMBER_OF_MONTH}",  # 2020-01
    r"\d{2}(?P<mark>[-/.])\d{2}(?P=mark)\d{2}",  # 01.01.20
    r"[\d/.-]{6,10},? \d{1,2}:\d{2}(?::\d{2})? ?[ap]\.?m\.?",  # 2020-01-01 10:00 AM
)
OTHER_DATE = re.compile(rf"(?:{'|'.join(OTHER_DATES)})(?: {CLOCK})?", re.ASCII | re.IGNORECASE)


def date_reader(order: DateOrder) -> Callable[[str], np.datetime64 | None]:
    """Returns a function from a text to its time in UTC, or None if it is no date in this order.

    >>> date_reader("day")("31.12.2020 18:30")
    np.datetime64('2020-12-31T18:30:00.000000')
    """
    match = PATTERNS[order].fullmatch

    def time(text: str) -> np.datetime64 | None:
        found = match(text.strip())
        if found is None:
            return None
        try:
            date = datetime.datetime(int(found["year"]), int(found["month"]), int(found["day"]))
        except ValueError:
            return None
        clock = _since_midnight(found)
        if clock is None:
            return None
        if found["sign"]:
            minutes = 60 * int(found["zone_hour"]) + int(found["zone_minute"] or 0)
            clock += (-60_000_000 if found["sign"] == "+" else 60_000_000) * minutes
        return np.datetime64(date, "us") + np.timedelta64(clock, "us")

    return time


def may_be_date(text: str) -> bool:
    """True for a text that looks like a date in a notation that `date_reader` does not read.

    >>> may_be_date("01 January 2020"), may_be_date("March 2020"), may_be_date("2020-12-31"), may_be_date("may be")
    (True, True, False, False)
    """
    return OTHER_DATE.fullmatch(text.strip()) is not None


def time_of_day(text: str) -> np.timedelta64 | None:
    """Returns the time since midnight, or None if the text is no time of day.

    >>> time_of_day("9:05")
    np.timedelta64(32700000000,'us')
    """
    found = TIME_OF_DAY.fullmatch(text.strip())
    clock = None if found is None else _since_midnight(found)
    return None if clock is None else np.timedelta64(clock, "us")


def _since_midnight(found: re.Match[str]) -> int | None:
    """Returns microseconds; 0 if there is no time, None if there is no such one."""
    hour, minute, second = (int(found[part] or 0) for part in ("hour", "minute", "second"))
    if hour > 23 or minute > 59 or second > 59:
        return None
    fraction = int((found["fraction"] or "").ljust(6, "0")[:6])
    return ((hour * 60 + minute) * 60 + second) * 1_000_000 + fraction

"""Numbers in texts: 1234.5, 1,234.5, 1.234,5, 1 234, 1'234, $1,200.00, 12 %."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from chainrule.tables.text.notation import Notation

CURRENCIES = (
    "US$", "A$", "C$", "R$", "$", "€", "£", "¥", "₹", "₽", "₩", "₺", "₪", "₫", "฿", "₴", "₱",
    "CHF", "USD", "EUR", "GBP", "JPY", "CNY", "AUD", "CAD", "INR", "SEK", "NOK", "DKK", "PLN", "CZK", "HUF", "Fr.",
    "kr", "zł",
)  # fmt: skip
CURRENCY = "|".join(map(re.escape, CURRENCIES))
UNIT = re.compile(rf"[+-]?\s*(?P<before>{CURRENCY})?[^%]*?(?P<after>%|{CURRENCY})?")
SPACES = re.compile(r"[\s\u00a0\u202f\u2009]+")
BESIDE = re.compile(r"\(?[+-]? ?\d+(?:[.,' _]\d{3})*(?:[.,]\d*)?(?P<rest>\D*)", re.ASCII)
EXPONENT = r"(?:[eE][+-]?\d+)?"


def unit_of(text: str) -> str:
    """Returns the currency or the per cent sign that is beside a number, or an empty text."""
    found = UNIT.fullmatch(tidied(text))
    return "" if found is None else found["before"] or found["after"] or ""


def rest_of_number(text: str) -> str | None:
    """Returns what follows the number at the beginning of a text, or None for any other text.

    >>> rest_of_number("0.35 kg"), rest_of_number("(1,200)"), rest_of_number("35_000"), rest_of_number("1.2.3")
    ('kg', ')', '', None)
    """
    found = BESIDE.fullmatch(tidied(text))
    return None if found is None else found["rest"].strip()


def tidied(text: str) -> str:
    """Returns a text without spaces around it, with plain spaces, apostrophes and minus signs."""
    text = text.strip()
    return text if text.isascii() else SPACES.sub(" ", text).replace("−", "-").replace("’", "'")


@lru_cache
def number_reader(notation: Notation) -> Callable[[str], float | None]:
    """Returns a function from a text to its number, or None if it holds none in this notation.

    >>> number_reader(Notation("numbers", ",", ".", unit="€"))("1.234,5 €")
    1234.5
    """
    decimal, thousands, unit = notation.decimal, notation.thousands, notation.unit
    mark, sign, whole = re.escape(decimal), r"[+-]?", r"\d+"
    if thousands:
        whole = rf"(?:[1-9]\d{{0,2}}(?:{re.escape(thousands)}\d{{3}})+|\d+)"
    body = rf"(?:(?:{whole}(?:{mark}\d*)?|{mark}\d+){EXPONENT}|inf|infinity)"
    if unit:
        u = re.escape(unit)
        pattern = rf"(?:({sign}) ?{u} ?({sign}{body})|({sign}{body}) ?{u})"
    else:
        pattern = rf"({sign}{body})"
    match = re.compile(pattern, re.ASCII | re.IGNORECASE).fullmatch

    def number(text: str) -> float | None:
        found = match(tidied(text))
        if found is None:
            return None
        digits = "".join(part for part in found.groups() if part)
        if thousands:
            digits = digits.replace(thousands, "")
        try:
            return float(digits.replace(decimal, "."))
        except ValueError:  # two signs
            return None

    return number

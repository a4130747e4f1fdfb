"""Numbers as decimals with a given count of significant digits."""

from __future__ import annotations

import math

SMALLEST_EXPONENT = -4  # below it a number is written as m · 10ᵉ
SHORTEST_INTEGER = 4  # digits of an integer that is written out, whatever the count of digits


def decimal(value: float, digits: int) -> tuple[str, int | None]:
    """Returns the mantissa of a number, rounded, without trailing zeros, and its exponent of 10, None if not needed.

    >>> decimal(0.298371109, 6), decimal(-1.5e-9, 6), decimal(2.0, 6), decimal(123456789.0, 3)
    (('0.298371', None), ('−1.5', -9), ('2', None), ('1.23', 8))
    """
    if not math.isfinite(value):
        return ("NaN" if math.isnan(value) else "∞" if value > 0 else "−∞"), None
    mantissa, _, power = f"{value:.{digits - 1}e}".partition("e")
    exponent = int(power)
    if value and not SMALLEST_EXPONENT <= exponent < max(digits, SHORTEST_INTEGER):
        return _short(mantissa), exponent
    return _short(f"{value:.{max(digits - 1 - exponent, 0)}f}"), None


def _short(text: str) -> str:
    """Returns a decimal without trailing zeros, with the sign of mathematics."""
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "0") else text.replace("-", "−")

"""Numbers as text, for tables of results."""

from __future__ import annotations

ROUNDING = 1e-12  # below, a number is the rounding of 0


def four_digits(value: float) -> str:
    """Returns a number with four significant digits or decimals, and thousands apart.

    >>> four_digits(0.98765432), four_digits(123.456), four_digits(49770.15), four_digits(-5.63e-17)
    ('0.9877', '123.5', '49,770.2', '0')
    """
    size = abs(value)
    if size < ROUNDING:
        return "0"
    return f"{value:.4f}" if 0.001 <= size < 10 else f"{value:.4g}" if size < 1000 else f"{value:,.1f}"

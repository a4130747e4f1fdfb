"""Numbers as text."""

from __future__ import annotations

from collections.abc import Callable, Sequence


def number(x: float) -> str:
    """Formats three significant digits, or all digits before the point."""
    return f"{x:,.0f}" if abs(x) >= 99.5 else f"{x:.3g}"


def duration(seconds: float) -> str:
    """Formats three significant digits with a unit."""
    for unit, scale in (("µs", 1e6), ("ms", 1e3)):
        if seconds * scale < 999.5:
            return f"{number(seconds * scale)} {unit}"
    return f"{number(seconds)} s"


def span(values: Sequence[float], shown: Callable[[float], str] = number) -> str:
    """Formats the least and the greatest value."""
    return f"{shown(min(values))} – {shown(max(values))}"


def percent(share: float, digits: int = 1) -> str:
    """Formats a share of 1 in per cent."""
    return f"{100 * share:.{digits}f} %"

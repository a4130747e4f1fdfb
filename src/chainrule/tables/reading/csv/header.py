"""The first line of a CSV file: names of the columns, or a row."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

NEARLY = 0.01  # of the mean step, by which equally spaced numbers may differ


def looks_like_row(first: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Returns True if the first line of a file is not the names of its columns, but a row like those below.

    Some names are numbers, such as years or wavelengths: they rise or fall strictly, and are equally spaced or outside
    of the range of their columns. Other numbers belong to a row. A single number, or two, may be names beside texts,
    unless a text is also a value of its column.

    >>> looks_like_row(["400", "410", "420", "target"], [["0.3", "0.2", "0.5", "a"]])
    False
    >>> looks_like_row(["5.1", "3.5", "1.4", "0.2", "setosa"], [["4.9", "3.0", "1.4", "0.2", "setosa"]])
    True
    """
    below = [row for row in below if len(row) == len(first)]
    numbers = {k: number for k, text in enumerate(first) if (number := _number(text)) is not None}
    recurring = sum(any(row[k] == text for row in below) for k, text in enumerate(first) if text and k not in numbers)
    if recurring and (numbers or recurring > 1):
        return True
    if not numbers:
        return False
    if len(numbers) < 3:
        return len(numbers) == len(first) or not _is_strictly_monotone(list(numbers.values()))
    return not _are_names(numbers, below)


def _are_names(numbers: dict[int, float], below: Sequence[Sequence[str]]) -> bool:
    values = list(numbers.values())
    if not _is_strictly_monotone(values):
        return False
    columns = [[number for row in below if (number := _number(row[k])) is not None] for k in numbers]
    if _are_equally_spaced(values):
        second = [column[0] if column else math.nan for column in columns]
        return not _are_equally_spaced(second)
    outside = [value for value, column in zip(values, columns, strict=True) if _is_outside(value, column)]
    return 2 * len(outside) > len(values)


def _number(text: str) -> float | None:
    if text[:1].isalpha():  # at most NaN or infinity
        return None
    try:
        number = float(text.replace(",", ".") if text.count(",") == 1 else text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _is_strictly_monotone(values: Sequence[float]) -> bool:
    steps = [b - a for a, b in itertools.pairwise(values)]
    return all(step > 0 for step in steps) or all(step < 0 for step in steps)


def _are_equally_spaced(values: Sequence[float]) -> bool:
    mean = (values[-1] - values[0]) / (len(values) - 1)
    return mean != 0 and all(abs(b - a - mean) <= NEARLY * abs(mean) for a, b in itertools.pairwise(values))


def _is_outside(value: float, column: Sequence[float]) -> bool:
    return not column or not min(column) <= value <= max(column)

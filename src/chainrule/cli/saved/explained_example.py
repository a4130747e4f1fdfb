"""An example for a network file: x and y from the command line, or a row of a table of numbers."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from chainrule._internal.checks import Array, shown
from chainrule.cli.errors import WrongUsage
from chainrule.costs import CrossEntropy
from chainrule.network import Network
from chainrule.tables.table import Table


class Example(NamedTuple):
    """x (n,) with its label y (m,), a number, or a class."""

    x: Array
    y: Any


def of_words(x: str, y: str) -> Example:
    """Returns the example of two options such as "1,2" and "1/3"; a single y is a number, and may be a class."""
    return Example(np.array(_numbers("--x", x), dtype=np.float64), _label(_numbers("--y", y)))


def of_row(net: Network, cost: str, table: Table, row: int) -> Example:
    """Returns the example in a row, counted from 1: its columns are x₁ … xₙ and y₁ … yₘ, in this order.

    A cross-entropy takes the class instead of y₁ … yₘ. Raises WrongUsage for another number of columns, and for a
    value that is no number.
    """
    n, m = net.m[0], net.m[-1]
    names, is_class = list(table.columns), cost == CrossEntropy.name
    if len(names) != n + m and not (is_class and len(names) == n + 1):
        raise WrongUsage(
            f"--data: {table.origin} must have {n + m} columns for a network of sizes {'-'.join(map(str, net.m))}, "
            f"x_1 to x_{n} and then y_1 to y_{m}; it has {len(names)}."
        )
    values = []
    for name in names:
        cell = table.columns[name].objects()[row - 1]
        try:
            values.append(Fraction(str(cell)))
        except (ValueError, ZeroDivisionError):
            raise WrongUsage(
                f"--data: column {name!r} must hold numbers for a network file; got {shown(cell)} in row {row}."
            ) from None
    return Example(np.array(values[:n], dtype=np.float64), _label(values[n:]))


def _numbers(option: str, text: str) -> list[Fraction]:
    try:
        return [Fraction(part.strip()) for part in text.split(",")]
    except (ValueError, ZeroDivisionError):
        raise WrongUsage(
            f"{option}: give numbers with commas between them, such as 1,-2.5,1/3; got {text!r}."
        ) from None


def _label(values: Sequence[Fraction]) -> Any:
    """Returns y (m,), or for a single value the number, an integer if it is whole."""
    if len(values) > 1:
        return np.array(values, dtype=np.float64)
    (value,) = values
    return int(value) if value.denominator == 1 else float(value)

"""Levels that are numbers, which a target must tell apart in its number type."""

from __future__ import annotations

import math

import numpy as np

from chainrule.errors import InputError
from chainrule.exports.plan import CategoryFeatures, Plan
from chainrule.exports.single import LARGEST
from chainrule.tables.columns import Level
from chainrule.tables.rounding import nearest_float

BY_NAME = ".c"  # which has a constant for each level, and finds one by its number besides


def require_levels(plan: Plan, suffix: str, real: str) -> None:
    """Raises InputError for levels that are not the numbers they are in the number type of a target.

    Targets compare numbers in float64, in which each level must be exact; in C, each must be another one.
    """
    for category in plan.categories:
        if not isinstance(category.levels[0], str):
            _require_exact(category, suffix)
            if suffix == BY_NAME:
                _require_distinct(category, real)


def _require_exact(category: CategoryFeatures, suffix: str) -> None:
    for level in category.levels:
        number = nearest_float(level)
        if math.isinf(number) or (number != level and suffix != BY_NAME):
            raise InputError(
                f"the levels of the column {category.column!r} must be numbers that float64 holds, as they are "
                f"compared in {suffix}; got {level}. Make texts of them, such as str(code)."
            )


def _require_distinct(category: CategoryFeatures, real: str) -> None:
    found: dict[float, Level] = {}
    for level in category.levels:
        if (number := _rounded(level, real)) in found:
            what = "real must be 'double'" if real == "float" else "the levels must be texts"
            raise InputError(
                f"{what} for the column {category.column!r}, as its levels {found[number]} and {level} are the same "
                f"{real}."
            )
        found[number] = level


def _rounded(level: Level, real: str) -> float:
    """Returns a level in the number type; one that is too large for it stays as it is."""
    number = float(level)
    return float(np.float32(number)) if real == "float" and abs(number) <= LARGEST else number

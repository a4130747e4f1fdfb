"""Texts that a target must hold: the names of columns and results, the levels, and the labels."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from chainrule.errors import InputError
from chainrule.exports.plan import Plan
from chainrule.exports.result import Classes, Labels, Result

SURROGATE = re.compile("[\ud800-\udfff]")  # one half of a pair, for which UTF-8 has no bytes
NUL_OR_SURROGATE = re.compile("[\0\ud800-\udfff]")


def require_texts(plan: Plan, suffix: str, foreign: re.Pattern[str]) -> None:
    """Raises InputError for the first text with a character that a target lacks."""
    for kind, text in _texts(plan):
        if found := foreign.search(text):
            raise InputError(
                f"the {kind} {text!r} must be without {found[0]!r}, which texts in {suffix} cannot have. Rename it, or "
                "export to .py or .mjs."
            )


def _texts(plan: Plan) -> Iterator[tuple[str, str]]:
    """Yields each text after what it is."""
    result = plan.result
    texts: dict[str, Iterable[Any]] = {
        "column": (column.name for column in plan.columns),
        "level": chain.from_iterable(category.levels for category in plan.categories),
        "target": () if isinstance(result, Classes) else result.names,
        "label": _labels(result),
    }
    for kind, some in texts.items():
        yield from ((kind, text) for text in some if isinstance(text, str))


def _labels(result: Result) -> Iterable[Any]:
    """Returns the labels, which may be texts."""
    if isinstance(result, Labels):
        return chain.from_iterable(result.values)
    return result.values if isinstance(result, Classes) else ()

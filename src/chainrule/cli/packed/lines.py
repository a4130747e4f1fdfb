"""Command lines about packed rows, which are told from others before anything is read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chainrule.cli.errors import WrongUsage

ENDING = ".rows"
NOT_FOR_ROWS = (  # options of `chainrule train`
    "target_column", "task", "drop", "category", "sep", "header", "encoding", "decimal", "thousands", "na",
    "folds", "report", "from_model",
)  # fmt: skip


def is_packed(source: str) -> bool:
    """True for the name of a file of packed rows."""
    return source.endswith(ENDING)


def require_no_others(given: Mapping[str, Any]) -> None:
    """Raises WrongUsage for options that do not go with packed rows; ``given`` are all options by name."""
    for name in NOT_FOR_ROWS:
        if given[name] is not None and given[name] != []:
            option = {"target_column": "target", "from_model": "from"}.get(name, name).replace("_", "-")
            raise WrongUsage(f"--{option} does not go with packed rows; see `chainrule pack`, or train on the table.")

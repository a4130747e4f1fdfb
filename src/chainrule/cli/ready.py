"""A table made ready: its columns chosen, its target understood, its rows split, its inputs scaled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.checks import Array
from chainrule.cli import target
from chainrule.cli.refusals import WrongUsage, nearest
from chainrule.cli.scaling import Scaling
from chainrule.cli.split import Split, split
from chainrule.cli.table import Column, Table, listed


@dataclass(frozen=True)
class Rows:
    """A table made ready: scaled inputs X (t, n), labels Y, and which rows are for what."""

    names: tuple[str, ...]
    X: Array
    Y: NDArray[Any]
    column: Column  # the target's
    split: Split
    scaling: Scaling
    target: target.Target
    remarks: tuple[str, ...]


def prepare(
    table: Table, target_column: str | None, task: Any, drop: list[str], test_fraction: float, seed: int
) -> Rows:
    """Choose the columns, decide what the target is, split the rows, and scale by those to train on."""
    name = target_column or table.target
    if name is None:
        raise WrongUsage(f"which column is to be predicted? Give --target COLUMN. Columns: {listed(table.columns)}.")
    for option, asked in [("--target", name), *(("--drop", other) for other in drop)]:
        if asked not in table.columns:
            hint = nearest(asked, table.columns) or "."
            raise WrongUsage(
                f"{option}: {table.source} has no column {asked!r}{hint} Columns: {listed(table.columns)}."
            )
    names = tuple(other for other in table.columns if other not in (name, *drop))
    if not names:
        raise WrongUsage(f"{table.source} has no column but the target {name!r}; there is nothing to predict from.")
    table.require_complete(name)
    column = table.columns[name]
    kind, why = target.decide(name, column, task)
    X = table.inputs(names, "Leave it out with --drop, or replace it by numbers.")
    groups = np.zeros(table.t, dtype=np.intp)
    if kind == "classes":
        groups = np.unique(column.values, return_inverse=True)[1]
    parts = split(groups, test_fraction, seed)
    told = target.fit(name, column, parts.training, kind)
    scaling = Scaling.fit(X[parts.training])
    sizes = f"{len(parts.training)} rows to train on, {len(parts.validation)} to stop by, {len(parts.test)} to test on"
    if isinstance(told, target.Classes):
        other, what = "numbers", f"{len(told.values)} classes ({listed(told.values, 5)})"
    else:
        other, what = "classes", "numbers"
    decided = f"Target {name!r}: {what}; {why}" + (
        "." if task or column.kind == "text" else f" (--task {other} if not)."
    )
    return Rows(
        names, scaling(X), told.labels(column), column, parts, scaling, told,
        (f"{table.source}: {len(names)} inputs; {sizes}.", decided),
    )  # fmt: skip

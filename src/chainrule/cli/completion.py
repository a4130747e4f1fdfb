"""Values that a shell completes: names of presets, optimizers and columns."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from pathlib import Path

import typer

from chainrule.errors import ChainruleError


def one_of(*names: str) -> Callable[[str], list[str]]:
    """Returns the completion of one of these names."""
    return lambda incomplete: _beginning(incomplete, names)


def activations(incomplete: str) -> list[str]:
    """Returns the names of activation functions that begin like this."""
    from chainrule.activations.catalogue import ACTIVATIONS

    return _beginning(incomplete, ACTIVATIONS)


def optimizers(incomplete: str) -> list[str]:
    """Returns the names of optimizers that begin like this."""
    from chainrule.estimators.network.recipes.levenberg_marquardt import NAME
    from chainrule.optimizers import OPTIMIZERS

    return _beginning(incomplete, (*OPTIMIZERS, NAME))


def scorers(incomplete: str) -> list[str]:
    """Returns the names of scikit-learn's scorers that begin like this."""
    from chainrule.estimators.network.scorers.names import SCORERS

    return _beginning(incomplete, SCORERS)


def columns(ctx: typer.Context, incomplete: str) -> list[str]:
    """Returns the columns that begin like this, of the table that is already on the line: its last argument."""
    with contextlib.suppress(ChainruleError, OSError):
        return _beginning(incomplete, _names_in(ctx.args[-1] if ctx.args else ""))
    return []


def several(ctx: typer.Context, incomplete: str) -> list[str]:
    """Returns the columns that begin like this; after a comma, those that begin like what follows it."""
    before, comma, last = incomplete.rpartition(",")
    return columns(ctx, incomplete) or [f"{before}{comma}{name}" for name in columns(ctx, last) if comma]


def _names_in(source: str) -> tuple[str, ...]:
    from chainrule.cli.inputs import bundled
    from chainrule.cli.inputs.sources import is_bundled
    from chainrule.tables.reading.csv.dialect import AS_DETECTED
    from chainrule.tables.reading.file_kinds import CSV
    from chainrule.tables.reading.paths import names_in_csv

    if is_bundled(source):
        return bundled.INPUTS[source]
    return names_in_csv(Path(source), AS_DETECTED) if source.lower().endswith(CSV) else ()


def _beginning(incomplete: str, names: Iterable[str]) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]

"""The display of a training on the console: a bar, or a line for each epoch."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TextIO, cast

from rich.console import Console

from chainrule.training.callbacks.callback import RunCallback
from chainrule.training.callbacks.epoch_lines import EpochLines
from chainrule.training.callbacks.progress import Progress


def opened_display(console: Console, verbose: bool, networks: int) -> AbstractContextManager[RunCallback | None]:
    """Returns a context that yields what watches this many networks; None on a quiet console."""
    if console.quiet:
        return nullcontext(None)
    display = EpochLines if verbose else Progress
    return display(cast(TextIO, console.file)).all_runs(networks)

"""Some of the new epochs, evenly spread: for logs that need not hold each of them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import numpy as np

from chainrule.training.callbacks.callback import Function, WatchedRun
from chainrule.training.history import History

NAMES = ("J", "validation_J", "learning_rate", "gradient_norm")


def thinned(history: History, after: int, most: int) -> list[tuple[int, dict[str, float]]]:
    """Returns epochs after this one, at most ``most`` of them, with their finite records; the last is there."""
    records = history.to_dict(after)
    count = len(records["epoch"])
    at = np.arange(count - 1, -1, -max(1, math.ceil(count / most)))[::-1]
    return [
        (int(records["epoch"][k]), {name: v for name in NAMES if math.isfinite(v := float(records[name][k]))})
        for k in at
    ]


@contextmanager
def to_the_end(log: Function, run: WatchedRun) -> Iterator[Function]:
    """Yields a function that logs new epochs, and calls it for the last ones, too, if an error ends the run.

    That error is raised then, whatever the last call raises.
    """
    try:
        yield log
    except BaseException:
        with suppress(Exception):
            log(run.history)
        raise

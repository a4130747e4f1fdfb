"""Timing of one piece of work, the rotation of turns between rounds, and the ratios within a round."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


def timed(work: Callable[[], T], clock: Callable[[], float] = time.perf_counter) -> tuple[float, T]:
    """Runs the work; returns its seconds, without the garbage collector's pauses, and its result."""
    gc.collect()
    gc.disable()
    try:
        start = clock()
        result = work()
        return clock() - start, result
    finally:
        gc.enable()


def rotated(items: Sequence[T], k: int) -> list[T]:
    """Returns the items in the order of round k: each round starts with the next item."""
    first = k % len(items)
    return [*items[first:], *items[:first]]


def ratios(others: Sequence[float], own: Sequence[float]) -> list[float]:
    """Returns other / own of each round, so that a machine that slows down for a while changes no ratio."""
    return [a / b for a, b in zip(others, own, strict=True)]

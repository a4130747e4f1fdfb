"""Measured epoch durations for each recipe and number of threads."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from statistics import fmean
from typing import NamedTuple

from chainrule.estimators.network.recipe import Recipe

RELIABLE_SECONDS = 0.02  # of training, from which the time of a plan can be told


class Speed(NamedTuple):
    """The duration of an epoch of all rows, and the duration of the training by which it was measured."""

    epoch_seconds: float
    measured_seconds: float


class Speeds:
    """The measured speeds of one fit; threads may read and write them at the same time.

    >>> from chainrule.estimators.network.recipes.presets import preset
    >>> wide, other, *_ = preset("best", "regression", 10_000)
    >>> speeds = Speeds()
    >>> speeds.write(wide, 2, Speed(0.25, 0.1))
    >>> speeds.of(wide, 2), speeds.of(other, 2)
    (Speed(epoch_seconds=0.25, measured_seconds=0.1), None)
    >>> speeds.network_seconds([wide, other], 2) == 0.25 * (wide.epochs + other.epochs) / 2
    True
    """

    def __init__(self) -> None:
        self._measured: dict[tuple[Recipe, int], Speed] = {}
        self._lock = threading.Lock()

    def write(self, recipe: Recipe, threads: int, speed: Speed) -> None:
        """Writes the speed of a recipe's networks with a number of threads."""
        with self._lock:
            self._measured[recipe, threads] = speed

    def of(self, recipe: Recipe, threads: int) -> Speed | None:
        """Returns the speed of a recipe's networks with a number of threads, or None if it was not measured."""
        with self._lock:
            return self._measured.get((recipe, threads))

    def are_reliable(self, recipes: Sequence[Recipe], threads: int) -> bool:
        """Returns True if recipes were measured with this number of threads, and each of these for long enough."""
        known = [speed for recipe in recipes if (speed := self.of(recipe, threads)) is not None]
        return bool(known) and min(speed.measured_seconds for speed in known) >= RELIABLE_SECONDS

    def network_seconds(self, recipes: Sequence[Recipe], threads: int) -> float:
        """Returns the time of a network with all its epochs, on average over the recipes.

        A recipe that was not measured counts as the slowest of the others. Another number of threads counts if none of
        the recipes was measured with this one.
        """
        with self._lock:
            measured = [(*key, speed.epoch_seconds) for key, speed in self._measured.items() if key[0] in recipes]
        known = {recipe: seconds for recipe, used, seconds in measured if used == threads}
        known = known or {recipe: seconds for recipe, _, seconds in measured}
        slowest = max(known.values())
        return fmean(known.get(recipe, slowest) * recipe.epochs for recipe in recipes)

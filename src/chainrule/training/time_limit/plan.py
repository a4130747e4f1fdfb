"""The epochs that fit into a time, and when to count them again."""

from __future__ import annotations

import math

SAFETY = 0.95  # share of the time that is planned for
ROUNDING = 1e-6  # of an epoch
FORWARD = 1.0 / 3.0  # the time of a forward pass, in steps
FIRST_SECOND = 1.0  # after which a run is forecast for the first time
# Shares of the time after which its epochs are planned; the first is FIRST_SECOND in a longer run.
CHECKS = (0.1, 0.3, 0.6, 0.85, 0.95)


def check_times(began: float, seconds: float) -> list[float]:
    """Returns the times of the checks of a run that begins at a time and takes ``seconds``.

    >>> check_times(0.0, 30.0), check_times(100.0, 2.0)
    ([1.0, 9.0, 18.0, 25.5, 28.5], [100.2, 100.6, 101.2, 101.7, 101.9])
    """
    first, *further = CHECKS
    return [began + min(FIRST_SECOND, first * seconds), *(began + share * seconds for share in further)]


def epochs_in_all(done: float, seconds: float, epoch_seconds: float, planned: int, so_far: int = 0) -> int:
    """Returns the epochs to plan in all if ``done`` are finished and ``seconds`` are left.

    The ``so_far`` planned ones stay if they just fit.

    >>> epochs_in_all(10.5, 2.0, 0.1, planned=100), epochs_in_all(10.5, 2.0, 0.1, planned=100, so_far=30)
    (29, 30)
    """
    affordable = seconds / epoch_seconds
    certain = SAFETY * affordable + (1.0 - SAFETY) * min(1.0, affordable)  # one epoch needs no reserve
    certain = max(certain, so_far - done) if so_far - done <= affordable else certain
    return min(planned, max(math.ceil(done), int(done + certain + ROUNDING), 1))

"""Plans for a time limit: how many networks are trained, for how many epochs, on which share of the rows."""

from __future__ import annotations

import math
from typing import NamedTuple

# A network trained for this share of its epochs has almost its lowest error; the time of further epochs is better spent
# on another network. Test errors of one network and of two for the shares 0.15, 0.4 and 1, preset "default": houses
# 0.442, 0.427, 0.432 and 0.438, 0.420, 0.420; kin8nm 0.249, 0.246, 0.247 and 0.243, 0.240, 0.242.
ENOUGH = 0.4
SAFETY = 0.95  # share of the time that is planned for
FEWEST_EPOCHS = 5  # with fewer, part of an epoch matters
ROUNDED_UP = 0.1  # of an epoch, which the planned share of the time has room for
CHECKS = (0.15, 0.5, 0.8)  # shares of a network's time after which its epochs are planned again
LEAST_SECONDS = 0.1  # for the training of a network, whatever came before


class Work(NamedTuple):
    """Epochs of a network, and the share of the rows that each visits."""

    epochs: int
    rows_share: float


def networks_within(affordable: float, planned: int) -> int:
    """Returns how many networks to train in a time that suffices for ``affordable`` networks with all their epochs.

    >>> [networks_within(affordable, 16) for affordable in (0.1, 0.8, 2.0, 20.0)]
    [1, 2, 5, 16]
    """
    return max(1, min(planned, int(affordable / ENOUGH)))


def work_within(affordable: float, planned: int) -> Work:
    """Returns the epochs, and the share of the rows, for a time that suffices for ``affordable`` epochs of all rows.

    All of them end within the time: then the schedule of the learning rate does too.

    >>> work_within(7.9, planned=100), work_within(0.5, planned=100)
    (Work(epochs=7, rows_share=1.0), Work(epochs=2, rows_share=0.25))
    """
    if affordable >= planned:
        return Work(planned, 1.0)
    if affordable >= FEWEST_EPOCHS:
        return Work(int(affordable), 1.0)
    epochs = min(planned, max(2, math.ceil(affordable)))  # two: if training turns out to be slow, one is finished
    return Work(epochs, affordable / epochs)


def epochs_in_all(done: float, seconds: float, epoch_seconds: float, planned: int) -> int:
    """Returns the epochs to plan in all if ``done`` are finished and ``seconds`` are left.

    >>> epochs_in_all(10.5, 2.0, 0.1, planned=100)
    29
    """
    return min(planned, max(math.ceil(done), int(done + SAFETY * seconds / epoch_seconds + ROUNDED_UP), 1))


def grace_seconds(seconds: float) -> float:
    """Returns the time by which the first epoch of a network may exceed its time.

    >>> grace_seconds(0.0)
    0.1
    """
    return LEAST_SECONDS + 0.05 * seconds


def probe_seconds(seconds: float) -> float:
    """Returns the time in which to measure the duration of an epoch: a small share, but enough for a busy machine.

    >>> probe_seconds(1.0), probe_seconds(60.0)
    (0.05, 1.2)
    """
    return max(0.02 * seconds, min(0.05, 0.1 * seconds))

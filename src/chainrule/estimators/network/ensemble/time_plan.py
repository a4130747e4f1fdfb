"""Plans for a time limit: how many networks are trained, for how many epochs, on which share of the rows."""

from __future__ import annotations

from typing import NamedTuple

from chainrule.training.time_limit.plan import FORWARD, ROUNDING

# A network trained for this share of its epochs has almost its lowest error; the time of further epochs is better spent
# on another network. Test errors of one network and of two for the shares 0.15, 0.4 and 1, preset "default": houses
# 0.442, 0.427, 0.432 and 0.438, 0.420, 0.420; kin8nm 0.249, 0.246, 0.247 and 0.243, 0.240, 0.242. This holds for the
# first networks only: on wine_red, the error of 8 networks with 0.65 of their epochs is 2 % above that of 5 with all
# (mean of 20 seeds, standard error 0.8 %).
ENOUGH = 0.4
FEWEST_EPOCHS = 5  # with fewer, part of an epoch matters: rather fewer rows, which costs nothing at equal time
CHECKS = (0.15, 0.5, 0.8)  # shares of a network's time after which its epochs are planned again
SHARE_TO_COME = 0.05  # of the time, in which another process must have come to be part of the plan
LEAST_SECONDS = 0.1  # for the training of a network, whatever came before
SECONDS_OF_A_PREDICTION = 1e-7  # for each output of a held-out row: calibration and score, on a slow machine


class Budget(NamedTuple):
    """Epochs of a network, and the share of the rows that each visits."""

    epochs: int
    rows_share: float


def networks_within(affordable: float, usual: int, planned: int) -> int:
    """Returns how many networks to train in a time that suffices for ``affordable`` networks with all their epochs.

    Each of the ``usual`` number of networks may have a part of its epochs; more, up to ``planned``, have all of them.

    >>> [networks_within(affordable, 5, 8) for affordable in (0.1, 0.8, 2.0, 5.9, 7.0, 20.0)]
    [1, 2, 5, 5, 7, 8]
    """
    return max(1, min(usual, int(affordable / ENOUGH)), min(planned, int(affordable)))


def budget_within(affordable: float, planned: int, wrap_up: float = 0.0, least_share: float = 0.0) -> Budget:
    """Returns the epochs, and the share of the rows, for a time that suffices for ``affordable`` epochs of all rows.

    All of them end within the time: then the schedule of the learning rate does too. What follows them takes the time
    of ``wrap_up`` epochs of all rows, or the share of it. No network has fewer rows than ``least_share``.

    >>> budget_within(7.9, planned=100), budget_within(0.5, planned=100)
    (Budget(epochs=7, rows_share=1.0), Budget(epochs=5, rows_share=0.1))
    >>> budget_within(7.9, planned=100, wrap_up=5.0), budget_within(0.5, planned=100, least_share=0.25)
    (Budget(epochs=5, rows_share=0.79), Budget(epochs=2, rows_share=0.25))
    """
    whole = min(planned, int(affordable - wrap_up))
    few = min(planned, FEWEST_EPOCHS)
    if whole >= few or least_share >= 1.0:
        return Budget(max(1, whole), 1.0)
    share = max(affordable / (few + wrap_up), least_share)
    epochs = max(1, min(few, int(affordable / share - wrap_up + ROUNDING)))
    return Budget(epochs, min(1.0, max(affordable / (epochs + wrap_up), least_share)))


def grace_seconds(seconds: float) -> float:
    """Returns the time by which the first epoch of a network may exceed its time.

    >>> grace_seconds(0.0)
    0.1
    """
    return LEAST_SECONDS + 0.05 * seconds


def wrap_up_seconds(held_out: int, outputs: int, trained: int, epoch_seconds: float) -> float:
    """Returns the time for the held-out rows of a network after its training: predictions, calibration and score.

    An epoch takes ``epoch_seconds``: steps for ``trained`` rows, and forward passes, which take a third of their time.

    >>> round(wrap_up_seconds(held_out=1000, outputs=100, trained=9000, epoch_seconds=0.28), 6)
    0.02
    """
    forward_seconds = epoch_seconds / (trained / FORWARD + held_out)
    return held_out * (SECONDS_OF_A_PREDICTION * outputs + forward_seconds)


def probe_seconds(seconds: float) -> float:
    """Returns the time in which to measure the duration of an epoch: a small share, but enough for a busy machine.

    >>> probe_seconds(1.0), probe_seconds(60.0)
    (0.05, 1.2)
    """
    return max(0.02 * seconds, min(0.05, 0.1 * seconds))

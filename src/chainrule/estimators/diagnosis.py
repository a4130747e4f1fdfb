"""What is worth a warning after or before training, each with its cause and a remedy."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import DataWarning
from chainrule.estimators.decoder import Classes
from chainrule.estimators.fitting import Member
from chainrule.naming import listed

ROWS = 1_000  # enough to tell whether a unit ever moves
DEAD_SHARE = 0.5


class TrainingWarning(UserWarning):
    """Something about a training that its user should know; the message names the cause and a remedy."""


def warn_rare_classes(classes: Classes, numbers: NDArray[np.intp]) -> None:
    """A DataWarning for classes of a single row, which can be learned from but not be checked."""
    counts = np.bincount(numbers, minlength=len(classes))
    single = classes.values[counts == 1].tolist()
    if single:
        warnings.warn(
            f"y has a single row of the class {listed(single, 5)}: it is trained on, and never held out. "
            "Add rows, or join rare classes.",
            DataWarning,
            stacklevel=4,
        )


def warn_of_training(members: Sequence[Member]) -> None:
    """TrainingWarnings for networks that diverged, or whose hidden units answer every row alike."""
    diverged = [member for member in members if member.error is not None]
    if diverged:
        history = diverged[0].history
        kept = "the best epoch before is kept" if history and history.epochs else "it is left out"
        _say(f"{len(diverged)} of {len(members)} networks diverged, {kept}: {diverged[0].error}")
    dead = [found for member in members if member.error is None and (found := dead_units(member))]
    if dead:
        layer, count, size, sigma = dead[0]
        _say(
            f"{count} of the {size} units of layer {layer} ({sigma}) give the same for every row: they are dead. "
            "Try a smaller learning_rate, or activation='mish', 'selu' or 'leaky_relu'."
        )


def dead_units(member: Member) -> tuple[int, int, int, str] | None:
    """The first hidden layer most of whose units are constant over the rows: its number, their count, m, σ; or None."""
    net = member.net
    with np.errstate(all="ignore"):
        run = net.forward(member.training.X[:ROWS])
    if len(run.a[0]) < 2:
        return None
    for i in range(1, net.r):
        same = int((np.ptp(run.a[i], axis=0) == 0.0).sum())
        if same > DEAD_SHARE * net.m[i]:
            return i, same, net.m[i], net.sigma[i].name
    return None


def _say(words: str) -> None:
    warnings.warn(words, TrainingWarning, stacklevel=4)

"""What is worth a warning after or before training, each with its cause and a remedy."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.naming import listed
from chainrule.errors import DataWarning
from chainrule.estimators.diagnosis import TrainingWarning, dead_layer
from chainrule.estimators.network.ensemble import Member
from chainrule.tables.target_decoder import ClassLabels


def warn_rare_classes(classes: ClassLabels, numbers: NDArray[np.intp]) -> None:
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
    dead = [found for m in members if m.error is None and (found := dead_layer(m.net, m.training.X))]
    if dead:
        _say(f"{dead[0]} Try a smaller learning_rate, or activation='mish', 'selu' or 'leaky_relu'.")


def _say(words: str) -> None:
    warnings.warn(words, TrainingWarning, stacklevel=4)

"""Warnings about training, each with its cause and a remedy."""

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


def warn_about_rare_classes(classes: ClassLabels, class_numbers: NDArray[np.intp]) -> None:
    """Issues a DataWarning for classes with a single row, on which the network cannot be validated."""
    counts = np.bincount(class_numbers, minlength=len(classes))
    single = classes.values[counts == 1].tolist()
    if single:
        warnings.warn(
            f"y has classes with a single row: {listed(single, 5)}. They are trained on, and never held out. "
            "Add rows, or merge rare classes.",
            DataWarning,
            stacklevel=4,
        )


def warn_about_training(members: Sequence[Member]) -> None:
    """Issues a TrainingWarning if networks diverged, and one if most units of a hidden layer are dead."""
    diverged = [member for member in members if member.error is not None]
    if diverged:
        history = diverged[0].history
        outcome = "best epochs kept" if history and history.epochs else "left out"
        _warn(f"{len(diverged)} of {len(members)} networks diverged ({outcome}): {diverged[0].error}")
    dead = [found for m in members if m.error is None and (found := dead_layer(m.net, m.training.X))]
    if dead:
        _warn(f"{dead[0]} Try a smaller learning_rate, or activation='mish', 'selu' or 'leaky_relu'.")


def _warn(words: str) -> None:
    warnings.warn(words, TrainingWarning, stacklevel=4)

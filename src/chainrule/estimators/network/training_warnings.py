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
from chainrule.estimators.network.validation_split import FEWEST, ValidationSplit
from chainrule.tables.target_decoder import ClassLabels


def warn_about_rare_classes(classes: ClassLabels, class_numbers: NDArray[np.intp]) -> None:
    """Issues a DataWarning for classes with a single row, on which the network cannot be validated."""
    counts = np.bincount(class_numbers, minlength=len(classes))
    single = classes.values[counts == 1].tolist()
    if not single:
        return
    if len(single) == len(class_numbers):
        words = (
            f"every row of y has a class of its own, such as {listed(single, 2)}. All rows are trained on, and none is "
            "held out. Merge classes; or, if y is a number to predict, use NetworkRegressor."
        )
    else:
        are_all = len(class_numbers) - len(single) < FEWEST
        words = (
            f"y has classes with a single row: {listed(single, 5)}. They are trained on, and never held out"
            f"{f', nor are the fewer than {FEWEST} other rows' if are_all else ''}. Add rows, or merge rare classes."
        )
    warnings.warn(words, DataWarning, stacklevel=4)


def warn_about_untrained_classes(
    classes: ClassLabels, class_numbers: NDArray[np.intp], splits: Sequence[ValidationSplit]
) -> None:
    """Issues a DataWarning for classes whose rows are all held out from a network, as the last rows may be."""
    occurs = np.bincount(class_numbers, minlength=len(classes)) > 0
    trained = [np.bincount(class_numbers[split.training], minlength=len(classes)) > 0 for split in splits]
    untrained = classes.values[occurs & ~np.all(trained, axis=0)].tolist()
    if untrained:
        warnings.warn(
            f"all rows of some classes are held out, and never trained on: {listed(untrained, 5)}. Use "
            "validation_order='random', or give validation rows of your own (X_val).",
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
    if dead := next(filter(None, (dead_layer(m.net, m.training.X) for m in members if m.error is None)), None):
        _warn(f"{dead} Try a smaller learning_rate, or activation='mish', 'selu' or 'leaky_relu'.")


def _warn(words: str) -> None:
    warnings.warn(words, TrainingWarning, stacklevel=4)

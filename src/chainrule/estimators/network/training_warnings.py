"""Warnings about training, each with its cause and a remedy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.naming import listed
from chainrule._internal.user_warnings import warn
from chainrule.costs.training_set import Subset
from chainrule.diagnosis.dead_units import dead_layer
from chainrule.errors import DataWarning, InputError, TrainingWarning
from chainrule.estimators.network.ensemble import Member, Outcome, TrainingPlan
from chainrule.estimators.network.inspection.words import span
from chainrule.estimators.network.validation_split import FEWEST, ValidationSplit
from chainrule.tables.target_decoder import ClassLabels
from chainrule.tables.targets.indicator_labels import IndicatorLabels


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
    warn(words, DataWarning)


def warn_about_labels(labels: IndicatorLabels, indicators: NDArray[np.intp]) -> None:
    """Issues a DataWarning for labels that all rows have, or none, and for rows that have exactly one label each."""
    counts = indicators.sum(axis=0)
    constant = [labels.title(k) for k in np.flatnonzero((counts == 0) | (counts == len(indicators))).tolist()]
    if constant:
        warn(
            f"all rows have the same value of the label {listed(constant, 5)}, which the networks learn to repeat. Add "
            "other rows, or leave it out.",
            DataWarning,
        )
    if (indicators.sum(axis=1) == 1).all():
        warn(
            "each row of y has exactly one of its labels. If they exclude each other, they are classes: pass "
            "y.argmax(axis=1), and the probabilities of a row sum to 1.",
            DataWarning,
        )


def warn_about_untrained_classes(
    classes: ClassLabels, class_numbers: NDArray[np.intp], splits: Sequence[ValidationSplit]
) -> None:
    """Issues a DataWarning for classes whose rows are all held out from a network, as the last rows may be."""
    occurs = np.bincount(class_numbers, minlength=len(classes)) > 0
    trained = [np.bincount(class_numbers[split.training], minlength=len(classes)) > 0 for split in splits]
    untrained = classes.values[occurs & ~np.all(trained, axis=0)].tolist()
    if untrained:
        warn(
            f"all rows of some classes are held out, and never trained on: {listed(untrained, 5)}. Use "
            "validation_order='random', or give validation rows of your own (X_val).",
            DataWarning,
        )


def warn_about_training(outcome: Outcome, kept: Sequence[Member], plan: TrainingPlan, limit: float | None) -> None:
    """Issues TrainingWarnings: training was interrupted or cut, networks diverged or hardly began, units are dead."""
    members = outcome.members
    if any(member.course is not None and member.course.best_epoch is None for member in kept):
        _warn("the metric of scoring was never a number; the epochs of the lowest J on held-out rows are kept.")
    if outcome.was_interrupted:
        _warn("training was interrupted; each network keeps its best epoch so far.")
    elif outcome.was_cut and limit is not None:
        _warn(_about_the_cut(outcome, kept, plan, limit))
    if not kept[0].has_trained:
        _warn(
            "training ended within the first epoch; the networks are better than initially, and no more. Train longer."
        )
    diverged = [member for member in members if member.error is not None]
    if diverged:
        history = diverged[0].history
        result = "best epochs kept" if history and history.epochs else "left out"
        _warn(f"{len(diverged)} of {len(members)} networks diverged ({result}): {diverged[0].error}")
    if dead := next(filter(None, (_dead_layer(m) for m in kept if m.error is None)), None):
        _warn(f"{dead} Try a smaller learning_rate, or activation='mish', 'selu' or 'leaky_relu'.")


def _dead_layer(member: Member) -> str | None:
    """Describes a layer of dead units, by the rows that a member was trained on, or held out if those are in files."""
    rows = member.training if isinstance(member.training, Subset) else member.held_out
    return None if rows is None else dead_layer(member.net, rows.of.X, rows.rows)


def no_usable_network(outcome: Outcome, limit: float | None) -> BaseException:
    """Returns the error for a training without any usable network, with its cause and a remedy."""
    if outcome.was_interrupted:
        return KeyboardInterrupt("training was interrupted before a network had finished an epoch.")
    errors = [member.error for member in outcome.members if member.error is not None]
    if errors:
        return errors[0]
    early = "training ended within the first epoch, and no network was better than at its initial values. "
    if limit is None:
        return InputError(f"{early}Let a callback stop it later.")
    return InputError(f"time_limit={limit:g}: {early}{_whole_plan(outcome) or 'Give it more time.'}")


def _about_the_cut(outcome: Outcome, kept: Sequence[Member], plan: TrainingPlan, limit: float) -> str:
    """Describes what a time limit left of the plan."""
    trained = [member.history.epochs for member in kept if member.history is not None]
    planned = [recipe.epochs for recipe in plan.recipes]
    count = f"{len(kept)} of {outcome.planned} networks" if outcome.planned > 1 else "the network"
    share = min(member.rows_share for member in kept)
    part = f" on {100.0 * share:.2g} % of the rows" if share < 1.0 else ""
    short = ", with the recipe of the preset 'default'" if kept[0].recipe in plan.short_recipes else ""
    return (
        f"the time limit of {limit:g} s cut the plan: {count} trained for {span(trained)} of {span(planned)} "
        f"epochs{part}{short}. {_whole_plan(outcome)}"
    ).rstrip()


def _whole_plan(outcome: Outcome) -> str:
    """Says how long the whole plan would take, if that was measured."""
    seconds = outcome.whole_seconds
    return "" if seconds is None else f"The whole plan takes about {float(f'{seconds:.2g}'):g} s."


def _warn(words: str) -> None:
    warn(words, TrainingWarning)

"""The rows that each network holds out: random rows, groups of rows, or the last ones."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.checks import RowNumbers, shown
from chainrule._internal.naming import listed
from chainrule._internal.user_warnings import warn
from chainrule.errors import DataWarning, InputError
from chainrule.estimators.network.recipe import Recipe

FEWEST = 10  # with fewer rows, all are needed for training and none is held out
NO_FOLD = -1  # for a row that no network holds out
MOST_HELD_OUT = 0.5 + 1e-9  # the largest share of a group that is held out; 1e-9 for rounding of weights


class ValidationSplit(NamedTuple):
    """Row numbers that a network is trained on, and those it holds out, possibly none."""

    training: RowNumbers
    held_out: RowNumbers


def splits_by_recipe(
    t: int,
    recipes: Sequence[Recipe],
    short: Sequence[Recipe],
    has_validation: bool,
    order: str,
    seed: int,
    classes: NDArray[np.intp] | None,
    groups: NDArray[Any] | None,
    weights: NDArray[Any] | None,
) -> dict[Recipe, list[ValidationSplit]]:
    """Returns the splits that the networks of each recipe take in turn, as `validation_splits` draws them.

    The last networks hold out the rows of others once more (`fold_numbers`). The networks of recipes that compete hold
    out the same rows, one of each recipe.
    The short recipes have those of an estimator that has these recipes alone; its first networks are then the same.
    There is a split for each of their folds. With ``has_validation``, rows given by the user, no rows are held out.
    """

    def splits(recipe: Recipe, count: int) -> list[ValidationSplit]:
        fraction, rng = 0.0 if has_validation else recipe.validation_fraction, np.random.default_rng(seed)
        folds = list(range(count)) if recipe.competes_together else fold_numbers(count)
        of_folds = validation_splits(t, 1 + max(folds), fraction, order, rng, classes, groups, weights)
        return [of_folds[fold] for fold in folds]

    each = len(recipes) if recipes[0].competes else 1
    repeated = [split for split in splits(recipes[0], recipes[0].n_networks) for _ in range(each)]
    made = dict.fromkeys(recipes, repeated)
    if short:
        fraction, count = short[0].validation_fraction, short[0].n_networks
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what there is to say about groups has been said
            made |= dict.fromkeys(short, splits(short[0], max(count, round(1.0 / fraction)) if fraction else count))
    return made


def fold_numbers(n_networks: int) -> list[int]:
    """Returns the fold of each network: a new one for three of four, and then those of the others before, backwards.

    Rows that two networks hold out show what an average is worth (`ensemble_temperature`). Of networks that take two
    recipes in turn, the two of a fold have one each.

    >>> fold_numbers(8)
    [0, 1, 2, 3, 4, 5, 5, 4]
    """
    folds = n_networks - n_networks // 4
    return [min(j, 2 * folds - 1 - j) for j in range(n_networks)]


def validation_splits(
    t: int,
    n_networks: int,
    fraction: float,
    order: str,
    rng: np.random.Generator,
    classes: NDArray[np.intp] | None = None,
    groups: NDArray[Any] | None = None,
    weights: NDArray[Any] | None = None,
) -> list[ValidationSplit]:
    """Returns the split of t rows for each network, which holds out ``fraction`` of them.

    Several networks hold out different folds; there are 1/``fraction`` folds, or one per network if that is more. With
    ``order`` "last", for rows in order of time, all networks hold out the last rows; otherwise it is "random". Each of
    ``classes`` (t,) is spread evenly over the folds; the only row of a class is always trained on. Rows of one group
    (``groups``, (t,)) stay together, and a group counts by the ``weights`` (t,) of its rows.

    Issues a DataWarning if groups cannot be held out (`_by_groups`). Raises InputError for another order, for groups
    together with "last", or for a single group.

    >>> rng = np.random.default_rng(0)
    >>> [split.held_out.tolist() for split in validation_splits(10, 1, 0.2, "last", rng)]
    [[8, 9]]
    >>> sorted(row for split in validation_splits(10, 5, 0.2, "random", rng) for row in split.held_out.tolist())
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
    """
    everything = np.arange(t, dtype=np.uint32)
    if order not in ("random", "last"):
        raise InputError(f"validation_order must be 'random' or 'last'; got {shown(order)}.")
    if groups is not None and order == "last":
        raise InputError("groups cannot be combined with validation_order='last'; give one of the two.")
    if fraction == 0.0 or t < FEWEST:
        return [ValidationSplit(everything, everything[:0])] * n_networks
    if order == "last":
        first = t - max(1, round(fraction * t))
        return [ValidationSplit(everything[:first], everything[first:])] * n_networks
    folds = min(max(n_networks, round(1.0 / fraction)), t // 2)
    of = _evenly(t, folds, rng, classes) if groups is None else _by_groups(groups, folds, rng, classes, weights)
    count = int(of.max()) + 1
    if count == 0:
        return [ValidationSplit(everything, everything[:0])] * n_networks
    return [ValidationSplit(rows_where(of != j % count), rows_where(of == j % count)) for j in range(n_networks)]


def rows_where(mask: NDArray[np.bool_]) -> RowNumbers:
    """Returns the numbers of the rows for which the mask (t,) is True."""
    return np.flatnonzero(mask).astype(np.uint32)


def _evenly(t: int, folds: int, rng: np.random.Generator, classes: NDArray[np.intp] | None) -> RowNumbers:
    """Returns the fold of each row: rows are dealt out like cards, one class after the other.

    The only row of a class is never held out, and no row is if fewer than 10 others are left.
    """
    dealt = rng.permutation(np.arange(t, dtype=np.uint32))
    if classes is not None:
        single = np.bincount(classes)[classes] == 1
        dealt = dealt[np.argsort(classes[dealt], kind="stable")]
        dealt = dealt[~single[dealt]]
    of = np.full(t, NO_FOLD, dtype=np.int32)
    if len(dealt) >= FEWEST:
        number = np.arange(len(dealt), dtype=np.int32)
        number %= min(folds, len(dealt) // 2)
        of[dealt] = number
    return of


def _by_groups(
    groups: NDArray[Any],
    folds: int,
    rng: np.random.Generator,
    classes: NDArray[np.intp] | None,
    weights: NDArray[Any] | None,
) -> NDArray[np.intp]:
    """Returns the fold of each row: groups, the largest first, each go to the fold with the fewest rows.

    Some groups are always trained on, and a DataWarning names them: one with more than half of the rows, and those
    without which a network would never see a class.
    """
    names, number = np.unique(groups, return_inverse=True)
    if len(names) < 2:
        raise InputError("groups must hold at least two groups, to hold out one of them; got one.")
    sizes = np.bincount(number, weights)
    has_most, has_class = sizes > MOST_HELD_OUT * sizes.sum(), np.zeros(len(names), dtype=bool)
    if classes is not None:
        has_class[number[_is_of_whole_class(classes, number)]] = True
    is_dealt = ~(has_most | has_class)
    fold = np.full(len(names), NO_FOLD)
    filled = np.zeros(min(folds, int(is_dealt.sum())))
    mixed = rng.permutation(len(names))
    largest_first = mixed[np.argsort(-sizes[mixed], kind="stable")]
    for group in largest_first[is_dealt[largest_first]]:
        fold[group] = filled.argmin()
        filled[fold[group]] += sizes[group]
    if classes is not None:  # the groups of a fold may share all rows of a class
        is_dealt_whole = is_dealt[number] & _is_of_whole_class(classes, fold[number])
        has_class[number[is_dealt_whole]] = True
        fold[has_class] = NO_FOLD
    of = np.unique(np.append(fold, NO_FOLD), return_inverse=True)[1][:-1] - 1  # without gaps: NO_FOLD, 0, 1, …
    _warn_about_groups(names[has_most], names[has_class & ~has_most], int((of[number] != NO_FOLD).sum()))
    return of[number]


def _is_of_whole_class(classes: NDArray[np.intp], part: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Returns for each row whether all rows of its class (t,) lie in the same part (t,)."""
    first, last = np.full(classes.max() + 1, part.max()), np.full(classes.max() + 1, part.min())
    np.minimum.at(first, classes, part)
    np.maximum.at(last, classes, part)
    is_of_whole_class: NDArray[np.bool_] = (first == last)[classes]
    return is_of_whole_class


def _warn_about_groups(largest: NDArray[Any], exclusive: NDArray[Any], held_out: int) -> None:
    """Issues a DataWarning if there are groups that are always trained on."""
    reasons = []
    if len(largest):
        reasons.append(f"{listed(largest.tolist())} has more than half of the rows")
    if len(exclusive):
        reasons.append(f"without {listed(exclusive.tolist(), 5)} some classes would not be trained on")
    if reasons:
        words = (
            f"some groups are always trained on: {', and '.join(reasons)}. The networks hold out {held_out} of the "
            "other rows in turn."
            if held_out
            else f"no group can be held out: {', and '.join(reasons)}. All rows are trained on, and none is held out."
        )
        remedy = "Give smaller groups that share their classes, or validation rows of your own (X_val)."
        warn(f"{words} {remedy}", DataWarning)


def as_validation_fraction(value: object) -> float:
    """Returns the fraction of the rows to hold out: 0 (none) or in (0, ½]."""
    if isinstance(value, bool) or not isinstance(value, (int, float, np.number)) or not math.isfinite(float(value)):
        raise InputError(f"validation_fraction must be a number from 0 to 0.5; got {shown(value)}.")
    if not 0.0 <= float(value) <= 0.5:
        raise InputError(f"validation_fraction must be a number from 0 to 0.5; got {shown(value)}.")
    return float(value)

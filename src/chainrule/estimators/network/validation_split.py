"""The rows that each network holds out: random rows, groups of rows, or the last ones."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.checks import shown
from chainrule.errors import InputError

RowNumbers = NDArray[np.intp]

FEWEST = 10  # with fewer rows, all are needed for training and none is held out
NO_FOLD = -1  # for a row that no network holds out


class ValidationSplit(NamedTuple):
    """Row numbers that a network is trained on, and those it holds out, possibly none."""

    training: RowNumbers
    held_out: RowNumbers


def validation_splits(
    t: int,
    n_networks: int,
    fraction: float,
    order: str,
    rng: np.random.Generator,
    classes: NDArray[np.intp] | None = None,
    groups: NDArray[np.generic] | None = None,
) -> list[ValidationSplit]:
    """Returns the split of t rows for each network, which holds out ``fraction`` of them.

    Several networks hold out different folds; there are 1/``fraction`` folds, or one per network if that is more. With
    ``order`` "last", for rows in order of time, all networks hold out the last rows; otherwise it is "random". Each of
    ``classes`` (t,) is spread evenly over the folds; the only row of a class is always trained on. Rows of one group
    (``groups``, (t,)) stay together.

    Raises InputError for another order, for groups together with "last", or for a single group.

    >>> rng = np.random.default_rng(0)
    >>> [split.held_out.tolist() for split in validation_splits(10, 1, 0.2, "last", rng)]
    [[8, 9]]
    >>> sorted(row for split in validation_splits(10, 5, 0.2, "random", rng) for row in split.held_out.tolist())
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
    """
    everything = np.arange(t)
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
    of = _by_groups(groups, folds, rng) if groups is not None else _evenly(t, folds, rng, classes)
    count = int(of.max()) + 1
    return [
        ValidationSplit(np.flatnonzero(of != j % count), np.flatnonzero(of == j % count)) for j in range(n_networks)
    ]


def _evenly(t: int, folds: int, rng: np.random.Generator, classes: NDArray[np.intp] | None) -> RowNumbers:
    """Returns the fold of each row: rows are dealt out like cards, one class after the other."""
    order = rng.permutation(t)
    of = np.empty(t, dtype=np.intp)
    if classes is None:
        of[order] = np.arange(t) % folds
        return of
    single = np.bincount(classes)[classes] == 1
    dealt = order[np.argsort(classes[order], kind="stable")]
    dealt = dealt[~single[dealt]]
    of[:] = NO_FOLD
    of[dealt] = np.arange(len(dealt)) % folds
    return of


def _by_groups(groups: NDArray[np.generic], folds: int, rng: np.random.Generator) -> RowNumbers:
    """Returns the fold of each row: groups, the largest first, each go to the fold with the fewest rows."""
    names, number = np.unique(groups, return_inverse=True)
    if len(names) < 2:
        raise InputError("groups must hold at least two groups, to hold out one of them; got one.")
    sizes = np.bincount(number)
    fold = np.empty(len(names), dtype=np.intp)
    filled = np.zeros(min(folds, len(names)))
    mixed = rng.permutation(len(names))
    for group in mixed[np.argsort(-sizes[mixed], kind="stable")]:
        fold[group] = filled.argmin()
        filled[fold[group]] += sizes[group]
    return fold[number]


def as_validation_fraction(value: object) -> float:
    """Returns the fraction of the rows to hold out: 0 (none) or in (0, ½]."""
    if isinstance(value, bool) or not isinstance(value, (int, float, np.number)) or not math.isfinite(float(value)):
        raise InputError(f"validation_fraction must be a number from 0 to 0.5; got {shown(value)}.")
    if not 0.0 <= float(value) <= 0.5:
        raise InputError(f"validation_fraction must be a number from 0 to 0.5; got {shown(value)}.")
    return float(value)

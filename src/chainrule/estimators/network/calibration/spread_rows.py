"""The rows that a spread is learned from: those that networks held out, and those that they were trained on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.checks import Floats
from chainrule._internal.sparse_rows import Rows
from chainrule.costs.training_set import Subset, evenly_spaced
from chainrule.estimators.network.ensemble import Member
from chainrule.estimators.network.held_out_predictions import averaged
from chainrule.tables.model import network_outputs
from chainrule.tables.target_decoder import NumericLabels

MOST = 10_000  # rows of training, more than enough for a few weights for each feature


class SpreadRows(NamedTuple):
    """Encoded rows Z (t, n), mean outputs A (t, m), residuals y − ŷ (t, m), weights (t,) or None, and row numbers (t,).

    The numbers increase.
    """

    Z: Rows
    A: Floats
    residuals: Floats
    weights: Floats | None
    numbers: NDArray[np.intp]


def rows_of_training(members: Sequence[Member], target: NumericLabels, data: Any) -> SpreadRows | None:
    """Returns up to `MOST` rows of these `Data`, predicted by the networks that were trained on them.

    Returns None for packed rows, and if a time limit has left none of these.
    """
    if not all(isinstance(member.training, Subset) for member in members):
        return None
    wanted = evenly_spaced(len(data.examples.X), MOST)
    trained = [(member, rows) for member in members if len(rows := np.intersect1d(wanted, member.split.training))]
    if not trained:
        return None
    single = [network_outputs(member.net, data.examples.X[rows], target) for member, rows in trained]
    found = averaged(np.concatenate(single), np.concatenate([rows for _, rows in trained]))
    examples = data.examples.at(found.at)
    weights = None if examples.weights is None else examples.weights.astype(np.float64)
    residuals = target.standardised(data.labels[found.at]) - found.P
    return SpreadRows(examples.X, found.P, residuals, weights, found.at)

"""Predictions of each row by the networks that were not trained on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.checks import Floats
from chainrule.estimators.network.ensemble import Member
from chainrule.tables.calibration import of_two, unsmoothed
from chainrule.tables.model import network_outputs
from chainrule.tables.targets.decoders import Target
from chainrule.tables.work import parts_of

ROWS_AT_ONCE = 1 << 14  # are copied, to be predicted


class HeldOutPredictions(NamedTuple):
    """Predictions P (t, m) of held-out rows, their row numbers (t,), and their weights (t,) or None.

    P has the mean of the networks that held a row out. `Single` has the prediction of each of them, if it is known.
    The spread of y around each prediction (t, m) is learned from other rows; None: it is not known to vary.
    """

    P: Floats
    at: NDArray[np.intp]
    weights: Floats | None
    single: Single | None = None
    spreads: Floats | None = None

    def unsmoothed(self, smoothing: float) -> HeldOutPredictions:
        """Returns them after smoothing of labels is taken out of the probabilities."""
        single = None if self.single is None else Single(unsmoothed(self.single.P, smoothing), self.single.of)
        return self._replace(P=unsmoothed(self.P, smoothing), single=single)

    def of_label(self, j: int) -> HeldOutPredictions:
        """Returns the probabilities (t, 2) of not having one of several labels, counted from 0, and of having it."""
        single = None if self.single is None else Single(of_two(self.single.P[:, j]), self.single.of)
        return HeldOutPredictions(of_two(self.P[:, j]), self.at, self.weights, single)


class Single(NamedTuple):
    """Predictions P (s, m) of single networks, each of one of the t rows that ``of`` (s,) numbers."""

    P: Floats
    of: NDArray[np.intp]


def held_out_predictions(members: Sequence[Member], target: Target) -> HeldOutPredictions | None:
    """Returns predictions by the networks that held each row out; None without such rows."""
    validated = [(member, member.held_out) for member in members if member.held_out is not None]
    if not validated:
        return None
    single = np.concatenate([
        network_outputs(member.net, held_out.at(part).in_memory().X, target)
        for member, held_out in validated
        for part in parts_of(held_out.t, ROWS_AT_ONCE)
    ])  # fmt: skip
    rows = np.concatenate([member.at for member, _ in validated])
    found = averaged(single, rows)
    if validated[0][1].weights is None or found.single is None:
        return found
    weights = np.empty(len(found.at))
    weights[found.single.of] = np.concatenate([some.weights for _, some in validated if some.weights is not None])
    return found._replace(weights=weights)


def averaged(single: Floats, rows: NDArray[np.integer[Any]]) -> HeldOutPredictions:
    """Returns the predictions of rows without weights, by those of single networks (s, m) and their row numbers (s,).

    >>> found = averaged(np.array([[1.0], [2.0], [4.0]]), np.array([7, 5, 7]))
    >>> found.at.tolist(), found.P.tolist()
    ([5, 7], [[2.0], [2.5]])
    """
    is_held_out = np.zeros(rows.max() + 1, dtype=bool)
    is_held_out[rows] = True
    at = np.flatnonzero(is_held_out)
    place = np.searchsorted(at, rows)
    mean = np.zeros((len(at), single.shape[1]))
    np.add.at(mean, place, single)
    mean /= np.bincount(place)[:, None]
    return HeldOutPredictions(mean, at, None, Single(single, place))

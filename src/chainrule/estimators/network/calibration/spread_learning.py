"""Learning the spread of y around its prediction from residuals."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.checks import Array, Floats
from chainrule.costs import Poisson
from chainrule.engines.choice import EngineLike
from chainrule.estimators.network.calibration.spread_rows import SpreadRows
from chainrule.network import Layer, Network
from chainrule.optimizers import AdamW
from chainrule.optimizers.schedules import Cosine
from chainrule.tables.intervals.spread import LARGEST, SMALLEST, spread_inputs
from chainrule.training import train

FOLDS = 5
FEWEST = 50  # held-out rows, of which a spread is learned
# Short steps, which leave S a little too even. Three times the rate or the steps did not make intervals narrower on 13
# sets of 400 to 3,000 rows; hidden units gained nothing, not even with 3,000 held-out rows.
STEPS, MOST_EPOCHS, BATCH, RATE = 300, 300, 128, 0.01
POWERS = (0.0, 0.25, 0.5, 0.75, 1.0)


class LearnedSpread(NamedTuple):
    """A network for the spread of new rows, and the spreads (t, m) of the held-out rows that it was learned from.

    Each of these spreads is that of a network that was not trained on its row.
    """

    net: Network
    of_rows: Floats


def learned_spread(held_out: SpreadRows, trained: SpreadRows | None, engine: EngineLike) -> LearnedSpread | None:
    """Learns the spread from residuals y − ŷ (t, m) of held-out rows, and of rows that networks were trained on.

    log S(x) = p ⊙ (W x + b) with x from `spread_inputs`. For each fifth of the held-out rows, W and b are the means of
    those of five networks with r = 1 and σ = exp. They are trained on all other rows, by the Poisson cost of |y − ŷ| in
    units of its mean: the output estimates the mean of |y − ŷ| at x. These units are those of either kind of rows,
    since residuals of rows that a network was trained on are smaller. Another fifth of the held-out rows, on which it
    is not trained either, chooses the epoch of each network. New rows get the mean of all W and b. The powers p in
    {0, ¼, ½, ¾, 1} of each target are those of the largest likelihood of the held-out rows, if |y − ŷ|/S is
    exponential: p = 0 where the spread does not depend on x, or not visibly in these rows.

    Returns None for few held-out rows, or if all p are 0.

    Source: H. Papadopoulos, V. Vovk & A. Gammerman, Regression conformal prediction with nearest neighbours, JAIR 40,
    2011 (normalised residuals); V. Vovk, Cross-conformal predictors, 2015 (folds).
    """
    t, m = held_out.residuals.shape
    if t < FEWEST:
        return None
    own, others = _Sizes.of(held_out), None if trained is None else _Sizes.of(trained)
    place = None if trained is None else _places(trained.numbers, held_out.numbers)
    rng = np.random.default_rng(0)
    fold = rng.permutation(t) % FOLDS
    log_S, means = np.empty((t, m)), []
    for k in range(FOLDS):
        nets = []
        for choosing in np.array_split(rng.permutation(np.flatnonzero(fold != k)), FOLDS):
            is_used = np.ones(t + 1, dtype=bool)  # the last one is for rows that were not held out
            is_used[:-1] = fold != k
            is_used[choosing] = False
            rows = own.at(is_used[:-1])
            if others is not None:
                rows = rows.followed_by(others.at(is_used[place]))
            nets.append(_trained(rows, own.at(choosing), engine))
        means.append(_mean_network(nets))
        log_S[fold == k] = _log(means[-1], own.X[fold == k])
    powers = np.array([_power(log_S[:, k], own.Y[:, k], held_out.weights) for k in range(m)])
    if not powers.any():
        return None
    return LearnedSpread(_mean_network(means, powers), np.exp(powers * log_S))


class _Sizes(NamedTuple):
    """The inputs X (t, n) of a network for the spread, |y − ŷ| in units of its mean, Y (t, m), and weights (t,)."""

    X: Array
    Y: Array
    w: Array

    @classmethod
    def of(cls, rows: SpreadRows) -> _Sizes:
        sizes, w = np.abs(rows.residuals), np.ones(len(rows.A)) if rows.weights is None else rows.weights
        mean = np.average(sizes, axis=0, weights=w)
        Y = sizes / np.where(mean > 0.0, mean, 1.0)
        return cls(spread_inputs(rows.Z, rows.A, np.float32), Y.astype(np.float32), w.astype(np.float32))

    def at(self, rows: NDArray[Any]) -> _Sizes:
        return _Sizes(*(part[rows] for part in self))

    def followed_by(self, others: _Sizes) -> _Sizes:
        return _Sizes(*map(np.concatenate, zip(self, others, strict=True)))


def _places(numbers: NDArray[np.intp], among: NDArray[np.intp]) -> NDArray[np.intp]:
    """Returns the place of each of these row numbers among others in increasing order, or −1."""
    place = np.searchsorted(among, numbers)
    found = among[np.minimum(place, len(among) - 1)] == numbers
    return np.where(found, place, -1)


def _trained(rows: _Sizes, choosing: _Sizes, engine: EngineLike) -> Network:
    """Returns a network trained on these rows; the rows ``choosing`` choose the best epoch."""
    t, m, n = len(rows.X), rows.Y.shape[1], rows.X.shape[1]
    net = Network([Layer(np.zeros((m, n)), np.zeros(m), "exp").astype(np.float32)])
    batch = min(BATCH, t)
    epochs = max(10, min(MOST_EPOCHS, STEPS * batch // t))
    train(
        net, rows.X, rows.Y, weights=rows.w, cost=Poisson(mean=True),
        optimizer=AdamW(Cosine(RATE), weight_decay=0.0), batch_size=batch, epochs=epochs, patience=epochs,
        validation=choosing, engine=engine, threads=1,
    )  # fmt: skip
    return net


def _mean_network(nets: list[Network], powers: Floats | float = 1.0) -> Network:
    """Returns the network with the means of W and b: the geometric mean of the outputs, to these powers."""
    W, b = (np.mean([getattr(net, name)[1] for net in nets], axis=0) for name in ("W", "b"))
    return Network([Layer(np.multiply(W.T, powers).T, b * powers, "exp").astype(np.float32)])


def _log(net: Network, X: Array) -> Floats:
    S: Floats = np.log(np.clip(net(X).astype(np.float64), SMALLEST, LARGEST))
    return S


def _power(log_S: Floats, y: Array, weights: Floats | None) -> float:
    """Returns the power p for which the likelihood of y (t,), exponential with a mean ∝ Sᵖ, is largest."""

    def loss(p: float) -> float:
        mean = max(float(np.average(y * np.exp(-p * log_S), weights=weights)), np.finfo(np.float64).tiny)
        return float(np.log(mean)) + p * float(np.average(log_S, weights=weights))

    return min(POWERS, key=loss)

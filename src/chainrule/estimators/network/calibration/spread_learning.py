"""Learning the spread of y around its prediction from the residuals of held-out rows."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from chainrule._internal.checks import Array, Floats
from chainrule._internal.sparse_rows import Rows
from chainrule.costs import Poisson
from chainrule.engines.choice import EngineLike
from chainrule.network import Layer, Network
from chainrule.optimizers import AdamW
from chainrule.optimizers.schedules import Cosine
from chainrule.tables.intervals.spread import LARGEST, SMALLEST, spread_inputs
from chainrule.training import train

FOLDS = 5
FEWEST = 50  # rows, of which a spread is learned
# Short steps, which leave S a little too even. With three times the rate, mean widths were 0.5 % larger over 15 sets,
# and 3 % on y with a skewed distribution; hidden units gained nothing, not even with 3,000 held-out rows.
STEPS, MOST_EPOCHS, BATCH, RATE = 300, 300, 128, 0.01
POWERS = (0.0, 0.25, 0.5, 0.75, 1.0)


class LearnedSpread(NamedTuple):
    """A network for the spread of new rows, and the spreads (t, m) of the rows that it was learned from.

    Each of these spreads is that of a network that was not trained on its row.
    """

    net: Network
    of_rows: Floats


def learned_spread(
    Z: Rows, A: Floats, residuals: Floats, weights: Floats | None, engine: EngineLike
) -> LearnedSpread | None:
    """Learns the spread from residuals y − ŷ (t, m) of held-out rows Z (t, n) with mean outputs A (t, m).

    log S(x) = p ⊙ (W x + b) with x from `spread_inputs`. For each fifth of the rows, W and b are the means of those of
    five networks with r = 1 and σ = exp. They are trained on the other rows, by the Poisson cost of |y − ŷ| in units of
    its mean: the output estimates the mean of |y − ŷ| at x. Another fifth of these rows chooses the epoch of each
    network. New rows get the mean of all W and b. The powers p in {0, ¼, ½, ¾, 1} of each target are those of the
    largest likelihood of the rows, if |y − ŷ|/S is exponential: p = 0 where the spread does not depend on x, or not
    visibly in these rows.

    Returns None for few rows, or if all p are 0.

    Source: H. Papadopoulos, V. Vovk & A. Gammerman, Regression conformal prediction with nearest neighbours, JAIR 40,
    2011 (normalised residuals); V. Vovk, Cross-conformal predictors, 2015 (folds).
    """
    t, m = residuals.shape
    if t < FEWEST:
        return None
    sizes = np.abs(residuals)
    mean = np.average(sizes, axis=0, weights=weights)
    Y = (sizes / np.where(mean > 0.0, mean, 1.0)).astype(np.float32)
    X = spread_inputs(Z, A, np.float32)
    w = None if weights is None else weights.astype(np.float32)
    rng = np.random.default_rng(0)
    fold = rng.permutation(t) % FOLDS
    log_S, means = np.empty((t, m)), []
    for k in range(FOLDS):
        parts = np.array_split(rng.permutation(np.flatnonzero(fold != k)), FOLDS)
        nets = [_trained(X, Y, w, parts[:j] + parts[j + 1 :], parts[j], engine) for j in range(FOLDS)]
        means.append(_mean_network(nets))
        log_S[fold == k] = _log(means[-1], X[fold == k])
    powers = np.array([_power(log_S[:, k], Y[:, k], weights) for k in range(m)])
    if not powers.any():
        return None
    return LearnedSpread(_mean_network(means, powers), np.exp(powers * log_S))


def _trained(X: Array, Y: Array, w: Array | None, parts: list[Array], choosing: Array, engine: EngineLike) -> Network:
    """Returns a network trained on the rows of these parts; the rows ``choosing`` choose the best epoch."""
    rows, m, n = np.concatenate(parts), Y.shape[1], X.shape[1]
    net = Network([Layer(np.zeros((m, n)), np.zeros(m), "exp").astype(np.float32)])
    batch = min(BATCH, len(rows))
    epochs = max(10, min(MOST_EPOCHS, STEPS * batch // len(rows)))
    weights, of_choosing = (None, ()) if w is None else (w[rows], (w[choosing],))
    train(
        net, X[rows], Y[rows], weights=weights, cost=Poisson(mean=True),
        optimizer=AdamW(Cosine(RATE), weight_decay=0.0), batch_size=batch, epochs=epochs, patience=epochs,
        validation=(X[choosing], Y[choosing], *of_choosing), engine=engine, threads=1,
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

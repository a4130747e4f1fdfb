"""Warnings that name a cause and a remedy: what can be seen in the data or the fitted network, and costs accuracy."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.activations import Sigma
from chainrule.forward import forward
from chainrule.network import Network

FAR = 100.0  # the root mean square of a column from which on its inputs count as unscaled
DEAD_SHARE = 0.5  # the share of a layer's units, all of them 0 on every row, that is worth a warning
DIES = ("relu", "hard_tanh")  # σ whose derivative is 0 on half a line or more
FEW = 20  # rows on which units may well be constant, and alive
LOOK = 256  # rows that show first whether there is anything to warn of
SINGLE = 1e3  # the largest |mean| / standard deviation of a column that single precision is thought enough for
LARGEST_SINGLE = 1e12  # and the largest spread: squares of it, summed, still fit


class Advice(UserWarning):
    """Something about the data or the fit that costs accuracy; the message names the cause and a remedy."""


class Spread:
    """Mean and standard deviation of each column of A (t, n)."""

    def __init__(self, A: NDArray[Any]) -> None:
        with np.errstate(over="ignore", invalid="ignore"):
            self.mean, self.std = A.mean(axis=0, dtype=np.float64), A.std(axis=0, dtype=np.float64)

    def fits_single(self) -> bool:
        """Whether single precision (24 bits) leaves each column at least four digits of its spread."""
        constant = self.std == 0.0
        clear = (abs(self.mean) <= SINGLE * self.std) | (constant & (abs(self.mean) <= SINGLE))
        return bool((clear & (self.std <= LARGEST_SINGLE)).all())

    def warn_of_scale(self, names: NDArray[Any] | None, stacklevel: int) -> None:
        """Warn of columns whose root mean square is far from 1, with the farthest by name."""
        with np.errstate(over="ignore", invalid="ignore"):
            size = np.sqrt(self.mean**2 + self.std**2)
        far = ~(size <= FAR)
        if not far.any():
            return
        k = int(np.where(np.isfinite(size), size, np.inf).argmax())
        name = repr(str(names[k])) if names is not None else str(k)
        warnings.warn(
            f"{far.sum()} of {len(size)} columns of X are not scaled: column {name} has mean {self.mean[k]:.3g} and "
            f"standard deviation {self.std[k]:.3g}. Training is slow or stalls on such inputs; put a StandardScaler in "
            "front, as in make_pipeline(StandardScaler(), …).",
            Advice,
            stacklevel=stacklevel,
        )


def dies(sigma: Sigma) -> bool:
    """Whether units of this σ can stop learning for good."""
    return sigma.builtin and sigma.name in DIES


def _dead_units(net: Network, X: NDArray[Any]) -> list[tuple[int, int]]:
    """For each hidden layer i whose units can die, how many are constant on the rows of X."""
    a = forward(net, X).a
    return [(i, int((a[i] == a[i][0]).all(axis=0).sum())) for i in range(1, net.r) if dies(net.sigma[i])]


def _many(dead: int, m: int) -> bool:
    return dead >= max(2.0, DEAD_SHARE * m)


def warn_of_dead_units(net: Network, X: NDArray[Any], stacklevel: int) -> None:
    """Warn of hidden layers of which half or more of the units are constant on every row of X (t, n)."""
    if not any(dies(net.sigma[i]) for i in range(1, net.r)) or len(X) < FEW:
        return
    if not any(_many(dead, net.m[i]) for i, dead in _dead_units(net, X[:LOOK])):
        return
    for i, dead in _dead_units(net, X):
        if _many(dead, net.m[i]):
            warnings.warn(
                f"{dead} of {net.m[i]} units of hidden layer {i} are dead: {net.sigma[i].name} is constant on every "
                "training row, so they learn nothing any more. Try a smaller learning_rate_init, scaled inputs, or "
                'activation="elu", "gelu" or "mish".',
                Advice,
                stacklevel=stacklevel,
            )

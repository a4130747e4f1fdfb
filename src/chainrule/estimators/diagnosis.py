"""What can be seen in data and in a fitted network, and costs accuracy: scales of columns, units that are dead."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import DataWarning
from chainrule.network import Network

FAR = 100.0  # the root mean square of a column from which on its inputs count as unscaled
FEW, ENOUGH = 20, 1_000  # rows on which units may well be constant and alive; rows that tell whether one ever moves
DEAD_SHARE = 0.5  # of a layer's units, from which on it is worth a warning
SINGLE = 1e3  # the largest |mean| / standard deviation of a column that single precision is thought enough for
LARGEST_SINGLE = 1e12  # and the largest standard deviation: squares of it, summed, still fit


class TrainingWarning(UserWarning):
    """Something about a training that its user should know; the message names the cause and a remedy."""


class ColumnScales:
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
        """A DataWarning for columns whose root mean square is far from 1, with the farthest by name."""
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
            DataWarning,
            stacklevel=stacklevel,
        )


def dead_layer(net: Network, X: NDArray[Any]) -> str | None:
    """The first hidden layer most of whose units are constant over the rows of X (t, n), in words; None if all move."""
    if len(X) < FEW:
        return None
    for rows in (FEW, ENOUGH):  # a unit that moves on a few rows moves on more: most networks need no second look
        with np.errstate(all="ignore"):
            a = net.forward(X[:rows]).a
        constant = [int((np.ptp(a[i], axis=0) == 0.0).sum()) for i in range(1, net.r)]
        dead = [i for i, count in enumerate(constant, 1) if count > DEAD_SHARE * net.m[i]]
        if not dead:
            return None
    i = dead[0]
    return (
        f"{constant[i - 1]} of the {net.m[i]} units of layer {i} ({net.sigma[i].name}) give the same for every row: "
        "they are dead."
    )

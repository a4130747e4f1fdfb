"""The examples of a problem whose rows are read in windows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.costs import Cost, TrainingSet
from chainrule.network import Network

if TYPE_CHECKING:
    from chainrule.rows.rows import Rows


@dataclass(frozen=True, eq=False)
class WindowedRows:
    """The examples of a problem that are read in ``count`` windows, in place of a `TrainingSet`.

    ``cost`` encodes the labels as m numbers; all numbers become those of ``dtype``.
    """

    rows: Rows
    count: int
    cost: Cost
    m: int
    dtype: np.dtype[Any]
    total_weight: float

    @property
    def t(self) -> int:
        """The number of examples."""
        return self.rows.t

    @property
    def description(self) -> str:
        """The rows and the windows in words: a run in other windows has another order."""
        return f"{self.rows.description}, in {self.count} windows"


def examples_of(
    rows: Rows, Y: Any, weights: Any, cost: Cost, net: Network, window: object, batch_size: int
) -> TrainingSet | WindowedRows:
    """Returns the rows as the examples of a problem: in memory if they are one window, else in windows.

    Raises InputError if they do not fit the network and the cost, as ``cost.examples`` does: in windows, those of the
    first block.
    """
    count = rows.windows(window, batch_size)
    if count == 1 or Y is not None or weights is not None:
        return cost.examples(net, rows, Y, weights)  # or an error about further labels
    cost.examples(net, *rows.first_rows(1).in_memory())
    return WindowedRows(rows, count, cost, net.m[-1], net.dtype, rows.total_weight())

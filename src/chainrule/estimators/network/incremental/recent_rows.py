"""The last rows that were held out: what calibration, intervals and the validation score are computed from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.checks import Array, Floats
from chainrule.estimators.network.held_out_predictions import HeldOutPredictions
from chainrule.estimators.network.incremental.row_keys import Keys
from chainrule.tables.target_decoder import NumericLabels
from chainrule.tables.targets.decoders import Target
from chainrule.tables.targets.indicator_labels import IndicatorLabels

MOST_ROWS = 1_000
MOST_ENTRIES = 100_000  # of P; with many classes fewer rows are kept, but
FEWEST_ROWS = 200  # as many as these
PREFIX = "recent_rows."


@dataclass(frozen=True, eq=False)
class RecentRows:
    """Predictions P (t, m) of rows by networks that were not trained on them, with keys, labels and weights (t,).

    The newest rows come last. Each prediction was made by the networks of its call, and each spread (t, m) by the
    network for it, which was not trained on the row.
    """

    keys: Keys  # (t,)
    P: Floats  # (t, m)
    labels: NDArray[Any]  # (t,) or (t, m): class numbers, indicators of several labels, or numbers
    weights: Floats  # (t,)
    spreads: Floats  # (t, m); 1 if it is not known to vary

    @classmethod
    def of(cls, held_out: HeldOutPredictions, labels: NDArray[Any], keys: Keys, dtype: str) -> Self:
        """Returns held-out rows, with P in the number type of the networks, in which a file holds it."""
        weights = np.ones(len(keys)) if held_out.weights is None else held_out.weights.astype(np.float64)
        P = held_out.P.astype(dtype).astype(np.float64)
        spreads = np.ones(P.shape) if held_out.spreads is None else held_out.spreads
        return cls(keys, P, labels, weights, spreads)

    def __len__(self) -> int:
        return len(self.keys)

    def followed_by(self, newer: RecentRows) -> RecentRows:
        """Returns the last of these rows and newer ones; a row that came again counts as a newer one."""
        kept = ~np.isin(self.keys, newer.keys)
        pairs = zip(vars(self).values(), vars(newer).values(), strict=True)
        joined = [np.concatenate([old[kept], new]) for old, new in pairs]
        return RecentRows(*(array[-most_rows(self.P.shape[1]) :] for array in joined))

    def held_out(self) -> HeldOutPredictions:
        """Returns the predictions as those of held-out rows."""
        weights, spreads = (None if (x == 1.0).all() else x for x in (self.weights, self.spreads))
        return HeldOutPredictions(self.P, np.arange(len(self)), weights, spreads=spreads)

    def parts(self, dtype: str) -> dict[str, Array]:
        """Returns the rows as tensors of a file."""
        arrays: dict[str, Any] = {**vars(self), "keys": self.keys.view(np.int64), "P": self.P.astype(dtype)}
        for name in ("weights", "spreads"):
            if (arrays[name] == 1.0).all():
                del arrays[name]
        return {PREFIX + name: array for name, array in arrays.items()}

    @classmethod
    def from_parts(cls, tensors: Mapping[str, Array], target: Target) -> Self | None:
        """Returns the rows of a file, or None if it holds none. Raises ValueError unless the parts fit together."""
        own: dict[str, Any] = {
            name.removeprefix(PREFIX): tensor for name, tensor in tensors.items() if name.startswith(PREFIX)
        }
        if not own:
            return None
        keys, P, labels = own["keys"], own["P"].astype(np.float64), own["labels"]
        weights = own.get("weights", np.ones(len(P))).astype(np.float64)
        spreads = own.get("spreads", np.ones(P.shape)).astype(np.float64)
        if keys.dtype != np.int64 or P.ndim != 2 or {keys.shape, labels.shape[:1], weights.shape} != {P.shape[:1]}:
            raise ValueError("the recent rows must have a key, a prediction, a label and a weight each")
        m, most = target.width, 2 if isinstance(target, IndicatorLabels) else target.width
        is_class = not isinstance(target, NumericLabels)
        if P.shape[1] != m or (is_class and (labels.dtype.kind != "i" or not ((labels >= 0) & (labels < most)).all())):
            raise ValueError(f"the recent rows must have {m} predictions each, and labels of the target")
        if not np.isfinite(P).all() or not np.isfinite(labels).all() or not (weights >= 0.0).all():
            raise ValueError("the recent rows must be finite")
        if spreads.shape != P.shape or not ((spreads > 0.0) & np.isfinite(spreads)).all():
            raise ValueError("the recent rows must have a positive spread for each prediction")
        return cls(keys.view(np.uint64), P, labels, weights, spreads)


def most_rows(m: int) -> int:
    """Returns how many rows with m predictions each are kept."""
    return min(MOST_ROWS, max(FEWEST_ROWS, MOST_ENTRIES // m))

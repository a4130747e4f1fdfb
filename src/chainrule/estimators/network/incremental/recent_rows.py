"""The last rows that were held out: what calibration, intervals and the validation score are computed from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.checks import Array, Floats
from chainrule._internal.sparse_rows import Rows, SparseRows, concatenated, is_valid, like
from chainrule.estimators.network.held_out_predictions import HeldOutPredictions, averaged
from chainrule.estimators.network.incremental.row_keys import Keys
from chainrule.network import Network
from chainrule.tables.intervals.spread import spread_of
from chainrule.tables.model import network_outputs
from chainrule.tables.target_decoder import NumericLabels
from chainrule.tables.targets.decoders import Target
from chainrule.tables.targets.indicator_labels import IndicatorLabels

MOST_ROWS = 1_000
MOST_ENTRIES = 100_000  # of predictions; with many classes fewer rows are kept, but
FEWEST_ROWS = 200  # as many as these; that many, held out by all networks, suffice
INPUTS = 10  # entries of an encoded row count as one of a prediction
PREFIX = "held_out_rows."  # files of before had "recent_rows.", without Z


@dataclass(frozen=True, eq=False)
class RecentRows:
    """Encoded rows Z (t, n) that networks were not trained on, with keys, labels and weights (t,), the newest last.

    Network j is one of those that held a row out where ``by`` (t, k) is True. The networks predict the rows as they
    are now, after all training since. A spread (t, m) was learned from other rows; 0: the network for it has not seen
    the row.
    """

    keys: Keys  # (t,)
    Z: Rows  # (t, n)
    by: NDArray[np.bool_]  # (t, k)
    labels: NDArray[Any]  # (t,) or (t, m): class numbers, indicators of several labels, or numbers
    weights: Floats  # (t,)
    spreads: Floats  # (t, m)

    def __len__(self) -> int:
        return len(self.keys)

    def at(self, rows: Any) -> RecentRows:
        """Returns some rows, by number or by a mask (t,)."""
        some: NDArray[np.intp] = np.arange(len(self))[rows]
        return RecentRows(*(array[some] for array in vars(self).values()))

    def of_networks(self, numbers: Sequence[int]) -> RecentRows:
        """Returns the rows that at least one of these networks held out, as those of these networks."""
        by = self.by[:, list(numbers)]
        return replace(self, by=by).at(by.any(axis=1))

    def without(self, keys: Keys) -> RecentRows:
        """Returns the rows without these keys, which are those of rows that networks were trained on."""
        return self.at(~np.isin(self.keys, keys))

    def followed_by(self, newer: RecentRows) -> RecentRows:
        """Returns the last of these rows and newer ones; a row that came again counts as a newer one.

        Once all networks have held out 200 rows, those that only some held out are not needed: they tell less.
        """
        old = self.without(newer.keys)
        newer = replace(newer, Z=like(old.Z, newer.Z))
        pairs = zip(vars(old).values(), vars(newer).values(), strict=True)
        joined = RecentRows(*(concatenated([one, other]) for one, other in pairs))
        by_all = joined.by.all(axis=1)
        if by_all.sum() >= FEWEST_ROWS:
            joined = joined.at(by_all)
        return joined.at(np.arange(len(joined))[-most_rows(joined.spreads.shape[1], joined.Z) :])

    def held_out(self, networks: Sequence[Network], target: Target, spread: Network | None) -> HeldOutPredictions:
        """Returns the predictions by the networks that have held the rows out."""
        single = [network_outputs(net, self.Z[own], target) for net, own in self._own(networks)]
        found = averaged(np.concatenate(single), np.concatenate([own for _, own in self._own(networks)]))
        weights = None if (self.weights == 1.0).all() else self.weights
        if spread is None:
            return found._replace(weights=weights)
        spreads = np.where(self.spreads > 0.0, self.spreads, spread_of(spread, self.Z, found.P))
        return found._replace(weights=weights, spreads=spreads)

    def _own(self, networks: Sequence[Network]) -> list[tuple[Network, NDArray[np.intp]]]:
        """Returns each network that has held rows out, with their numbers."""
        return [(net, np.flatnonzero(held)) for net, held in zip(networks, self.by.T, strict=True) if held.any()]

    def parts(self) -> dict[str, Array]:
        """Returns the rows as tensors of a file."""
        arrays: dict[str, Any] = {**vars(self), "keys": self.keys.view(np.int64), "by": self.by.astype(np.uint8)}
        if isinstance(self.Z, SparseRows):
            del arrays["Z"]
            arrays |= {name: getattr(self.Z, name) for name in ("indptr", "indices", "data")}
        return {PREFIX + name: array for name, array in arrays.items()}

    @classmethod
    def from_parts(cls, tensors: Mapping[str, Array], target: Target, networks: Sequence[Network]) -> Self | None:
        """Returns the rows of a file, or None if it holds none. Raises ValueError unless the parts fit together."""
        own: dict[str, Any] = {
            name.removeprefix(PREFIX): tensor for name, tensor in tensors.items() if name.startswith(PREFIX)
        }
        if not own:
            return None
        keys, by, labels, weights = own["keys"], own["by"] > 0, own["labels"], own["weights"].astype(np.float64)
        t, n, dtype = len(keys), networks[0].m[0], networks[0].dtype
        Z: Any = own["Z"].astype(dtype) if "Z" in own else _sparse(own, (t, n), dtype)
        spreads = own["spreads"].astype(np.float64)
        if keys.dtype != np.int64 or keys.ndim != 1 or {labels.shape[:1], weights.shape, spreads.shape[:1]} != {(t,)}:
            raise ValueError("the recent rows must have a key, a label, a weight and a spread each")
        if Z.shape != (t, n) or by.shape != (t, len(networks)) or not by.any(axis=1).all():
            raise ValueError(f"the recent rows must have {n} entries and networks that held them out")
        m, most = target.width, 2 if isinstance(target, IndicatorLabels) else target.width
        is_class = not isinstance(target, NumericLabels)
        if is_class and (labels.dtype.kind != "i" or not ((labels >= 0) & (labels < most)).all()):
            raise ValueError("the recent rows must have labels of the target")
        numbers = Z.data if isinstance(Z, SparseRows) else Z
        if not all(np.isfinite(array).all() for array in (numbers, labels, weights)) or not (weights >= 0.0).all():
            raise ValueError("the recent rows must be finite")
        if spreads.shape != (t, m) or not ((spreads >= 0.0) & np.isfinite(spreads)).all():
            raise ValueError("the recent rows must have a spread ≥ 0 for each prediction")
        return cls(keys.view(np.uint64), Z, by, labels, weights, spreads)


def _sparse(own: Mapping[str, Any], shape: tuple[int, int], dtype: np.dtype[Any]) -> SparseRows:
    """Returns sparse rows of a file. Raises ValueError unless each entry has a row and a column."""
    indptr, indices, data = own["indptr"].astype(np.int64), own["indices"], own["data"].astype(dtype)
    if indices.dtype.kind != "i" or not is_valid(indptr, indices, len(data), shape):
        raise ValueError(f"the entries of recent rows must have a row and one of {shape[1]} columns each")
    if not indptr[-1] == len(indices) == len(data):
        raise ValueError("the recent rows must have no entries beyond the last row")
    return SparseRows(indptr, indices, data, shape)


def most_rows(m: int, Z: Rows | None = None) -> int:
    """Returns how many rows with m predictions each are kept, like those of Z if they have many entries."""
    entries = 0 if Z is None or not len(Z) else (Z.data.size if isinstance(Z, SparseRows) else Z.size) // len(Z)
    return min(MOST_ROWS, max(FEWEST_ROWS, MOST_ENTRIES // max(m, entries // INPUTS)))

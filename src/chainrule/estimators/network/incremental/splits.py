"""The rows that each network holds out in a call of ``partial_fit``: always the same ones."""

from __future__ import annotations

import numpy as np

from chainrule.estimators.network.incremental.row_keys import Keys
from chainrule.estimators.network.validation_split import FEWEST, ValidationSplit, rows_where, validation_splits


def incremental_splits(keys: Keys, n_networks: int, fraction: float, order: str) -> list[ValidationSplit]:
    """Returns the split of the rows with these keys (t,) for each network, which holds out about ``fraction`` of them.

    As in ``fit``, the networks hold out different ones of 1/``fraction`` folds, or with ``order`` "last" all of them
    the last rows, and none with fewer than 10 rows. The fold of a row depends on its key alone: a row that comes again
    in a later call is held out by the same network again, which is therefore never trained on it.
    """
    t = len(keys)
    if order == "last" or fraction == 0.0 or t < FEWEST:
        return validation_splits(t, n_networks, fraction, order, np.random.default_rng(0))
    folds = max(n_networks, round(1.0 / fraction))
    fold = (keys % np.uint64(folds)).astype(np.intp)
    splits = [ValidationSplit(rows_where(fold != j), rows_where(fold == j)) for j in range(n_networks)]
    everything = np.arange(t, dtype=np.uint32)
    return [split if len(split.training) else ValidationSplit(everything, everything[:0]) for split in splits]

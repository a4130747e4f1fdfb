"""The rows that each network holds out in a call of ``partial_fit``: always the same ones."""

from __future__ import annotations

import numpy as np

from chainrule.estimators.network.incremental.row_keys import Keys
from chainrule.estimators.network.validation_split import FEWEST, ValidationSplit, rows_where, validation_splits


def incremental_splits(keys: Keys, n_networks: int, fraction: float, order: str) -> list[ValidationSplit]:
    """Returns the split of the rows with these keys (t,) for each network, which holds out about ``fraction`` of them.

    All networks hold out the same rows, so that these show what the average of all is worth; with ``order`` "last" the
    last ones, and none with fewer than 10 rows. Whether a row is held out depends on its key alone: one that comes
    again in a later call is held out again, and no network is ever trained on it.
    """
    t = len(keys)
    if order == "last" or fraction == 0.0 or t < FEWEST:
        return validation_splits(t, n_networks, fraction, order, np.random.default_rng(0))
    is_held_out = keys % np.uint64(round(1.0 / fraction)) == 0
    if is_held_out.all():
        is_held_out[:] = False
    return [ValidationSplit(rows_where(~is_held_out), rows_where(is_held_out))] * n_networks

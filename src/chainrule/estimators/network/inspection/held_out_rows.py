"""Some of the rows that the networks of an estimator have held out, to look at the model with."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.sparse_rows import Rows
from chainrule.costs.training_set import evenly_spaced
from chainrule.estimators.network.ensemble import Member
from chainrule.tables.diagnosis.case import LabelledRows, dense
from chainrule.tables.encoding.matching import matched
from chainrule.tables.model import TableModel
from chainrule.tables.reading.read import AnyTable
from chainrule.tables.targets.decoders import encoded

MOST_ROWS = 2_000
MOST_NUMBERS = 1_000_000  # of them, in the table


def held_out_rows(
    members: Sequence[Member], model: TableModel, table: AnyTable, encoded_rows: Rows, labels: NDArray[np.generic]
) -> LabelledRows | None:
    """Returns at most 2,000 rows of the table (t rows, encoded, with labels) that were held out; None if none was.

    Each is predicted by the networks that held it out.
    """
    is_held_out = np.zeros((len(table), len(members)), dtype=bool)
    for j, member in enumerate(members):
        if member.held_out is not None:
            is_held_out[member.at, j] = True
    at = np.flatnonzero(is_held_out.any(axis=1))
    if not len(at):
        return None
    most = max(min(MOST_ROWS, MOST_NUMBERS // max(len(table.names), 1)), 2)
    at = at[evenly_spaced(len(at), most)]
    known = encoded(model.target, labels[at])
    rows = dense(matched(model.encoder, table.rows(at)))
    return LabelledRows(model, rows, known, asked=is_held_out[at], encoded=encoded_rows[at])

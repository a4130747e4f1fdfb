"""Partial dependence: the mean prediction as a function of one column, over the other columns of the rows."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from chainrule._internal.checks import Floats, shown
from chainrule._internal.naming import nearest, spellings
from chainrule.errors import InputError
from chainrule.tables.columns import rows_by_code
from chainrule.tables.diagnosis.case import LabelledRows
from chainrule.tables.inspection.column_features import column_features
from chainrule.tables.target_decoder import NumericLabels

GRID = 25  # places of a column of numbers
MOST_LEVELS = 12  # of a column of categories
MOST_ROWS = 500  # that are averaged
ENDS = 0.02  # quantiles that the grid leaves out on each side


@dataclass(frozen=True, eq=False)
class Dependence:
    """The mean prediction at places of one column.

    ``places`` are numbers (p,), the levels of a category, or times; ``means`` (p, m) are the mean probabilities of the
    classes or labels, or the mean predicted numbers; ``spread`` (p, m) is the standard deviation over the rows of what
    the place changes, each row less its own mean.
    """

    column: str
    places: list[object]
    is_numeric: bool
    means: Floats
    spread: Floats
    values: Floats | None  # of the column in the rows, if it is numeric: where the rows lie


def partial_dependence(rows: LabelledRows, column: str) -> Dependence:
    """Returns the mean prediction when the column has one value in all rows, for values that occur in the rows.

    Numbers and times are taken at 25 quantiles from 2 % to 98 %, categories at the 12 most frequent levels.

    Raises InputError for a column that the model does not use.

    Source: J. Friedman, Greedy function approximation, Annals of Statistics 29, 2001.
    """
    features = column_features(rows.model.encoder)
    name = spellings([column], features).get(column)
    if name is None:
        raise InputError(f"the model uses no column {shown(column)}{nearest(column, features) or '.'}")
    held = rows.table.typed(name)
    known = np.flatnonzero(~held.missing)
    if not len(known):
        raise InputError(f"column {name!r} has no value in these rows; give rows that have some.")
    is_category = name in rows.model.encoder.categories_
    if is_category:
        categories = held.as_categories()
        levels, codes = categories.levels, categories.values
        counts = rows_by_code(codes, len(levels))
        most = np.sort(np.argsort(-counts, kind="stable")[:MOST_LEVELS])
        chosen = [int(known[np.argmax(codes[known] == k)]) for k in most.tolist() if counts[k]]
        places: list[object] = [levels[codes[row]] for row in chosen]
        values = None
    else:
        raw = held.values[known]
        order = known[np.argsort(raw, kind="stable")]
        ranks = np.linspace(ENDS * (len(order) - 1), (1.0 - ENDS) * (len(order) - 1), GRID)
        candidates = order[np.unique(ranks.round().astype(np.intp))]
        first = np.unique(held.values[candidates], return_index=True)[1]
        chosen = candidates[first].tolist()
        places, values = [held.values[row] for row in chosen], raw
    some, at = rows.some(MOST_ROWS), features[name]
    target, outputs = rows.model.target, []
    X = some.X.copy()
    for x in replace(rows.at(np.array(chosen)), encoded=None).X:  # as new rows are, if these are training rows
        X[:, at] = x[at]
        outputs.append(some.outputs_for(X))
    A = np.array(outputs)  # (p, t, m)
    if isinstance(target, NumericLabels):
        A = target.in_units(A)
    spread = (A - A.mean(axis=0)).std(axis=1)
    return Dependence(name, places, not is_category, A.mean(axis=1), spread, values)

"""Fitting the steps of an encoder to the training rows, and deciding which columns to leave out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.checks import Floats
from chainrule._internal.naming import listed
from chainrule._internal.user_warnings import warn
from chainrule.errors import DataWarning
from chainrule.tables.column_set import Holder
from chainrule.tables.columns import Feature
from chainrule.tables.encoding.gathered import is_sparse
from chainrule.tables.encoding.number_features import left_out
from chainrule.tables.encoding.statistics.column_statistics import ColumnStatistics
from chainrule.tables.encoding.steps import FewValues, Fill, Indicator, Scale
from chainrule.tables.reading.read import AnyTable

CONSTANT, EMPTY = "constant in the training rows", "no values in the training rows"
TINY = "varies by less than 1e-307 in the training rows"
DIFFERENT = "a different text in every training row"
PART_OF_A_TEXT = " If a part of such a text matters, make a column of that part."
ZERO = "0 in every training row"  # of a sparse table: a vocabulary or a hash has such columns, without a warning
MOST_OF_ALL = 512  # features for few values: with more, they would make the network too large
SOME_ROWS = 1_000  # that have nearly all values of a column with few of them
MOST_REPEATED = 20  # whole weights are repeated rows, up to this many times as many rows


def fit_numeric_steps(
    found: ColumnStatistics, owners: NDArray[np.intp], t: int, *, is_sparse: bool
) -> tuple[NDArray[np.intp], Fill, Scale, Indicator, dict[str, NDArray[np.intp]]]:
    """Fits the steps for t rows of raw numbers with these statistics, where number k belongs to column ``owners[k]``.

    Returns the numbers that vary, their steps, the indicator of missing values, and for each reason the columns left
    out. A column is left out if all its values are missing, or if none is and they do not vary, or vary by so little
    that their factor would overflow.
    """
    varies = found.factor > 0.0
    used = np.flatnonzero(varies)
    columns, first = np.unique(owners, return_index=True)
    is_empty, has_gaps = found.missing[first] == t, found.missing[first] > 0
    is_unused = ~has_gaps & ~np.isin(columns, owners[used])
    is_tiny = is_unused & np.isin(columns, owners[found.varies])
    is_constant = is_unused & ~is_tiny
    is_zero = is_constant & (found.median[first] == 0.0) & is_sparse
    without = {
        EMPTY: columns[is_empty],
        ZERO: columns[is_zero],
        CONSTANT: columns[is_constant & ~is_zero],
        TINY: columns[is_tiny],
    }
    fill, scale = Fill(found.median[varies]), Scale(found.center[varies], found.factor[varies])
    indicator = Indicator(first[has_gaps & ~is_empty])
    return used, fill, scale, indicator, {reason: which for reason, which in without.items() if len(which)}


def fit_few_values(R: Any, used: NDArray[np.intp], most: int) -> FewValues:
    """Returns a feature for each value of the raw numbers ``used`` with 3 to ``most`` values, consecutive integers.

    Codes of categories are consecutive, as sizes and prices hardly are. Sparse numbers have no such features, and there
    are none at all if they were more than `MOST_OF_ALL`.
    """
    first = np.empty((0, R.shape[1])) if is_sparse(R) or not most else np.asarray(R[:SOME_ROWS])
    columns = [] if not len(first) else [k for k in used.tolist() if len(np.unique(first[:, k])) <= most + 1]
    found = {k: values for k in columns if len(values := _few_integers(R[:, k : k + 1][:, 0], most))}
    of = np.repeat(np.array(list(found), dtype=np.intp), [len(values) for values in found.values()])
    if not 0 < len(of) <= MOST_OF_ALL:
        return FewValues(np.zeros(0, dtype=np.intp), np.zeros(0))
    return FewValues(of, np.concatenate(list(found.values())))


def _few_integers(x: NDArray[Any], most: int) -> Floats:
    """Returns the values of x (t,), NaN aside, if they are 3 to ``most`` consecutive integers; otherwise none."""
    values = np.unique(x[:SOME_ROWS])
    values = np.union1d(values, x[~np.isin(x, values)])
    few: Floats = values[~np.isnan(values)].astype(np.float64)
    is_few = 2 < len(few) <= most and (few == np.floor(few[0]) + np.arange(len(few))).all()
    return few if is_few else np.zeros(0)


def words_about_texts(dropped: Mapping[str, str]) -> str:
    """Returns what to do about columns that were left out since their texts differ; nothing if there are none."""
    names = [name for name, reason in dropped.items() if reason == DIFFERENT]
    return f" {listed(names)}: {DIFFERENT}.{PART_OF_A_TEXT}" if names else ""


def warn_about_columns(features: Sequence[Feature], columns: Mapping[str, Holder]) -> None:
    """Issues a DataWarning for each treatment of a column that may surprise."""
    dropped: set[str] = set()
    for reason, places in left_out(features).items():
        if reason != ZERO:
            them = "it" if len(places) == 1 else "them"
            named = [features[k].name for k in places.tolist()]
            dropped.update(named)
            about = f"left out {listed(named)}: {reason}. Leave {them} out to silence this warning (--drop)."
            warn(about + (PART_OF_A_TEXT if reason == DIFFERENT else ""), DataWarning)
    for name, column in columns.items():
        if column.type == "mixed" and name not in dropped:
            warn(
                f"{name!r} mixes numbers and texts, and is treated as categories. Make it one or the other.",
                DataWarning,
            )


def as_weighted(table: AnyTable, weights: Floats | None) -> AnyTable:
    """Returns the rows to which an encoder is fitted: a whole weight w > 0 (t,) counts as w rows.

    Fractional weights do not affect medians and quartiles: each row then counts once.
    """
    if weights is None or (weights != np.floor(weights)).any() or weights.sum() > MOST_REPEATED * len(weights):
        return table
    return table.rows(np.repeat(np.arange(len(table)), weights.astype(np.intp)))

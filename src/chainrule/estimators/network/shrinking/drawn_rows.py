"""Further rows for a student, of which the teacher gives the targets: mixtures of training rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.checks import Array
from chainrule.tables.encoding.encoder import TableEncoder
from chainrule.tables.inspection.column_features import column_features

EXCHANGED = 0.2  # the probability that a column of a drawn row comes from the other of its two rows
PER_ROW, MOST = 7, 200_000  # drawn rows: PER_ROW for each training row, but at most MOST


def repeated(rows: NDArray[np.integer[Any]]) -> NDArray[np.integer[Any]]:
    """Returns the numbers of the rows that drawn rows are made from: each row several times.

    >>> repeated(np.array([3, 5])).tolist() == [3, 5] * PER_ROW
    True
    """
    return np.tile(rows, PER_ROW)[:MOST]


def drawn_rows(X: Array, base: NDArray[np.integer[Any]], encoder: TableEncoder, seed: int) -> Array:
    """Returns encoded rows (s, n): the rows ``base`` (s,) of X, with a fifth of the columns from others of these.

    The features of a column stay together, so that each column has a value that occurs.

    >>> encoder = TableEncoder().fit([[1.0, "red"], [2.0, "blue"], [4.0, "green"]])
    >>> X = encoder.encode([[1.0, "red"], [4.0, "green"]])
    >>> rows = drawn_rows(X, repeated(np.array([0, 1])), encoder, seed=0)
    >>> all((X[:, 1:] == row[1:]).all(axis=1).any() for row in rows)  # the three features of the colour
    True

    Source: C. Buciluă, R. Caruana & A. Niculescu-Mizil, Model compression, KDD 2006, which exchanges columns with the
    nearest row.
    """
    rng = np.random.default_rng(seed)
    rows: Array = X[base]
    others = X[rng.permutation(base)]
    for features in column_features(encoder).values():
        exchanged = np.flatnonzero(rng.random(len(base)) < EXCHANGED)
        rows[np.ix_(exchanged, features)] = others[np.ix_(exchanged, features)]
    return rows

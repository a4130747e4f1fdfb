"""Target encoding of the rows that networks are trained on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.checks import Array, Floats
from chainrule.tables.encoding.categories.levels import OneHot
from chainrule.tables.encoding.categories.target_encoding import TargetEncoding, fit_target_encoding
from chainrule.tables.encoding.encoder_state import EncoderState
from chainrule.tables.encoding.matching import matched
from chainrule.tables.reading.read import AnyTable

FOLDS = 5  # of the training rows, each of which is encoded by the targets of the others


def has_many_levels(encoder: EncoderState) -> bool:
    """Returns True if a column has more levels than features, so that some share the feature "other"."""
    return any(step.has_other for step in encoder.categories_.values())


def fit_target_encodings(encoder: EncoderState, table: AnyTable, Y: Floats, weights: Floats | None) -> None:
    """Adds a target encoding to each column with more levels than features, fitted to training rows.

    These have the targets Y (t, m), and weights (t,) or None.
    """
    table = matched(encoder, table)
    for name, step in encoder.categories_.items():
        if isinstance(step, OneHot) and step.has_other:
            encoder.categories_[name] = fit_target_encoding(table.typed(name).as_categories(), step, Y, weights)


def write_held_out_effects(
    encoder: EncoderState, table: AnyTable, Y: Floats, weights: Floats | None, folds: NDArray[np.intp], out: Array
) -> None:
    """Writes into encoded training rows ``out`` (t, n) the effects that are predicted from the other ``folds`` (t,)."""
    table, end = matched(encoder, table), encoder.n_numeric_features
    for name, step in encoder.categories_.items():
        end += step.width
        if isinstance(step, TargetEncoding):
            out[:, end - len(step.deviations) : end] = step.held_out(table.typed(name), Y, weights, folds)


def encoding_folds(t: int, order: str, groups: NDArray[np.generic] | None) -> NDArray[np.intp]:
    """Returns the folds (t,) of training rows: random ones, always the same, in which groups stay together.

    With the ``order`` "last", for rows in order of time, they are blocks: the last rows, which networks hold out, are
    then encoded by earlier ones.

    >>> encoding_folds(10, "last", None).tolist()
    [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]
    """
    if order == "last":
        return np.arange(t) * FOLDS // t
    of = np.arange(t) if groups is None else np.unique(groups, return_inverse=True)[1]
    folds: NDArray[np.intp] = np.random.default_rng(0).permutation(1 + of.max())[of] % FOLDS
    return folds

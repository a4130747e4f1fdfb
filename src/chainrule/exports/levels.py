"""Target encoding as a linear map of one-hot levels, so that no target needs to know of it."""

from __future__ import annotations

import numpy as np

from chainrule._internal.checks import Floats
from chainrule.tables.encoding.categories.target_encoding import TargetEncoding
from chainrule.tables.encoding.encoder_state import CategoryStep, EncoderState


def features_of_levels(encoder: EncoderState) -> Floats | None:
    """Returns the W (n, p) by which the n features of the encoder are those of a plan, W x, if levels have effects.

    The plan has a feature for every level of a `TargetEncoding`, and one for "other"; all else is the same.
    """
    steps = list(encoder.categories_.values())
    if not any(isinstance(step, TargetEncoding) for step in steps):
        return None
    blocks = [np.eye(encoder.n_numeric_features), *map(_of_step, steps)]
    rows, columns = (np.cumsum([0, *(block.shape[axis] for block in blocks)]) for axis in (0, 1))
    W = np.zeros((rows[-1], columns[-1]))
    for k, block in enumerate(blocks):
        W[rows[k] : rows[k + 1], columns[k] : columns[k + 1]] = block
    return W


def _of_step(step: CategoryStep) -> Floats:
    """Returns the features (width, p) of each of the p features of the plan."""
    if not isinstance(step, TargetEncoding):
        return np.eye(step.width)
    features = np.empty((len(step.levels) + 1, step.width))
    step.write(np.arange(len(features)), features)
    return features.T

"""Weights of 8 or 16 bits: each row of W becomes one number times integers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from chainrule.exports.plan import Plan, PlanLayer
from chainrule.exports.single import as_single

BITS = {"int8": 8, "int16": 16}


def quantised(plan: Plan, weights: str) -> Plan:
    """Returns the plan with W = s ⊙ Q: whole numbers Q (m, n) of ``weights``, and a factor s (m,) for each row.

    With L = 2^(bits − 1) − 1, s_i = max_j |W_ij| / L in float32, and Q_ij is W_ij / s_i, rounded and between −L and L,
    so that |s_i Q_ij − W_ij| ≤ s_i (1 + L 2⁻²⁴) / 2. The product s_i Q_ij is exact in float64: 24 by at most 16 bits.
    b, κ and the encoding stay as they are. Raises InputError for an s that is too large for float32.
    """
    largest = 2 ** (BITS[weights] - 1) - 1
    networks = tuple(tuple(_layer(layer, largest) for layer in network) for network in plan.networks)
    return replace(plan, networks=networks, weights=weights)


def _layer(layer: PlanLayer, largest: int) -> PlanLayer:
    size = np.abs(layer.W).max(axis=1, initial=0.0)
    scale = as_single(np.where(size > 0.0, size / largest, 1.0), "weights must be left out").astype(np.float64)
    scale[scale == 0.0] = 1.0  # a row that vanishes in float32
    Q = np.clip(np.rint(layer.W / scale[:, None]), -largest, largest)
    return replace(layer, W=scale[:, None] * Q, scale=scale)

"""Measured derivatives: difference quotients, extrapolated to step 0, each with an estimate of its own error."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from chainrule.checks import Array

_LEVELS = 16


def one_sided(f: Callable[[Array], Array], z: Array, step: Array) -> tuple[Array, Array]:
    """lim (f(z + h) − f(z))/h for h = step·2⁻ʲ → 0 (negative steps: from the left), and its error; all (k,)."""
    shifted = z + step * 0.5 ** np.arange(_LEVELS)[:, None]  # (levels, k)
    return extrapolate((f(shifted) - f(z)) / (shifted - z), ratio=2)


def central(f: Callable[[Array], Array], z: Array, step: float) -> tuple[Array, Array]:
    """∂f/∂zₗ for f that maps rows: (t, m) → entries [j, k, l] of (t, m, m), and their errors."""
    t, m = z.shape
    h = step * 0.5 ** np.arange(_LEVELS)
    shift = h[:, None, None, None] * np.eye(m)[:, None, :]  # (levels, l, 1, m)
    forward, backward = ((z + sign * shift).reshape(-1, m) for sign in (1, -1))
    slopes = (f(forward) - f(backward)).reshape(_LEVELS, m, t, m) / (2 * h[:, None, None, None])
    return extrapolate(slopes.transpose(0, 2, 3, 1), ratio=4)


def extrapolate(quotients: Array, ratio: int) -> tuple[Array, Array]:
    """Richardson's limit of quotients[j], j → ∞, whose error terms shrink by ratio, ratio·2, ratio·4, … (ratio 2:
    2, 4, 8, …; ratio 4: 4, 16, …) at each halving of the step.

    Of the triangle of extrapolations the entry is taken that differs least from the two it came from: past it,
    rounding takes over. That difference is the error estimate. Source: Ridders, Adv. Eng. Software 4 (1982) 75.
    """
    best, error = quotients[-1], np.full(quotients.shape[1:], np.inf)
    column = quotients
    weight = 1.0
    while len(column) > 1:
        weight *= ratio
        finer = column[1:] + (column[1:] - column[:-1]) / (weight - 1)
        differences = np.maximum(np.abs(finer - column[1:]), np.abs(finer - column[:-1]))
        for value, difference in zip(finer, differences, strict=True):
            better = difference <= error
            best, error = np.where(better, value, best), np.where(better, difference, error)
        column = finer
    return best, error

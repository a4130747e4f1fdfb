"""Measured derivatives: difference quotients extrapolated to step 0, each with an estimate of its error."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from chainrule._internal.checks import Array

_LEVELS = 16
_ROUNDING = 4 * 2.0**-53  # the error of z and of a value of f, relative to the numbers in its evaluation


def one_sided(f: Callable[[Array], Array], z: Array, step: Array, unit: float) -> tuple[Array, Array]:
    """Measures lim (f(z + h) − f(z))/h for h = step·2⁻ʲ → 0 (negative steps: from the left), and its error; all (k,).

    It assumes that numbers of size ``unit`` occur in the evaluation of f, even if its value is small.
    """
    shifted = z + step * 0.5 ** np.arange(_LEVELS)[:, None]  # (levels, k)
    h, value = shifted - z, f(z)
    quotients = (f(shifted) - value) / h
    noise = _ROUNDING * (unit + np.abs(value) + np.abs(z * quotients)) / np.abs(h)
    return _extrapolate(quotients, noise, ratio=2)


def central(f: Callable[[Array], Array], z: Array, step: float, unit: float) -> tuple[Array, Array]:
    """Measures ∂f/∂zₗ for an f that maps rows: (t, m) → entries [j, k, l] of (t, m, m), and their errors."""
    t, m = z.shape
    h = (step * 0.5 ** np.arange(_LEVELS))[:, None, None, None]
    shift = h * np.eye(m)[:, None, :]  # (levels, l, 1, m)
    above, below = (f((z + sign * shift).reshape(-1, m)).reshape(_LEVELS, m, t, m) for sign in (1, -1))
    quotients = (above - below) / (2 * h)
    noise = _ROUNDING * (unit + np.abs(above) + np.abs(z.T[:, :, None] * quotients)) / h
    return _extrapolate(quotients.transpose(0, 2, 3, 1), noise.transpose(0, 2, 3, 1), ratio=4)


def _extrapolate(quotients: Array, noise: Array, ratio: int) -> tuple[Array, Array]:
    """Extrapolates quotients[j], whose step is halved from one j to the next, to j → ∞ by Richardson's triangle.

    The error terms are of the orders h, h², … (ratio 2) or h², h⁴, … (ratio 4). The result is the entry that differs
    least from the two it is computed from, including rounding; this difference is its error. If the finest quotients
    do not approach the result, f was not smooth over the steps, and the error is their distance.

    Source: Ridders, Adv. Eng. Software 4 (1982) 75.
    """
    finest, change = quotients[-1], np.abs(quotients[-1] - quotients[-2])
    best, error = finest, np.full(finest.shape, np.inf)
    column, weight = quotients, 1.0
    while len(column) > 1:
        weight *= ratio
        finer = column[1:] + (column[1:] - column[:-1]) / (weight - 1)
        differences = np.maximum(np.abs(finer - column[1:]), np.abs(finer - column[:-1])) + noise[-len(finer) :]
        least = np.argmin(differences, axis=0)[None]
        value, difference = (np.take_along_axis(x, least, axis=0)[0] for x in (finer, differences))
        better = difference < error
        best, error = np.where(better, value, best), np.where(better, difference, error)
        column = finer
    distance = np.abs(best - finest)
    return best, np.where(distance > 2 * change + 2 * noise[-1], np.maximum(distance, error), error)

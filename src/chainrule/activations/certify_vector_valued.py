"""The check of a vector-valued σ: its pullback, and the change of it, against central differences."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from chainrule._internal.checks import Array
from chainrule.activations.differences import central
from chainrule.errors import ActivationRefused

_ROWS = 8  # the first half covers the whole range, the second half a tenth of it
_RELATIVE = 1e-7
_ABSOLUTE = 1e-9  # relative to the size of σ, at most 1


def check_vector_valued(
    name: str,
    f: Callable[[Array], Array],
    pullback: Callable[[Array, Array], Array],
    low: float,
    high: float,
    sizes: tuple[int, ...],
    second: Callable[[Array, Array, Array], Array] | None = None,
) -> tuple[int, float]:
    """Returns the number of rows checked and the largest error; ``second``, unless it is None, is ∇²(gᵀσ)(z) u.

    Raises ActivationRefused with a row as the counterexample.
    """
    rng = np.random.default_rng(0)
    step = (high - low) / 256
    largest = 0.0
    for m in sizes:
        z = rng.uniform(low + step, high - step, size=(_ROWS, m))
        z[_ROWS // 2 :] = (low + high) / 2 + (z[_ROWS // 2 :] - (low + high) / 2) / 10
        g = rng.standard_normal((_ROWS, m))
        values, claimed = f(z), pullback(z, g)
        for j in range(_ROWS):
            alone, pulled = f(z[j : j + 1])[0], pullback(z[j : j + 1], g[j : j + 1])[0]
            if not (np.allclose(alone, values[j]) and np.allclose(pulled, claimed[j])):
                raise ActivationRefused(f"{name} mixes rows: its result for z = {z[j]} depends on other rows.", z[j])
        unit = min(1.0, float(np.abs(values).max()))
        jacobian, error = (x.swapaxes(1, 2) for x in central(f, z, step, unit))  # entries [j, l, k]
        what = f"{name}: the pullback of g = {{}}"
        largest = max(largest, _largest_error(what, z, g, claimed, jacobian, error, unit))
        if second is not None:
            u = rng.standard_normal((_ROWS, m))
            tiled = partial(_pullback_of_tiles, pullback, g)
            jacobian, error = central(tiled, z, step, unit)
            what = f"{name}: ∇²(gᵀσ) u with u = {{}}"
            largest = max(largest, _largest_error(what, z, u, second(z, g, u), jacobian, error, unit))
    return _ROWS * len(sizes), largest


def _pullback_of_tiles(pullback: Callable[[Array, Array], Array], g: Array, z: Array) -> Array:
    """Computes the pullback of g (t, m) at rows z, which are those of some (t, m) one below the other."""
    return pullback(z, np.tile(g, (len(z) // len(g), 1)))


def _largest_error(what: str, z: Array, g: Array, claimed: Array, matrix: Array, error: Array, unit: float) -> float:
    """Returns the largest relative error of ``claimed``, which must be the measured matrix (t, m, m) times g (t, m)."""
    measured = np.einsum("jlk,jk->jl", matrix, g)
    tolerance = np.einsum("jlk,jk->jl", _RELATIVE * np.abs(matrix) + 20 * error + _ABSOLUTE * unit, np.abs(g))
    difference = np.abs(claimed - measured)
    if (difference > tolerance).any():
        j = int(np.argmax((difference - tolerance).max(axis=-1)))
        raise ActivationRefused(
            f"{what.format(g[j])} at z = {z[j]} is claimed to be {claimed[j]}, measured {measured[j]}.", z[j]
        )
    return float((difference / (1 + np.abs(claimed))).max())

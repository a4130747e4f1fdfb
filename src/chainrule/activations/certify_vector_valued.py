"""The check of a vector-valued σ: its pullback against the Jacobian measured by central differences."""

from __future__ import annotations

from collections.abc import Callable

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
) -> tuple[int, float]:
    """Returns the number of rows checked and the largest error.

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
        jacobian, error = central(f, z, step, unit)  # entries [j, k, l]
        measured = np.einsum("jk,jkl->jl", g, jacobian)
        tolerance = np.einsum("jk,jkl->jl", np.abs(g), _RELATIVE * np.abs(jacobian) + 20 * error + _ABSOLUTE * unit)
        difference = np.abs(claimed - measured)
        if (difference > tolerance).any():
            j = int(np.argmax((difference - tolerance).max(axis=-1)))
            raise ActivationRefused(
                f"{name}: the pullback of g = {g[j]} at z = {z[j]} is claimed to be {claimed[j]}, "
                f"measured {measured[j]}.",
                z[j],
            )
        largest = max(largest, float((difference / (1 + np.abs(claimed))).max()))
    return _ROWS * len(sizes), largest

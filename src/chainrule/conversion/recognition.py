"""Recognition of another library's activation by its values.

Libraries give one σ many names, forms and parameters, and write some as several operations. Values have no dialect.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

from chainrule import activations
from chainrule._internal.checks import Array
from chainrule.activations import Sigma
from chainrule.activations.catalogue import ACTIVATIONS

# Both signs, several magnitudes, and near the kinks and cuts that libraries have (hard_tanh 1, ReLU6 6, softplus 20).
_SIZES = [1e-6, 1e-3, 0.02, 0.1, 0.3, 0.5, 0.9, 1.0, 1.1, 1.7, 2.5, 3.5, 5.0, 7.0, 10.0, 15.0, 19.0, 21.0, 30.0]
POINTS = np.array([0.0, *_SIZES, *(-z for z in _SIZES)])
LARGE = np.array([1e2, -1e2, 3e2, -3e2, 1e3, -1e3, 1e4, -1e4])  # where another formula for the same σ may overflow
TOLERANCES = {"float64": 1e-9, "float32": 1e-6}  # of |σ(z)|, or of 1 where it is less
DIGITS = {"float64": 15, "float32": 6}  # of a parameter: those that a value at −1 tells


def recognised(function: Callable[[Array], npt.ArrayLike], m: int, dtype: npt.DTypeLike) -> Sigma | None:
    """Returns the σ that agrees with ``function`` on rows z (t, m); None if there is no such σ.

    A leaky ReLU's slope and an ELU's α are read from the value at −1. Values agree up to 1e-9 in float64, and 1e-6 in
    float32: PyTorch's softplus, for example, returns z above 20. Of an entrywise σ, finite values at large z agree too.

    >>> import numpy as np
    >>> recognised(lambda z: np.maximum(z, 0.125 * z), 3, np.float64)
    leaky_relu(slope=0.125)
    """
    dtype = np.dtype(dtype)
    z, large = _rows(POINTS, m, dtype), _rows(LARGE, m, dtype)
    with np.errstate(all="ignore"):
        wanted = np.asarray(function(z))
        if wanted.shape != z.shape or not np.isfinite(wanted).all():
            return None
        wanted_large = np.asarray(function(large))
        finite = np.isfinite(wanted_large)
        for sigma in _candidates(function, m, dtype):
            if _agree(sigma(z), wanted) and (not sigma.entrywise or _agree(sigma(large)[finite], wanted_large[finite])):
                return sigma
    return None


def _rows(points: Array, m: int, dtype: np.dtype[np.generic]) -> Array:
    """Returns rows (t, m) in which each column has all points, and no two neighbours the same."""
    return np.stack([np.roll(points, 5 * j) for j in range(m)], axis=1).astype(dtype)


def _candidates(function: Callable[[Array], npt.ArrayLike], m: int, dtype: np.dtype[np.generic]) -> Iterator[Sigma]:
    yield from ACTIVATIONS.values()
    below = float(np.asarray(function(np.full((1, m), -1.0, dtype)))[0, 0])
    if np.isfinite(below):
        digits = DIGITS[dtype.name]
        yield activations.leaky_relu.with_parameters(slope=float(f"{-below:.{digits}g}"))
        yield activations.elu.with_parameters(alpha=float(f"{below / np.expm1(-1.0):.{digits}g}"))


def _agree(ours: Array, theirs: Array) -> bool:
    tolerance = TOLERANCES[ours.dtype.name] * np.maximum(1.0, np.abs(ours))
    return bool(np.all(np.abs(ours - theirs) <= tolerance))

"""Clear differences between two losses on the same held-out rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.checks import Floats

CLEARLY = 2.0  # standard errors by which a mean is lower, or larger than an estimate of it


def mean_and_error(values: Floats, weights: NDArray[np.floating] | None) -> tuple[float, float]:
    """Returns the mean of the values (t,), and its standard error √(Σ w² (x − x̄)²) / Σ w.

    >>> mean_and_error(np.array([1.0, 3.0]), None)
    (2.0, 0.7071067811865476)
    """
    w = np.ones(len(values)) if weights is None else weights
    mean = float(np.average(values, weights=w))
    return mean, float(np.linalg.norm(w * (values - mean)) / w.sum())

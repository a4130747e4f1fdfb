"""Rows that tell no more how large errors are now, as the newer ones are of another distribution."""

from __future__ import annotations

import math

from chainrule._internal.checks import Floats
from chainrule.estimators.network.calibration.clear_difference import mean_and_error

FEWEST = 100  # newest rows that may stand alone
CLEARLY = 3.0  # standard errors, as several divisions are compared again and again


def outdated(losses: Floats) -> int:
    """Returns how many of the first rows are outdated, by the losses of all rows (t,), of which the newest come last.

    The newest 100, 200, 400 … rows are compared with the rows before. Of those whose mean loss differs by more than
    three standard errors, larger or smaller, the clearest division counts, and the rows before are outdated.

    >>> import numpy as np
    >>> losses = np.random.default_rng(0).exponential(size=500)
    >>> outdated(losses), outdated(np.where(np.arange(500) < 300, losses, 2.0 * losses))
    (0, 300)

    Source: A. Bifet & R. Gavaldà, Learning from time-changing data with adaptive windowing, SDM 2007.
    """
    t, clearest, found = len(losses), CLEARLY, 0
    n = FEWEST
    while t - n >= FEWEST:
        (before, error), (after, other) = mean_and_error(losses[:-n], None), mean_and_error(losses[-n:], None)
        difference, errors = abs(after - before), math.hypot(error, other)
        if difference > clearest * errors:
            clearest, found = difference / errors, t - n
        n *= 2
    return found

"""The source of random numbers of an estimator: ``random_state``, as scikit-learn has it."""

from __future__ import annotations

import numpy as np
from sklearn.utils import check_random_state

from chainrule._internal.checks import shown
from chainrule.errors import InputError

LARGEST_DRAWN_SEED = 2**31 - 1


def as_random_state(value: object) -> np.random.RandomState:
    """Returns a given RandomState, one of this seed, or NumPy's own for None.

    Raises InputError for anything else.

    >>> as_random_state(0).randint(100) == as_random_state(0).randint(100)
    True
    """
    try:
        random: np.random.RandomState = check_random_state(value)
    except ValueError:
        raise InputError(
            f"random_state must be an integer ≥ 0 and < 2³², a numpy.random.RandomState or None; got {shown(value)}."
        ) from None
    return random

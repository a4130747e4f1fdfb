"""The ``random_state`` of an estimator."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn", "1.6")

from chainrule.errors import InputError
from chainrule.estimators import MLPRegressor, NetworkRegressor

X = np.random.default_rng(0).normal(size=(40, 2))
REFUSED = [-1, 2**32, 1.5, "a", np.random.default_rng(0), [1, 2]]


@pytest.mark.parametrize("value", REFUSED, ids=["negative", "2³²", "fraction", "text", "Generator", "list"])
@pytest.mark.parametrize("estimator", [NetworkRegressor(epochs=1), MLPRegressor(max_iter=1)])
def test_what_is_no_source_of_random_numbers_is_refused(estimator: Any, value: Any) -> None:
    """A seed outside of 0 … 2³² − 1, a text, a fraction or a Generator gives an error that names what is expected."""
    with pytest.raises(InputError, match=r"random_state must be an integer ≥ 0 and < 2³², a numpy\.random\.RandomStat"):
        estimator.set_params(random_state=value).fit(X, X[:, 0])


def test_a_seed_is_the_state_that_it_seeds() -> None:
    """A seed, as a Python or a NumPy integer, and the RandomState of this seed give bitwise the same network."""
    fits = [
        NetworkRegressor(epochs=1, n_networks=1, random_state=value).fit(X, X[:, 0]).predict(X).tobytes()
        for value in (7, np.int64(7), np.random.RandomState(7))
    ]
    assert len(set(fits)) == 1

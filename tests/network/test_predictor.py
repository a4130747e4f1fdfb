"""``net.predictor()`` reuses its output only as long as that array is as it was."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr

CHANGES: dict[str, Callable[[Any], object]] = {
    "shape": lambda a: setattr(a, "shape", (3, 1)),
    "number type": lambda a: setattr(a, "dtype", np.int64),
    "write protection": lambda a: a.setflags(write=False),
    "size": lambda a: a.resize(1, refcheck=False),
}


@pytest.mark.native
@pytest.mark.filterwarnings("ignore:Setting the:DeprecationWarning")  # NumPy ≥ 2.5, of shape and dtype
@pytest.mark.parametrize("what", CHANGES)
def test_an_output_that_was_changed_is_not_written_to(what: str) -> None:
    """If the caller has changed the array of the last answer, the next answer is in a fresh one, and is reused."""
    net = cr.Network.dense([2, 3], seed=0)
    x, predict = np.ones(2), net.predictor()
    expected, first = net(x), predict(x)
    assert predict(x) is first
    CHANGES[what](first)
    again = predict(x)
    assert again is not first
    assert (again.dtype, again.shape, again.tolist()) == (expected.dtype, (3,), expected.tolist())
    assert predict(x) is again

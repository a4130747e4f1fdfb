"""The shuffle by the compiled core gives the order of all engines."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule.rows import compiled_shuffle, order


@pytest.mark.parametrize("by_the_core", [True, False], ids=["core", "Python"])
@pytest.mark.parametrize("t", [1, 2, 3, 17, 10_007])
def test_the_order_is_that_of_every_engine(t: int, by_the_core: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The shuffle by the compiled core, and that by Python, give one order, and leave the stream at one position."""
    if by_the_core and compiled_shuffle.shuffle is None:
        pytest.skip("needs the compiled core")
    if not by_the_core:
        monkeypatch.setattr(compiled_shuffle, "shuffle", None)
    streams = [np.random.PCG64(t), np.random.PCG64(t)]
    ours, truth = compiled_shuffle.shuffled(streams[0], t), order.shuffled(streams[1], t)
    assert ours.dtype == np.uint32
    np.testing.assert_array_equal(ours, truth)
    assert order.position(streams[0]) == order.position(streams[1])

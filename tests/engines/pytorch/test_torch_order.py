"""The torch engine visits the examples in the order of all engines."""

from __future__ import annotations

import numpy as np
import pytest
from support.pytorch import pytorch

from chainrule.engines import minibatches

pytorch()

from chainrule.engines.torch import order  # noqa: E402 - its room imports PyTorch

pytestmark = pytest.mark.torch


@pytest.mark.parametrize("by_the_core", [True, False], ids=["core", "Python"])
@pytest.mark.parametrize("t", [1, 2, 3, 17, 10_007])
def test_the_order_is_that_of_every_engine(t: int, by_the_core: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The shuffle by the compiled core, and that by Python, give one order, and leave the stream at one position."""
    if by_the_core and order.shuffle is None:
        pytest.skip("needs the compiled core")
    if not by_the_core:
        monkeypatch.setattr(order, "shuffle", None)
    streams = [np.random.PCG64(t), np.random.PCG64(t)]
    ours, truth = order.shuffled(streams[0], t), minibatches.shuffled(streams[1], t)
    assert ours.dtype == np.int64
    np.testing.assert_array_equal(ours, truth)
    assert minibatches.position(streams[0]) == minibatches.position(streams[1])

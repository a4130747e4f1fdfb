"""The speeds of recipes, which threads measure and plan by."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn", "1.6")

from chainrule.estimators import NetworkRegressor
from chainrule.estimators.network.ensemble.scheduler import Scheduler


class WrittenUnderLock(dict[Any, Any]):
    """Speeds that nobody may write while another thread looks at all of them."""

    def __init__(self, owner: Scheduler) -> None:
        self.owner = owner

    def __setitem__(self, key: Any, speed: Any) -> None:
        assert self.owner._lock.locked()
        super().__setitem__(key, speed)


def test_speeds_are_written_under_the_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread that learns the speed of a recipe does not disturb one that plans by the speeds of all."""
    written: list[WrittenUnderLock] = []
    usual = Scheduler.__init__

    def initial(self: Scheduler, *parts: Any) -> None:
        usual(self, *parts)
        written.append(WrittenUnderLock(self))
        self._speeds = written[-1]

    monkeypatch.setattr(Scheduler, "__init__", initial)
    X = np.random.default_rng(0).normal(size=(300, 3))
    NetworkRegressor(preset="best", hidden_layer_sizes=8, epochs=3, time_limit=60.0, threads=2, random_state=0).fit(
        X, X[:, 0]
    )
    assert sum(map(len, written)) >= 4

"""The speeds of recipes, which threads measure and plan by."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn", "1.6")

from chainrule.estimators import NetworkRegressor
from chainrule.estimators.network.ensemble.speeds import RELIABLE_SECONDS, Speed, Speeds
from chainrule.estimators.network.recipes.presets import preset

ONE, OTHER, THIRD = preset("best", "regression", 10_000)[:3]
LONG = 2 * RELIABLE_SECONDS


def measured(*speeds: tuple[Any, int, Speed]) -> Speeds:
    """Returns the speeds of recipes with numbers of threads."""
    made = Speeds()
    for recipe, threads, speed in speeds:
        made.write(recipe, threads, speed)
    return made


def test_the_last_speed_of_a_recipe_with_its_threads_is_known() -> None:
    """A recipe has one speed for each number of threads, the one that was measured last."""
    speeds = measured((ONE, 1, Speed(2.0, LONG)), (ONE, 2, Speed(3.0, LONG)), (ONE, 1, Speed(1.0, LONG)))
    assert (speeds.of(ONE, 1), speeds.of(ONE, 2)) == (Speed(1.0, LONG), Speed(3.0, LONG))
    assert speeds.of(OTHER, 1) is None


def test_a_recipe_that_was_not_measured_counts_as_the_slowest_of_the_others() -> None:
    """A network takes the mean over the recipes of seconds × epochs."""
    speeds = measured((ONE, 2, Speed(1.0, LONG)), (OTHER, 2, Speed(4.0, LONG)), (THIRD, 1, Speed(100.0, LONG)))
    expected = (1.0 * ONE.epochs + 4.0 * OTHER.epochs + 4.0 * THIRD.epochs) / 3
    assert speeds.network_seconds([ONE, OTHER, THIRD], 2) == pytest.approx(expected, rel=1e-15)


def test_another_number_of_threads_counts_if_none_was_measured_with_this_one() -> None:
    """A recipe's speed with two threads stands for that with one until one is measured; other recipes never count."""
    speeds = measured((ONE, 2, Speed(1.0, LONG)), (OTHER, 1, Speed(5.0, LONG)))
    assert speeds.network_seconds([ONE], 1) == ONE.epochs


@pytest.mark.parametrize(
    ("seconds", "is_reliable"), [((), False), ((LONG,), True), ((LONG, LONG), True), ((LONG, LONG / 4), False)]
)
def test_reliable_speeds_were_measured_for_long_enough(seconds: tuple[float, ...], is_reliable: bool) -> None:
    """Speeds are reliable if there is one, and each was measured for `RELIABLE_SECONDS`."""
    known = zip((ONE, OTHER), seconds, strict=False)
    speeds = measured(*((recipe, 2, Speed(1.0, taken)) for recipe, taken in known))
    assert speeds.are_reliable([ONE, OTHER, THIRD], 2) is is_reliable
    assert not speeds.are_reliable([THIRD], 2)
    assert not speeds.are_reliable([ONE, OTHER], 1)


class UsedUnderLock(dict[Any, Any]):
    """Speeds that nobody may write or look at while another thread may write one."""

    def __init__(self, owner: Speeds) -> None:
        self.owner, self.uses = owner, list[str]()

    def _note(self, use: str) -> None:
        assert self.owner._lock.locked()
        self.uses.append(use)

    def __setitem__(self, key: Any, speed: Any) -> None:
        self._note("written")
        super().__setitem__(key, speed)

    def items(self) -> Any:
        """Returns the items."""
        self._note("looked at")
        return super().items()


def test_speeds_are_used_under_their_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread that learns the speed of a recipe does not disturb one that plans by the speeds of all."""
    made: list[UsedUnderLock] = []
    usual = Speeds.__init__

    def initial(self: Speeds) -> None:
        usual(self)
        self._measured = UsedUnderLock(self)
        made.append(self._measured)

    monkeypatch.setattr(Speeds, "__init__", initial)
    X = np.random.default_rng(0).normal(size=(300, 3))
    NetworkRegressor(preset="best", hidden_layer_sizes=8, epochs=3, time_limit=60.0, threads=2, random_state=0).fit(
        X, X[:, 0]
    )
    assert sum(map(len, made)) >= 4
    assert {use for each in made for use in each.uses} == {"written", "looked at"}

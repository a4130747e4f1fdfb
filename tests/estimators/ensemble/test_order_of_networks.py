"""Which networks are begun first, and that the model does not depend on it."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.estimators.network.ensemble.order import Order
from chainrule.estimators.network.recipe import Recipe
from chainrule.estimators.network.recipes.presets import preset

RNG = np.random.default_rng(0)
X = RNG.normal(size=(260, 3)).astype(np.float32)
Y = X[:, 0] * X[:, 1]


def seconds_of(works: Sequence[int], threads: int) -> int:
    """Returns when the last thread ends, if each takes the next network as soon as it can."""
    ends = [0] * threads
    for work in works:
        heapq.heapreplace(ends, ends[0] + work)
    return max(ends)


@given(st.lists(st.integers(1, 9), min_size=1, max_size=6), st.integers(1, 3))
def test_the_longest_first_is_near_the_best_order(works: list[int], threads: int) -> None:
    """m threads end within 4/3 − 1/(3m) times the least time of any assignment (Graham, 1969)."""
    order = Order(len(works))
    order.begin_round(len(works), work=lambda number: works[number])
    begun = [order.take() for _ in works]
    assert sorted(begun) == list(range(len(works)))
    assert [works[number] for number in begun] == sorted(works, reverse=True)
    least = min(
        max(sum(work for work, at in zip(works, places, strict=True) if at == one) for one in range(threads))
        for places in product(range(threads), repeat=len(works))
    )
    assert 3 * threads * seconds_of([works[number] for number in begun], threads) <= (4 * threads - 1) * least


def test_a_round_moves_no_network_of_another() -> None:
    """Networks of earlier and of later rounds stay where they are; equal work keeps the order of the numbers."""
    order = Order(7)
    order.begin_round(3, work=lambda number: number % 2)
    assert [order.take() for _ in range(3)] == [1, 0, 2]
    order.begin_round(5, work=lambda number: number)
    assert order.numbers == [1, 0, 2, 4, 3, 5, 6]


def test_work_counts_the_products_between_hidden_layers() -> None:
    """With hidden layers of 2 × 256, 3 × 128 and one unit, a row has 256², 2 · 128² and no products in an epoch."""
    periodic, *_, narrow, wide = preset("best", "regression", 10_000)
    products = [recipe.work / recipe.epochs for recipe in (wide, periodic, narrow)]
    assert products == [256**2, 2 * 128**2, 0]


def test_the_widest_network_is_begun_first_and_the_model_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """ "best" begins with its widest network; whichever comes first, the networks are bitwise the same."""
    pytest.importorskip("sklearn", "1.6")
    from chainrule.estimators import NetworkRegressor
    from chainrule.estimators.network.ensemble.member_factory import MemberFactory

    begun = list[int]()
    make = MemberFactory.__call__

    def noted(self: MemberFactory, j: int, recipe: Recipe) -> object:
        begun.append(j)
        return make(self, j, recipe)

    monkeypatch.setattr(MemberFactory, "__call__", noted)
    fits = []
    for is_ordered in (True, False):
        if not is_ordered:
            monkeypatch.setattr(Recipe, "work", 0)
        begun.clear()
        fits.append(NetworkRegressor(preset="best", epochs=2, threads=1, random_state=0).fit(X, Y))
        assert begun[:7] == ([6, 0, 1, 2, 3, 4, 5] if is_ordered else [0, 1, 2, 3, 4, 5, 6])
    one, other = fits
    assert [net.theta.tobytes() for net in one.networks_] == [net.theta.tobytes() for net in other.networks_]
    assert one.predict(X).tobytes() == other.predict(X).tobytes()

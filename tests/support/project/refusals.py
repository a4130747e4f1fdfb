"""The refusals of bad input: what is done to a fresh 3-4-2 network, and what the error then says."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

import chainrule

cr: Any = chainrule  # most rows violate its types

Action = Callable[[Any], object]
FloatArray = NDArray[np.float64]

X = np.linspace(-1.0, 1.0, 15).reshape(5, 3)
Y = np.linspace(0.0, 1.0, 10).reshape(5, 2)
LABELS = [0, 1, 1, 0, 1]
J = cr.SumOfSquares()
NAN = math.nan
BIG = 10**400  # an integer beyond every float


class Bad(NamedTuple):
    """One kind of bad input."""

    what: str
    do: Action
    words: tuple[str, ...]
    error: type[Exception] = chainrule.InputError


def fresh() -> chainrule.Network:
    """3-4-2, tanh and identity, d = 26."""
    return chainrule.Network.dense([3, 4, 2], hidden="tanh", seed=1)


def spoilt(array: FloatArray, value: float) -> FloatArray:
    """A copy in which the entry of index (1, 0) is ``value``."""
    copy = array.copy()
    copy[1, 0] = value
    return copy


def train(**settings: Any) -> Action:
    """Train on X, Y with one setting that is wrong."""

    def do(net: chainrule.Network) -> object:
        return cr.train(net, **{"X": X, "Y": Y, "epochs": 2, **settings})

    return do


def resume(**parts: Any) -> Action:
    """Resume from the state after two epochs of Adam, with some of its fields replaced."""

    def do(net: chainrule.Network) -> object:
        state = cr.train(net.copy(), X, Y, optimizer="adam", batch_size=2, epochs=2).state
        changed = dataclasses.replace(state, **parts)
        return cr.train(net, X, Y, optimizer="adam", batch_size=2, epochs=4, resume=changed)

    return do


class Fading(chainrule.Schedule):
    """A schedule of the user's own, whose formula no file can hold."""

    name = "fading"

    def at(self, epoch: float, epochs: float) -> float:
        return self.rate / (1.0 + epoch)


class Refusing:
    """An object that refuses its conversion to an array, as a tensor on a GPU does."""

    def __array__(self, *_: object, **__: object) -> FloatArray:
        raise RuntimeError("detach it first")


class Sevens(chainrule.Initial):
    """Initial values of the wrong shape."""

    def draw(self, rng: np.random.Generator, m: int, n: int) -> Any:
        return np.full((n, m + 1), 7.0)


def masked() -> Any:
    """X with a masked entry."""
    return np.ma.masked_less(X, -0.9)


def numbers() -> Iterator[float]:
    """A generator."""
    yield from (1.0, 2.0, 3.0)


def rows(**groups: list[Bad]) -> list[Any]:
    """The parameters of a test: each row of each group under a name of its own."""
    named = {f"{group}: {case.what}": case for group, cases in groups.items() for case in cases}
    assert len(named) == sum(map(len, groups.values())), "two rows share a name"
    return [pytest.param(case, id=name) for name, case in named.items()]


def require_refusal(case: Bad) -> None:
    """Asserts that bad input gives its error with the promised words and moves no bit of θ."""
    net = fresh()
    before = net.theta.tobytes()
    with pytest.raises(case.error) as caught:
        case.do(net)
    assert type(caught.value) is case.error
    message = str(caught.value)
    assert [word for word in case.words if word not in message] == []
    assert len(message) < 700
    assert net.theta.tobytes() == before

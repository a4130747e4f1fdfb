"""The compiled module refuses what its own callers never pass: a wrong call is an error, not a crash."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.sparse

import chainrule as cr
from chainrule.engines.native import core

pytestmark = pytest.mark.native
CORE: Any = core.native  # None in an installation without it

X, Y = np.eye(3), np.ones((3, 2))
NET = cr.Network.dense([3, 4, 2], seed=0)
BLOCKS = cr.Network(
    [cr.Layer(cr.Diagonal([1.0, 2.0, 3.0]), np.zeros(3), "tanh"), cr.Layer(np.ones((2, 3)), np.zeros(2), "tanh")]
)


class Requested(Exception):
    """A training run was to be built."""


def arguments_of_a_run(monkeypatch: pytest.MonkeyPatch, net: cr.Network, **settings: Any) -> dict[str, Any]:
    """The keywords with which ``cr.train`` would build a compiled run."""
    found: dict[str, Any] = {}

    def recorded(**arguments: Any) -> None:
        found.update(arguments)
        raise Requested

    with monkeypatch.context() as patch:
        patch.setattr(CORE, "TrainingRun64", recorded)
        with pytest.raises(Requested):
            cr.train(net.copy(), X, Y, optimizer=cr.GradientDescent(0.1), epochs=1, engine="native", **settings)
    return found


def sparse(X: Any) -> Any:
    """The rows of X as the module takes them."""
    rows = scipy.sparse.csr_array(X)
    return rows.indptr.astype(np.int64), rows.indices.astype(np.int32), None, rows.data


def with_layer(net: Any, **changed: Any) -> Any:
    """The description of a network with another σ of its first layer, or with other sizes."""
    sizes, layers = net
    first = (changed.get("sigma", layers[0][0]), *layers[0][1:])
    return changed.get("sizes", sizes), [first, *layers[1:]]


@pytest.mark.parametrize(
    ("net", "changed", "message"),
    [
        (NET, lambda run: {"net": with_layer(run["net"], sigma="nonsense")}, "does not support 'nonsense'"),
        (NET, lambda run: {"net": with_layer(run["net"], sizes=[3, 4])}, "sizes and layers do not match"),
        (BLOCKS, lambda run: {"net": with_layer(run["net"], sizes=[3, 4, 2])}, "sizes and blocks do not match"),
        (NET, lambda run: {"theta": run["theta"][:-1].copy()}, "theta has the wrong length"),
        (NET, lambda run: {"theta": run["theta"].astype(np.float32)}, "wrong type or number of dimensions"),
        (NET, lambda run: {"theta": run["theta"].reshape(1, -1)}, "wrong type or number of dimensions"),
        (NET, lambda run: {"validation": (sparse(X), Y, None, None)}, "must both be sparse, or both dense"),
        (BLOCKS, lambda run: {"data": (sparse(X), Y, None, None)}, r"a sparse X needs a full W\[1\]"),
    ],
    ids=[
        "sigma",
        "sizes",
        "blocks",
        "length of theta",
        "type of theta",
        "shape of theta",
        "validation",
        "sparse blocks",
    ],
)
def test_a_wrong_training_run_is_refused(
    net: cr.Network, changed: Any, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names, sizes and arrays that do not belong together raise ValueError before anything is read."""
    arguments = arguments_of_a_run(monkeypatch, net)
    CORE.TrainingRun64(**arguments)
    with pytest.raises(ValueError, match=message):
        CORE.TrainingRun64(**{**arguments, **changed(arguments)})


def test_a_sum_of_another_length_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sum of blocks has padded rows: d numbers are a ValueError, and so are sums of a run without blocks."""
    arguments = arguments_of_a_run(monkeypatch, NET)
    with pytest.raises(ValueError, match="not made in parts"):
        print(CORE.TrainingRun64(**arguments).sum_size)
    run = CORE.TrainingRun64(**arguments, blocks=2)
    run.begin_shared(1)
    short, whole = np.zeros(NET.d), np.zeros(run.sum_size)
    calls: list[Callable[[], object]] = [
        lambda: run.sum_blocks(0, 2, short),
        lambda: run.add_sum(whole, short),
        lambda: run.take_sum(short, 0.0),
    ]
    for call in calls:
        with pytest.raises(ValueError, match="sum"):
            call()
    run.take_sum(whole, run.sum_blocks(0, 2, whole))
    assert not run.has_next_step


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"order": np.arange(2, dtype=np.uint32)}, "an order has the wrong length"),
        ({"end_batch": 5}, "a window has too few rows"),
        ({"first_batch": 2, "end_batch": 2}, "a window has too few rows"),
        ({"first_batch": -1}, "a window has too few rows"),
        ({"end_batch": 4}, "a window has too few rows"),
        ({"order": np.arange(3)}, "wrong type"),
    ],
)
def test_a_window_that_does_not_fit_is_refused(
    monkeypatch: pytest.MonkeyPatch, changed: dict[str, Any], message: str
) -> None:
    """A window with fewer rows than its minibatches need, or with an order of another length, is a ValueError."""
    arguments = arguments_of_a_run(monkeypatch, NET, batch_size=1)
    run = CORE.TrainingRun64(**{**arguments, "data": (4, 4.0)})
    window = {"data": (X, Y, None, None), "order": None, "first_batch": 0, "end_batch": 2, "keys": (0, 0, 0, 1)}
    assert run.needs_window
    with pytest.raises(ValueError, match=message):
        run.set_window(**{**window, **changed})
    run.set_window(**window)
    run.advance(1, 1e9)
    assert run.needs_window
    assert run.progress()["batch"] == 2

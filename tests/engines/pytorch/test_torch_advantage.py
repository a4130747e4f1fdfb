""" "auto" takes a GPU only where a training is large enough for it and fits into its memory, and says so."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from support.pytorch import pytorch

import chainrule as cr
from chainrule import engines
from chainrule.costs import TrainingSet
from chainrule.engines import choice
from chainrule.engines.problem import Problem

pytorch()

from chainrule.engines.torch import advantage, devices  # noqa: E402 - it imports PyTorch

pytestmark = pytest.mark.torch

NET = cr.Network.dense([32, 256, 256, 1], dtype="float32")
X, Y = np.ones((8192, 32), "float32"), np.ones((8192, 1), "float32")
LARGE = Problem(NET, cr.SumOfSquares(), cr.Adam(), TrainingSet(X, Y), 8192, 100_000, 0)  # 3.7e9 operations a step


@pytest.fixture(autouse=True)
def a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with a GPU of 1 GB, as far as the choice of an engine looks at it."""
    monkeypatch.setattr(advantage, "has_driver", lambda: True)
    monkeypatch.setattr(choice, "_reported_reasons", set())
    for name, value in {"is_gpu": True, "lacking": None, "free_bytes": 10**9, "name_of": "GPU X"}.items():
        monkeypatch.setattr(devices, name, lambda *_, value=value: value)


@pytest.mark.native
def test_a_large_training_names_the_gpu_once() -> None:
    """One notice names the size of a step, the GPU, and the engine; the native engine trains."""
    with pytest.warns(engines.EngineNotice, match=r"4e\+09 operations is large enough for GPU X: engine='torch'"):
        chosen = engines.chosen(NET, LARGE.cost, LARGE.optimizer, problem=LARGE)
    assert (chosen.name, chosen.reason) == ("native", "the fastest engine here")
    assert engines.chosen(NET, LARGE.cost, LARGE.optimizer, problem=LARGE).name == "native"  # without a notice
    assert engines.chosen(NET, LARGE.cost, LARGE.optimizer, problem=LARGE, engine="reference").name == "reference"


OWN = cr.Network([*NET.layers[:2], cr.Layer(NET.W[3], NET.b[3], cr.Activation(np.sin, np.cos, name="own"))])
OTHERS: dict[str, Problem] = {
    "a small step": replace(LARGE, batch_size=256),
    "few steps": replace(LARGE, epochs=10),
    "float64": replace(LARGE, net=NET.astype("float64")),
    "own σ": replace(LARGE, net=OWN),
}


@pytest.mark.parametrize("name", OTHERS)
def test_there_is_no_notice_for_others(name: str) -> None:
    """Small or short trainings, float64 and a user's own parts are not for a GPU."""
    assert advantage.advantage(LARGE) is not None
    assert advantage.advantage(OTHERS[name]) is None


@pytest.mark.parametrize(("lacking", "value"), [("is_gpu", False), ("free_bytes", 10**6)])
def test_there_is_no_notice_without_a_gpu_or_its_memory(
    lacking: str, value: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is said without a GPU that PyTorch finds, or with too little free memory."""
    monkeypatch.setattr(devices, lacking, lambda *_: value)
    assert advantage.advantage(LARGE) is None


def test_the_bytes_of_a_training() -> None:
    """They count X and Y of both sets, once if they are the same, θ with its moments, and the activations of a step."""
    data, vectors, activations = 8192 * 33, 7 * NET.d, 4 * 8192 * 545
    assert advantage.bytes_of(LARGE) == 4 * (data + vectors + activations)
    for held_out, sets in ((TrainingSet(X, Y), 1), (TrainingSet(X.copy(), Y.copy()), 2)):
        assert advantage.bytes_of(replace(LARGE, validation=held_out)) == 4 * (sets * data + vectors + activations)

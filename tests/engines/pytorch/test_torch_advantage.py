""" "auto" takes a GPU only where a training is surely faster there and fits into its memory, and says so."""

from __future__ import annotations

import warnings
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
from chainrule.engines.torch import advantage
from chainrule.engines.torch.arithmetic import START_SECONDS, Gpu, Workload

pytorch()

from chainrule.engines.torch import devices  # noqa: E402 - it imports PyTorch

pytestmark = pytest.mark.torch

H200 = Gpu("GPU X", 132, 6.7e13, 4.8e12, 140 * 10**9)
NET = cr.Network.dense([32, 1024, 1024, 1], dtype="float32")
X, Y = np.ones((8192, 32), "float32"), np.ones((8192, 1), "float32")
LARGE = Problem(NET, cr.SumOfSquares(), cr.Adam(), TrainingSet(X, Y), 8192, 10_000, 0)  # 5e10 operations a step


@pytest.fixture(autouse=True)
def gpu(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A machine with 16 CPUs and a GPU, as far as the choice of an engine looks at it; the engine is on the CPU."""
    found = {"gpu": H200}
    monkeypatch.setattr(advantage, "has_driver", lambda: True)
    monkeypatch.setattr(advantage, "cpus_of_process", lambda: 16)
    monkeypatch.setattr(choice, "_reported_reasons", set())
    for name, value in {"is_gpu": True, "lacking": None}.items():
        monkeypatch.setattr(devices, name, lambda *_, value=value: value)
    monkeypatch.setattr(devices, "described", lambda: found["gpu"])
    return found


def chosen(problem: Problem = LARGE, **more: Any) -> engines.Choice:
    """The choice of an engine, without its notice."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", engines.EngineNotice)
        return engines.chosen(problem.net, problem.cost, problem.optimizer, problem=problem, **more)


@pytest.mark.native
def test_a_large_training_takes_the_gpu_and_says_so_once() -> None:
    """One notice names the GPU, both times, and how to stay on the CPUs; the reason of each run names it too."""
    words = r"GPU X trains .* of at least .* on 16 CPUs\. engine='native' trains"
    with pytest.warns(engines.EngineNotice, match=words):
        one = engines.chosen(NET, LARGE.cost, LARGE.optimizer, problem=LARGE)
    again = engines.chosen(NET, LARGE.cost, LARGE.optimizer, problem=LARGE)  # without a notice
    assert one.name == again.name == "torch"
    assert one.reason == again.reason
    for name in ("native", "reference"):
        assert chosen(engine=name).name == name


OWN = cr.Network([*NET.layers[:2], cr.Layer(NET.W[3], NET.b[3], cr.Activation(np.sin, np.cos, name="own"))])
OTHERS: dict[str, Problem] = {
    "a small step": replace(LARGE, batch_size=64, epochs=1_000),
    "few steps": replace(LARGE, epochs=100),
    "patience": replace(LARGE, patience=10),
    "tol": replace(LARGE, tol=1e-6),
    "float64": replace(LARGE, net=NET.astype("float64")),
    "own σ": replace(LARGE, net=OWN),
    "κ": replace(LARGE, net=cr.Network.dense([32, 1024, 1024, 1], hidden=cr.Parametric(cr.tanh), dtype="float32")),
    "no α": replace(LARGE, optimizer=cr.GradientDescent(None)),
}


@pytest.mark.native
@pytest.mark.parametrize("name", OTHERS)
def test_others_stay_on_the_cpus(name: str) -> None:
    """So do trainings that are small, or may be short, and those of float64, of parts that are not counted or not
    built in."""
    assert chosen().name == "torch"
    assert chosen(OTHERS[name]).name in ("native", "reference")


@pytest.mark.native
def test_a_time_limit_must_leave_time_for_the_start() -> None:
    """A training that may last no longer than the start of a GPU stays on the CPUs."""
    assert [chosen(limit=seconds).name for seconds in (START_SECONDS, 1e4)] == ["native", "torch"]


@pytest.mark.native
def test_weak_gpus_and_many_cpus_are_not_taken(gpu: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """The time depends on the multiprocessors, and on the CPUs that the process may use; not on its threads."""
    monkeypatch.setenv("CHAINRULE_THREADS", "1")
    assert chosen().name == "torch"
    monkeypatch.setattr(advantage, "cpus_of_process", lambda: 256)
    assert chosen().name == "native"
    monkeypatch.setattr(advantage, "cpus_of_process", lambda: 16)
    gpu["gpu"] = H200._replace(flops=5e12)
    assert chosen().name == "native"


@pytest.mark.native
def test_a_gpu_without_memory_is_named(gpu: dict[str, Any]) -> None:
    """If only the memory is too small, the native engine trains, and its reason says so."""
    gpu["gpu"] = H200._replace(free_bytes=10**9)
    with pytest.warns(engines.EngineNotice, match="GPU X would train faster, but has 1 GB free of the"):
        one = engines.chosen(NET, LARGE.cost, LARGE.optimizer, problem=LARGE)
    assert (one.name, one.reason[:24]) == ("native", "GPU X would train faster")


@pytest.mark.native
def test_there_is_no_gpu_for_one_of_several_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes of a launcher might take the same one, so each stays on its CPUs."""
    for name, value in {"RANK": "0", "WORLD_SIZE": "2", "MASTER_ADDR": "localhost", "MASTER_PORT": "1"}.items():
        monkeypatch.setenv(name, value)
    assert chosen().name == "native"


@pytest.mark.native
@pytest.mark.parametrize("missing", ["size", "driver"])
def test_pytorch_is_not_asked_without_need(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of PyTorch is looked at for a small training, and on a machine without a driver."""
    monkeypatch.setattr(advantage, "has_driver", lambda: missing != "driver")
    for name in ("is_gpu", "lacking", "described"):
        monkeypatch.setattr(devices, name, lambda *_: pytest.fail("PyTorch was asked"))
    assert chosen(replace(LARGE, epochs=1) if missing == "size" else LARGE).name == "native"


def test_several_networks_share_a_start() -> None:
    """A training that is too small for a GPU is large enough with others, in the steps that they make together."""
    small = replace(LARGE, epochs=1_000)
    assert advantage.advice([Workload(small)]) is None
    advice = advantage.advice([Workload(small, 8), Workload(small, 8)])
    assert advice is not None
    assert advice.engine == "torch"


def test_the_bytes_of_a_training() -> None:
    """They count X and Y of both sets, once if they are the same, and for each network θ with its moments, the order,
    and the activations of a step and of a validation."""
    own, sets = Workload(LARGE).own_bytes, 4 * 8192 * 33
    assert own == 4 * (16 * NET.d + 32 * 8192 * sum(NET.m)) + 8 * 8192
    assert Workload(LARGE, 3).bytes == 2**30 + sets + 3 * own
    for held_out, count in ((TrainingSet(X, Y), 1), (TrainingSet(X.copy(), Y.copy()), 2)):
        work = Workload(replace(LARGE, validation=held_out))
        assert work.bytes == 2**30 + count * sets + own + 4 * 8 * 8192 * sum(NET.m)

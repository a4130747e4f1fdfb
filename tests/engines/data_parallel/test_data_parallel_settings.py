"""The engine of several processes: the order of its sums, its settings, and what it refuses."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.processes import modules_after

import chainrule as cr
from chainrule.engines.choice import loaded
from chainrule.engines.data_parallel import digest, engine
from chainrule.engines.data_parallel.blocks import block, folded, share, subtrees
from chainrule.engines.data_parallel.run import Division
from chainrule.engines.problem import Problem
from chainrule.engines.state import TrainingState
from chainrule.processes import group
from chainrule.processes.group import Alone, joined

X, Y = np.ones((8, 2)), np.ones((8, 1))
SHARED = cr.engines.DataParallel()


def trained(**settings: Any) -> cr.History:
    """A short training by the engine."""
    net = cr.Network.dense([2, 1], seed=0)
    return cr.train(net, X, Y, **{"optimizer": "adam", "epochs": 2, "engine": SHARED, **settings})


@given(st.integers(1, 20), st.integers(0, 5), st.integers(0, 2**32 - 1))
def test_the_sum_is_the_same_for_any_number_of_processes(size: int, power: int, seed: int) -> None:
    """Whoever has which blocks, the sum of all is bitwise that of one process; each block belongs to one process."""
    blocks = 2**power
    leaves = {(k, 1): x for k, x in enumerate(np.random.default_rng(seed).normal(size=(blocks, 3)).astype(np.float32))}
    whole = folded({k: x.copy() for k, x in leaves.items()}, (0, blocks))
    division = Division.of(size, blocks)
    parts = {tree: folded(leaves, tree) for trees in division.of_process for tree in trees}  # each leaf is in one
    assert folded(parts, (0, blocks)).tobytes() == whole.tobytes()
    assert sorted(k for first, count in parts for k in range(first, first + count)) == list(range(blocks))
    assert division.most <= 2 * power or blocks <= 2


@pytest.mark.native
def test_tiny_sums_are_the_same_for_any_number_of_processes() -> None:
    """A sum below the normal numbers is zero in the core, and so it is where processes add theirs."""
    net, tiny = cr.Network.dense([1, 1], dtype="float32"), np.finfo(np.float32).tiny
    net.theta[:] = 0.0
    data = cr.TrainingSet(np.ones((4, 1), np.float32), np.array([[1.5], [-1.0], [1.25], [0.0]], np.float32) * tiny)
    problem = Problem(net, cr.SumOfSquares(), cr.GradientDescent(1.0), data, 4, epochs=1, shuffle=False, seed=0)
    native: Any = loaded("native")
    run = native.in_parts(problem, TrainingState.start(problem, {}), blocks=4)
    run.begin(1)
    sums, numbers = np.empty((5, run.sum_size), np.float32), np.zeros((5, 2))
    for k in range(4):
        run.sum_blocks(k, 1, sums[k], numbers[k])
    run.sum_blocks(0, 4, sums[4], numbers[4])
    assert folded({(k, 1): sums[k] for k in range(4)}, (0, 4), run.add_sum).tobytes() == sums[4].tobytes()
    assert np.abs(sums[4]).max() == np.float32(1.25) * tiny
    run.end()


@given(st.integers(0, 1000), st.integers(0, 5))
def test_each_row_is_in_one_block(n: int, power: int) -> None:
    """The blocks of a minibatch hold its rows in order, each once, and differ by one row at most."""
    rows = [block(n, k, 2**power) for k in range(2**power)]
    assert [row for part in rows for row in range(part.start, part.stop)] == list(range(n))
    lengths = {part.stop - part.start for part in rows}
    assert max(lengths) - min(lengths) <= 1


def test_more_processes_than_blocks() -> None:
    """A process may have no block, and then nothing to compute."""
    assert [list(subtrees(share(rank, 3, 2), 2)) for rank in range(3)] == [[], [(0, 1)], [(1, 1)]]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"blocks": 6}, "blocks must be a power of two"),
        ({"blocks": 0}, "blocks must be"),
        ({"timeout": 0.0}, "timeout must be"),
        ({"engine": cr.engines.DataParallel}, "engine must be the name"),
    ],
    ids=["six blocks", "no block", "no time", "a class"],
)
def test_wrong_settings_are_refused(settings: dict[str, Any], words: str) -> None:
    """Each setting has its range."""
    with pytest.raises(cr.InputError, match=words):
        cr.engines.DataParallel(**settings)


def test_what_processes_would_not_agree_on_is_refused() -> None:
    """Plans by the clock and a learning rate that is found would differ; complex θ has no exchange."""
    with pytest.raises(cr.InputError, match=r"Give time_limit=cr\.Deadline\(60\.0\)"):
        trained(time_limit=60.0)
    with pytest.raises(cr.EngineDeclined, match=r"give one, such as 0\.01"):
        trained(optimizer="gradient_descent")
    net = cr.Network.dense([2, 1], seed=0).astype(complex)
    assert SHARED.declines(net, None, None) == "θ is complex."
    assert trained(time_limit=cr.Deadline(600.0)).stopped == "epochs"


def test_several_networks_at_a_time_are_refused() -> None:
    """In another thread the processes could call in another order: the error names what shares several networks."""
    errors: list[BaseException] = []

    def work() -> None:
        try:
            trained()
        except cr.InputError as error:
            errors.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert "python -m chainrule train" in str(errors[0])


def test_predictions_and_gradients_are_those_of_the_engine_of_a_block() -> None:
    """All that is no training is done in this process."""
    net = cr.Network.dense([2, 3, 1], seed=0)
    assert np.array_equal(net(X, engine=SHARED), net(X))
    mine, theirs = (cr.gradient(net, "sum_of_squares", X, Y, engine=each) for each in (SHARED, "auto"))
    assert mine.theta.tobytes() == theirs.theta.tobytes()


def test_a_process_has_its_share_of_the_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Under a launcher a process uses its share of the CPUs: torchrun's OMP_NUM_THREADS=1 is nobody's choice."""
    threads: list[int | None] = []

    def in_parts(problem: Problem, *arguments: Any) -> None:
        threads.append(problem.threads)

    monkeypatch.setattr(engine, "joined", lambda timeout: Alone())
    monkeypatch.setattr(loaded("native"), "in_parts", in_parts, raising=False)
    for name, value in (("RANK", "0"), ("WORLD_SIZE", "4"), ("LOCAL_WORLD_SIZE", "4"), ("OMP_NUM_THREADS", "1")):
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("CHAINRULE_THREADS", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 16)
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(16)), raising=False)
    trained()
    trained(threads=2)
    assert threads == [4, 2]


def test_a_difference_is_named() -> None:
    """The first difference is named with the processes; other kernel sets have a remedy of their own."""
    same = {"X": "a", "kernel set": "avx2"}
    digest.require_same([same, dict(same)])
    with pytest.raises(cr.InputError, match="process 1 has another X than process 0: b and a"):
        digest.require_same([same, {**same, "X": "b"}])
    with pytest.raises(cr.InputError, match=r"CHAINRULE_KERNELS.*avx2 or avx512"):
        digest.require_same([same, same, {**same, "kernel set": "avx512"}])


@pytest.mark.parametrize(
    "settings",
    [{"sigma": cr.leaky_relu.with_parameters(slope=0.1234567)}, {"rate": cr.Factors(W=2.0)},
     {"decay": cr.Factors(b=1.0)}, {"kappa": 2.0}],
    ids=["slope", "rate", "decay", "kappa"],
)  # fmt: skip
def test_each_difference_of_networks_is_found(settings: dict[str, Any]) -> None:
    """Networks that differ in a parameter of σ, even in its seventh digit, or in a setting of a layer are not equal."""
    alike: dict[str, Any] = {"sigma": cr.Parametric(cr.leaky_relu.with_parameters(slope=0.1234568))}
    if "sigma" in settings:
        alike["sigma"] = alike["sigma"].sigma

    def described(**own: Any) -> dict[str, str]:
        layer = cr.Layer([[1.0, 2.0]], [0.0], **{**alike, **own})
        problem = Problem(cr.Network([layer]), cr.SumOfSquares(), cr.Adam(), cr.TrainingSet(X, Y), 8, epochs=1, seed=0)
        return digest.digest(problem, TrainingState.start(problem, {}), loaded("reference"), 8)

    digest.require_same([described(), described()])
    with pytest.raises(cr.InputError, match=r"process 1 has another (network|theta) than process 0"):
        digest.require_same([described(), described(**settings)])


def test_one_process_loads_no_pytorch() -> None:
    """Without a launcher there is nobody to exchange with, and PyTorch is not loaded."""
    code = """
import chainrule as cr
cr.train(cr.Network.dense([1, 1]), [[1.0]], [[2.0]], optimizer="adam", epochs=1, engine=cr.engines.DataParallel())
"""
    assert "torch" not in modules_after(code)


def test_a_group_that_the_program_has_begun_is_joined(monkeypatch: pytest.MonkeyPatch) -> None:
    """A group of torch.distributed, as of Ray Train, has the number of this process."""

    class Distributed:
        @staticmethod
        def is_available() -> bool:
            return True

        @staticmethod
        def is_initialized() -> bool:
            return True

        @staticmethod
        def get_rank() -> int:
            return 3

    monkeypatch.setitem(sys.modules, "torch.distributed", Distributed)
    assert group.rank() == 3
    assert not SHARED.is_first
    monkeypatch.undo()
    assert isinstance(joined(1.0), Alone)


def test_a_group_that_the_program_has_begun_is_joined_once() -> None:
    """Without a launcher too, all calls share one group until the program ends its own; then this process is alone."""
    pytest.importorskip("torch")
    code = """
from torch import distributed
from chainrule.processes.group import Alone, Group, joined
distributed.init_process_group("gloo", store=distributed.HashStore(), rank=0, world_size=1)
group = joined(300.0)
assert isinstance(group, Group)
assert joined(300.0) is group
distributed.destroy_process_group()
assert isinstance(joined(300.0), Alone)
"""
    subprocess.run([sys.executable, "-c", code], check=True)

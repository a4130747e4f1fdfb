"""The place of a process among those of a launcher, by its environment."""

from __future__ import annotations

import os
import socket

import pytest

import chainrule as cr
from chainrule.engines import choice
from chainrule.processes import launched, launcher
from chainrule.processes.launcher import Launch

MEETING = {"MASTER_ADDR": "node1", "MASTER_PORT": "29500"}
ENVIRONMENTS = {
    "torchrun": (
        {"RANK": "3", "WORLD_SIZE": "4", "LOCAL_RANK": "1", "LOCAL_WORLD_SIZE": "2", "TORCHELASTIC_RESTART_COUNT": "1",
         "TORCHELASTIC_USE_AGENT_STORE": "True"},
        Launch("torchrun", 3, 4, 2, "node1", 29500, "1", has_store=True),
    ),
    "srun": (
        {"SLURM_PROCID": "3", "SLURM_STEP_NUM_TASKS": "8", "SLURM_LOCALID": "3", "SLURM_STEP_TASKS_PER_NODE": "4(x2)"},
        Launch("srun", 3, 8, 4, "node1", 29500),
    ),
    "mpirun": (
        {"OMPI_COMM_WORLD_RANK": "0", "OMPI_COMM_WORLD_SIZE": "2", "OMPI_COMM_WORLD_LOCAL_SIZE": "2"},
        Launch("mpirun", 0, 2, 2, "node1", 29500),
    ),
    "mpiexec": ({"PMI_RANK": "1", "PMI_SIZE": "2"}, Launch("mpiexec", 1, 2, 2, "node1", 29500)),
}  # fmt: skip


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_each_launcher_is_found(name: str) -> None:
    """The variables of each launcher give the number of the process, how many there are, and where they meet."""
    environment, expected = ENVIRONMENTS[name]
    assert Launch.found({**environment, **MEETING}) == expected


@pytest.mark.parametrize(
    "environment",
    [{}, {"RANK": "0", "WORLD_SIZE": "1"}, {"SLURM_PROCID": "0", "SLURM_NTASKS": "8"}, {"WORLD_SIZE": "2"}],
    ids=["none", "torchrun with one process", "the script around srun", "no number"],
)
def test_a_process_alone_has_no_launcher(environment: dict[str, str]) -> None:
    """A process alone is none of several, and neither is the script of SLURM, which runs once for several tasks."""
    assert Launch.found({**environment, **MEETING}) is None


def test_a_missing_meeting_point_is_named() -> None:
    """Without MASTER_ADDR or MASTER_PORT the error names both and the launcher."""
    launch = Launch.found({**ENVIRONMENTS["srun"][0], "MASTER_ADDR": "node1"})
    assert launch is not None
    with pytest.raises(cr.InputError, match=r"srun has started 8 processes.*MASTER_ADDR.*MASTER_PORT"):
        launch.require_meeting_point()


def test_the_threads_of_a_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are CHAINRULE_THREADS, else its own CPUs if it is bound to some, else its share of the machine's."""
    launch = Launch("torchrun", 0, 4, 4, "node1", 29500)
    monkeypatch.setattr(os, "cpu_count", lambda: 16)
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(16)), raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")  # as torchrun sets it
    assert launch.threads == 4
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1, 2}, raising=False)
    assert launch.threads == 3
    monkeypatch.setenv("CHAINRULE_THREADS", "7")
    assert launch.threads == 7


def test_a_machine_without_an_address_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """If its name has no address, by which processes of other machines connect, the error names it and a remedy."""
    monkeypatch.setattr(launched, "store", lambda launch: None)
    monkeypatch.setattr(socket, "gethostname", lambda: "no-such-machine.invalid")
    launch = Launch("torchrun", 0, 4, 2, "node1", 29500)
    with (
        pytest.raises(cr.ProcessLost, match=r"by its name 'no-such-machine\.invalid': .*/etc/hosts"),
        launched.gathered(launch),
    ):
        pass


def test_a_plain_training_says_once_that_it_is_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the first process of a launcher the first training has a notice, and no other one."""
    monkeypatch.setattr(choice, "_reported_reasons", set())
    monkeypatch.setattr(launcher, "_shared", [])
    for name, value in {**ENVIRONMENTS["mpirun"][0], **MEETING}.items():
        monkeypatch.setenv(name, value)
    with pytest.warns(cr.engines.EngineNotice, match="mpirun has started 2 processes"):
        cr.train(cr.Network.dense([1, 1]), [[1.0]], [[2.0]], epochs=1)
    cr.train(cr.Network.dense([1, 1]), [[1.0]], [[2.0]], epochs=1)  # a warning would be an error


def test_other_processes_and_shared_work_have_no_notice(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no notice in the other processes, nor where the processes share the work."""
    monkeypatch.setattr(choice, "_reported_reasons", set())
    for rank, shared in (("1", []), ("0", [True])):
        monkeypatch.setattr(launcher, "_shared", shared)
        for name, value in {**ENVIRONMENTS["mpirun"][0], **MEETING, "OMPI_COMM_WORLD_RANK": rank}.items():
            monkeypatch.setenv(name, value)
        cr.train(cr.Network.dense([1, 1]), [[1.0]], [[2.0]], epochs=1)

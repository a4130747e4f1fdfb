"""One network trained by several processes: real ones, which are killed, sleep and leave."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.patience import LIMIT
from support.several_processes.data_parallel import PROBLEMS, digest, trained

import chainrule as cr
from chainrule.engines import native

pytest.importorskip("torch")
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the processes are forked")

Answers = dict[str, list[Any]]  # [exit code, output] of each process
SLEEP_SECONDS = "2"  # after which a process that sleeps counts as lost


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for checkpoints."""
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def answers(folder: Path) -> Answers:
    """The ends of all groups of processes; a group takes a tenth of the time that PyTorch needs to begin."""
    scenarios = {
        **{f"{name} {size}": (size, [name]) for name in PROBLEMS for size in ((2, 3) if name == "plain" else (3,))},
        "four": (4, ["weights"]),
        "raise": (2, ["plain", "raise"]),
        "leave": (2, ["plain", "leave"]),
        "kill": (3, ["plain", "kill", "1", "300", str(folder / "kill")]),
        "kill the first": (2, ["plain", "kill", "0"]),
        "sleep": (2, ["plain", "sleep", "1", SLEEP_SECONDS]),
        "interrupt": (2, ["plain", "interrupt"]),
        "stop": (2, ["plain", "stop"]),
        "resume": (2, ["plain", "", "1", "300", str(folder / "kill")]),
        "other data": (2, ["other data"]),
        "other version": (2, ["plain", "other version"]),
        "other kernels": (2, ["plain", "other kernels"]),
        "of the program": (2, ["plain", "group of the program"]),
        "closed": (2, ["plain", "closed"]),
    }
    answer = subprocess.run(
        [sys.executable, "-m", "support.several_processes.forked"],
        input=json.dumps(scenarios), capture_output=True, text=True, timeout=LIMIT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr
    found: Answers = json.loads(answer.stdout)
    return found


@pytest.mark.parametrize("name", PROBLEMS)
def test_the_same_bits_for_any_number_of_processes(name: str, answers: Answers) -> None:
    """θ, moments and records of each of three processes are bitwise those of one process."""
    history = trained(name)
    expected = [0, f"{history.stopped} {history.epochs} {digest(history)}"]
    assert answers[f"{name} 3"] == [expected] * 3


def test_two_and_four_processes(answers: Answers) -> None:
    """Powers of two, of which each process has one subtree, give the same bits as three."""
    assert answers["plain 2"] == answers["plain 3"][:2]
    assert answers["four"] == [answers["weights 3"][0]] * 4


def test_a_process_that_raises_is_named(answers: Answers) -> None:
    """The others end with the number of the process that has raised, and with its error."""
    (code, lost), (other, trace) = answers["raise"]
    assert code == 3
    assert lost.startswith("lost: process 1 (")
    assert "has ended with an error (ValueError: bad process). θ is whole, after 2 epochs of 3." in lost
    assert (other, trace.splitlines()[-2]) == (1, "ValueError: bad process")


def test_a_process_that_leaves_is_named(answers: Answers) -> None:
    """A process that leaves the program ends all."""
    (code, lost), (other, _) = answers["leave"]
    assert (code, other) == (3, 0)
    assert "process 1 (" in lost
    assert "SystemExit" in lost


def test_a_killed_process_is_named_by_all_others(answers: Answers) -> None:
    """All others end with its number; the first one says how the training continues."""
    (first, words), (killed, _), (last, others) = answers["kill"]
    assert (first, killed, last) == (3, -9, 3)
    for each in (words, others):
        assert "process 1 (" in each
        assert "has exited" in each
    assert "continues it: resume=True, with any number of processes." in words


def test_a_killed_first_process_is_named(answers: Answers) -> None:
    """The others end with the first process's number, although the notes have gone with it."""
    (killed, _), (code, lost) = answers["kill the first"]
    assert (killed, code) == (-9, 3)
    assert lost.startswith("lost: process 0 (")


def test_a_sleeping_process_ends_all(answers: Answers) -> None:
    """A process that does not answer within the timeout is named; it ends too, when it finds the others gone."""
    (code, lost), _ = answers["sleep"]
    assert code == 3
    assert "process 1 (" in lost
    assert f"has not answered for {SLEEP_SECONDS} s" in lost


def test_another_number_of_processes_continues_with_the_same_bits(answers: Answers) -> None:
    """The checkpoint of three processes, one of which was killed, continues in two as an uninterrupted run."""
    assert answers["resume"] == answers["plain 2"]


def test_ctrl_c_in_one_process_ends_all_after_the_same_step(answers: Answers) -> None:
    """An interrupted process ends all, which hold the same whole θ."""
    first, second = answers["interrupt"]
    assert first == second
    assert first[1].startswith("interrupted 2 ")


def test_a_callback_of_one_process_stops_all(answers: Answers) -> None:
    """A callback that returns True in one process ends all after the same epoch, as it does in one process alone."""
    alone = trained("plain", callbacks=[lambda history: history.epochs == 2])
    assert answers["stop"] == [[0, f"callback 2 {digest(alone)}"]] * 2


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("data", "another X than process 0"),
        ("version", f"another version of Chainrule than process 0: 0.0.1 and {cr.__version__}"),
        pytest.param("kernels", "another kernel set than process 0: baseline and ", marks=pytest.mark.native),
    ],
    ids=["data", "version", "kernels"],
)
def test_unlike_processes_are_refused(what: str, words: str, answers: Answers) -> None:
    """Each process names what differs, and between which processes, before any step."""
    if what == "kernels" and native.native.kernel_set() == "baseline":
        pytest.skip("no other kernel set runs here")
    for code, trace in answers[f"other {what}"]:
        assert code == 1
        assert f"InputError: process 1 has {words}" in trace


def test_groups_of_the_program_are_joined_one_after_the_other(answers: Answers) -> None:
    """In a thread of a program that begins and ends its groups, as workers of Dask do, each training joins its own."""
    expected = answers["plain 2"][0][1]
    assert answers["of the program"] == [[0, f"{expected}\n{expected}"]] * 2


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="threads are counted in /proc/self/task")
def test_a_closed_group_has_no_thread(answers: Answers) -> None:
    """A group that is closed, as at the end of a process, leaves no thread that may want the interpreter later."""
    assert answers["closed"] == [[0, "True False"]] * 2


@pytest.mark.parametrize("name", PROBLEMS)
def test_one_process_needs_no_launcher(name: str) -> None:
    """Alone, the engine's records in float64 agree with those of the reference within rounding, with its own name."""
    history, other = trained(name, dtype="float64"), trained(name, dtype="float64", engine="reference")
    assert (history.engine, history.engine_reason) == ("data_parallel", "requested as DataParallel()")
    assert np.allclose(history.J, other.J, rtol=1e-9, atol=0.0)
    assert np.allclose(history.validation_J, other.validation_J, rtol=1e-9, atol=0.0)
    assert np.allclose(history.gradient_norm, other.gradient_norm, rtol=1e-8, atol=0.0)

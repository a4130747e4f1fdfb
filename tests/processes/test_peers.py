"""Processes that work for this one: real ones, started here."""

from __future__ import annotations

import errno
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import closing
from multiprocessing import current_process
from multiprocessing.connection import Client
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.patience import LIMIT, wait_until
from support.several_processes import worker_calls

import chainrule as cr
from chainrule.processes.arrivals import Arrivals
from chainrule.processes.messages import Greeting, packed
from chainrule.processes.parcels import Parcel, opened
from chainrule.processes.peer import Peer, pickled
from chainrule.processes.pool import using, worker_processes
from chainrule.processes.started import started
from chainrule.processes.worker import ForwardedWarning, greeting


@pytest.fixture(scope="module")
def peer() -> Iterator[Peer]:
    """A connected process."""
    with started(1, threads=1) as (one,):
        assert one.wait(LIMIT)
        yield one


def test_a_function_is_called_there(peer: Peer) -> None:
    """A call returns what the function returns in another process."""
    assert peer.call(worker_calls.doubled, 4.0) == 8.0
    assert peer.call(worker_calls.pid) != os.getpid()
    assert f"pid {peer.call(worker_calls.pid)}" in peer.name


def test_reports_and_warnings_come_back_in_order(peer: Peer) -> None:
    """A call tells what its function reports, and the warnings that it issues, which can be issued here again."""
    heard: list[object] = []
    assert peer.call(worker_calls.told, ["one", "two"], report=heard.append) == 2
    *words, warning = heard
    assert words == ["one", "two"]
    assert isinstance(warning, ForwardedWarning)
    with pytest.warns(cr.errors.TrainingWarning, match="a warning"):
        warning.issue()


def test_an_error_is_raised_here(peer: Peer) -> None:
    """An exception of the function is raised by the call, with its type and its words."""
    with pytest.raises(cr.InputError, match="not this"):
        peer.call(worker_calls.refused)


def test_a_call_stops_when_asked_to(peer: Peer) -> None:
    """A function is asked to stop as soon as ``should_stop`` returns True, and not before."""
    heard: list[object] = []
    answer = peer.call(worker_calls.until_stopped, report=heard.append, should_stop=lambda: bool(heard))
    assert (heard, answer) == (["begun"], "stopped")


def test_an_object_is_held_until_it_is_dropped(peer: Peer) -> None:
    """An object is sent once, and found by its key as long as it is not dropped."""
    key = peer.hold(pickled([1, 2, 3]))
    assert [peer.call(worker_calls.length, key) for _ in range(2)] == [3, 3]
    peer.drop(key)
    with pytest.raises(KeyError):
        peer.call(worker_calls.length, key)


@pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="memory without a name is Linux's")
def test_arrays_are_shared_with_processes_of_this_machine(peer: Peer) -> None:
    """An array is mapped there, which copies what it changes, and stays there after it is let go here."""
    x = np.arange(1e4)
    parcel = pickled(x)
    keys = [peer.hold(parcel) for _ in range(2)]
    assert peer.call(worker_calls.doubled, 1.0) == 2.0  # both have come
    parcel.close()
    for _ in range(2):
        total, memory = peer.call(worker_calls.changed, keys[0])
    assert total == x.sum() + 2 * len(x)
    assert memory == ["/memfd:chainrule (deleted)"]
    assert peer.call(worker_calls.changed, keys[1])[0] == x.sum() + len(x)
    assert x[0] == 0.0
    for key in keys:
        peer.drop(key)


def test_arrays_are_copied_to_other_machines() -> None:
    """A parcel for another machine holds its arrays, which may be empty, and they can be changed there."""
    arrays = np.arange(3.0), np.zeros((0, 2)), np.asfortranarray(np.eye(2))
    parcel = pickled(arrays)
    copies = opened(parcel.content, parcel.whole())
    assert [copy.tolist() for copy in copies] == [array.tolist() for array in arrays]
    copies[0][0] = 7.0
    assert arrays[0][0] == 0.0


@pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="memory without a name is Linux's")
def test_several_threads_share_one_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads that take a parcel at the same time get the same memory, and none is left when it is closed."""
    made: list[int] = []
    make, all_have_come = os.memfd_create, threading.Barrier(3)

    def slow(name: str) -> int:
        made.append(make(name))
        time.sleep(0.05)  # the others come meanwhile
        return made[-1]

    def take() -> None:
        all_have_come.wait()
        taken.append(parcel.shared())

    monkeypatch.setattr(os, "memfd_create", slow)
    parcel, taken = pickled(np.arange(3.0)), list[Any]()
    threads = [threading.Thread(target=take) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == len({shared.path for shared in taken}) == 1
    parcel.close()


@pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="memory without a name is Linux's")
def test_arrays_are_copied_where_no_file_can_be_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    """A parcel for a process of this machine holds copies if the system gives no descriptor, or too little memory."""

    def refuse(*arguments: Any) -> int:
        raise OSError(errno.EMFILE, "too many open files")

    for function in ("ftruncate", "memfd_create"):
        monkeypatch.setattr(os, function, refuse)
        parcel = pickled(np.arange(3.0))
        assert parcel.shared() == parcel.whole()


def test_a_killed_program_leaves_nothing(tmp_path: Path) -> None:
    """If a program with processes and shared arrays is killed, its processes end, and no file is left."""
    program = """
import os, signal, sys
import numpy as np
from support.several_processes import worker_calls
from chainrule.processes.peer import pickled
from chainrule.processes.started import started
with started(1, threads=1) as (peer,):
    peer.wait(600)
    peer.call(worker_calls.length, peer.hold(pickled(np.ones(1000))))
    print(peer.call(worker_calls.pid), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""
    before = sorted(os.listdir("/dev/shm")) if os.path.isdir("/dev/shm") else []
    paths = {"PYTHONPATH": os.pathsep.join(sys.path), "TMPDIR": str(tmp_path)}
    ended = subprocess.run(
        [sys.executable, "-c", program], env={**os.environ, **paths}, capture_output=True, text=True, timeout=LIMIT
    )
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    wait_until(lambda: not Path("/proc", ended.stdout.strip()).exists())
    left = sorted(os.listdir("/dev/shm")) if os.path.isdir("/dev/shm") else []
    assert [name for name in left if name not in before and "chainrule" in name] == []
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_an_object_of_the_script_itself_is_refused(peer: Peer) -> None:
    """An object that the other process cannot restore raises an error with a remedy, and other calls still work."""
    unknown = Parcel(pickled(cr.InputError).content.replace(b"InputError", b"NoSuchType"))
    for parcel in (unknown, pickled(worker_calls.Unrestorable("size"))):
        key = peer.hold(parcel)
        with pytest.raises(cr.InputError, match=r"Define it in a module that can be imported"):
            peer.call(worker_calls.length, key)
        assert peer.call(worker_calls.doubled, 1.0) == 2.0
        peer.drop(key)


def test_an_object_that_cannot_be_copied_is_refused() -> None:
    """A function without a name gives an error with the remedy before it is sent."""
    with pytest.raises(cr.InputError, match=r"Define functions and classes in a module of their own"):
        pickled(lambda: None)


def test_a_function_of_the_script_itself_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A function or a class of the main script is named before it is sent, however deep it lies."""

    class Scorer:
        """A class of the script."""

    for own in (worker_calls.doubled, Scorer):
        monkeypatch.setattr(own, "__module__", "__main__")
        with pytest.raises(cr.InputError, match="is defined in the script itself"):
            pickled({"scoring": [own]})


def test_arrivals_wait_where_no_descriptor_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """A listener that cannot accept is asked again a little later, and not all the time; it ends all the same."""
    asked: list[float] = []

    class Refusing:
        address = "nowhere"

        def accept(self) -> None:
            asked.append(time.monotonic())
            raise OSError(errno.EMFILE, "too many open files")

        def close(self) -> None:
            """Does nothing."""

    monkeypatch.setattr(Arrivals, "_listening", lambda self, address: Refusing())
    arrivals = Arrivals()
    wait_until(lambda: len(asked) > 2)
    arrivals.close()
    assert asked[2] - asked[0] > 0.05


def test_a_killed_process_is_named() -> None:
    """A call to a process that is killed meanwhile, and each later one, raises ProcessLost with its number."""
    with started(1, threads=1) as (one,):
        assert one.wait(LIMIT)
        for _ in range(2):
            with pytest.raises(cr.ProcessLost, match=r"process 1 \(.*, pid \d+\) has exited"):
                one.call(worker_calls.killed)
        assert not one.wait(LIMIT)


def test_processes_end_with_their_context() -> None:
    """When the context ends, the processes have ended, those too that have not come yet."""
    with started(2, threads=1) as peers:
        assert peers[0].wait(LIMIT)
        number = peers[0].call(worker_calls.pid)
    with pytest.raises(ProcessLookupError):
        os.kill(number, signal.SIGTERM)


def test_a_process_with_another_version_is_not_asked() -> None:
    """A process with another version of Chainrule is lost at once, and the message names both versions."""

    class Connection:
        def close(self) -> None:
            """Closes nothing."""

    peer = Peer(1, threads=1)
    peer.connect(Connection(), Greeting(1, 7, "host", "0.0.1"))  # type: ignore[arg-type]  # a double
    assert not peer.wait(LIMIT)
    with pytest.raises(cr.ProcessLost, match=rf"has Chainrule 0\.0\.1 in place of {cr.__version__}"):
        peer.call(worker_calls.doubled, 1.0)


def test_one_worker_is_this_process() -> None:
    """No process is started for one worker, for none, or for one network."""
    for workers, most in ((None, 7), (1, 7), (4, 0)):
        with worker_processes(workers, most, threads=3) as found:
            assert found == ((), 3)


def test_wrong_numbers_of_workers_are_refused() -> None:
    """The number of workers is a whole number ≥ 1."""
    for wrong in (0, 1.5, "two"):
        with pytest.raises(cr.InputError, match="workers must be"), worker_processes(wrong, 7, threads=3):  # type: ignore[arg-type]
            pass


def test_a_long_path_of_temporary_files_is_no_obstacle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a socket's path would be too long, as it may be on macOS, processes arrive at a port of this machine."""
    deep = tmp_path / ("deep" * 40)
    deep.mkdir(parents=True)
    monkeypatch.setitem(current_process()._config, "tempdir", str(deep))  # type: ignore[attr-defined]
    arrivals = Arrivals()
    arrivals.close()
    assert arrivals.address[0] == "127.0.0.1"


def test_threads_end_with_the_processes() -> None:
    """When the context ends, no thread waits for further connections or messages."""
    before = set(threading.enumerate())
    with started(1, threads=1) as (one,):
        assert one.wait(LIMIT)
        assert one.call(worker_calls.doubled, 1.0) == 2.0
    wait_until(lambda: set(threading.enumerate()) <= before)


def test_a_silent_connection_keeps_nobody_waiting() -> None:
    """A process connects while another connection has sent nothing."""
    arrivals, peer = Arrivals(("127.0.0.1", 0)), Peer(1, threads=1)
    arrivals.expect(peer)

    def connect() -> None:
        with Client(arrivals.address, authkey=arrivals.secret) as connection:
            connection.send_bytes(packed(greeting(1)))
            connection.poll(LIMIT)

    with closing(arrivals), socket.create_connection(arrivals.address):
        threading.Thread(target=connect, daemon=True).start()
        assert peer.wait(LIMIT)
        peer.close()


def test_processes_that_are_there_are_used() -> None:
    """In a context with processes these work, whatever number is given, and none that has exited."""
    peers = [Peer(1, threads=2), Peer(2, threads=2), Peer(3, threads=2)]
    peers[0].is_lost = True
    with using(peers, threads=2), worker_processes(None, 7, threads=8) as found:
        assert found == (peers[1:], 2)
    with warnings.catch_warnings(), worker_processes(None, 7, threads=8) as found:
        assert found == ((), 8)

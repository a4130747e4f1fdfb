"""A process that works for this one, as seen from here."""

from __future__ import annotations

import io
import itertools
import pickle
import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from types import FunctionType
from typing import Any

from chainrule._internal.version import __version__
from chainrule.errors import InputError, ProcessLost
from chainrule.processes.messages import Frames, Greeting, Kind, Message, packed, unpacked
from chainrule.processes.parcels import Parcel

POLL_SECONDS = 0.05  # between two checks whether a call should stop


class Peer:
    """A process that runs functions for this one, with ``threads`` threads; several threads here may call at once.

    It may not have connected yet. Functions travel by name and arguments by value, pickled. Only processes that this
    program has started, or that know the secret of its launcher, are called and trusted.
    """

    def __init__(
        self, rank: int, threads: int, is_alive: Callable[[], bool] = lambda: True, shares_memory: bool = False
    ) -> None:
        self.rank, self.threads, self.name = rank, threads, f"process {rank}"
        self._shares_memory = shares_memory  # being a child of this process
        self.is_lost = False
        self._is_alive, self._has_answered = is_alive, threading.Event()
        self._frames: Frames | None = None
        self._numbers, self._keys = itertools.count(1), itertools.count(1)
        self._answers: dict[int, queue.SimpleQueue[Message | None]] = {}
        self._lock = threading.Lock()

    def connect(self, connection: Connection, greeting: Greeting) -> None:
        """Starts to exchange messages with the process, which has sent its greeting."""
        self.name = f"process {self.rank} ({greeting.host}, pid {greeting.pid})"
        if greeting.version != __version__:
            self.name += f", which has Chainrule {greeting.version} in place of {__version__},"
            self.is_lost = True
            connection.close()
        else:
            self._frames = Frames(connection)
            threading.Thread(target=self._listen, name=f"chainrule {self.name}", daemon=True).start()
        self._has_answered.set()

    def wait(self, seconds: float, is_needed: Callable[[], bool] = lambda: True) -> bool:
        """Waits until the process has connected or is not needed; returns True if it is connected.

        A process that does not connect within these seconds is lost.
        """
        waited = 0.0
        while not self._has_answered.wait(POLL_SECONDS) and is_needed():
            waited += POLL_SECONDS
            if waited > seconds or not self._is_alive():
                self.is_lost = True
                break
        return self._has_answered.is_set() and not self.is_lost

    def hold(self, parcel: Parcel) -> int:
        """Sends the process an object, `pickled`, and returns the key by which later calls refer to it.

        Raises ProcessLost, as `call` does.
        """
        key = next(self._keys)
        arrays = parcel.shared() if self._shares_memory else parcel.whole()
        self._send(0, Kind.HOLD, packed((key, parcel.content, arrays)))
        return key

    def drop(self, key: int) -> None:
        """Deletes an object in the process."""
        self._send(0, Kind.DROP, packed(key))

    def call(
        self,
        function: Callable[..., Any],
        *arguments: Any,
        should_stop: Callable[[], bool] = lambda: False,
        report: Callable[[Any], None] = lambda told: None,
    ) -> Any:
        """Runs ``function(link, *arguments)`` in the process and returns its result; ``link`` is a `Link`.

        ``report`` receives what the function reports meanwhile. When ``should_stop`` returns True, the function is
        asked to return soon. Raises what the function raises, and ProcessLost if the process was lost.
        """
        number, answers = next(self._numbers), queue.SimpleQueue[Message | None]()
        with self._lock:
            self._answers[number] = answers
        try:
            self._send(number, Kind.CALL, packed((function, arguments)))
            has_asked = False
            while True:
                if not has_asked and should_stop():
                    self._send(number, Kind.STOP)
                    has_asked = True
                message = self._next(answers)
                if message is None:
                    continue
                content = unpacked(message.content)
                if message.kind is Kind.DONE:
                    return content
                if message.kind is Kind.FAILED:
                    raise content
                report(content)
        finally:
            with self._lock:
                del self._answers[number]

    @property
    def has_answered(self) -> bool:
        """True if it has connected, or was refused."""
        return self._has_answered.is_set()

    def close(self) -> None:
        """Ends the process."""
        if self._frames is not None:
            with suppress(ProcessLost):  # said, since a socket stays open while a thread reads from it
                self._send(0, Kind.END)
            self._frames.close()
        self.is_lost = True

    def lost(self) -> ProcessLost:
        """Returns the error for a process that has exited."""
        return ProcessLost(f"{self.name} has exited.")

    def _next(self, answers: queue.SimpleQueue[Message | None]) -> Message | None:
        """Returns the next message for a call, or None if none comes soon. Raises ProcessLost."""
        try:
            message = answers.get(timeout=POLL_SECONDS)
        except queue.Empty:
            if not self.is_lost:
                return None
            message = None
        if message is None:
            raise self.lost()
        return message

    def _send(self, call: int, kind: Kind, content: bytes = b"") -> None:
        try:
            if self.is_lost or self._frames is None:
                raise OSError
            self._frames.send(call, kind, content)
        except OSError:
            self.is_lost = True
            raise self.lost() from None

    def _listen(self) -> None:
        """Hands each answer to the thread that waits for it; runs until the connection ends."""
        assert self._frames is not None
        try:
            while True:
                message = self._frames.receive()
                with self._lock:
                    waiting = self._answers.get(message.call)
                if waiting is not None:
                    waiting.put(message)
        except (OSError, EOFError, TypeError):  # TypeError: another thread closed it during the read
            self.is_lost = True
            with self._lock:
                for waiting in self._answers.values():
                    waiting.put(None)


class _Copier(pickle.Pickler):
    """Refuses what other processes cannot import, before it is sent."""

    def reducer_override(self, thing: object) -> Any:
        """Raises PicklingError for functions and classes of the program's own script; all else is pickled as usual."""
        if isinstance(thing, (type, FunctionType)) and thing.__module__ == "__main__":
            raise pickle.PicklingError(f"{thing.__qualname__} is defined in the script itself")
        return NotImplemented


def pickled(thing: Any) -> Parcel:
    """Returns an object for `Peer.hold`. Raises InputError if other processes cannot have it."""
    content, arrays = io.BytesIO(), list[pickle.PickleBuffer]()
    try:
        _Copier(content, protocol=pickle.HIGHEST_PROTOCOL, buffer_callback=arrays.append).dump(thing)
        return Parcel(content.getvalue(), arrays)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise InputError(
            f"other processes need a copy of every setting, and one of them has none ({error}). Define functions and "
            "classes in a module of their own, or train in this process alone: workers=None."
        ) from None

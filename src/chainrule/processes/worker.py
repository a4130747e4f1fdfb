"""A process that runs the calls of another one until that one disconnects."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import warnings
from importlib import import_module
from multiprocessing.connection import Client, Connection
from typing import Any, NamedTuple

from chainrule._internal.user_warnings import warn
from chainrule.errors import InputError
from chainrule.processes.launcher import share
from chainrule.processes.messages import Frames, Greeting, Kind, Message, packed, unpacked
from chainrule.processes.parcels import opened


class ForwardedWarning(NamedTuple):
    """A warning that a call has issued, for the calling process."""

    message: str
    category: type[Warning]

    def issue(self) -> None:
        """Issues the warning in this process."""
        warn(self.message, self.category)


class Link:
    """The caller of one call: the objects that it has sent, reports to it, and its request to stop."""

    def __init__(self, frames: Frames, call: int, held: dict[int, Any]) -> None:
        self.stop = threading.Event()
        self._frames, self._call, self._held = frames, call, held

    def held(self, key: int) -> Any:
        """Returns an object that the caller has sent before. Raises InputError if it could not be restored here."""
        held = self._held[key]
        if isinstance(held, _Unknown):
            raise held.as_error()
        return held

    def report(self, told: Any) -> None:
        """Sends the caller a report."""
        self.answer(Kind.REPORT, told)

    def answer(self, kind: Kind, content: Any) -> None:
        """Sends an answer, which is dropped if the other process has disconnected."""
        try:
            self._frames.send(self._call, kind, packed(content))
        except OSError:
            self.stop.set()


class Worker:
    """The calls in progress, each on a thread of its own."""

    def __init__(self, connection: Connection) -> None:
        self._frames, self._held = Frames(connection), dict[int, Any]()
        self._links: dict[int, Link] = {}
        self._current = threading.local()

    def run(self) -> None:
        """Works until the other process closes the connection."""
        warnings.simplefilter("always")
        warnings.showwarning = self._show_warning
        try:
            while (message := self._frames.receive()).kind is not Kind.END:
                self._take(message)
        except (OSError, EOFError):
            pass
        for link in list(self._links.values()):
            link.stop.set()

    def _take(self, message: Message) -> None:
        if message.kind is Kind.HOLD:
            key, content, arrays = unpacked(message.content)
            try:
                self._held[key] = opened(content, arrays)
            except Exception as error:  # a class that is not known here, or one whose objects cannot be restored
                self._held[key] = _Unknown(str(error))
        elif message.kind is Kind.DROP:
            self._held.pop(unpacked(message.content), None)
        elif message.kind is Kind.STOP:
            if (link := self._links.get(message.call)) is not None:
                link.stop.set()
        else:
            link = self._links[message.call] = Link(self._frames, message.call, self._held)
            threading.Thread(target=self._make, args=(link, message), daemon=True).start()

    def _make(self, link: Link, message: Message) -> None:
        self._current.link = link
        try:
            function, arguments = unpacked(message.content)
            answer = Kind.DONE, function(link, *arguments)
        except BaseException as error:
            answer = Kind.FAILED, _as_sendable(error)
        self._links.pop(message.call, None)
        link.answer(*answer)

    def _show_warning(self, message: Warning | str, category: type[Warning], *place: Any, **more: Any) -> None:
        """Sends a warning to the process whose call has issued it."""
        link: Link | None = getattr(self._current, "link", None)
        if link is not None and issubclass(category, UserWarning):
            link.report(ForwardedWarning(str(message), category))


class _Unknown(NamedTuple):
    """An object that this process could not restore."""

    reason: str

    def as_error(self) -> InputError:
        return InputError(
            f"another process could not restore a part of the settings ({self.reason}). Define it in a module that can "
            "be imported, not in the script itself, and such that pickle restores it; or train in this process alone: "
            "workers=None."
        )


def _as_sendable(error: BaseException) -> BaseException:
    """Returns the exception, or one with its message if it cannot be pickled."""
    try:
        unpacked(packed(error))
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


def greeting(rank: int) -> Greeting:
    """Returns the greeting of this process."""
    return Greeting(rank, os.getpid(), socket.gethostname())


def serve(address: Any, secret: bytes, rank: int) -> None:
    """Works for the process that listens at this address until that one exits.

    Ctrl-C in a terminal reaches all processes; the other one decides what it means for this one.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with Client(address, authkey=secret) as connection:
        connection.send_bytes(packed(greeting(rank)))
        Worker(connection).run()


def main() -> None:
    """Works for the process that has started this one, and has written to its stdin what this one needs."""
    *meeting, modules = unpacked(sys.stdin.buffer.read())
    share()
    for name in modules:
        import_module(name)
    serve(*meeting)
    os._exit(0)  # nothing waits for the calls in progress

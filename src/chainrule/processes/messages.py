"""The messages between two processes: frames of bytes over one connection, each of which belongs to a call."""

from __future__ import annotations

import pickle
from enum import IntEnum
from multiprocessing.connection import Connection
from threading import Lock
from typing import Any, NamedTuple

from chainrule._internal.version import __version__

NUMBER_BYTES = 8  # of the number of a call


class Kind(IntEnum):
    """The meaning of a message. The first four and the last one come from the calling process."""

    HOLD = 0  # an object that later calls use: its key and itself
    DROP = 1  # that object's key
    CALL = 2  # a function and its arguments
    STOP = 3  # the call should return soon
    REPORT = 4  # progress of the call
    DONE = 5  # the result of the call
    FAILED = 6  # the exception that the call has raised
    END = 7  # nothing more will be asked


class Message(NamedTuple):
    """A message of a call; its content is pickled."""

    call: int
    kind: Kind
    content: bytes


class Frames:
    """One end of a connection; several threads may send."""

    def __init__(self, connection: Connection) -> None:
        self._connection, self._lock = connection, Lock()

    def send(self, call: int, kind: Kind, content: bytes = b"") -> None:
        """Sends a message. Raises OSError if the other process has exited."""
        frame = b"".join((call.to_bytes(NUMBER_BYTES, "little"), bytes((kind,)), content))
        with self._lock:
            self._connection.send_bytes(frame)

    def receive(self) -> Message:
        """Waits for the next message. Raises OSError or EOFError if the other process has exited."""
        frame = self._connection.recv_bytes()
        call = int.from_bytes(frame[:NUMBER_BYTES], "little")
        return Message(call, Kind(frame[NUMBER_BYTES]), frame[NUMBER_BYTES + 1 :])

    def close(self) -> None:
        """Closes the connection."""
        self._connection.close()


class Greeting(NamedTuple):
    """The first message of a process that is to work."""

    rank: int
    pid: int
    host: str
    version: str = __version__


def packed(content: Any) -> bytes:
    """Returns the content of a message."""
    return pickle.dumps(content, protocol=pickle.HIGHEST_PROTOCOL)


def unpacked(content: bytes) -> Any:
    """Returns the content of a message, which only processes with this program's secret can have sent."""
    return pickle.loads(content)  # noqa: S301 - the connection has asked for the secret

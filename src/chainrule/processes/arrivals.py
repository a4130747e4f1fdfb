"""A listener to which the processes that work for this one connect."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Connection, Listener, answer_challenge, deliver_challenge
from typing import Any

from chainrule.processes.messages import Greeting, unpacked
from chainrule.processes.peer import POLL_SECONDS, Peer


class Arrivals:
    """Accepts, on threads of its own, connections of expected processes that know the ``secret``."""

    def __init__(self, address: Any = None) -> None:
        self.secret = os.urandom(32)
        self._listener = self._listening(address)
        self.address = self._listener.address
        self._expected: dict[int, Peer] = {}
        self._is_closed = threading.Event()
        threading.Thread(target=self._accept, name="chainrule arrivals", daemon=True).start()

    def _listening(self, address: Any) -> Listener:
        """Returns a listener at the address; None: one of this machine."""
        try:
            return Listener(address)
        except OSError:  # the path of the temporary folder is too long for a socket
            if address is not None:
                raise
            return Listener(("127.0.0.1", 0))

    def expect(self, peer: Peer) -> None:
        """Accepts the connection of the process of this rank."""
        self._expected[peer.rank] = peer

    def close(self) -> None:
        """Accepts no further connections."""
        self._is_closed.set()
        with suppress(OSError):
            Client(self.address).close()  # wakes the thread that accepts, which the end of the listener does not
        self._listener.close()

    def _accept(self) -> None:
        while not self._is_closed.is_set():
            try:
                connection = self._listener.accept()
            except OSError:  # no descriptor is left, or the listener is closed
                self._is_closed.wait(POLL_SECONDS)
                continue
            threading.Thread(target=self._admit, args=(connection,), name="chainrule arrival", daemon=True).start()

    def _admit(self, connection: Connection) -> None:
        """Connects an expected process to its peer and closes any other connection; a silent one delays only itself."""
        try:
            greeting = self._greeting(connection)
        except (OSError, EOFError, AuthenticationError):  # it disconnected, or does not know the secret
            greeting = None
        if isinstance(greeting, Greeting) and (peer := self._expected.pop(greeting.rank, None)) is not None:
            peer.connect(connection, greeting)
        else:
            connection.close()

    def _greeting(self, connection: Connection) -> Any:
        """Returns the first message of a process. Raises AuthenticationError if it does not know the secret."""
        deliver_challenge(connection, self.secret)
        answer_challenge(connection, self.secret)
        return unpacked(connection.recv_bytes())

"""A listener to which the processes that work for this one connect."""

from __future__ import annotations

import os
import threading
from multiprocessing import AuthenticationError
from multiprocessing.connection import Listener
from typing import Any

from chainrule.processes.messages import Greeting, unpacked
from chainrule.processes.peer import Peer


class Arrivals:
    """Accepts, on a thread of its own, connections of expected processes that know the ``secret``."""

    def __init__(self, address: Any = None) -> None:
        self.secret = os.urandom(32)
        self._listener = self._listening(address)
        self.address = self._listener.address
        self._expected: dict[int, Peer] = {}
        self._has_closed = False
        threading.Thread(target=self._accept, name="chainrule arrivals", daemon=True).start()

    def _listening(self, address: Any) -> Listener:
        """Returns a listener at the address; None: one of this machine."""
        try:
            return Listener(address, authkey=self.secret)
        except OSError:  # the path of the temporary folder is too long for a socket
            if address is not None:
                raise
            return Listener(("127.0.0.1", 0), authkey=self.secret)

    def expect(self, peer: Peer) -> None:
        """Accepts the connection of the process of this rank."""
        self._expected[peer.rank] = peer

    def close(self) -> None:
        """Accepts no further connections."""
        self._has_closed = True
        self._listener.close()

    def _accept(self) -> None:
        while not self._has_closed:
            try:
                connection = self._listener.accept()
                greeting = unpacked(connection.recv_bytes())
            except (OSError, EOFError, AuthenticationError):  # it disconnected, or does not know the secret
                continue
            if isinstance(greeting, Greeting) and greeting.rank in self._expected:
                self._expected.pop(greeting.rank).connect(connection, greeting)
            else:
                connection.close()

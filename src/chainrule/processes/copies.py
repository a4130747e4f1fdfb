"""Copies of an object in other processes, which are sent at first use."""

from __future__ import annotations

from contextlib import suppress
from threading import Lock

from chainrule.errors import ProcessLost
from chainrule.processes.parcels import Parcel
from chainrule.processes.peer import Peer

SECONDS_TO_COME = 120.0  # within which a process must have come


class Copy:
    """The copy of an object that another process has, once it is needed there."""

    def __init__(self, peer: Peer, parcel: Parcel) -> None:
        self.peer = peer
        self._parcel, self._key, self._lock = parcel, 0, Lock()

    @property
    def key(self) -> int:
        """The key of the copy. Raises ProcessLost."""
        with self._lock:
            self._key = self._key or self.peer.hold(self._parcel)
            return self._key

    def drop(self) -> None:
        """Lets the process forget the copy."""
        if self._key:
            with suppress(ProcessLost):
                self.peer.drop(self._key)

"""Copies of an object in other processes, each sent at its first use."""

from __future__ import annotations

from contextlib import suppress
from threading import Lock

from chainrule.errors import ProcessLost
from chainrule.processes.parcels import Parcel
from chainrule.processes.peer import Peer

CONNECT_SECONDS = 120.0  # within which a process must connect


class Copy:
    """The copy of an object in another process."""

    def __init__(self, peer: Peer, parcel: Parcel) -> None:
        self.peer = peer
        self._parcel, self._key, self._lock = parcel, 0, Lock()

    @property
    def key(self) -> int:
        """The key of the copy, which is sent first if need be. Raises ProcessLost."""
        with self._lock:
            self._key = self._key or self.peer.hold(self._parcel)
            return self._key

    def drop(self) -> None:
        """Deletes the copy in the other process."""
        if self._key:
            with suppress(ProcessLost):
                self.peer.drop(self._key)

"""A connection that ends if a request comes too slowly, is too large, or its answer is not read."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from chainrule.serving.limits import Limits

MOST_OF_A_HEAD = 1 << 16  # bytes of the request line and the headers
CHUNKED = 8  # bytes on the wire for each of a body in chunks of one byte, at most
GRACE = 1.0  # seconds beyond the limit, within which a request that is too slow is answered with words


class LimitedConnection(HttpToolsProtocol):
    """uvicorn's connection, which limits neither the head of a request nor what follows it, and waits for a client.

    ``began`` is the time since which the client has to act: to send a request, or to read the answer; None if it may
    be idle, for as long as uvicorn lets it. ``unanswered`` has the requests without a whole answer, in their order.
    """

    limits = Limits()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.began: float | None = self.loop.time()
        self.received, self.is_in_head = 0, True
        self.unanswered: deque[RequestResponseCycle] = deque()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        for cycle in self.unanswered:  # uvicorn tells the last one alone, and an answer to another would be an error
            cycle.disconnected = True
            cycle.message_event.set()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.began = self.loop.time()
        self.received, self.is_in_head = 0, True

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.is_in_head:  # otherwise a field behind the body, which nobody reads
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self.is_in_head = False
        before = self.cycle
        super().on_headers_complete()
        if self.cycle is not None and self.cycle is not before:
            self.unanswered.append(self.cycle)

    def data_received(self, data: bytes) -> None:
        was_in_head = self.is_in_head
        super().data_received(data)
        if self.transport.is_closing():
            return
        self.received += len(data)
        if self.is_in_head and was_in_head and self.received > MOST_OF_A_HEAD:
            self.send_400_response("The request line and the headers are too long.")
        elif self.received > MOST_OF_A_HEAD + CHUNKED * self.limits.bytes:
            self.transport.abort()

    def on_response_complete(self) -> None:
        self.unanswered.popleft()
        super().on_response_complete()
        if not self.transport.is_closing() and not self.transport.get_write_buffer_size():
            self.began = None

    def check(self, now: float) -> None:
        """Ends the connection if the client has taken too long. It is called from time to time."""
        if self.began is None:
            return
        is_answered = self.cycle is not None and self.cycle.response_complete
        if is_answered and not self.is_in_head and not self.transport.get_write_buffer_size():
            self.began = None
        elif now - self.began > self.limits.seconds + GRACE:
            self.transport.abort()


def limited(limits: Limits) -> type[LimitedConnection]:
    """Returns the class of connections with these limits, which uvicorn makes by itself."""
    attributes: dict[str, Any] = {"limits": limits}
    return type("LimitedConnection", (LimitedConnection,), attributes)

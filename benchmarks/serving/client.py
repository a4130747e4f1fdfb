"""A client that costs little: requests are bytes, and of an answer only its length and its status are read."""

from __future__ import annotations

import socket
import time
from collections.abc import Collection

LENGTH, END = b"content-length: ", b"\r\n\r\n"


def answered(connection: socket.socket, statuses: Collection[bytes] = (b"200",)) -> bytes:
    """Returns the body of the next answer. Raises ValueError unless its status is one of these."""
    data = connection.recv(1 << 16)
    while (end := data.find(END)) < 0:
        data += _more(connection)
    if data[9:12] not in statuses:
        raise ValueError(data[:500].decode(errors="replace"))
    place = data.index(LENGTH) + len(LENGTH)
    size = end + len(END) + int(data[place : data.index(b"\r", place)])
    while len(data) < size:
        data += _more(connection)
    return data[end + len(END) :]


def _more(connection: socket.socket) -> bytes:
    if not (part := connection.recv(1 << 16)):
        raise ValueError("the connection was closed within an answer")
    return part


def latencies(connection: socket.socket, requests: list[bytes]) -> list[float]:
    """Returns the seconds of each request, sent when the one before it was answered."""
    seconds = []
    for request in requests:
        start = time.perf_counter()
        connection.sendall(request)
        answered(connection)
        seconds.append(time.perf_counter() - start)
    return seconds


def seconds_at_once(connections: list[socket.socket], requests: list[bytes]) -> float:
    """Returns the seconds of all requests, of which as many are under way as there are connections."""
    start = time.perf_counter()
    for k in range(0, len(requests), len(connections)):
        for connection, request in zip(connections, requests[k:], strict=False):
            connection.sendall(request)
        for connection, _ in zip(connections, requests[k:], strict=False):
            answered(connection)
    return time.perf_counter() - start

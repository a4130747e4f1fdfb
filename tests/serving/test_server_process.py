"""The server as a process: hostile connections, reloads and its end under load."""

from __future__ import annotations

import contextlib
import http.client
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

pytest.importorskip("uvicorn", reason="needs the extra serve")

from support.patience import LIMIT, wait_until
from support.serving.asking import Served
from support.serving.models import MODELS, ROWS

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")

POST = b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server with narrow limits, whose clients can write nothing into its log."""
    folder = tmp_path_factory.mktemp("served")
    MODELS["classes"]().save(folder / "price.safetensors")
    with Served("price.safetensors", "--max-bytes", "4000", "--timeout", "3", cwd=folder) as served:
        yield served
        assert served.end() == (0, "")


def all_of(connection: socket.socket) -> bytes:
    """All that comes on a connection until the server closes it."""
    parts = []
    try:
        while part := connection.recv(1 << 16):
            parts.append(part)
    except ConnectionResetError:
        pass
    return b"".join(parts)


def is_well(served: Served) -> bool:
    """True if the server answers a good request in time."""
    found = served.ask("/predict", {"rows": ROWS})
    return found.status == 200 and found.document["predictions"] == MODELS["classes"]().predict(ROWS).tolist()


HOSTILE = {
    "a length above the limit": (POST + b"Content-Length: 4001\r\n\r\n", b"HTTP/1.1 413"),
    "chunks above the limit": (
        POST + b"Transfer-Encoding: chunked\r\n\r\n" + b"7d0\r\n" + b" " * 2000 + b"\r\n7d1\r\n" + b" " * 2001,
        b"HTTP/1.1 413",
    ),
    "one chunk above the limit": (
        POST + b"Transfer-Encoding: chunked\r\n\r\n" + b"fa1\r\n" + b" " * 4001 + b"\r\n0\r\n\r\n",
        b"HTTP/1.1 413",
    ),
    "a body that does not come": (POST + b"Content-Length: 100\r\n\r\n{", b"HTTP/1.1 408"),
    "chunks that do not come": (POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{", b"HTTP/1.1 408"),
    "a head that does not end": (POST, b""),
    "nothing at all": (b"", b""),
    "no HTTP": (b"\x16\x03\x01\x02\x00\x01", b"HTTP/1.1 400"),
    "a head that is too long": (b"GET / HTTP/1.1\r\nX: " + b"x" * 1_000_000, b"HTTP/1.1 400"),
    "two lengths": (POST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n", b"HTTP/1.1 400"),
    "a length and chunks": (POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", b"HTTP/1.1 400"),
    "a length that is no number": (POST + b"Content-Length: -1\r\n\r\n", b"HTTP/1.1 400"),
    "an endless field behind the body": (
        POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\nX: " + b"x" * 200_000,
        b"",
    ),
}


def answer_to(served: Served, data: bytes) -> bytes:
    """All that is answered to bytes on a connection of their own, which the server closes."""
    with served.connected() as connection:
        with contextlib.suppress(ConnectionError):  # closed while they were sent
            connection.sendall(data)
        return all_of(connection)


def test_hostile_connections_are_closed_and_others_are_served(served: Served) -> None:
    """Each gets the status of its fault, or no answer, and is closed, and a good request is answered meanwhile.

    So is a client that sends requests and reads no answer.
    """
    request = POST + b"Content-Length: 13\r\n\r\n" + b'{"rows": [1]}'
    with ThreadPoolExecutor(len(HOSTILE) + 1) as threads:
        answers = {name: threads.submit(answer_to, served, data) for name, (data, _) in HOSTILE.items()}
        deaf = threads.submit(send_and_never_read, served, request * 200_000)
        wait_until(lambda: is_well(served))
        for name, (_, status) in HOSTILE.items():
            assert answers[name].result(LIMIT).startswith(status), (name, answers[name].result()[:300])
        assert deaf.result(LIMIT)
    wait_until(lambda: is_well(served))


def test_a_client_that_leaves_is_no_error(served: Served) -> None:
    """A client may be gone when the first of its requests is answered, while the next one waits."""
    body = b"area,rooms,city,garden\n" + b"90,3,Ulm,1\n" * 90
    request = b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Type: text/csv\r\nContent-Length: %d\r\n\r\n" % len(body)
    for _ in range(5):
        with served.connected() as connection:
            connection.sendall(2 * (request + body))
    wait_until(lambda: is_well(served))


def send_and_never_read(served: Served, data: bytes) -> bool:
    """Sends bytes; True if the server closes the connection before it has taken all of them."""
    with served.connected() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        try:
            connection.sendall(data)
        except ConnectionError:
            return True
    return False


def test_models_are_reloaded_and_requests_under_way_are_answered_before_the_end(tmp_path: Path) -> None:
    """On SIGHUP a new model takes the place, a broken one does not; on SIGTERM each request on an open connection is
    answered, the last with "Connection: close", and the process ends with 0.
    """
    path = tmp_path / "price.safetensors"
    MODELS["classes"]().save(path)
    lost: list[str] = []
    closed: list[bool] = []
    is_new = threading.Event()

    def ask_until_closed(server: Served) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=LIMIT)
        while True:
            try:
                answer = server.ask("/predict", {"rows": ROWS}, connection)
            except (OSError, http.client.HTTPException) as error:
                lost.append(repr(error))
                return
            if answer.status != 200:
                lost.append(repr(answer))
            if isinstance(answer.document["predictions"][0], float):
                is_new.set()
            if answer.headers.get("connection") == "close":
                closed.append(True)
                return

    with Served("price.safetensors", cwd=tmp_path) as served:
        clients = [threading.Thread(target=ask_until_closed, args=(served,)) for _ in range(6)]
        for client in clients:
            client.start()
        MODELS["number"]().save(path)
        served.process.send_signal(signal.SIGHUP)
        assert served.line() == "Loaded 'price' again."
        assert is_new.wait(LIMIT)
        path.write_bytes(b"broken")
        served.process.send_signal(signal.SIGHUP)
        assert served.line().startswith("Kept the earlier model 'price': price.safetensors")
        count = served.ask("/metrics").body
        assert served.end() == (0, "")
        for client in clients:
            client.join(LIMIT)
    assert lost == []
    assert len(closed) == 6
    assert b'chainrule_reloads_total{model="price",outcome="refused"} 1' in count

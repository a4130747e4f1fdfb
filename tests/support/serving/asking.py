"""Requests to an application without a network, and a server as a process."""

from __future__ import annotations

import asyncio
import http.client
import json
import re
import signal
import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from support.command import process
from support.patience import LIMIT

JSON = "application/json"


class Asked(NamedTuple):
    """An answer of HTTP."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def document(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


def ask(app: Any, path: str, body: Any = b"", **more: Any) -> Asked:
    """Sends a request to an application, as `asked` does."""
    return asyncio.run(asked(app, path, body, **more))


async def asked(
    app: Any, path: str, body: Any = b"", *, method: str = "POST", headers: Mapping[str, str] | None = None
) -> Asked:
    """Sends a request to an application; a body that is no bytes is sent as JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    where, _, query = path.partition("?")
    given = {"content-length": str(len(content)), **(headers or {})}
    scope = {
        "type": "http", "method": method, "path": where, "raw_path": where.encode(), "root_path": "",
        "query_string": query.encode(), "http_version": "1.1",
        "headers": [(name.encode(), value.encode()) for name, value in given.items()],
    }  # fmt: skip
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": content, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await app(scope, receive, send)
    found = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return Asked(sent[0]["status"], found, b"".join(message.get("body", b"") for message in sent))


class Served:
    """``chainrule serve ARGUMENTS --port 0`` as a process."""

    def __init__(self, *arguments: object, cwd: Path) -> None:
        self.process: subprocess.Popen[str] = process("serve", *arguments, "--port", "0", cwd=cwd)
        found = re.search(r":(\d+)$", self.line())
        assert found is not None, self.process.communicate()
        self.port = int(found[1])

    @property
    def log(self) -> int:
        """The file descriptor of what comes from stderr."""
        assert self.process.stderr is not None
        return self.process.stderr.fileno()

    def line(self) -> str:
        """Returns the next line of stderr."""
        assert self.process.stderr is not None
        return self.process.stderr.readline().rstrip()

    def connected(self) -> socket.socket:
        """Returns a connection."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=LIMIT)

    def ask(self, path: str, body: Any = None, connection: http.client.HTTPConnection | None = None) -> Asked:
        """Sends a request, a POST of JSON if it has a body."""
        client = connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=LIMIT)
        content = None if body is None else json.dumps(body)
        client.request("GET" if body is None else "POST", path, content, {} if body is None else {"Content-Type": JSON})
        answer = client.getresponse()
        found = Asked(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
        if connection is None:
            client.close()
        return found

    def end(self, by: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """Sends a signal, and returns the exit status and the rest of stderr."""
        self.process.send_signal(by)
        _, said = self.process.communicate(timeout=LIMIT)
        return self.process.returncode, said

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()

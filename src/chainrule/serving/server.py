"""The process that serves: its socket, its signals, and its end without a lost request."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import sys
from collections.abc import Iterator, Mapping

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chainrule.serving.app import application
from chainrule.serving.connections import LimitedConnection, limited
from chainrule.serving.limits import Limits
from chainrule.serving.loaded_models import LoadedModels
from chainrule.serving.service import Service

BACKLOG = 2048
QUIET_SECONDS = 1.0  # an idle connection gets as long to send a request, and is then closed


class Server(uvicorn.Server):
    """uvicorn's server, which reloads models on SIGHUP, and answers all it has accepted before it ends."""

    def __init__(self, service: Service, token: str | None) -> None:
        self.service = service
        app = LastAnswers(application(service, token), service)
        config = uvicorn.Config(
            app, http=limited(service.limits), ws="none", lifespan="off", log_config=None, log_level="error",
            access_log=False, server_header=False, proxy_headers=False, limit_concurrency=service.limits.connections,
            timeout_graceful_shutdown=int(service.limits.seconds) + 1,
        )  # fmt: skip
        super().__init__(config)
        self._reloads: set[asyncio.Task[None]] = set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Ends the server in good order on SIGTERM and Ctrl-C, at once on a second Ctrl-C; reloads on SIGHUP."""
        loop = asyncio.get_running_loop()
        handled = {signal.SIGTERM: self._end, signal.SIGINT: self._end}
        if hasattr(signal, "SIGHUP"):
            handled[signal.SIGHUP] = self._reload
        try:
            for number, action in handled.items():
                loop.add_signal_handler(number, action, number)
        except NotImplementedError:  # Windows
            with super().capture_signals():
                yield
            return
        try:
            yield
        finally:
            for number in handled:
                loop.remove_signal_handler(number)

    def _end(self, number: int) -> None:
        self.handle_exit(number, None)

    def _reload(self, number: int) -> None:
        task = asyncio.get_running_loop().create_task(self.service.models.reload(self.service.metrics))
        self._reloads.add(task)
        task.add_done_callback(self._reloads.discard)

    async def on_tick(self, counter: int) -> bool:
        """Looks after connections once a second."""
        if counter % 10 == 0:
            now = asyncio.get_running_loop().time()
            for connection in list(self.server_state.connections):
                if isinstance(connection, LimitedConnection):
                    connection.check(now)
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Accepts no more connections, answers what those at hand still send, and then closes them."""
        self.service.is_ending = True
        for server in self.servers:
            server.close()
        end = asyncio.get_running_loop().time() + QUIET_SECONDS
        while self.server_state.connections and asyncio.get_running_loop().time() < end and not self.force_exit:
            await asyncio.sleep(0.02)
        await super().shutdown(sockets)
        self.service.threads.shutdown(wait=False, cancel_futures=True)


class LastAnswers:
    """Says in each answer of a server that is ending that the connection is closed after it."""

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self.app, self.service = app, service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def closing(message: Message) -> None:
            if message["type"] == "http.response.start" and self.service.is_ending:
                message = {**message, "headers": [*message.get("headers", ()), (b"connection", b"close")]}
            await send(message)

        await self.app(scope, receive, closing)


def serve(files: Mapping[str, str], host: str, port: int, limits: Limits, token: str | None = None) -> None:
    """Serves the models in files, by their names, until SIGTERM or Ctrl-C.

    Raises OSError if the address is taken, or a file cannot be read; FileFormatError if one holds no model.
    """
    with _listening(host, port) as listener:
        service = Service(LoadedModels(files), limits)
        server = Server(service, token)
        address = f"[{host}]" if ":" in host else host
        names = ", ".join(files)
        print(f"Serving {names} on http://{address}:{listener.getsockname()[1]}", file=sys.stderr, flush=True)
        server.run([listener])


def _listening(host: str, port: int) -> socket.socket:
    """Returns a socket that waits for connections at an address. Raises OSError."""
    family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
    return socket.create_server((host, port), family=family, backlog=BACKLOG)

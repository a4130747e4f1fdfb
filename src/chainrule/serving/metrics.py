"""Counts and times of requests, in the text format of Prometheus."""

from __future__ import annotations

import time
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
BOUNDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)  # seconds


class Metrics:
    """The counts and times of a server since its start."""

    def __init__(self) -> None:
        self.requests: Counter[tuple[str, int]] = Counter()  # by endpoint and status
        self.seconds: defaultdict[str, float] = defaultdict(float)  # by endpoint
        self.within: defaultdict[str, list[int]] = defaultdict(lambda: [0] * (len(BOUNDS) + 1))  # above BOUNDS[k − 1]
        self.rows: Counter[str] = Counter()  # by model
        self.reloads: Counter[tuple[str, str]] = Counter()  # by model, "loaded" or "refused"

    def note(self, endpoint: str, status: int, seconds: float) -> None:
        """Counts a request that has been answered."""
        self.requests[endpoint, status] += 1
        self.seconds[endpoint] += seconds
        self.within[endpoint][bisect_left(BOUNDS, seconds)] += 1

    def text(self) -> str:
        """Returns all of it in Prometheus's format."""
        return "".join(f"{line}\n" for line in self._lines())

    def _lines(self) -> Iterator[str]:
        requests = (({"endpoint": name, "status": str(status)}, n) for (name, status), n in self.requests.items())
        yield from _counter("chainrule_requests_total", "Requests that were answered.", requests)
        rows = (({"model": name}, count) for name, count in self.rows.items())
        yield from _counter("chainrule_rows_total", "Rows that were predicted.", rows)
        reloads = (({"model": name, "outcome": outcome}, n) for (name, outcome), n in self.reloads.items())
        yield from _counter("chainrule_reloads_total", "Reloads of models after SIGHUP.", reloads)
        name = "chainrule_request_seconds"
        yield from _head(name, "histogram", "Time from the head of a request to the end of its answer.")
        for endpoint, counts in self.within.items():
            total = 0
            for bound, count in zip((*BOUNDS, "+Inf"), counts, strict=True):
                total += count
                yield f"{name}_bucket{_labels({'endpoint': endpoint, 'le': str(bound)})} {total}"
            yield f"{name}_sum{_labels({'endpoint': endpoint})} {self.seconds[endpoint]!r}"
            yield f"{name}_count{_labels({'endpoint': endpoint})} {total}"


class Measured:
    """Notes the endpoint, the status and the time of each request."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app, self.metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        start, status = time.perf_counter(), 500

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, noted)
        finally:
            route = scope.get("route")
            endpoint = "other" if route is None else route.path
            self.metrics.note(endpoint, status, time.perf_counter() - start)


def _counter(name: str, about: str, values: Iterable[tuple[Mapping[str, str], int]]) -> Iterator[str]:
    yield from _head(name, "counter", about)
    for labels, value in values:
        yield f"{name}{_labels(labels)} {value}"


def _head(name: str, kind: str, about: str) -> tuple[str, str]:
    return f"# HELP {name} {about}", f"# TYPE {name} {kind}"


def _labels(labels: Mapping[str, str]) -> str:
    pairs = (f'{name}="{_escaped(value)}"' for name, value in labels.items())
    return "{" + ",".join(pairs) + "}"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")

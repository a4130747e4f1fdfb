"""``python -m benchmarks.serving``: single rows, one after another and eight at once, in interleaved rounds.

Both servers have the same eight columns, and a process of their own. Chainrule's model is that of the default preset.
Times are wall clock, so they are those of this machine and its load; CPU time is that of the server's process. The
exit status is 1 if a goal is missed.
"""

from __future__ import annotations

import argparse
import pickle
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from benchmarks import goals
from benchmarks.harness import machine
from benchmarks.harness.clock import ratios, rotated
from benchmarks.harness.figures import duration, number
from benchmarks.harness.markdown import table as markdown_table
from benchmarks.harness.options import are_installed, positive
from benchmarks.serving import client, peer
from benchmarks.serving.rows import request, rows_of, table
from benchmarks.serving.served import Served
from chainrule.estimators import NetworkClassifier

OWN, PEER = "chainrule serve", "FastAPI + scikit-learn"
AT_ONCE = 8
MANY = 10_000  # rows of one request


@dataclass
class Figures:
    """The figures of one server, one number for each round."""

    requests: int = 0
    latencies: list[float] = field(default_factory=list)  # seconds, of each request
    medians: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)  # requests a second
    cpu: list[float] = field(default_factory=list)  # seconds of a request
    start_seconds: float = 0.0
    start_cpu: float = 0.0
    megabytes: float = 0.0

    def measure(self, served: Served, requests: list[bytes]) -> None:
        """Measures one round."""
        before = served.cpu_seconds()
        with served.connected() as connection:
            seconds = client.latencies(connection, requests)
        connections = [served.connected() for _ in range(AT_ONCE)]
        self.rates.append(len(requests) / client.seconds_at_once(connections, requests))
        for connection in connections:
            connection.close()
        self.cpu.append((served.cpu_seconds() - before) / (2 * len(requests)))
        self.latencies += seconds
        self.medians.append(median(seconds))
        self.requests += 2 * len(requests)
        self.megabytes = served.megabytes()

    def line(self, name: str) -> list[str]:
        """Returns a line of the table."""
        ordered = sorted(self.latencies)
        p99 = ordered[int(0.99 * len(ordered))]
        return [
            name, duration(median(self.latencies)), duration(p99), number(max(self.rates)), number(median(self.rates)),
            duration(median(self.cpu)), duration(self.start_seconds), duration(self.start_cpu),
            f"{self.megabytes:.0f} MB",
        ]  # fmt: skip


def main(arguments: list[str]) -> int:
    """Measures and prints; the exit status is 1 if a goal is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serving", description="requests beside FastAPI's")
    parser.add_argument("--rounds", type=positive, default=5)
    parser.add_argument("--requests", type=positive, default=2000, help="of each server in a round, twice")
    parser.add_argument("--rows", type=positive, default=2000, help="of training")
    given = parser.parse_args(arguments)
    machine.warn_if_busy()
    has_peer = are_installed(["fastapi", "sklearn"])
    X, y = table(given.rows)
    rows = rows_of(table(500, seed=1)[0])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "customers.safetensors")
        NetworkClassifier(random_state=0).fit(X, y).save(path)
        commands: dict[str, tuple[str, ...]] = {OWN: ("chainrule", "serve", str(path), "--port", "0")}
        bodies = {OWN: [request("/predict", {"rows": [row]}) for row in rows]}
        if has_peer:
            pickled = Path(folder, "customers.pickle")
            pickled.write_bytes(pickle.dumps(peer.fitted(given.rows)))
            commands[PEER] = ("benchmarks.serving.peer", str(pickled))
            bodies[PEER] = [request("/predict", row) for row in rows]
        figures, servers = {name: Figures() for name in commands}, {name: Served(*commands[name]) for name in commands}
        try:
            for name, served in servers.items():
                figures[name].start_seconds, figures[name].start_cpu = served.start_seconds, served.start_cpu
            for k in range(given.rounds):
                for name in rotated(list(servers), k):
                    repeated = bodies[name] * (given.requests // len(rows) + 1)
                    figures[name].measure(servers[name], repeated[: given.requests])
            many = request("/predict", {"rows": rows * (MANY // len(rows))})
            with servers[OWN].connected() as connection:
                seconds_of_many = min(client.latencies(connection, [many] * 3))
        finally:
            for served in servers.values():
                served.__exit__(None, None, None)
    header = ["", ">p50", ">p99", ">best requests/s", ">median", ">CPU of one", ">start", ">its CPU", ">memory"]
    print(markdown_table(header, [figures[name].line(name) for name in figures]))
    print(f"\n{MANY:,} rows as JSON in one request: {duration(seconds_of_many)}")
    if has_peer:
        faster = ratios(figures[PEER].cpu, figures[OWN].cpu)
        print(f"CPU time of FastAPI's, divided by ours, in the same round: {number(median(faster))}")
    own = figures[OWN]
    verdicts = list(goals.of_serving(own.medians, own.rates, own.cpu, own.megabytes))
    print(f"\n{goals.markdown(verdicts)}")
    return int(not all(verdict.is_reached for verdict in verdicts))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

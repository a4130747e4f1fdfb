"""What was measured, as plain values that go to JSON and come back; and the ratios that they make."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.workloads import WORKLOADS, Goal
from chainrule.files import write_bytes

KIN = ("predictor", "rival")


@dataclass
class Result:
    """A peer's timed runs of one workload, one a round; ``failure`` says why they do not count."""

    peer: str
    title: str
    note: str = ""
    versions: dict[str, str] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)
    values: list[float] = field(default_factory=list)  # what was checked
    failure: str | None = None


@dataclass
class Row:
    """A workload in one dtype: Chainrule's result first, then its peers'. Values were checked by ``expected``."""

    workload: str
    dtype: str
    units: int  # steps, calls or processes in a timed run
    results: list[Result]
    expected: float = 0.0

    @property
    def own(self) -> Result:
        """Chainrule's."""
        return self.results[0]

    def times(self, result: Result) -> list[float]:
        """The seconds of a step, a call or a process, round by round; empty where the result failed."""
        return [] if result.failure else [seconds / self.units for seconds in result.seconds]

    def ratios(self, result: Result) -> list[float]:
        """How many times longer than Chainrule the peer took, round by round; empty where one of them failed."""
        if result.failure or self.own.failure:
            return []
        return [other / own for other, own in zip(result.seconds, self.own.seconds, strict=True)]

    def best(self) -> Result | None:
        """The fastest of the peers, by the median of the ratios; Chainrule in another form is none."""
        peers = [one for one in self.results[1:] if one.peer not in KIN and self.ratios(one)]
        return min(peers, key=lambda one: median(self.ratios(one)), default=None)

    def goal(self, result: Result) -> Goal | None:
        """How many times faster than this peer Chainrule is to be; the goals are for float32."""
        return WORKLOADS[self.workload].goals.get(result.peer) if self.dtype == "float32" else None


@dataclass
class Report:
    """A whole run of the benchmarks."""

    command: str
    date: str
    rounds: int
    quick: bool
    revision: str
    machine: dict[str, str]
    left_out: dict[str, str]  # peers that are not installed, and how to install them
    rows: list[Row] = field(default_factory=list)

    @property
    def failures(self) -> list[str]:
        """Every result that does not count, and why."""
        return [
            f"{row.workload} {row.dtype}, {result.title}: {result.failure}"
            for row in self.rows
            for result in row.results
            if result.failure
        ]

    def versions(self) -> dict[str, str]:
        """The version of every package that took part."""
        return {name: v for row in self.rows for result in row.results for name, v in result.versions.items()}

    def save(self, path: Path) -> None:
        """Write JSON, atomically."""
        path.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(path, (json.dumps(dataclasses.asdict(self), indent=1) + "\n").encode())

    @classmethod
    def load(cls, path: Path) -> Report:
        """Read what ``save`` wrote."""
        read: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        rows = [Row(**{**row, "results": [Result(**one) for one in row["results"]]}) for row in read.pop("rows")]
        return cls(**read, rows=rows)

"""The measured times as plain values, stored as JSON, and their ratios."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.harness.clock import ratios
from benchmarks.harness.paths import RESULTS, replace_file

STORED = RESULTS / "performance.json"
KIN = ("predictor", "rival")  # other forms of Chainrule


@dataclass
class PeerTimes:
    """A peer's timed runs of one workload, one a round; ``failure`` is the reason why they do not count."""

    peer: str
    title: str
    note: str = ""
    versions: dict[str, str] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)
    values: list[float] = field(default_factory=list)  # the checked results
    failure: str | None = None


@dataclass
class WorkloadTimes:
    """A workload in one dtype: Chainrule's result first, then the peers'. Values were compared with ``expected``."""

    workload: str
    dtype: str
    units: int  # steps, calls or processes in a timed run
    results: list[PeerTimes]
    expected: float = 0.0

    @property
    def own(self) -> PeerTimes:
        """The result of Chainrule."""
        return self.results[0]

    def times(self, result: PeerTimes) -> list[float]:
        """Returns the seconds of a step, a call or a process for each round; empty if the result failed."""
        return [] if result.failure else [seconds / self.units for seconds in result.seconds]

    def ratios(self, result: PeerTimes) -> list[float]:
        """Returns the peer's time divided by Chainrule's for each round; empty if one of them failed."""
        return [] if result.failure or self.own.failure else ratios(result.seconds, self.own.seconds)

    def ratio(self, peer: str) -> float | None:
        """Returns the median ratio of a peer, None if it was not measured."""
        found = [median(self.ratios(one)) for one in self.results[1:] if one.peer == peer and self.ratios(one)]
        return found[0] if found else None


@dataclass
class SpeedReport:
    """A whole run of the speed benchmarks."""

    command: str
    date: str
    rounds: int
    quick: bool
    revision: str
    machine: dict[str, str]
    left_out: dict[str, str]  # peers that are not installed, and the command that installs them
    rows: list[WorkloadTimes] = field(default_factory=list)

    @property
    def failures(self) -> list[str]:
        """Every result that does not count, with the reason."""
        return [
            f"{row.workload} {row.dtype}, {result.title}: {result.failure}"
            for row in self.rows
            for result in row.results
            if result.failure
        ]

    def versions(self) -> dict[str, str]:
        """Returns the version of every package that took part."""
        return {name: v for row in self.rows for result in row.results for name, v in result.versions.items()}

    def save(self, path: Path) -> None:
        """Writes JSON."""
        replace_file(path, json.dumps(dataclasses.asdict(self), indent=1) + "\n")

    @classmethod
    def load(cls, path: Path) -> SpeedReport:
        """Reads what ``save`` wrote."""
        read: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        rows = [
            WorkloadTimes(**{**row, "results": [PeerTimes(**one) for one in row["results"]]})
            for row in read.pop("rows")
        ]
        return cls(**read, rows=rows)

"""The measured fits, one line of JSON each, in a file that only grows, so that no fit is measured twice.

A line is appended as soon as a fit is done: a run may be stopped at any time, and two runs may fill one file. Of
several lines for the same fit the last one counts.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.harness.paths import RESULTS, replace_file

STORED = RESULTS / "accuracy.jsonl"


class FitKey(NamedTuple):
    """The identity of a fit; ``cap`` is the limit of training rows, 0 for a fixed split."""

    name: str
    split: int
    seed: int
    cap: int
    model: str


@dataclass(frozen=True)
class FitScore:
    """A model's error on a split of a set, and how good its probabilities are, or the reason why the fit failed."""

    name: str
    split: int
    seed: int
    cap: int
    model: str
    version: str  # of the model's package
    date: str
    rows: int  # for training
    threads: int = 2
    tested: int = 0  # rows
    error: float | None = None
    fit_seconds: float = 0.0  # on a machine that may have been busy: quote only FitTimes
    predict_seconds: float = 0.0
    failure: str | None = None
    log_loss: float | None = None  # of a classifier
    calibration_error: float | None = None  # of a classifier
    run: str | None = None  # when the command was started that made the fit: what was measured in one run

    @property
    def key(self) -> FitKey:
        """The identity of the fit."""
        return FitKey(self.name, self.split, self.seed, self.cap, self.model)


@dataclass(frozen=True)
class FitTimes:
    """Seconds of interleaved fits: in each round every model fitted every set once, in an order that rotates."""

    date: str
    revision: str
    machine: dict[str, str]
    threads: int
    seconds: dict[str, dict[str, list[float]]]  # by set and model, one number a round: fit and prediction together
    versions: dict[str, str] = field(default_factory=dict)


@dataclass
class FitRecords:
    """The content of a file: the last FitScore of each FitKey, and the last FitTimes."""

    scores: dict[FitKey, FitScore] = field(default_factory=dict)
    speed: FitTimes | None = None

    @classmethod
    def load(cls, *paths: Path) -> FitRecords:
        """Reads the first file that exists; without one the records are empty."""
        records = cls()
        for path in paths:
            if path.exists():
                for line in path.read_text(encoding="utf-8").splitlines():
                    read: dict[str, Any] = json.loads(line)
                    if "seconds" in read:
                        records.speed = FitTimes(**read)
                    else:
                        score = FitScore(**read)
                        records.scores[score.key] = score
                break
        return records

    @property
    def failures(self) -> list[str]:
        """Every failed fit, with the reason."""
        failed = (score for score in self.scores.values() if score.failure is not None)
        return [f"{score.name} {score.split}, {score.model}: {score.failure}" for score in failed]

    def save(self, path: Path) -> None:
        """Writes the lines that count, in the order of their keys."""
        lines: Iterable[FitScore | FitTimes] = [self.scores[key] for key in sorted(self.scores)]
        lines = [*lines, *([self.speed] if self.speed is not None else [])]
        replace_file(path, "".join(line_of(one) for one in lines))

    def add(self, path: Path, one: FitScore | FitTimes) -> None:
        """Appends a line."""
        if isinstance(one, FitScore):
            self.scores[one.key] = one
        else:
            self.speed = one
        with path.open("a", encoding="utf-8") as file:
            file.write(line_of(one))


def line_of(one: FitScore | FitTimes) -> str:
    """Returns one line of JSON without fields of default value; seconds have five digits, other numbers eight."""
    fields = dataclasses.asdict(one)
    defaults = {f.name: f.default for f in dataclasses.fields(one)}
    kept = {name: _shortened(name, value) for name, value in fields.items() if value != defaults[name]}
    return json.dumps(kept, separators=(",", ":")) + "\n"


def _shortened(name: str, value: Any) -> Any:
    digits = 5 if name.endswith("_seconds") else 8
    return float(f"{value:.{digits}g}") if isinstance(value, float) else value

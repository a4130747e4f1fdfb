"""What was measured, one line of JSON each, in a file that only grows: what is there need not be measured again.

A line is appended as soon as a fit is done, so that a run may be stopped at any time and two runs may fill one file;
the last line of a kind counts.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple


class Key(NamedTuple):
    """Which fit it is; ``cap`` is the most rows that were trained on, 0 where the split is fixed."""

    name: str
    split: int
    seed: int
    cap: int
    model: str


@dataclass(frozen=True)
class Score:
    """A model's error on a split of a set, or why there is none."""

    name: str
    split: int
    seed: int
    cap: int
    model: str
    version: str  # of the model's package
    date: str
    threads: int
    rows: int  # trained on
    tested: int = 0
    error: float | None = None
    fit_seconds: float = 0.0  # on a machine that may have been busy: only a Speed may be quoted
    predict_seconds: float = 0.0
    failure: str | None = None

    @property
    def key(self) -> Key:
        """Which fit it is."""
        return Key(self.name, self.split, self.seed, self.cap, self.model)


@dataclass(frozen=True)
class Speed:
    """Seconds of fits in turns: in each round every model fitted every set once, in an order that rotates."""

    date: str
    revision: str
    machine: dict[str, str]
    threads: int
    seconds: dict[str, dict[str, list[float]]]  # set, model: a number a round, fit and prediction together
    versions: dict[str, str] = field(default_factory=dict)


@dataclass
class Records:
    """The lines of a file: the last Score of each Key, and the last Speed."""

    scores: dict[Key, Score] = field(default_factory=dict)
    speed: Speed | None = None

    @classmethod
    def load(cls, *paths: Path) -> Records:
        """Read the first of the files that is there; nothing if none is."""
        records = cls()
        for path in paths:
            if path.exists():
                for line in path.read_text(encoding="utf-8").splitlines():
                    read: dict[str, Any] = json.loads(line)
                    if "seconds" in read:
                        records.speed = Speed(**read)
                    else:
                        score = Score(**read)
                        records.scores[score.key] = score
                break
        return records

    def save(self, path: Path) -> None:
        """Write the lines that count, in the order of their keys."""
        path.parent.mkdir(parents=True, exist_ok=True)
        lines: Iterable[Score | Speed] = [self.scores[key] for key in sorted(self.scores)]
        lines = [*lines, *([self.speed] if self.speed is not None else [])]
        path.write_text("".join(line_of(one) for one in lines), encoding="utf-8")

    def add(self, path: Path, one: Score | Speed) -> None:
        """Append a line."""
        if isinstance(one, Score):
            self.scores[one.key] = one
        else:
            self.speed = one
        with path.open("a", encoding="utf-8") as file:
            file.write(line_of(one))


def line_of(one: Score | Speed) -> str:
    """One line of JSON, without what has its default."""
    fields = dataclasses.asdict(one)
    defaults = {f.name: f.default for f in dataclasses.fields(one)}
    return json.dumps({name: value for name, value in fields.items() if value != defaults[name]}) + "\n"

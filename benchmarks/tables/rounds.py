"""Fitting what is missing, and measuring speed in turns."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks import machine
from benchmarks.process import Failed, Process
from benchmarks.tables.models import MODELS
from benchmarks.tables.records import Key, Records, Score, Speed
from benchmarks.tables.sets import SETS, Set

Say = Callable[[str], None]
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "CHAINRULE_THREADS")


class Workers:
    """A process for each model that is asked for, started when it is first needed and again if it ended."""

    def __init__(self, threads: int, stack: ExitStack) -> None:
        self.threads, self._stack = threads, stack
        self._ready: dict[str, Process] = {}
        self._failed: dict[str, str] = {}

    def ask(self, key: Key) -> dict[str, Any]:
        """What the model's worker answers, or why it cannot."""
        if (reason := self._failed.get(key.model)) is not None:
            return {"failure": reason}
        try:
            if key.model not in self._ready:
                self._ready[key.model] = self._stack.enter_context(self._started(key.model))
        except Failed as error:
            self._failed[key.model] = str(error)
            return {"failure": str(error)}
        try:
            return self._ready[key.model].ask(json.dumps(key._asdict()))
        except Failed as error:
            del self._ready[key.model]
            return {"failure": str(error)}

    def _started(self, model: str) -> Process:
        environment = {**os.environ, **dict.fromkeys(THREADS, str(self.threads))}
        return Process(sys.executable, "benchmarks.tables.worker", [model, str(self.threads)], environment)


def wanted(sets: Sequence[Set], models: Sequence[str], seeds: int, cap: int) -> list[Key]:
    """Every fit that belongs to the table: first splits first, so that a run that is stopped has seen every set."""
    keys = [
        Key(one.name, split, seed, 0 if one.fixed else cap, model)
        for seed in range(seeds)
        for one in sets
        for split in one.splits
        for model in models
        if one.task in MODELS[model].tasks and model in (one.only or models)
    ]
    return sorted(keys, key=lambda key: (key.seed, key.split))  # stable: the order of the sets stays


def missing(keys: Iterable[Key], records: Records, rerun: Sequence[str]) -> list[Key]:
    """Those that were not measured yet, or with another version of the model's package, or are to be again."""
    return [
        key
        for key in keys
        if key.model in rerun or key not in records.scores or records.scores[key].version != MODELS[key.model].version
    ]


def fit_missing(keys: Sequence[Key], records: Records, path: Path, threads: int, say: Say) -> None:
    """Fit, and add each score to the file as soon as it is there."""
    with ExitStack() as stack:
        workers = Workers(threads, stack)
        for k, key in enumerate(keys, 1):
            answer = workers.ask(key)
            score = Score(
                **key._asdict(), version=MODELS[key.model].version, date=machine.today(), threads=threads,
                **{"rows": 0, **answer},
            )  # fmt: skip
            records.add(path, score)
            result = score.failure or f"{score.error:.5g} in {score.fit_seconds:.1f} s"
            say(f"{k} of {len(keys)}: {key.name} {key.split}, {MODELS[key.model].title}: {result}")


def measure_speed(sets: Sequence[str], models: Sequence[str], rounds: int, threads: int, cap: int, say: Say) -> Speed:
    """Fit and predict split 0 of the sets in turns; while one works the others stand still."""
    seconds: dict[str, dict[str, list[float]]] = {name: {model: [] for model in models} for name in sets}
    facts = machine.described()  # with the load before the run
    with ExitStack() as stack:
        workers = Workers(threads, stack)
        for k in range(rounds):
            first = k % len(models)
            for name in sets:
                for model in [*models[first:], *models[:first]]:
                    answer = workers.ask(Key(name, 0, 0, 0 if SETS[name].fixed else cap, model))
                    if "failure" in answer:
                        raise SystemExit(f"{name}, {MODELS[model].title}: {answer['failure']}")
                    taken = answer["fit_seconds"] + answer["predict_seconds"]
                    seconds[name][model].append(taken)
                    say(f"round {k + 1} of {rounds}, {name}, {MODELS[model].title}: {taken:.1f} s")
    versions = {MODELS[model].package: MODELS[model].version for model in models}
    return Speed(machine.today(), machine.revision(), facts, threads, seconds, versions)

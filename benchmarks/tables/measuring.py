"""The fits that are missing in the records, and interleaved fits that measure speed."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks.harness import machine
from benchmarks.harness.clock import rotated
from benchmarks.harness.workers import Worker, WorkerError
from benchmarks.tables.contestants import MODELS
from benchmarks.tables.records import FitKey, FitRecords, FitScore, FitTimes
from benchmarks.tables.sets import SETS, DataSet

Say = Callable[[str], None]
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "CHAINRULE_THREADS")


class ModelWorkers:
    """A process for each model, started at its first fit and again if it has ended."""

    def __init__(self, threads: int, stack: ExitStack) -> None:
        self.threads, self._stack = threads, stack
        self._ready: dict[str, Worker] = {}
        self._failed: dict[str, str] = {}

    def ask(self, key: FitKey) -> dict[str, Any]:
        """Returns the answer of the model's worker, or the failure."""
        if key.model in self._failed:
            return {"failure": self._failed[key.model]}
        try:
            if key.model not in self._ready:
                self._start(key.model)
            return self._ready[key.model].ask(json.dumps(key._asdict()))
        except WorkerError as error:
            if self._ready.pop(key.model, None) is None:  # it could not start, and is not started again
                self._failed[key.model] = str(error)
            return {"failure": str(error)}

    def _start(self, model: str) -> None:
        environment = {**os.environ, **dict.fromkeys(THREADS, str(self.threads))}
        worker = Worker("benchmarks.tables.worker", [model, str(self.threads)], environment=environment)
        self._ready[model] = self._stack.enter_context(worker)


def wanted(sets: Sequence[DataSet], models: Sequence[str], seeds: int, cap: int) -> list[FitKey]:
    """Returns every fit of the table, first splits first, so that a run that is stopped has covered every set."""
    keys = [
        FitKey(one.name, split, seed, one.cap(cap), model)
        for seed in range(seeds)
        for one in sets
        for split in one.splits
        for model in models
        if one.task in MODELS[model].tasks and model in (one.only or models)
    ]
    return sorted(keys, key=lambda key: (key.seed, key.split))  # a stable sort keeps the order of the sets


def missing(keys: Iterable[FitKey], records: FitRecords, rerun: Sequence[str]) -> list[FitKey]:
    """Returns the fits that are not in the records, are there with another version, or are to be repeated."""
    return [
        key
        for key in keys
        if key.model in rerun or key not in records.scores or records.scores[key].version != MODELS[key.model].version
    ]


def fit_missing(keys: Sequence[FitKey], records: FitRecords, path: Path, threads: int, say: Say) -> None:
    """Makes the fits and appends each score to the file at once."""
    run = machine.now()
    with ExitStack() as stack:
        workers = ModelWorkers(threads, stack)
        for k, key in enumerate(keys, 1):
            answer = workers.ask(key)
            score = FitScore(
                **key._asdict(), version=MODELS[key.model].version, date=machine.today(), threads=threads, run=run,
                **{"rows": 0, **answer},
            )  # fmt: skip
            records.add(path, score)
            result = score.failure or f"{score.error:.5g} in {score.fit_seconds:.1f} s"
            say(f"{k} of {len(keys)}: {key.name} {key.split}, {MODELS[key.model].title}: {result}")


def measure_speed(
    sets: Sequence[str], models: Sequence[str], rounds: int, threads: int, cap: int, say: Say
) -> FitTimes:
    """Fits and predicts split 0 of the sets, the models in turn; the others are suspended meanwhile."""
    seconds: dict[str, dict[str, list[float]]] = {name: {model: [] for model in models} for name in sets}
    circumstances = machine.described()  # with the load before the run
    with ExitStack() as stack:
        workers = ModelWorkers(threads, stack)
        for k in range(rounds):
            for name in sets:
                for model in rotated(models, k):
                    answer = workers.ask(FitKey(name, 0, 0, SETS[name].cap(cap), model))
                    if "failure" in answer:
                        raise SystemExit(f"{name}, {MODELS[model].title}: {answer['failure']}")
                    taken = answer["fit_seconds"] + answer["predict_seconds"]
                    seconds[name][model].append(taken)
                    say(f"round {k + 1} of {rounds}, {name}, {MODELS[model].title}: {taken:.1f} s")
    versions = {MODELS[model].package: MODELS[model].version for model in models}
    return FitTimes(machine.today(), machine.revision(), circumstances, threads, seconds, versions)

"""The lines of a run of ``python -m benchmarks.gpu``."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path


class Report:
    """The lines of a run, printed and saved one by one; nothing more is measured when the time is up."""

    def __init__(self, path: Path, budget: float, head: Mapping[str, object]) -> None:
        self._path, self._end = path, time.monotonic() + budget
        self._began = time.monotonic()
        self.lines: list[dict[str, object]] = []
        self._head = dict(head)
        self._save()

    def measure(self, work: str, what: str, measurement: Callable[[], Mapping[str, object]]) -> None:
        """Adds a line with the numbers of a measurement, or with the reason why there are none."""
        numbers: Mapping[str, object] = {"left out": "the time is up"}
        if time.monotonic() < self._end:
            try:
                numbers = measurement()
            except Exception as error:  # a peer that fails must not end the run
                numbers = {"failed": f"{type(error).__name__}: {str(error)[:200]}"}
        self.lines.append({"work": work, "what": what, **numbers})
        self._save()
        print(f"{work:2} {what:48}", "  ".join(f"{key} {_short(value)}" for key, value in numbers.items()), flush=True)

    def _save(self) -> None:
        whole = {**self._head, "seconds": round(time.monotonic() - self._began, 1), "lines": self.lines}
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")

    def answer(self, answers: Mapping[str, object]) -> None:
        """Adds what follows from the lines."""
        self._head["answers"] = answers
        self._save()
        print("\n".join(f"{question}: {_short(value)}" for question, value in answers.items()), flush=True)


def _short(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)

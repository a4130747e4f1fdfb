"""A harness by its name, and a case by its number."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from fuzz import harnesses

Check = Callable[[np.random.Generator], str]

CASE_SECONDS = 60.0  # the longest that a case may last, unless a harness defines its own CASE_SECONDS


@dataclass(frozen=True)
class Harness:
    """One kind of random case: what ``check`` asserts, how long it may last, and how much memory it may take."""

    name: str
    check: Check
    case_seconds: float
    case_bytes: int | None
    environment: Callable[[], dict[str, str]]  # what its process needs there, such as a library to preload

    @classmethod
    def named(cls, name: str) -> Harness:
        """Returns the harness that is a module of ``fuzz.harnesses``, or any module if the name has a dot."""
        module = importlib.import_module(name if "." in name else f"{harnesses.__name__}.{name}")
        seconds = float(getattr(module, "CASE_SECONDS", CASE_SECONDS))
        return cls(
            name, module.check, seconds, getattr(module, "CASE_BYTES", None), getattr(module, "environment", dict)
        )

    def outcome(self, seed: int, case: int) -> str:
        """Runs one case; an error of ``check`` passes through."""
        return self.check(np.random.default_rng([seed, case]))


def all_names() -> list[str]:
    """Returns the names of the harnesses of this repository."""
    return sorted(module.name for module in pkgutil.iter_modules(harnesses.__path__))


def command(name: str, seed: int, case: int) -> str:
    """Returns the command that repeats a case."""
    return f"python -m fuzz {name} --seed {seed} --case {case}"

"""The interface of a target: a printer, and a way to run what it printed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from chainrule._internal.checks import Floats
from chainrule.exports.plan import Plan
from chainrule.exports.vectors import Vectors

UNITS = {"float": 2.0**-24, "double": 2.0**-53}  # unit roundoff of the number types


@dataclass(frozen=True, eq=False)
class Outcome:
    """Results of the target for the rows of the test vectors, and the program that computed them."""

    values: Floats  # (t, m)
    labels: Sequence[Any] | None
    checker: str


class CheckerMissing(Exception):
    """The program that would run the target is not installed; the message names it."""


class Target(Protocol):
    """One language or format."""

    suffix: str
    reals: tuple[str, ...]  # the number types it can have, the default first
    weights: tuple[str, ...]  # the integers that weights can be
    inputs: tuple[str, ...]  # the forms of its input, the default first

    def files(self, plan: Plan, vectors: Vectors, name: str, real: str) -> Mapping[str, bytes]:
        """Returns the contents of the files by their endings; the first has ``suffix``.

        Raises InputError for a plan that the target cannot hold.
        """

    def vectors(self, path: Path) -> Vectors:
        """Reads the test vectors from an exported file. Raises FileFormatError if there are none."""

    def run(self, path: Path) -> Outcome:
        """Runs an exported file on its own test vectors. Raises CheckerMissing, or ChainruleError if it fails."""

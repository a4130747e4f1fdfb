"""A finding: a fault, the numbers that show it, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from chainrule.diagnosis.change import Change, Trial


class Finding(NamedTuple):
    """One fault of a network or its data: its kind, the numbers that show it, and a remedy.

    Of a table model, ``change`` is the remedy as a change of training, and ``trial`` what it did on held-out rows, if
    it was tried.

    >>> import chainrule as cr
    >>> print(cr.Finding("constant inputs", "input 3 is 1 in every row.", "Leave it out."))
    constant inputs: input 3 is 1 in every row. Leave it out.
    """

    kind: str
    evidence: str
    remedy: str
    change: Change | None = None
    trial: Trial | None = None

    def __str__(self) -> str:
        tried = f" Tried: {self.trial}." if self.trial is not None else ""
        return f"{self.kind}: {self.evidence} {self.remedy}{tried}"


@dataclass(frozen=True)
class Diagnosis:
    """The findings of `diagnose`, those of the data first; true if there are any. ``print`` shows one a line.

    >>> import chainrule as cr
    >>> print(cr.Diagnosis(()))
    no findings
    """

    findings: tuple[Finding, ...]

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of the findings."""
        return tuple(finding.kind for finding in self.findings)

    def __bool__(self) -> bool:
        return bool(self.findings)

    def __str__(self) -> str:
        return "\n".join(map(str, self.findings)) or "no findings"

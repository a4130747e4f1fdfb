"""A student beside its teacher, and beside a network of its size that was trained on the labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np

from chainrule._internal.html_table import html_table
from chainrule._internal.text_table import text_table
from chainrule.tables.diagnosis.case import LabelledRows
from chainrule.tables.inspection.importances import ModelLoss
from chainrule.tables.scores import score_name
from chainrule.tables.target_decoder import NumericLabels

NAMES = ("teacher", "student", "trained directly")


class Compared(NamedTuple):
    """A model in a comparison: its networks, all their parameters, and its loss and score on the test rows."""

    networks: int
    parameters: int
    loss: float
    score: float


@dataclass(frozen=True, eq=False)
class Shrinkage:
    """A teacher, its student, and a network of the student's size trained on the labels, on the same test rows.

    ``loss`` names the loss: the log-loss of calibrated probabilities, or the RMSE in the target's unit (of several
    targets, in deviations of each); ``score`` names the score, the accuracy or R². ``rows`` is the number of test rows.

    >>> found = Shrinkage("RMSE", "R²", 103, *(Compared(8, 171605, 4.0, 0.94), Compared(1, 849, 4.5, 0.92),
    ...                                        Compared(1, 849, 5.0, 0.9)))
    >>> found.closed
    0.5
    """

    loss: str
    score: str
    rows: int
    teacher: Compared
    student: Compared
    direct: Compared

    @property
    def closed(self) -> float:
        """The part of the gap between the direct network and the teacher that the student closes; NaN without one.

        It is (direct − student)/(direct − teacher), of their losses: 0 if the teacher was of no use, 1 if the student
        is as good as the teacher. There is no gap if the direct network is at least as good as the teacher.
        """
        gap = self.direct.loss - self.teacher.loss
        return (self.direct.loss - self.student.loss) / gap if gap > 0.0 else float("nan")

    @property
    def caption(self) -> str:
        """The result of the comparison, in one line."""
        part = self.teacher.parameters / self.student.parameters
        gap = (
            "the network trained directly is as good as the teacher"
            if np.isnan(self.closed)
            else f"the student closes {self.closed:.0%} of the gap"
        )
        return f"On {self.rows:,} test rows {gap}, with 1/{part:.0f} of the parameters"

    def as_json(self) -> dict[str, Any]:
        """Returns the comparison for a model's file."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Any) -> Shrinkage | None:
        """Returns the comparison that a model's file stores, or None if it has none."""
        try:
            three = (
                Compared(int(part[0]), int(part[1]), float(part[2]), float(part[3]))
                for part in (stored["teacher"], stored["student"], stored["direct"])
            )
            return cls(str(stored["loss"]), str(stored["score"]), int(stored["rows"]), *three)
        except (IndexError, KeyError, TypeError, ValueError):
            return None

    def _table(self) -> tuple[list[str], list[list[str]]]:
        header = ["", "networks", "parameters", self.loss, self.score]
        rows = [
            [name, str(one.networks), f"{one.parameters:,}", f"{one.loss:.4g}", f"{one.score:.4f}"]
            for name, one in zip(NAMES, (self.teacher, self.student, self.direct), strict=True)
        ]
        return header, rows

    def __repr__(self) -> str:
        return f"{self.caption}\n{text_table(*self._table())}"

    def _repr_html_(self) -> str:
        return html_table(self.caption, *self._table())


def shrinkage(three: Sequence[LabelledRows]) -> Shrinkage:
    """Compares teacher, student and direct network, each with the same labelled rows."""
    target = three[0].model.target
    return Shrinkage(_name(three[0]), score_name(target), three[0].t, *map(_compared, three))


def _name(rows: LabelledRows) -> str:
    target = rows.model.target
    if isinstance(target, NumericLabels):
        return "RMSE" if target.m == 1 else "RMSE in deviations"
    return "log-loss"


def _compared(rows: LabelledRows) -> Compared:
    target, networks = rows.model.target, rows.model.networks
    if isinstance(target, NumericLabels):
        unit = target.deviation[0] if target.m == 1 else 1.0
        loss = float(unit * np.sqrt(((rows.outputs - rows.labels) ** 2).mean()))
    else:
        loss = ModelLoss(rows)(rows.outputs)
    return Compared(len(networks), sum(net.d for net in networks), loss, rows.explained())

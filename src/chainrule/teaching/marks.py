"""The result of a check of answers: one mark for each quantity, with the mistake in plain English."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Mark:
    """The mark of one answer: the ``name`` of its quantity, whether it ``is_right``, and a sentence about it.

    ``mistake`` is None for a right answer, and otherwise "transposed", "slope missing" (σ′), "sign", "mean for sum",
    "factor 2" (½ forgotten), "bias forgotten", "activation forgotten", "shape", "not found", or "earlier answer": right
    except for an earlier answer that is wrong.

    >>> import chainrule as cr
    >>> sheet = cr.exercise("backprop", sizes=[1, 1], seed=3)
    >>> sheet.check(J=-2).marks
    (Mark(name='J', is_right=False, mistake='sign', sentence='J: wrong sign.'),)
    """

    name: str
    is_right: bool
    mistake: str | None
    sentence: str

    def __str__(self) -> str:
        return self.sentence


@dataclass(frozen=True)
class Marks:
    """The result of a check of answers, a `Mark` for each, in the order of the computation; print it to read them.

    ``is_right`` is True if all are right. ``title`` names the network on which a function was called.

    >>> import chainrule as cr
    >>> sheet = cr.exercise("backprop", sizes=[1, 1], seed=3)
    >>> print(sheet.check(J=2))
    J: right.
    """

    marks: tuple[Mark, ...]
    title: str = ""

    @property
    def is_right(self) -> bool:
        """True if every answer is right."""
        return all(mark.is_right for mark in self.marks)

    def __str__(self) -> str:
        return "\n".join([*([self.title] if self.title else []), *map(str, self.marks)])

"""A fitted estimator in words, as an interpreter shows it."""

from __future__ import annotations


class Summary(str):
    """A text that an interpreter and a notebook show as it is."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)

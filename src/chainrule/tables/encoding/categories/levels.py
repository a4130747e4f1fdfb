"""The steps of categories: known levels, and their features."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.at_first_use import cached_property
from chainrule.tables.columns import MISSING, Column, Level, as_text
from chainrule.tables.text.conversion import value_of


@dataclass(frozen=True)
class Levels:
    """The levels of a category, and the rules by which a new column is compared with them.

    Texts are compared with texts. If the levels are texts, a number is compared by its text: 1 and 1.0 are both "1". If
    no level has this text, it is the only level that holds this number: 7 is "007", and 1.1 "1.10"; so is True "TRUE".
    Numbers and booleans are compared by value, and a text with them by the number or the boolean that it holds. If
    ``has_other`` is True, all further values share one more level; otherwise a value not seen in training is encoded
    as a missing one is.
    """

    levels: tuple[Level, ...]
    has_other: bool = False

    @property
    def are_texts(self) -> bool:
        """True if the known levels are texts."""
        return isinstance(self.levels[0], str)

    def codes(self, column: Column) -> tuple[NDArray[np.intp], int]:
        """Returns the level k of each value (t,), or −1, and the number of values that are present but unknown."""
        new = column.as_categories()
        place = {level: k for k, level in enumerate(self.levels)}
        elsewhere = len(self.levels) if self.has_other else MISSING
        to = np.array([place.get(self.comparable(level, place), elsewhere) for level in new.levels] + [MISSING])
        codes: NDArray[np.intp] = to.astype(np.intp, copy=False)[new.values]
        return codes, int(((codes == MISSING) & ~new.missing).sum())

    def comparable(self, level: Level, place: Mapping[Level, int]) -> Level:
        """Returns the known level that a value of a new column is compared with; ``place`` are the known levels."""
        if not self.are_texts:
            return value_of(level) if isinstance(level, str) else level
        if isinstance(level, str):
            return level
        text = as_text(level)
        return text if text in place else self._text_of.get((type(level) is bool, level), text)

    @cached_property
    def _text_of(self) -> dict[tuple[bool, Any], Level]:
        """The level of each number or boolean that one text alone holds; keys tell whether it is a boolean."""
        values = [(value_of(level), level) for level in self.levels if isinstance(level, str)]
        keys = [(type(value) is bool, value) for value, _ in values]
        counts = Counter(keys)
        return {key: level for key, (_, level) in zip(keys, values, strict=True) if counts[key] == 1}


@dataclass(frozen=True)
class Sign(Levels):
    """Encodes two levels as −1 and 1, and a missing or unseen value as 0."""

    @property
    def width(self) -> int:
        """Number of features."""
        return 1

    @property
    def suffixes(self) -> tuple[str, ...]:
        """Suffixes that the column's name gets, one per feature."""
        return (f"_{self.levels[1]}",)

    def write(self, codes: NDArray[np.intp], out: NDArray[Any]) -> None:
        """Writes the features of codes (t,) into ``out`` (t, 1)."""
        out[:, 0] = np.array([-1.0, 1.0, 0.0])[codes]


@dataclass(frozen=True)
class OneHot(Levels):
    """Encodes level k as a 1 in feature k and 0 elsewhere; the last feature is "other", if ``has_other``.

    A missing value is encoded as zeros, and without "other" an unseen value too.
    """

    @property
    def width(self) -> int:
        """Number of features."""
        return len(self.levels) + self.has_other

    @property
    def suffixes(self) -> tuple[str, ...]:
        """Suffixes that the column's name gets, one per feature."""
        return tuple(f"_{level}" for level in self.levels) + (("_other",) if self.has_other else ())

    def write(self, codes: NDArray[np.intp], out: NDArray[Any]) -> None:
        """Writes the features of codes (t,) into ``out`` (t, width)."""
        out[:] = codes[:, np.newaxis] == np.arange(self.width)

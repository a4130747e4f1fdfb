"""The rows that a model has learned from since its fit, and the place in its course where they begin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np

from chainrule._internal.checks import Array
from chainrule.estimators.network.incremental.row_keys import Keys
from chainrule.files import field as entry_of

MOST_SUMS = 1_000  # calls whose rows are recognised
SUMS = "later_rows"  # the name of their tensor
EACH = ("fit_epochs", "fit_kept", "kept")  # what there is of each network


@dataclass(frozen=True, eq=False)
class LaterRows:
    """The number of ``rows`` that ``partial_fit`` has added since the last fit, and the kept epochs of each network.

    ``fit_rows`` is the number of its rows, and ``fit_epochs`` how many epochs each network was then trained: 0 if
    ``partial_fit`` made the networks. ``kept`` counts the epochs of both; None means that the last one is kept. The
    rows of a call that are all those of an earlier one are not new: a sum over their keys is the same.

    >>> from chainrule.estimators.network.incremental.row_keys import row_keys
    >>> keys = row_keys(np.array([[1.0], [2.0]]), np.zeros((2, 1)))
    >>> after_one = LaterRows(5, (40,), (31,), (31,)).with_call(keys)
    >>> after_one.rows, after_one.kept, after_one.with_call(keys[::-1]).rows, after_one.total
    (2, (None,), 2, 7)
    """

    fit_rows: int
    fit_epochs: tuple[int, ...]  # of each network, as the next two
    fit_kept: tuple[int | None, ...]
    kept: tuple[int | None, ...]
    rows: int = 0
    sums: Keys = field(default_factory=lambda: np.zeros(0, np.uint64))  # of the last calls with rows of their own

    @property
    def total(self) -> int:
        """The number of all rows, those of fit included."""
        return self.fit_rows + self.rows

    def with_call(self, keys: Keys) -> Self:
        """Returns the same after a call with the rows of these keys, each of whose networks keeps its last epoch."""
        last, total = replace(self, kept=(None,) * len(self.kept)), keys.sum(dtype=np.uint64)
        if total in self.sums:
            return last
        return replace(last, rows=self.rows + len(keys), sums=np.append(self.sums, total)[-MOST_SUMS:])

    def of_networks(self, numbers: Sequence[int], kept: Sequence[int | None]) -> Self:
        """Returns the same for these networks, which keep these epochs."""
        epochs, best = tuple(self.fit_epochs[j] for j in numbers), tuple(self.fit_kept[j] for j in numbers)
        return replace(self, fit_epochs=epochs, fit_kept=best, kept=tuple(kept))

    def parts(self) -> tuple[dict[str, Any], dict[str, Array]]:
        """Returns this as the header and the tensors of a file."""
        header = {name: value for name, value in vars(self).items() if name != "sums"}
        sums: Any = self.sums.view(np.int64)
        return header, {SUMS: sums}

    @classmethod
    def from_parts(cls, header: Mapping[str, Any], tensors: Mapping[str, Array], epochs: Sequence[int]) -> Self:
        """Returns that of a file whose networks have this many epochs. Raises ValueError unless the parts fit."""
        sums: Any = tensors[SUMS]
        each = fit_epochs, fit_kept, kept = [tuple(entry_of(header, name, list)) for name in EACH]
        if any(len(values) != len(epochs) for values in each) or sums.dtype != np.int64 or sums.ndim != 1:
            raise ValueError(f"the later rows must have the epochs of {len(epochs)} networks, and sums of keys")
        fit_rows, rows = entry_of(header, "fit_rows", int), entry_of(header, "rows", int)
        known = [pair for values in each for pair in zip(values, epochs, strict=True) if pair[0] is not None]
        if (
            min(fit_rows, rows) < 0
            or None in fit_epochs
            or not all(type(epoch) is int and 0 <= epoch <= most for epoch, most in known)
        ):
            raise ValueError("the later rows must be counted from 0, and their epochs lie in the curves")
        return cls(fit_rows, fit_epochs, fit_kept, kept, rows, sums.view(np.uint64))

"""The rows of each network in little memory: a bit per row for those trained on, and one for those held out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.checks import Array, RowNumbers
from chainrule.estimators.network.validation_split import ValidationSplit, rows_where


class PackedSplits(NamedTuple):
    """The distinct splits of t rows as bits, (count, 2, ⌈t/8⌉), and the number of each network's split."""

    t: int
    bits: NDArray[np.uint8]
    of_network: tuple[int, ...]

    @classmethod
    def of(cls, splits: Sequence[ValidationSplit], t: int) -> PackedSplits:
        """Packs the split of each network, of t rows."""
        distinct = {id(split): split for split in splits}
        place = {key: k for k, key in enumerate(distinct)}
        bits = np.stack([[_bits(rows, t) for rows in split] for split in distinct.values()])
        return cls(t, bits, tuple(place[id(split)] for split in splits))

    def splits(self) -> list[ValidationSplit]:
        """Returns the split of each network; networks with the same one share it."""
        made = [ValidationSplit(*(_rows(row_bits, self.t) for row_bits in pair)) for pair in self.bits]
        return [made[k] for k in self.of_network]

    def parts(self) -> tuple[dict[str, object], dict[str, Array]]:
        """Returns the splits as the header and the tensors of a file."""
        return {"rows": self.t, "of_network": list(self.of_network)}, {"splits": self.bits}  # type: ignore[dict-item]  # bytes

    @classmethod
    def from_parts(cls, header: Mapping[str, object], tensors: Mapping[str, Array]) -> PackedSplits:
        """Returns the splits of a file. Raises TypeError or ValueError unless the parts fit together."""
        t, of, bits = header["rows"], header["of_network"], tensors["splits"]
        if type(t) is not int or not isinstance(of, list) or bits.shape[1:] != (2, -(-t // 8)):
            raise ValueError("the rows of the networks must be described by a bit for each row")
        if not all(type(k) is int and 0 <= k < len(bits) for k in of):
            raise ValueError(f"each network must have one of {len(bits)} splits")
        return cls(t, bits.astype(np.uint8), tuple(of))


def _bits(rows: RowNumbers, t: int) -> NDArray[np.uint8]:
    mask = np.zeros(t, dtype=bool)
    mask[rows] = True
    return np.packbits(mask)


def _rows(bits: NDArray[np.uint8], t: int) -> RowNumbers:
    return rows_where(np.unpackbits(bits, count=t).view(np.bool_))

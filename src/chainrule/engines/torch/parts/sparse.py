"""A sparse X on a device, whose rows become dense a minibatch at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from chainrule._internal.sparse_rows import SparseRows
from chainrule.engines.torch.parts.sigmas import Tensor


class SparseMatrix:
    """The rows of sparse matrices (t, n), one after the other, by their entries.

    Each row is read as if it had as many entries as the longest one, so that all operations have fixed shapes.
    """

    def __init__(self, matrices: Sequence[SparseRows], device: Any, dtype: Any) -> None:
        counts = np.concatenate([np.diff(matrix.indptr) for matrix in matrices])
        ends = np.cumsum(counts)
        self._first, self._end = (torch.from_numpy(part).to(device) for part in (ends - counts, ends))
        # One entry more, so that a row without any has one to read.
        columns = np.concatenate([*(matrix.indices for matrix in matrices), np.zeros(1, np.int64)])
        values = np.concatenate([*(matrix.data for matrix in matrices), np.zeros(1, matrices[0].dtype)])
        self._columns = torch.from_numpy(columns.astype(np.int64)).to(device)
        self._values = torch.from_numpy(values).to(device, dtype)
        self._lanes = torch.arange(int(counts.max(initial=1)), device=device)
        self._n = matrices[0].shape[1]

    def index_select(self, dim: int, numbers: Tensor) -> Tensor:
        """Returns these rows (B,) as a dense matrix (B, n), as ``torch.Tensor.index_select`` does for ``dim`` = 0."""
        first, end = (part.index_select(dim, numbers).unsqueeze(1) for part in (self._first, self._end))
        at = first + self._lanes
        is_entry, flat = at < end, at.clamp(max=len(self._values) - 1).reshape(-1)
        columns = self._columns.index_select(0, flat).view(at.shape)
        values = self._values.index_select(0, flat).view(at.shape) * is_entry  # 0 is added for those that are not
        dense = torch.zeros((len(numbers), self._n), dtype=values.dtype, device=values.device)
        return dense.scatter_add_(1, columns, values)


def bytes_of_rows(X: SparseRows, rows: int) -> int:
    """Returns the memory that dense rows need while they are made of a sparse X."""
    longest = int(np.diff(X.indptr).max(initial=1))
    return rows * (X.shape[1] * X.dtype.itemsize + longest * (3 * 8 + X.dtype.itemsize))

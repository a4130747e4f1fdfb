"""The product of matrices by which δ[i] and a[i−1] give ∂J/∂W[i] (Lecture, L15), for every kind of W and X."""

from __future__ import annotations

import numpy as np

from chainrule._internal.checks import Array
from chainrule._internal.sparse_rows import Rows, SparseRows
from chainrule.network.block_diagonal import BlockDiagonal, Matrix, free_entries


def set_to_product(W: Matrix, D: Array, A: Rows) -> None:
    """Sets W := Dᵀ A, D (t, m) and A (t, n), restricted to the blocks if W is a BlockDiagonal."""
    if isinstance(A, SparseRows):
        free_entries(W)[...] = 0.0
        part = W.astype(W.dtype)
        for rows, dense in A.blocks():
            set_to_product(part, D[rows], dense)
            np.add(free_entries(W), free_entries(part), out=free_entries(W))
    elif isinstance(W, BlockDiagonal):
        W.set_to_product(D, A)
    else:
        np.matmul(D.T, A, out=W)

"""The Jacobian ∂a[r]/∂θ of every example: one backward pass with a unit vector for each output (Lecture, L14, L15)."""

from __future__ import annotations

import numpy as np

from chainrule._internal.checks import Array
from chainrule._internal.sparse_rows import SparseRows
from chainrule.activations import Parametric
from chainrule.network import Network
from chainrule.network.block_diagonal import Runs
from chainrule.network.forward import Forward, silent


@silent
def parameter_jacobian(net: Network, run: Forward, scale: Array | float = 1.0) -> Array:
    """Computes ∂a[r]ₖ/∂θ of a finished forward pass: (t·m, d), the rows of example j from j·m on, times scale[j].

    ∂a[r]ₖ/∂W[i] = δ[i] a[i−1]ᵀ and ∂a[r]ₖ/∂b[i] = δ[i], where δ[r] = (∂σ[r]/∂z[r])ᵀ eₖ. Its transpose is contiguous,
    so that the products δ aᵀ run along the examples.
    """
    t, m = run.a[net.r].shape
    transposed = np.empty((net.d, t * m), net.dtype)
    g = np.tile(np.eye(m, dtype=net.dtype), (t, 1))  # (t·m, m)
    g *= scale if isinstance(scale, float) else np.repeat(scale, m)[:, None]
    end = net.d
    for i in range(net.r, 0, -1):
        part, sigma, z, a = net.layout[i - 1], net.sigma[i], _repeated(run.z[i], m), run.a[i - 1]
        start = end - part.d
        start_b = start + part.entries
        delta = sigma.pullback(z, g)  # (t·m, mᵢ)
        if isinstance(sigma, Parametric):
            transposed[start_b + part.m : end] = (sigma.kappa_slope(z) * g).T
        transposed[start_b : start_b + part.m] = delta.T
        a = _repeated(a.toarray() if isinstance(a, SparseRows) else a, m)
        _set_to_products(
            transposed[start:start_b], transposed[start_b : start_b + part.m], np.ascontiguousarray(a.T),
            part.runs or ((1, part.m, part.n),),
        )  # fmt: skip
        if i > 1:
            g = delta @ net.W[i]
        end = start
    return transposed.T


def _repeated(rows: Array, m: int) -> Array:
    return rows if m == 1 else np.repeat(rows, m, axis=0)


def _set_to_products(out: Array, D: Array, A: Array, runs: Runs) -> None:
    """Sets ``out`` (entries, N) to the blocks of δ aᵀ for each column of D (m, N) and A (n, N)."""
    start, row, column = 0, 0, 0
    for count, p, q in runs:
        end = start + count * p * q
        delta = D[row : row + count * p].reshape(count, p, 1, -1)
        a = A[column : column + count * q].reshape(count, 1, q, -1)
        np.multiply(delta, a, out=out[start:end].reshape(count, p, q, -1))
        start, row, column = end, row + count * p, column + count * q

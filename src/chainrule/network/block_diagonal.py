"""Block-diagonal weight matrices W = diag(W₁, …, W_k): only the blocks' entries are parameters (L5, L9).

A run, that is consecutive blocks of equal shape, is stored as one array (count, p, q) and multiplied by one product.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from numbers import Real
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from chainrule._internal.checks import Array, as_array, common_dtype, shown
from chainrule.errors import InputError

Runs: TypeAlias = tuple[tuple[int, int, int], ...]  # (count, p, q): count consecutive blocks of shape (p, q)
Matrix: TypeAlias = Array | Any  # a W[i]: an array (m, n) or a BlockDiagonal; Any lets code for arrays type-check


class BlockDiagonal:
    """A weight matrix W = diag(W₁, …, W_k) with blocks Wⱼ (pⱼ, qⱼ); W has shape (Σ pⱼ, Σ qⱼ), zero outside of them.

    Only the blocks' entries are parameters. ``entries`` holds them in order: block 1 row by row, then block 2, …;
    ``blocks`` are views into it, and ``runs`` lists (count, p, q) for each run of equal shapes. ``A @ W.T``, ``D @ W``
    and ``W @ x`` are the products of the chain rule; ``toarray()`` is the dense matrix. In a network ``entries`` is a
    view into θ, and ``net.W[i] -= alpha * g.W[i]`` is a step.

    Raises InputError unless the blocks are a list of one or more matrices of finite numbers.

    >>> import chainrule as cr
    >>> W = cr.BlockDiagonal([[[1.0, 2.0]], [[3.0, 4.0]], [[5.0]]])
    >>> W.shape, W.runs, W.entries
    ((3, 5), ((2, 1, 2), (1, 1, 1)), array([1., 2., 3., 4., 5.]))
    >>> W @ [1.0, 1.0, 1.0, 1.0, 1.0]
    array([3., 7., 5.])

    Source: Lecture, Def. 4.2 (L5), with most entries of W held at 0.
    """

    __slots__ = ("entries", "runs", "shape", "stacks")
    __array_ufunc__ = None  # makes NumPy leave A @ W and alpha * W to this class

    entries: Array  # (d,)
    runs: Runs
    shape: tuple[int, int]
    stacks: tuple[Array, ...]  # one array (count, p, q) per run, a view into entries

    def __init__(self, blocks: Iterable[ArrayLike]) -> None:
        in_order = isinstance(blocks, Iterable) and not isinstance(blocks, (str, bytes, Set, Mapping))
        given = [as_array(block, f"block {j}") for j, block in enumerate(blocks, 1)] if in_order else []
        if not given:
            raise InputError(f"blocks must be a list of one or more matrices; got {shown(blocks)}.")
        for j, block in enumerate(given, 1):
            if block.ndim != 2 or 0 in block.shape:
                raise InputError(f"block {j} must have shape (p, q) with p, q ≥ 1; got {block.shape}.")
        dtype = common_dtype(*(block.dtype for block in given))
        entries = np.concatenate([block.ravel() for block in given]).astype(dtype, copy=False)
        self._set_up(entries, merge_runs((1, *block.shape) for block in given))

    def _set_up(self, entries: Array, runs: Runs) -> None:
        self.entries, self.runs = entries, runs
        self.shape = sum(count * p for count, p, _ in runs), sum(count * q for count, _, q in runs)
        stacks, start = [], 0
        for count, p, q in runs:
            end = start + count * p * q
            stacks.append(entries[start:end].reshape(count, p, q))
            start = end
        self.stacks = tuple(stacks)

    @classmethod
    def view(cls, entries: Array, runs: Runs) -> BlockDiagonal:
        """Returns the matrix whose parameters are ``entries`` (d,), without a copy: changing one changes the other."""
        W = object.__new__(cls)
        W._set_up(entries, runs)
        return W

    @property
    def blocks(self) -> tuple[Array, ...]:
        """W₁, …, W_k: views into ``entries``."""
        return tuple(block for stack in self.stacks for block in stack)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The number type of the entries."""
        return self.entries.dtype

    @property
    def T(self) -> _Transposed:
        """The transpose Wᵀ, for ``A @ W.T``."""
        return _Transposed(self)

    def toarray(self) -> Array:
        """Returns the dense matrix W (m, n), a copy."""
        dense, row, column = np.zeros(self.shape, self.dtype), 0, 0
        for block in self.blocks:
            p, q = block.shape
            dense[row : row + p, column : column + q] = block
            row, column = row + p, column + q
        return dense

    def astype(self, dtype: DTypeLike) -> BlockDiagonal:
        """Returns a copy whose entries have the number type ``dtype``."""
        return BlockDiagonal.view(as_array(self.entries, "W", dtype).copy(), self.runs)

    def times_rows(self, A: Array) -> Array:
        """Returns A Wᵀ, that is W a for each row a: (t, n) → (t, m)."""
        return _by_runs(A, [stack.transpose(0, 2, 1) for stack in self.stacks], self.shape[1])

    def transpose_times_rows(self, D: Array) -> Array:
        """Returns D W, that is Wᵀ δ for each row δ: (t, m) → (t, n)."""
        return _by_runs(D, list(self.stacks), self.shape[0])

    def set_to_product(self, D: Array, A: Array) -> None:
        """Sets the blocks to those of Dᵀ A, D (t, m) and A (t, n): ∂J/∂W = Σ δ aᵀ at the entries that W has (L15)."""
        t, row, column = len(D), 0, 0
        for (count, p, q), stack in zip(self.runs, self.stacks, strict=True):
            delta = D[:, row : row + count * p].reshape(t, count, p)
            a = A[:, column : column + count * q].reshape(t, count, q)
            np.matmul(delta.transpose(1, 2, 0), a.transpose(1, 0, 2), out=stack)
            row, column = row + count * p, column + count * q

    def __rmatmul__(self, D: ArrayLike) -> Array:
        rows = np.asarray(D)
        return self.transpose_times_rows(rows[None])[0] if rows.ndim == 1 else self.transpose_times_rows(rows)

    def __matmul__(self, X: ArrayLike) -> Array:
        columns = np.asarray(X)
        return self.times_rows(columns[None])[0] if columns.ndim == 1 else self.times_rows(columns.T).T

    def __mul__(self, factor: object) -> BlockDiagonal:
        if not isinstance(factor, Real):
            return NotImplemented
        return BlockDiagonal.view(np.multiply(self.entries, float(factor), dtype=self.dtype), self.runs)

    __rmul__ = __mul__

    def __iadd__(self, other: object) -> BlockDiagonal:
        if not isinstance(other, BlockDiagonal) or other.runs != self.runs:
            return NotImplemented
        np.add(self.entries, other.entries, out=self.entries)
        return self

    def __isub__(self, other: object) -> BlockDiagonal:
        if not isinstance(other, BlockDiagonal) or other.runs != self.runs:
            return NotImplemented
        np.subtract(self.entries, other.entries, out=self.entries)
        return self

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> Array:
        if copy is False:
            raise ValueError("a BlockDiagonal cannot become a dense array without a copy; leave out copy=False.")
        return self.toarray().astype(dtype or self.dtype, copy=False)

    def __getstate__(self) -> dict[str, Any]:
        return {"entries": self.entries, "runs": self.runs}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._set_up(state["entries"], state["runs"])

    def __repr__(self) -> str:
        runs = ", ".join(f"{count} of {p} × {q}" if count > 1 else f"{p} × {q}" for count, p, q in self.runs)
        return f"BlockDiagonal({self.shape[0]} × {self.shape[1]}: {runs})"


def Diagonal(w: ArrayLike) -> BlockDiagonal:
    """Returns the diagonal weight matrix W = diag(w₁, …, w_m), a `BlockDiagonal` of 1 × 1 blocks: z = w ⊙ x + b.

    Raises InputError unless w has shape (m,), m ≥ 1, and is finite.

    >>> import chainrule as cr
    >>> scaling = cr.Layer(cr.Diagonal([2.0, 10.0]), [0.0, 1.0], cr.identity)
    >>> cr.Network([scaling])([1.0, 1.0])
    array([ 2., 11.])

    Source: as the scaling layer of a network: D. Holzmüller, L. Grinsztajn & I. Steinwart, Better by default, 2024.
    """
    entries = as_array(w, "w")
    if entries.ndim != 1 or not entries.size:
        raise InputError(f"w must have shape (m,), one entry per input, m ≥ 1; got {entries.shape}.")
    return BlockDiagonal.view(entries, ((len(entries), 1, 1),))


class _Transposed:
    """The transpose of a BlockDiagonal W, the right factor of ``A @ W.T``."""

    __slots__ = ("T",)
    __array_ufunc__ = None

    def __init__(self, W: BlockDiagonal) -> None:
        self.T = W

    def __rmatmul__(self, A: ArrayLike) -> Array:
        return self.T @ np.asarray(A).T if np.ndim(A) == 1 else self.T.times_rows(np.asarray(A))

    def __matmul__(self, X: ArrayLike) -> Array:
        return np.asarray(X).T @ self.T if np.ndim(X) == 1 else (np.asarray(X).T @ self.T).T


def _by_runs(A: Array, stacks: Sequence[Array], columns: int) -> Array:
    """Returns A diag(B₁, …, B_k), (t, Σp) → (t, Σq), for blocks (p, q) given by runs as stacks (count, p, q)."""
    if A.ndim != 2 or A.shape[1] != columns:
        raise InputError(f"the other factor of a product with W must have rows of {columns} numbers; got {A.shape}.")
    t, start, products = len(A), 0, []
    for stack in stacks:
        count, p, q = stack.shape
        part = A[:, start : start + count * p].reshape(t, count, p)
        if p == 1:  # the product is entrywise
            product = part * stack[:, 0, :]
        else:
            product = np.matmul(part.transpose(1, 0, 2), stack).transpose(1, 0, 2)
        products.append(product.reshape(t, count * q))
        start += count * p
    return products[0] if len(products) == 1 else np.concatenate(products, axis=1)


def merge_runs(shapes: Iterable[tuple[int, int, int]]) -> Runs:
    """Merges neighbouring runs of equal shape, so that equal matrices have equal ``runs``.

    >>> merge_runs([(1, 2, 1), (3, 2, 1), (1, 1, 1)])
    ((4, 2, 1), (1, 1, 1))
    """
    runs: list[tuple[int, int, int]] = []
    for count, p, q in shapes:
        if runs and runs[-1][1:] == (p, q):
            count += runs.pop()[0]
        runs.append((count, p, q))
    return tuple(runs)


def free_entries(W: Matrix) -> Array:
    """Returns the entries of W that are parameters: all entries of an array, the blocks of a BlockDiagonal."""
    entries: Array = W.entries if isinstance(W, BlockDiagonal) else W
    return entries

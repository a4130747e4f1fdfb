"""The products of the chain rule with W[i] of k networks: z = W a + b, W ᵀδ and ∂J/∂W = Σ δ aᵀ (Lecture, L7, L14, L15).

W is (k, m, n), or the stacks (k, count, p, q) of the runs of a block-diagonal W; a is (k, t, n) and δ (k, t, m). For
one network the products are those of matrices, which can add b and apply ReLU in the same kernel, for several `bmm`.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from chainrule.engines.torch.parts.sigmas import Tensor
from chainrule.network.block_diagonal import Runs
from chainrule.network.theta import Part


class FullMatrix:
    """A full W[i], a view into θ (k, d)."""

    def __init__(self, entries: Tensor, part: Part) -> None:
        self.W = entries.unflatten(1, (part.m, part.n))  # (k, m, n)

    def linear(self, a: Tensor, b: Tensor, with_relu: bool) -> Tensor:
        """Computes z = W a + b (k, t, m), b (k, m), or ReLU(z)."""
        if len(self.W) > 1:
            z = torch.baddbmm(b.unsqueeze(1), a, self.W.transpose(1, 2))
            return z.relu_() if with_relu else z
        if with_relu:
            return torch._addmm_activation(b[0], a[0], self.W[0].t(), use_gelu=False).unsqueeze(0)
        return torch.addmm(b[0], a[0], self.W[0].t()).unsqueeze(0)

    def pulled_back(self, delta: Tensor) -> Tensor:
        """Computes Wᵀ δ of each row, (k, t, n)."""
        return torch.bmm(delta, self.W) if len(self.W) > 1 else torch.mm(delta[0], self.W[0]).unsqueeze(0)

    def set_to_product(self, delta: Tensor, a: Tensor) -> None:
        """Sets W := Σ δ aᵀ, which may be rounded to the number type of δ first."""
        if len(self.W) > 1:
            product, out, factors = torch.bmm, self.W, (delta.transpose(1, 2), a)
        else:
            product, out, factors = torch.mm, self.W[0], (delta[0].t(), a[0])
        if out.dtype == delta.dtype:
            product(*factors, out=out)
        else:
            out.copy_(product(*factors))


class BlockMatrix:
    """A block-diagonal W[i], whose runs of equal blocks are views into θ (k, d)."""

    def __init__(self, entries: Tensor, runs: Runs) -> None:
        self.stacks: list[Tensor] = []  # (k, count, p, q)
        start = 0
        for count, p, q in runs:
            self.stacks.append(entries[:, start : start + count * p * q].unflatten(1, (count, p, q)))
            start += count * p * q
        self._rows = [count * p for count, p, _ in runs]
        self._columns = [count * q for count, _, q in runs]

    def linear(self, a: Tensor, b: Tensor, with_relu: bool) -> Tensor:
        """Computes z = W a + b (k, t, m), b (k, m), or ReLU(z)."""
        products = [
            _by_blocks(part, stack.transpose(2, 3))
            for part, stack in zip(a.split(self._columns, 2), self.stacks, strict=True)
        ]
        z = torch.cat(products, 2).add_(b.unsqueeze(1))
        return z.relu_() if with_relu else z

    def pulled_back(self, delta: Tensor) -> Tensor:
        """Computes Wᵀ δ of each row, (k, t, n)."""
        parts = zip(delta.split(self._rows, 2), self.stacks, strict=True)
        return torch.cat([_by_blocks(part, stack) for part, stack in parts], 2)

    def set_to_product(self, delta: Tensor, a: Tensor) -> None:
        """Sets the blocks of W to those of Σ δ aᵀ."""
        parts = zip(delta.split(self._rows, 2), a.split(self._columns, 2), self.stacks, strict=True)
        for D, A, stack in parts:
            _, count, p, q = stack.shape
            left, right = D.unflatten(2, (count, p)).permute(0, 2, 3, 1), A.unflatten(2, (count, q)).transpose(1, 2)
            stack.copy_(torch.matmul(left, right))  # (k, count, p, t) times (k, count, t, q)


def _by_blocks(part: Tensor, stack: Tensor) -> Tensor:
    """Returns the rows (k, t, count · p) times the blocks (k, count, p, q): (k, t, count · q)."""
    _, count, p, _ = stack.shape
    if p == 1:  # the product is entrywise
        return (part.unsqueeze(3) * stack.squeeze(2).unsqueeze(1)).flatten(2)
    product = torch.matmul(part.unflatten(2, (count, p)).transpose(1, 2), stack)  # (k, count, t, q)
    return product.transpose(1, 2).flatten(2)


class LayerViews:
    """The part of one layer in θ (k, d): W, b (k, m), and κ (k, m) or None."""

    def __init__(self, theta: Tensor, part: Part, start: int) -> None:
        b, kappa, end = start + part.entries, start + part.entries + part.m, start + part.d
        entries = theta[:, start:b]
        self.W = FullMatrix(entries, part) if part.runs is None else BlockMatrix(entries, part.runs)
        self.b = theta[:, b:kappa]
        self.kappa = theta[:, kappa:end] if part.parametric else None


def layer_views(theta: Tensor, layout: Sequence[Part]) -> list[LayerViews]:
    """Returns the views of each layer into θ (k, d), in the order of the lecture (L9)."""
    views, start = [], 0
    for part in layout:
        views.append(LayerViews(theta, part, start))
        start += part.d
    return views

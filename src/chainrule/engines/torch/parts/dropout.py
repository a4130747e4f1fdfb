"""The dropout of training in PyTorch: the keyed hash of `chainrule.engines.minibatches`, in tensors of int64.

Products and sums wrap at 2⁶⁴ as unsigned ones do; a shift to the right needs the sign bits cleared.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from chainrule._internal.checks import Array
from chainrule.engines.problem import Problem
from chainrule.engines.torch.parts.sigmas import Tensor
from chainrule.network import Network

GAMMA = 0x9E3779B97F4A7C15 - (1 << 64)  # as a signed number
FIRST, SECOND = 0xBF58476D1CE4E5B9 - (1 << 64), 0x94D049BB133111EB - (1 << 64)


def dropout_table(problem: Problem, run_step: int, count: int) -> tuple[Array, Array]:
    """Returns p · 2³² (int64) and 1/(1 − p) (float64) of each layer in ``count`` steps, both (count, r)."""
    p = np.array([problem.dropout(run_step + j) for j in range(count)], np.float64)
    return np.round(p * 2.0**32).astype(np.int64), 1.0 / (1.0 - p)


class Dropout:
    """The factors of a[1] … a[r] in a step over the rows of each network; those of layers without dropout are None."""

    def __init__(self, net: Network, sizes: Sequence[int], like: Tensor) -> None:
        self._numbers: list[Tensor | None] = []  # (n + 1) γ of each output n, (k, t, mᵢ) or (1, t, mᵢ)
        alike = sizes if len(set(sizes)) > 1 else sizes[:1]
        rows, before, t = torch.tensor(alike, device=like.device).view(-1, 1, 1), 0, max(sizes)
        for p, m in zip(net.dropout, net.m[1:], strict=True):
            n = torch.arange(1, t * m + 1, dtype=torch.int64, device=like.device).view(t, m) if p else None
            self._numbers.append(None if n is None else (rows * before + n) * GAMMA)
            before += m

    def masks(self, keys: Tensor, limits: Tensor, factors: Tensor, dtype: torch.dtype) -> Sequence[Tensor | None]:
        """Returns the factors (k, t, mᵢ) for keys (k,), ``limits`` p · 2³² (r,) and ``factors`` 1/(1 − p) (r,)."""
        masks: list[Tensor | None] = []
        for i, numbers in enumerate(self._numbers):
            if numbers is None:
                masks.append(None)
                continue
            kept = _shifted(_splitmix64(keys.view(-1, 1, 1) + numbers), 32) >= limits[i]
            masks.append(kept.to(dtype) * factors[i])
        return masks


def _splitmix64(x: Tensor) -> Tensor:
    x = (x ^ _shifted(x, 30)) * FIRST
    x = (x ^ _shifted(x, 27)) * SECOND
    return x ^ _shifted(x, 31)


def _shifted(x: Tensor, bits: int) -> Tensor:
    """Returns the unsigned x / 2ᵇⁱᵗˢ, rounded down."""
    return (x >> bits) & ((1 << (64 - bits)) - 1)

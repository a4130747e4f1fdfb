"""The random stream of a training run, from which the order of the examples and the dropout keys are drawn.

All engines draw raw 64-bit numbers from NumPy's PCG64 in the same order, so that one seed visits the same examples in
the same order on every engine. An epoch draws t − 1 numbers for its shuffle (no numbers for a full batch or if rows
keep their order), and then one key per step if a layer has dropout, even if its schedule gives 0 in that step.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.by_layer import ByLayer
from chainrule._internal.checks import Array
from chainrule.engines.problem import Problem
from chainrule.network import Network

LOW32 = np.uint64(0xFFFFFFFF)
SHIFT32 = np.uint64(32)


def stream_at(state: int, increment: int) -> np.random.PCG64:
    """Returns NumPy's PCG64 at a recorded position of its stream."""
    stream = np.random.PCG64(0)
    stream.state = {
        "bit_generator": "PCG64",
        "state": {"state": state, "inc": increment},
        "has_uint32": 0,
        "uinteger": 0,
    }
    return stream


def position(stream: np.random.PCG64) -> tuple[int, int]:
    """Returns the position of the stream: its state and increment, two 128-bit integers."""
    inner = stream.state["state"]
    return int(inner["state"]), int(inner["inc"])


def shuffled(stream: np.random.PCG64, t: int) -> NDArray[np.intp]:
    """Returns a random order of 0 … t − 1 (Fisher and Yates): for i = t − 1 … 1 it swaps entries i and ⌊u (i + 1)/2⁶⁴⌋.

    Each u is one raw 64-bit number of the stream; the quotient is the high half of the 128-bit product u (i + 1)
    (Lemire 2019; its bias of at most t / 2⁶⁴ is not removed, so that each swap takes exactly one number).
    """
    n = np.arange(t, 1, -1, dtype=np.uint64)  # i + 1
    u = stream.random_raw(t - 1) if t > 1 else np.empty(0, np.uint64)
    j = ((u >> SHIFT32) * n + (((u & LOW32) * n) >> SHIFT32)) >> SHIFT32
    order = list(range(t))
    for i, j_i in zip(range(t - 1, 0, -1), j.tolist(), strict=True):
        order[i], order[j_i] = order[j_i], order[i]
    return np.array(order, dtype=np.intp)


def splitmix64(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Applies the finaliser of SplitMix64 (Steele, Lea and Flood 2014), a bijective hash of 64-bit numbers."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def dropout_masks(key: int, net: Network, t: int, dropout: Iterable[float]) -> ByLayer[Array | None]:
    """Returns for each layer the factors (t, mᵢ) of a[i] in one training step, or None if its dropout is 0.

    ``dropout`` holds the probability p of each layer in this step (``Problem.dropout``). The n-th output of the step
    (all of layer 1 row by row, then layer 2, …) is kept if the upper 32 bits of
    splitmix64(key + (n + 1) · 0x9E3779B97F4A7C15) are at least p · 2³². This depends on the key and n alone, so any
    number of threads can compute it in any order.
    """
    masks: list[Array | None] = []
    first = 0
    for i, p in enumerate(dropout, 1):
        size = t * net.m[i]
        mask = None
        if p > 0.0:
            n = np.arange(first + 1, first + size + 1, dtype=np.uint64)
            hashed = splitmix64(np.uint64(key) + n * np.uint64(0x9E3779B97F4A7C15)) >> SHIFT32
            kept = hashed >= np.uint64(round(p * 2**32))
            mask = np.where(kept, net.dtype.type(1.0 / (1.0 - p)), net.dtype.type(0.0)).reshape(t, net.m[i])
        masks.append(mask)
        first += size
    return ByLayer(masks)


class Minibatch(NamedTuple):
    """The examples of one step, a slice if they lie side by side, and its `dropout_masks`, None without dropout."""

    rows: NDArray[np.intp] | slice
    masks: ByLayer[Array | None] | None


def minibatches(problem: Problem, stream: np.random.PCG64, epoch: int, first: int = 0) -> Iterator[Minibatch]:
    """Yields the minibatches of an epoch (0, 1, …) from number ``first``; the stream is where the epoch begins.

    It is at the start of the next epoch when the last minibatch is drawn.
    """
    t, size, steps = problem.data.t, problem.batch_size, problem.steps_per_epoch
    order = None if problem.in_order else shuffled(stream, t)
    if problem.has_dropout and first:
        stream.random_raw(first)  # the keys of earlier steps
    for batch in range(first, steps):
        rows = slice(batch * size, min((batch + 1) * size, t))
        masks = None
        if problem.has_dropout:
            p = problem.dropout(epoch * steps + batch)
            masks = dropout_masks(int(stream.random_raw()), problem.net, rows.stop - rows.start, p)
        yield Minibatch(rows if order is None else order[rows], masks)

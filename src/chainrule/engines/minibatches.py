"""The random stream of a training run, from which the order of the examples and the dropout keys are drawn.

All engines draw raw 64-bit numbers from NumPy's PCG64 in the same order, so that one seed visits the same examples in
the same order on every engine. An epoch draws t − 1 numbers for its shuffle (no numbers for a full batch or if rows
keep their order; those of its windows if it is read in several, see rows/order.py), and then one key per step if a
layer has dropout, even if its schedule gives 0 in that step.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.by_layer import ByLayer
from chainrule._internal.checks import Array
from chainrule._internal.imports import imported
from chainrule.costs import TrainingSet
from chainrule.engines.problem import Problem
from chainrule.network import Network
from chainrule.rows.order import SHIFT32, Shuffle, position, shuffled, stream_at
from chainrule.rows.windowed import WindowedRows

if TYPE_CHECKING:
    from chainrule.rows.windows import WindowReader


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
    """The examples of one step, some rows of ``data``, as a slice if they lie side by side; and its `dropout_masks`."""

    data: TrainingSet
    rows: NDArray[Any] | slice
    masks: ByLayer[Array | None] | None


def minibatches(
    problem: Problem, stream: np.random.PCG64, epoch: int, first: int = 0, reader: WindowReader | None = None
) -> Iterator[Minibatch]:
    """Yields the minibatches of an epoch (0, 1, …) from number ``first``; the stream is where the epoch begins.

    It is at the start of the next epoch when the last minibatch is drawn. ``reader`` has the examples of a problem in
    windows.
    """
    t, size, steps, start = problem.data.t, problem.batch_size, problem.steps_per_epoch, position(stream)
    order: NDArray[Any] | None = None
    first_here, end = 0, steps  # the minibatches that are there
    if reader is not None:
        end = first
    else:
        data = problem.examples
        order = None if problem.in_order else shuffled(stream, t)
        if problem.has_dropout and first:
            stream.random_raw(first)  # the keys of earlier steps
    for batch in range(first, steps):
        if reader is not None and batch == end:
            data, order, first_here, end, keys = reader.window(start, batch)
            if batch == first:
                stream.state = stream_at(*keys).advance(first if problem.has_dropout else 0).state
        at = (batch - first_here) * size
        rows = slice(at, at + min(size, t - batch * size))
        masks = None
        if problem.has_dropout:
            p = problem.dropout(epoch * steps + batch)
            masks = dropout_masks(int(stream.random_raw()), problem.net, rows.stop - rows.start, p)
        yield Minibatch(data, rows if order is None else order[rows], masks)


def window_reader(problem: Problem, shuffle: Shuffle = shuffled) -> WindowReader | None:
    """Returns the reader of a problem in windows, or None; ``shuffle`` draws its orders."""
    if not isinstance(problem.data, WindowedRows):
        return None
    module = imported("chainrule.rows.windows")
    keys = problem.steps_per_epoch if problem.has_dropout else 0
    reader: WindowReader = module.WindowReader(
        problem.data, problem.batch_size, keys, shuffle if problem.shuffle else None
    )
    return reader

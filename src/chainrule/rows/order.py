"""The random order in which an epoch visits the rows, all at once or in windows, from one stream of NumPy's PCG64.

A window holds the rows of some blocks of a file. In several windows, an epoch draws first the order of the blocks
(their number − 1 raw numbers), of which consecutive ones are a window, and then for each window the order of its rows
(their number − 1 each). In one window, only the order of all rows is drawn. So where each draw begins is known without
making those before it, and a stream can be advanced to any window.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

SHIFT32 = np.uint64(32)
LOW32 = np.uint64(0xFFFFFFFF)

Position: TypeAlias = tuple[int, int]  # the state and the increment of a stream, two 128-bit integers


class Shuffle(Protocol):
    """A function like `shuffled`."""

    def __call__(self, stream: np.random.PCG64, t: int) -> NDArray[np.integer]:
        """Returns a random order of 0 … t − 1."""


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


def position(stream: np.random.PCG64) -> Position:
    """Returns the position of the stream: its state and increment, two 128-bit integers."""
    inner = stream.state["state"]
    return int(inner["state"]), int(inner["inc"])


def halves(place: Position) -> tuple[int, ...]:
    """Returns the upper and the lower 64 bits of both numbers of a position, as the compiled core takes them."""
    return tuple(half for number in place for half in (number >> 64, number & (2**64 - 1)))


def advanced(start: Position, draws: int) -> Position:
    """Returns the position after this many raw numbers, without drawing them.

    >>> stream = np.random.PCG64(7)
    >>> start, numbers = position(stream), stream.random_raw(1000)
    >>> advanced(start, 1000) == position(stream)
    True
    """
    return position(stream_at(*start).advance(draws))


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


class WindowOrder(NamedTuple):
    """A window of an epoch: its blocks in their order, its rows and those of the epoch before them, and its stream."""

    blocks: NDArray[np.intp]
    rows: int
    first_row: int
    stream: Position  # where the order of the rows is drawn


class EpochOrder(NamedTuple):
    """The windows of an epoch, and the position of the stream after all draws for their order."""

    windows: list[WindowOrder]
    end: Position


def epoch_order(sizes: NDArray[np.int64], count: int, start: Position, shuffle: Shuffle | None) -> EpochOrder:
    """Returns the order of an epoch that begins at ``start`` of its stream, over blocks of these sizes.

    There are ``count`` windows with nearly equal numbers of rows, or fewer if there are fewer blocks: a block belongs
    to window ⌊count · s / t⌋ if s of all t rows come before it. Without ``shuffle`` the blocks keep their order, and
    nothing is drawn.

    >>> order = epoch_order(np.array([3, 3, 3, 3]), 2, position(np.random.PCG64(0)), shuffled)
    >>> [(window.blocks.tolist(), window.first_row) for window in order.windows]
    [([1, 3], 0), ([0, 2], 6)]
    """
    blocks = np.arange(len(sizes))
    if shuffle is not None and count > 1:
        blocks = shuffle(stream_at(*start), len(sizes)).astype(np.intp)
        start = advanced(start, len(sizes) - 1)
    before = np.cumsum(sizes[blocks]) - sizes[blocks]
    of_window = before * count // int(sizes.sum())
    windows: list[WindowOrder] = []
    for own in np.split(blocks, np.flatnonzero(np.diff(of_window)) + 1):
        rows = int(sizes[own].sum())
        first_row = windows[-1].first_row + windows[-1].rows if windows else 0
        windows.append(WindowOrder(own, rows, first_row, start))
        if shuffle is not None:
            start = advanced(start, rows - 1)
    return EpochOrder(windows, start)

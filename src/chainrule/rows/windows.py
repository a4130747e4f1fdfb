"""The windows of a training run: rows of several blocks in memory, in the order in which an epoch visits them.

While the engine works on one window, a thread reads the next one. A minibatch may have rows of two windows: those that
are left of the first one are copied before those of the second.
"""

from __future__ import annotations

from bisect import bisect_right
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import pairwise
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.checks import Array, all_finite, as_array
from chainrule._internal.user_warnings import warn
from chainrule.costs import TrainingSet
from chainrule.errors import InputError, RowsError, TrainingWarning
from chainrule.rows.correlation import variance_ratio
from chainrule.rows.order import EpochOrder, Position, Shuffle, WindowOrder, advanced, epoch_order, stream_at
from chainrule.rows.source import Labels, concatenated
from chainrule.rows.windowed import WindowedRows

READ_TOGETHER = 4  # blocks, which are still in a cache of the processor when they are checked
NOTICEABLE = 2.0  # times the variance of a full shuffle


class Window(NamedTuple):
    """Some rows of an epoch, and those of its minibatches that they hold."""

    examples: TrainingSet
    order: NDArray[np.uint32] | None  # the order of the examples; None: as they are
    first_batch: int
    end_batch: int
    keys: Position  # of the stream, after the draws for the order of the epoch


class Place(NamedTuple):
    """A window of the epoch that begins at a position of the stream."""

    epoch: Position
    number: int


class WindowReader:
    """The windows of a run, one after the other; the next one is read in a thread.

    An epoch draws ``keys`` further numbers, those of dropout, after its order. ``shuffle`` is None if rows keep their
    order.
    """

    def __init__(self, data: WindowedRows, batch_size: int, keys: int, shuffle: Shuffle | None) -> None:
        self._data, self._B, self._keys, self._shuffle = data, batch_size, keys, shuffle
        self._steps = -(-data.t // batch_size)
        self._epochs: dict[Position, EpochOrder] = {}  # the latest ones
        self._spare: list[TrainingSet] = []  # memory for windows
        self._thread = ThreadPoolExecutor(1, "chainrule-rows")
        self._current: tuple[Place, Window, TrainingSet] | None = None
        self._next: tuple[Place, Future[tuple[Window, TrainingSet]]] | None = None
        self._has_looked = False

    def window(self, epoch: Position, batch: int) -> Window:
        """Returns the window with this minibatch of the epoch that begins at a position of the stream.

        The window before it is no longer valid. Raises RowsError if the rows cannot be read any more.
        """
        place = self._place(epoch, batch)
        if self._current is not None and self._current[0] == place:
            return self._current[1]
        expected, self._next = self._next, None
        before = self._current
        if expected is not None and expected[0] == place:
            window, memory = expected[1].result()
        else:
            if expected is not None and expected[1].exception() is None:
                self._spare.append(expected[1].result()[1])
            window, memory = self._thread.submit(self._load, place, before).result()
        if before is not None:
            self._spare.append(before[2])
        self._current = place, window, memory
        self._look_at_order()
        following = self._following(place, window)
        self._next = following, self._thread.submit(self._load, following, self._current)
        return window

    def close(self) -> None:
        """Ends the thread and frees the memory."""
        self._thread.shutdown(wait=True, cancel_futures=True)
        self._current = self._next = None
        self._spare.clear()

    def _order(self, epoch: Position) -> EpochOrder:
        if epoch not in self._epochs:
            while len(self._epochs) > 1:
                del self._epochs[next(iter(self._epochs))]
            self._epochs[epoch] = epoch_order(self._data.rows.sizes, self._data.count, epoch, self._shuffle)
        return self._epochs[epoch]

    def _batches(self, window: WindowOrder) -> tuple[int, int]:
        """Returns the first minibatch with rows of a window that begins before it or in it, and the first after it."""
        end = window.first_row + window.rows
        return window.first_row // self._B, self._steps if end == self._data.t else end // self._B

    def _place(self, epoch: Position, batch: int) -> Place:
        """Returns the first window that ends after this minibatch."""
        return Place(
            epoch, bisect_right(self._order(epoch).windows, batch, key=lambda window: self._batches(window)[1])
        )

    def _following(self, place: Place, window: Window) -> Place:
        if window.end_batch < self._steps:
            return self._place(place.epoch, window.end_batch)
        return self._place(advanced(window.keys, self._keys), 0)

    def _load(self, place: Place, before: tuple[Place, Window, TrainingSet] | None) -> tuple[Window, TrainingSet]:
        """Reads a window; ``before`` is the one that is in memory."""
        order = self._order(place.epoch)
        own = order.windows[place.number]
        first, end = self._batches(own)
        count = own.first_row - first * self._B  # of rows that are left of the windows before
        memory = self._spare.pop() if self._spare else self._new_memory()
        if before is not None and before[0] == (place.epoch, place.number - 1):
            left = _last(before[1].examples, before[1].order, count) if count else None
        else:
            left = self._last_rows(order, place.number, count)
        examples = _part(memory, self._B - 1 - count, self._B - 1 + own.rows)
        if left is not None:
            _copy(left, _part(examples, 0, count))
        self._read(own, _part(examples, count, count + own.rows))
        return Window(examples, self._shuffled(own, count), first, end, order.end), memory

    def _shuffled(self, window: WindowOrder, left: int = 0) -> NDArray[np.uint32] | None:
        """Returns the order of a window's rows, after those that are ``left`` and keep their order."""
        if self._shuffle is None:
            return None
        order = np.empty(left + window.rows, np.uint32)
        order[:left] = np.arange(left)
        np.add(self._shuffle(stream_at(*window.stream), window.rows), left, out=order[left:], casting="unsafe")
        return order

    def _new_memory(self) -> TrainingSet:
        """Allocates room for the largest window of any epoch, after the rows that are left of the one before."""
        data, sizes = self._data, self._data.rows.sizes
        rows = min(data.t, data.t // data.count + int(sizes.max()) + 1) + self._B - 1
        weights = np.empty(rows, data.dtype) if data.rows.has_weights else None
        return TrainingSet(np.empty((rows, data.rows.n), data.dtype), np.empty((rows, data.m), data.dtype), weights)

    def _read(self, window: WindowOrder, out: TrainingSet) -> None:
        rows, X, at = self._data.rows, cast("Array", out.X), 0
        found = []
        for first in range(0, len(window.blocks), READ_TOGETHER):
            blocks = window.blocks[first : first + READ_TOGETHER]
            end = at + int(rows.sizes[blocks].sum())
            found.append(rows.read(blocks.tolist(), X[at:end]))
            if not all_finite(X[at:end]):
                self._refuse(blocks, found[-1], _part(out, at, end))
            at = end
        labels = concatenated(found)
        try:
            self._encode(labels, out)
        except InputError:
            self._refuse(window.blocks, labels, out)

    def _encode(self, labels: Labels, out: TrainingSet) -> None:
        """Checks the labels and the weights of rows, and writes them. Raises InputError."""
        if labels.weights is not None and not (labels.weights >= 0.0).all():
            raise InputError(f"weights must be ≥ 0; got {labels.weights.min()}.")
        out.Y[...] = self._data.cost.targets(labels.Y, self._data.m, self._data.dtype)
        if out.weights is not None and labels.weights is not None:
            out.weights[...] = labels.weights

    def _refuse(self, blocks: NDArray[np.intp], labels: Labels, out: TrainingSet) -> None:
        """Raises RowsError, which names the first of these blocks that has a fault."""
        ends = np.cumsum(self._data.rows.sizes[blocks]).tolist()
        for block, (first, end) in zip(blocks.tolist(), pairwise([0, *ends]), strict=True):
            part, weights = _part(out, first, end), None if labels.weights is None else labels.weights[first:end]
            try:
                as_array(cast("Array", part.X), "X", self._data.dtype)
                self._encode(Labels(labels.Y[first:end], weights), part)
            except InputError as error:
                name = self._data.rows.name
                raise RowsError(f"block {block} of {name}: {error}") from None

    def _last_rows(self, order: EpochOrder, number: int, count: int) -> TrainingSet | None:
        """Reads the last ``count`` rows before a window, in their order."""
        if count == 0:
            return None
        own = order.windows[number - 1]
        examples = _part(self._new_memory(), 0, own.rows)
        self._read(own, examples)
        kept = min(count, own.rows)
        last = _last(examples, self._shuffled(own), kept)
        earlier = self._last_rows(order, number - 1, count - kept)
        return last if earlier is None else _joined(earlier, last)

    def _look_at_order(self) -> None:
        """Warns once, when each block has been read, if their order makes windows poor samples."""
        moments, data = self._data.rows.moments, self._data
        if self._has_looked or self._shuffle is None or not moments.is_complete:
            return
        self._has_looked = True
        rho = moments.correlation()
        ratio = variance_ratio(rho, self._B, data.t, len(data.rows.sizes), data.count)
        if ratio > NOTICEABLE:
            warn(
                f"the rows of {data.rows.name} are not in random order: {rho:.0%} of the variance of their labels lies "
                f"between blocks, so that their mean over a minibatch has {ratio:.3g} times the variance that it has "
                "after a full shuffle. Shuffle them once with chainrule.Rows.pack, or give a larger window.",
                TrainingWarning,
            )


def _part(examples: TrainingSet, first: int, end: int) -> TrainingSet:
    """Returns these rows without a copy."""
    weights = None if examples.weights is None else examples.weights[first:end]
    return TrainingSet(examples.X[first:end], examples.Y[first:end], weights)


def _last(examples: TrainingSet, order: NDArray[np.uint32] | None, count: int) -> TrainingSet:
    """Returns the last rows in this order."""
    rows: Any = slice(examples.t - count, None) if order is None else order[examples.t - count :]
    weights = None if examples.weights is None else examples.weights[rows]
    return TrainingSet(examples.X[rows], examples.Y[rows], weights)


def _copy(source: TrainingSet, out: TrainingSet) -> None:
    for values, place in zip(source, out, strict=True):
        if place is not None:
            into: Any = place  # X is dense
            into[...] = values


def _joined(first: TrainingSet, second: TrainingSet) -> TrainingSet:
    pairs = zip(first, second, strict=True)
    return TrainingSet(*(None if one is None else np.concatenate([one, other]) for one, other in pairs))  # type: ignore[arg-type]

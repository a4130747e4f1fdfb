"""The order of an epoch: the draws of the windows, and what is known about them without drawing."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from support.strategies import seeds

from chainrule.rows.order import advanced, epoch_order, position, shuffled

block_sizes = st.lists(st.integers(1, 9), min_size=1, max_size=20)


@given(sizes=block_sizes, count=st.integers(1, 6), seed=seeds)
def test_each_block_is_in_one_window(sizes: list[int], count: int, seed: int) -> None:
    """The windows divide the blocks, have at most ⌈t / count⌉ rows and a block more, and follow each other."""
    order = epoch_order(np.array(sizes), count, position(np.random.PCG64(seed)), shuffled)
    assert sorted(np.concatenate([window.blocks for window in order.windows]).tolist()) == list(range(len(sizes)))
    assert len(order.windows) <= count
    first = 0
    for window in order.windows:
        assert window.rows == sum(sizes[block] for block in window.blocks)
        assert window.first_row == first
        assert window.rows < sum(sizes) / count + max(sizes)
        first += window.rows


@given(sizes=block_sizes, count=st.integers(2, 6), seed=seeds)
def test_the_stream_is_drawn_from_once_for_the_blocks_and_once_for_each_window(
    sizes: list[int], count: int, seed: int
) -> None:
    """The blocks are those of one shuffle; each window, and the end, begin where all draws before them lead."""
    stream = np.random.PCG64(seed)
    order = epoch_order(np.array(sizes), count, position(stream), shuffled)
    blocks = shuffled(stream, len(sizes))
    assert np.concatenate([window.blocks for window in order.windows]).tolist() == blocks.tolist()
    for window in order.windows:
        assert position(stream) == window.stream
        shuffled(stream, window.rows)
    assert position(stream) == order.end


def test_one_window_draws_what_rows_in_memory_draw() -> None:
    """One window keeps the order of the blocks, and its rows are shuffled by the first t − 1 numbers."""
    start = position(np.random.PCG64(3))
    order = epoch_order(np.array([4, 4, 2]), 1, start, shuffled)
    (window,) = order.windows
    assert window.blocks.tolist() == [0, 1, 2]
    assert window.stream == start
    assert order.end == advanced(start, 9)


def test_without_a_shuffle_nothing_is_drawn() -> None:
    """The blocks keep their order, and the stream stays where it is."""
    start = position(np.random.PCG64(3))
    order = epoch_order(np.array([4, 4, 2, 4]), 2, start, None)
    assert [window.blocks.tolist() for window in order.windows] == [[0, 1], [2, 3]]
    assert order.end == start

"""The correlation of labels in a block, and the variance of minibatch means that it gives."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.files.stored_rows import packed
from support.strategies import seeds

import chainrule as cr
from chainrule._internal.checks import Floats
from chainrule.errors import TrainingWarning
from chainrule.rows.correlation import BlockMoments, variance_ratio
from chainrule.rows.order import epoch_order, position, shuffled, stream_at

SORTED = np.sort(np.random.default_rng(0).standard_normal(4096))


def correlation(y: Floats, block: int) -> float:
    """ρ of the labels y in blocks of equal size, by the definition: Var(block means) / Var(y)."""
    return float(y.reshape(-1, block).mean(axis=1).var() / y.var())


@given(sizes=st.lists(st.integers(1, 9), min_size=1, max_size=10), seed=seeds, offset=st.sampled_from([0.0, 1e6]))
def test_the_correlation_is_the_share_between_blocks(sizes: list[int], seed: int, offset: float) -> None:
    """ρ = Σ_b n_b (ȳ_b − ȳ)² / Σ (y − ȳ)², whatever the offset of y, and 0 if y does not vary."""
    rng = np.random.default_rng(seed)
    blocks = [rng.normal(size=(size, 2)) + offset for size in sizes]
    moments = BlockMoments(np.array(sizes))
    for number, block in enumerate(blocks):
        assert moments.missing() == list(range(number, len(sizes)))
        moments.take(number, block)
    assert moments.is_complete
    y = np.concatenate(blocks)
    mean = y.mean(axis=0)
    between = sum(len(block) * (block.mean(axis=0) - mean) ** 2 for block in blocks)
    total = ((y - mean) ** 2).sum(axis=0)
    expected = max(b / t if t > 0 else 0.0 for b, t in zip(np.broadcast_to(between, 2), total, strict=True))
    assert moments.correlation() == pytest.approx(expected, rel=1e-6, abs=1e-9)


def test_classes_count_as_zeros_and_ones() -> None:
    """Integer classes have the correlation of their columns of zeros and ones, also if a block lacks some."""
    classes = np.array([0, 0, 1, 1, 2, 2, 2, 0])
    as_numbers, as_classes = BlockMoments(np.array([4, 4])), BlockMoments(np.array([4, 4]))
    for number in range(2):
        part = slice(4 * number, 4 * number + 4)
        as_numbers.take(number, np.eye(3)[classes[part]])
        as_classes.take(number, classes[part])
    assert as_classes.correlation() == pytest.approx(as_numbers.correlation(), rel=1e-12)


@pytest.mark.parametrize("name", ["sorted", "half mixed", "random"])
@pytest.mark.parametrize("windows", [4, 16])
def test_the_ratio_is_that_of_a_simulation(name: str, windows: int) -> None:
    """Over 200 epochs the variance of the means of minibatches is the ratio times σ²/B, within a tenth."""
    rng, block, B = np.random.default_rng(1), 32, 32
    mixed = rng.permutation(SORTED)
    y = {"sorted": SORTED, "half mixed": np.where(rng.random(4096) < 0.5, SORTED, mixed), "random": mixed}[name]
    sizes, start, means = np.full(128, block), position(np.random.PCG64(7)), []
    for _ in range(200):
        order = epoch_order(sizes, windows, start, shuffled)
        for window in order.windows:
            rows = y.reshape(-1, block)[window.blocks].ravel()[shuffled(stream_at(*window.stream), window.rows)]
            means.append(rows.reshape(-1, B).mean(axis=1))
        start = order.end
    measured = np.concatenate(means).var() / (y.var() / B)
    expected = variance_ratio(correlation(y, block), B, 4096, 128, windows) * (4096 - B) / 4095
    assert measured == pytest.approx(expected, rel=0.1)
    assert expected <= 1.0 + correlation(y, block) * B * windows / 128


def test_rows_know_their_ratio(tmp_path: Path) -> None:
    """Sorted rows have a large ratio in small windows, packed ones nearly 1, and all rows in one window 1."""
    X, Y = SORTED[:, None], SORTED[:, None]
    by_y = packed(tmp_path / "a.rows", X, Y, block_rows=32, shuffle=False)
    mixed = packed(tmp_path / "b.rows", by_y, block_rows=32)
    assert by_y.correlation() == pytest.approx(correlation(SORTED.astype(np.float32), 32), rel=1e-6)
    assert by_y.variance_ratio(64, 512) > 4.0
    assert mixed.variance_ratio(64, 512) == pytest.approx(1.0, abs=0.05)
    assert by_y.variance_ratio(64) == 1.0


@pytest.mark.parametrize("is_sorted", [True, False])
def test_training_tells_of_rows_that_are_sorted(tmp_path: Path, is_sorted: bool) -> None:
    """After the first epoch over sorted rows a warning gives ρ, the ratio and the remedy, once; else there is none."""
    rows = packed(tmp_path / "a.rows", SORTED[:, None], SORTED[:, None], block_rows=32, shuffle=not is_sorted)
    net = cr.Network.dense([1, 1], seed=0)
    arguments = {"optimizer": cr.Adam(0.001), "batch_size": 64, "window": 512, "epochs": 3}
    if not is_sorted:
        cr.train(net, rows, **arguments)  # type: ignore[arg-type]
        return
    with pytest.warns(TrainingWarning, match=r"100% of the variance.*times the variance.*Rows\.pack") as caught:
        cr.train(net, rows, **arguments)  # type: ignore[arg-type]
    assert len(caught) == 1

"""The order of the examples and the dropout masks, which one random stream fixes, and the meaning of weights."""

from __future__ import annotations

import collections
import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.constrained import train_or_skip
from support.strategies import example_counts, seeds

import chainrule as cr
from chainrule._internal.checks import Array
from chainrule.engines.minibatches import dropout_masks, splitmix64
from chainrule.rows.order import position, shuffled, stream_at

GAMMA = 0x9E3779B97F4A7C15


def visited(t: int, batch_size: int | None, epochs: int, seed: int, shuffle: bool = True) -> list[list[int]]:
    """The rows of each training step, read off z[1] of a network that copies x = 0 … t − 1."""
    steps: list[list[int]] = []

    def spy(z: Array) -> Array:
        steps.append(z[:, 0].astype(int).tolist())
        return z

    net = cr.Network([cr.Layer([[1.0]], [0.0], cr.Activation(spy, np.ones_like))])
    steps.clear()  # an activation is tried as it is made
    still = cr.GradientDescent(1e-300)  # θ does not move
    X = np.arange(float(t))[:, None]
    cr.train(
        net, X, X, optimizer=still, batch_size=batch_size, shuffle=shuffle, epochs=epochs, seed=seed, engine="reference"
    )
    return steps


def test_the_order_for_a_seed() -> None:
    """Seed 0 visits ten examples in this order, on every machine and in every version; minibatches are its slices."""
    first = [9, 1, 3, 8, 5, 4, 7, 0, 2, 6]
    second = [4, 1, 2, 5, 3, 8, 6, 0, 7, 9]
    assert shuffled(np.random.PCG64(0), 10).tolist() == first
    assert visited(10, 4, 2, seed=0) == [first[:4], first[4:8], first[8:], second[:4], second[4:8], second[8:]]


def test_the_shuffle_is_fisher_and_yates() -> None:
    """For i = t − 1 … 1 entry i is swapped with entry ⌊u (i + 1)/2⁶⁴⌋, u the next raw number: in exact integers."""
    for t in (1, 2, 3, 17, 1000):
        raw, order = np.random.PCG64(t), list(range(t))
        for i in range(t - 1, 0, -1):
            j = int(raw.random_raw()) * (i + 1) >> 64
            order[i], order[j] = order[j], order[i]
        stream = np.random.PCG64(t)
        assert shuffled(stream, t).tolist() == order
        assert position(stream) == position(raw)  # t − 1 numbers were drawn


@given(t=st.integers(1, 200), seed=seeds)
def test_an_epoch_visits_every_example_once(t: int, seed: int) -> None:
    """The shuffle is a permutation of 0 … t − 1."""
    assert sorted(shuffled(np.random.PCG64(seed), t).tolist()) == list(range(t))


def test_all_orders_are_equally_likely() -> None:
    """Over 24,000 shuffles of 5 examples the 120 orders come with χ² within 4 standard deviations of its mean."""
    stream, n = np.random.PCG64(2024), 24_000
    counts = collections.Counter(tuple(shuffled(stream, 5).tolist()) for _ in range(n))
    expected = n / 120
    chi2 = sum((counts[order] - expected) ** 2 / expected for order in itertools.permutations(range(5)))
    assert abs(chi2 - 119) < 4 * np.sqrt(2 * 119)  # 119 degrees of freedom: mean 119, variance 238


@pytest.mark.parametrize("batch_size", [None, 10, 99])
def test_the_full_batch_keeps_the_order(batch_size: int | None) -> None:
    """A full batch takes the rows in their order and draws no random numbers."""
    assert visited(10, batch_size, 2, seed=3) == [list(range(10))] * 2


def test_without_a_shuffle_the_rows_keep_their_order() -> None:
    """``shuffle=False`` visits the rows in their order in every epoch."""
    epoch = [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    assert visited(10, 4, 2, seed=3, shuffle=False) == epoch * 2


@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_without_a_shuffle_nothing_is_drawn_for_it(dropout: float, engine: str) -> None:
    """With ``shuffle=False`` the stream is drawn from only for dropout, one key per step from its first number on, so
    that without dropout an epoch does not depend on the seed."""
    X, Y = np.arange(20.0).reshape(10, 2) / 20, np.ones((10, 1))
    thetas = []
    for seed in (3, 4):
        net = thinned([2, 6, 1], [dropout])
        settings = {"batch_size": 4, "shuffle": False, "epochs": 2, "seed": seed, "engine": engine}
        state = train_or_skip(net, X, Y, **settings).state
        raw = np.random.PCG64(seed)
        raw.random_raw(6 if dropout else 0)
        assert state.stream == position(raw)
        thetas.append(net.theta.tobytes())
    assert (thetas[0] == thetas[1]) == (dropout == 0.0)


@given(t=example_counts, batch_size=example_counts, seed=seeds)
def test_batches_are_consecutive_slices_of_each_epochs_order(t: int, batch_size: int, seed: int) -> None:
    """Every epoch visits each example once, in ⌈t / batch size⌉ steps, of which the last one may be smaller."""
    steps = visited(t, batch_size, 2, seed)
    per_epoch = -(-t // batch_size)
    assert len(steps) == 2 * per_epoch
    for epoch in (steps[:per_epoch], steps[per_epoch:]):
        assert [len(rows) for rows in epoch[:-1]] == [batch_size] * (per_epoch - 1)
        assert sorted(itertools.chain(*epoch)) == list(range(t))


def test_a_stream_continues_from_its_position() -> None:
    """A stream that is set to a recorded position draws the same numbers again."""
    stream = np.random.PCG64(11)
    stream.random_raw(5)
    again = stream_at(*position(stream))
    assert again.random_raw(4).tolist() == stream.random_raw(4).tolist()


def test_splitmix64() -> None:
    """The finaliser gives SplitMix64's published sequence for seed 0."""
    n = np.arange(1, 4, dtype=np.uint64)
    sequence = [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]
    assert splitmix64(n * np.uint64(GAMMA)).tolist() == sequence


def thinned(sizes: list[int], dropout: list[float], dtype: str = "float64") -> cr.Network:
    """A network of these sizes and dropout probabilities."""
    return cr.Network.dense(sizes, dropout=dropout, dtype=dtype)


def keeps(key: int, n: int, p: float) -> bool:
    """Returns True if output n of a step is kept, by the definition in Python's integers."""
    x = (key + (n + 1) * GAMMA) % 2**64
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
    x = (x ^ (x >> 27)) * 0x94D049BB133111EB % 2**64
    return (x ^ (x >> 31)) >> 32 >= round(p * 2**32)


@pytest.mark.parametrize("key", [0, 1, 2**63 + 12345, 2**64 - 1])
def test_masks_by_their_definition(key: int) -> None:
    """Output n of a step, counted over all hidden layers row by row, is kept by its hash, and divided by 1 − p."""
    net = thinned([2, 3, 4, 5, 1], [0.5, 0.0, 0.25])
    masks = dropout_masks(key, net, 6, [0.5, 0.0, 0.25, 0.0])
    assert masks[2] is None
    assert masks[4] is None
    for i, first, p in ((1, 0, 0.5), (3, 6 * 3 + 6 * 4, 0.25)):
        numbers = itertools.count(first)
        by_hand = [[1 / (1 - p) if keeps(key, next(numbers), p) else 0.0 for _ in range(net.m[i])] for _ in range(6)]
        mask = masks[i]
        assert mask is not None
        np.testing.assert_array_equal(mask, by_hand)


def test_the_first_layers_mask_is_independent_of_the_batch_size() -> None:
    """Under one key the masks of the first 3 rows of layer 1 are equal for steps of 3 and of 7 rows."""
    net = thinned([2, 5, 1], [0.4])
    few, many = dropout_masks(99, net, 3, [0.4, 0.0])[1], dropout_masks(99, net, 7, [0.4, 0.0])[1]
    assert few is not None
    assert many is not None
    np.testing.assert_array_equal(few, many[:3])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_masks_keep_the_mean(p: float, dtype: str) -> None:
    """A mask is 0 or 1/(1 − p), in the network's dtype; its mean over 100,000 outputs is 1 within 4 standard errors."""
    net, n = thinned([1, 100, 1], [p], dtype), 100_000
    mask = dropout_masks(7, net, n // 100, [p, 0.0])[1]
    assert mask is not None
    assert mask.dtype == net.dtype
    assert set(np.unique(mask)) == {net.dtype.type(0.0), net.dtype.type(1 / (1 - p))}
    assert abs(mask.mean(dtype=np.float64) - 1) < 4 * np.sqrt(p / (1 - p) / n)


def test_masks_of_different_steps_are_uncorrelated() -> None:
    """Keys that differ by one, and neighbouring outputs under one key, give masks whose correlation is near 0."""
    net, n = thinned([1, 100, 1], [0.5]), 100_000
    a, b = (dropout_masks(key, net, n // 100, [0.5, 0.0])[1] for key in (1000, 1001))
    assert a is not None
    assert b is not None
    for x, y in ((a, b), (a[:, :-1], a[:, 1:]), (a[:-1], a[1:])):
        assert abs(np.corrcoef(x.ravel(), y.ravel())[0, 1]) < 4 / np.sqrt(x.size)


def test_nothing_is_dropped_outside_training() -> None:
    """N(x), J and ∇J of a network with dropout are those of the network without."""
    wet = thinned([3, 4, 4, 2], [0.5, 0.5])
    dry = cr.Network(cr.Layer(L.W, L.b, L.sigma) for L in wet.layers)
    X, Y, J = np.ones((2, 3)), np.ones((2, 2)), cr.SumOfSquares()
    np.testing.assert_array_equal(wet(X), dry(X))
    assert J(wet, X, Y) == J(dry, X, Y)
    np.testing.assert_array_equal(cr.gradient(wet, J, X, Y).theta, cr.gradient(dry, J, X, Y).theta)


def dyadic(rng: np.random.Generator, *shape: int) -> Array:
    """Small multiples of ¼, whose sums and products are exact in any order."""
    return rng.integers(-8, 9, size=shape) / 4.0


@pytest.mark.parametrize("mean", [False, True], ids=["sum", "mean"])
def test_weight_two_is_the_row_twice(mean: bool) -> None:
    """A weight of 2 counts a row twice and a weight of 0 omits it: J and ∇J are bitwise equal on dyadic data."""
    rng = np.random.default_rng(1)
    net = cr.Network(
        [cr.Layer(dyadic(rng, 2, 3), dyadic(rng, 2), "relu"), cr.Layer(dyadic(rng, 1, 2), [0.5], "identity")]
    )
    X, Y, w = dyadic(rng, 5, 3), dyadic(rng, 5, 1), np.array([1.0, 2.0, 0.0, 2.0, 3.0])  # Σw = 8, a power of two
    rows = np.repeat(np.arange(5), w.astype(int))
    J = cr.SumOfSquares(mean=mean, l2=0.5)
    weighted, repeated = cr.gradient(net, J, X, Y, w), cr.gradient(net, J, X[rows], Y[rows])
    assert weighted.J == repeated.J
    np.testing.assert_array_equal(weighted.theta, repeated.theta)


@pytest.mark.parametrize("mean", [False, True], ids=["sum", "mean"])
def test_training_with_weights_is_training_with_repeated_rows(mean: bool, engine: str) -> None:
    """100 full-batch steps on weighted rows and on repeated ones lead to the same θ and the same J, up to rounding."""
    rng = np.random.default_rng(2)
    X, Y, w = rng.normal(size=(6, 3)), rng.normal(size=(6, 2)), np.array([1.0, 2.0, 3.0, 1.0, 0.0, 2.0])
    rows = np.repeat(np.arange(6), w.astype(int))
    J, adam = cr.SumOfSquares(mean=mean, l1=0.01, l2=0.1), cr.Adam(0.01)
    weighted, repeated = (cr.Network.dense([3, 4, 2], hidden="tanh", seed=4) for _ in range(2))
    a = cr.train(weighted, X, Y, weights=w, cost=J, optimizer=adam, epochs=100, engine=engine)
    b = cr.train(repeated, X[rows], Y[rows], cost=J, optimizer=adam, epochs=100, engine=engine)
    np.testing.assert_allclose(weighted.theta, repeated.theta, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(a.J, b.J, rtol=1e-12)

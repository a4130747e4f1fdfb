"""Initial values: their moments, their seeds, and orthogonality."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

import chainrule as cr
from chainrule import initial

M, N = 60, 50

# The standard deviation that the source's formula gives for W (M, N), and the law of the entries.
CASES = [
    (cr.Normal(scale=0.3), 0.3, "normal"),
    (cr.Uniform(scale=0.3), 0.3 / math.sqrt(3), "uniform"),
    (cr.Glorot(), math.sqrt(2 / (M + N)), "uniform"),
    (cr.Glorot("normal"), math.sqrt(2 / (M + N)), "normal"),
    (cr.He(), math.sqrt(2 / N), "normal"),
    (cr.He("uniform"), math.sqrt(2 / N), "uniform"),
    (cr.LeCun(), math.sqrt(1 / N), "normal"),
    (cr.LeCun("uniform"), math.sqrt(1 / N), "uniform"),
]


@pytest.mark.parametrize(("rule", "deviation", "law"), CASES, ids=repr)
def test_moments(rule: cr.Initial, deviation: float, law: str) -> None:
    """Mean 0 and the source's variance, within 5 standard errors; uniform entries stay within √3 deviations."""
    W = np.stack([rule.draw(np.random.default_rng(seed), M, N) for seed in range(10)]) / deviation
    kurtosis = 3.0 if law == "normal" else 1.8
    assert abs(W.mean()) <= 5 / math.sqrt(W.size)
    assert abs((W**2).mean() - 1) <= 5 * math.sqrt((kurtosis - 1) / W.size)
    assert abs((W**4).mean() - kurtosis) <= 5 * math.sqrt((96 if law == "normal" else 5.76) / W.size)
    if law == "uniform":
        assert abs(W).max() <= math.sqrt(3)
        assert abs(W).max() >= math.sqrt(3) * (1 - 20 / W.size)


@pytest.mark.parametrize("name", initial.INITIALS)
def test_a_seed_fixes_the_weights(name: str) -> None:
    """The same stream gives the same W (m, n) in float64, bit by bit; another one another W (but for zeros)."""
    rule = initial.get(name)
    W, again, other = (rule.draw(np.random.default_rng(seed), 4, 3) for seed in (1, 1, 2))
    assert W.shape == (4, 3)
    assert W.dtype == np.float64
    assert W.flags.c_contiguous
    np.testing.assert_array_equal(W, again)
    assert (name == "zeros") == bool((W == other).all())


@pytest.mark.parametrize(("m", "n"), [(1, 1), (3, 3), (7, 2), (2, 7), (40, 25), (1, 6), (6, 1)])
def test_orthogonal_rows_or_columns(m: int, n: int) -> None:
    """WᵀW = gain²·I for m ≥ n and WWᵀ = gain²·I for m ≤ n, to 1e-12."""
    W = cr.Orthogonal(gain=1.5).draw(np.random.default_rng(0), m, n)
    assert W.shape == (m, n)
    gram = W.T @ W if m >= n else W @ W.T
    np.testing.assert_allclose(gram, 2.25 * np.eye(min(m, n)), atol=1e-12)


def test_orthogonal_is_evenly_distributed() -> None:
    """Under the Haar measure of O(3), tr Q has mean 0 and variance 1, and det Q is ±1 equally often."""
    rng = np.random.default_rng(0)
    Q = np.stack([cr.Orthogonal().draw(rng, 3, 3) for _ in range(4000)])
    traces, determinants = np.trace(Q, axis1=1, axis2=2), np.linalg.det(Q)
    assert abs(traces.mean()) <= 5 / math.sqrt(4000)
    assert abs(traces.var() - 1) <= 5 * math.sqrt(2 / 4000)
    assert abs(determinants.mean()) <= 5 / math.sqrt(4000)
    # Each entry has mean 0: without the sign of R's diagonal, the top left one would never be positive.
    assert (abs(Q.mean(axis=0)) <= 5 / math.sqrt(3 * 4000)).all()


def test_catalogue() -> None:
    """Names give the rules with their defaults, rules themselves; rules are values."""
    assert initial.get("glorot") == cr.Glorot("uniform")
    assert initial.get(cr.He()) == cr.He(distribution="normal")
    assert hash(cr.Normal(0.1)) == hash(cr.Normal(0.1))
    assert not cr.Zeros().draw(np.random.default_rng(0), 2, 3).any()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: initial.get("glorott"), "did you mean 'glorot'"),
        (lambda: initial.get(0.1), "initial must"),  # type: ignore[arg-type]
        (lambda: cr.Normal(scale=0), "scale must be"),
        (lambda: cr.Uniform(scale=-1), "scale must be"),
        (lambda: cr.Normal(scale=math.inf), "scale must be"),
        (lambda: cr.Orthogonal(gain=math.nan), "gain must be"),
        (lambda: cr.Orthogonal(gain="big"), "gain must be"),  # type: ignore[arg-type]
        (lambda: cr.He("gaussian"), "distribution must"),  # type: ignore[arg-type]
    ],
)
def test_bad_input_is_named(call: Callable[[], object], message: str) -> None:
    """What is wrong is said."""
    with pytest.raises(cr.InputError, match=message):
        call()

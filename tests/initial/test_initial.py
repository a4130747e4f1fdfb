"""Initial values: moments, seeds, orthogonality, and values that suit the data."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

import chainrule as cr
from chainrule import initial
from chainrule._internal.checks import Array

M, N = 60, 50

# The standard deviation by the source's formula for W (M, N), and the distribution of the entries.
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
    """The same stream gives bitwise the same W (m, n) in float64; another stream gives another W, unless W is 0."""
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
    """A name gives its rule with the defaults, a rule gives itself, and rules are values."""
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
def test_bad_settings_are_refused_by_name(call: Callable[[], object], message: str) -> None:
    """The error names the wrong setting."""
    with pytest.raises(cr.InputError, match=message):
        call()


# ---- values that suit the data ---------------------------------------------------------------------------------------


def layered(dtype: str = "float64") -> cr.Network:
    """A scaling layer, blocks, a parametric ReLU, and a plain output layer: 4-4-2-64-3."""
    blocks = cr.BlockDiagonal([[[1.0, -1.0]], [[0.5, 2.0]]])
    return cr.Network(
        [
            cr.Layer(cr.Diagonal([1.0, 2.0, 3.0, 4.0]), [0.5, 0.0, 0.0, 0.0], "identity"),
            cr.Layer(blocks, [1.0, -1.0], "sine"),
            cr.Layer(np.zeros((64, 2)), np.zeros(64), cr.Parametric("relu"), kappa=0.75),
            cr.Layer(np.zeros((3, 64)), np.full(3, 7.0), "identity"),
        ]
    ).astype(dtype)


def rows(dtype: str = "float64") -> Array:
    """200 rows of very different scales, one column of them constant."""
    X = np.random.default_rng(2).normal(size=(200, 4)) * [1.0, 1e-6, 1e6, 0.0] + [0.0, 3.0, -5.0, 2.5]
    return X.astype(dtype)


@pytest.mark.parametrize(("dtype", "digits"), [("float64", 1e-12), ("float32", 2e-5)])
def test_from_data_gives_unit_variance(dtype: str, digits: float) -> None:
    """Each z of a layer with a full W has standard deviation 1 over the rows, whatever their scales; the directions of
    W's rows are those of N(0, 1); blocks, the scaling layer and κ keep their values; b of the output layer is 0."""
    net, X = layered(dtype), rows(dtype)
    before = net.copy()
    initial.from_data(net, X, seed=5)
    z = net.forward(X).z
    for i in (3, 4):
        np.testing.assert_allclose(z[i].std(axis=0, dtype=np.float64), 1.0, rtol=digits)
    draw = np.random.default_rng(5).standard_normal((64, 2))
    ratio = net.W[3] / draw
    np.testing.assert_allclose(ratio, np.broadcast_to(ratio[:, :1], ratio.shape), rtol=1e-5)
    assert (ratio > 0).all()
    for i in (1, 2):
        assert net.W[i].entries.tobytes() == before.W[i].entries.tobytes()  # type: ignore[union-attr]
        assert net.b[i].tobytes() == before.b[i].tobytes()
    assert net.kappa[3].tobytes() == before.kappa[3].tobytes()
    assert net.b[4].tolist() == [0.0, 0.0, 0.0]


def test_from_data_puts_bends_between_examples() -> None:
    """−b of a hidden unit is a weighted mean of its z over examples: in their range, and on average their mean, to 5
    standard errors (λ uniform on the simplex of 5 has Σ E λ² = 1/3, so −b has a third of the variance of z)."""
    net, X = cr.Network.dense([3, 2000, 1], hidden="relu"), np.random.default_rng(3).normal(size=(100, 3))
    initial.from_data(net, X)
    z = X @ net.W[1].T
    assert (-net.b[1] > z.min(axis=0)).all()
    assert (-net.b[1] < z.max(axis=0)).all()
    standard = -net.b[1] - z.mean(axis=0)  # variance 1/3
    assert abs(standard.mean()) <= 5 * math.sqrt(1 / 3 / 2000)
    assert standard.var() == pytest.approx(1 / 3, rel=0.15)
    assert (net.forward(X).a[1] > 0).any(axis=0).all()  # no unit is dead
    assert (net.forward(X).a[1] == 0).any(axis=0).all()  # and no unit is linear
    initial.from_data(net, X, output_bias=True)
    assert net.b[2][0] != 0.0


def test_from_data_is_reproducible() -> None:
    """A seed gives the same draw each time, and None a fresh one."""
    nets = [layered() for _ in range(4)]
    for net, seed in zip(nets, (1, 1, 2, None), strict=True):
        initial.from_data(net, rows(), seed)
    assert nets[0].theta.tobytes() == nets[1].theta.tobytes()
    assert len({net.theta.tobytes() for net in nets}) == 3


NO_VARIANCE = {
    "one row": np.ones((1, 4)),
    "zeros": np.zeros((5, 4)),
    "a tenth, whose sums round": np.full((7, 4), 0.1),
    "denormal differences": 5e-324 * np.arange(20.0).reshape(5, 4),
    "differences of one ulp": 1.0 + np.spacing(1.0) * np.eye(4),
    "sums that overflow": np.array([1e308, -1e308])[:, None] * np.ones(4),
}


@pytest.mark.parametrize("X", NO_VARIANCE.values(), ids=NO_VARIANCE)
def test_from_data_is_finite_without_variance(X: Array) -> None:
    """Constant features, a single row, or numbers at the ends of the range give W of N(0, 1/n) and finite biases."""
    net = cr.Network.dense([4, 300, 2], hidden="tanh")
    initial.from_data(net, X)
    assert np.isfinite(net.theta).all()
    assert net.W[1].var() == pytest.approx(0.25, rel=0.2)


def test_from_data_with_dead_units() -> None:
    """Units that are 0 at every row do not affect the variance of the others; if all are dead, W and b are finite."""
    net = cr.Network.dense([2, 8, 40, 1], hidden=["relu", "relu"])
    net = cr.Network([cr.Layer(cr.BlockDiagonal([net.W[1]]), [-1e3] * 7 + [0.0], "relu"), *net.layers[1:]])
    X = np.random.default_rng(0).normal(size=(50, 2))
    initial.from_data(net, X)
    np.testing.assert_allclose(net.forward(X).z[2].std(axis=0), 1.0, rtol=1e-12)
    net.b[1][...] = -1e3
    initial.from_data(net, X)
    assert np.isfinite(net.theta).all()
    assert abs(net.theta[net.layout[0].d :]).max() < 10.0


def test_from_data_ignores_dropout() -> None:
    """Layers with dropout have the initial values of the same layers without it."""
    X = np.random.default_rng(4).normal(size=(100, 3))
    nets = [cr.Network.dense([3, 20, 20, 1], hidden="mish", dropout=p) for p in (0.0, 0.5)]
    for net in nets:
        initial.from_data(net, X)
    assert nets[0].theta.tobytes() == nets[1].theta.tobytes()


@pytest.mark.native
def test_from_data_computes_by_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine evaluates the layers, so that σ is not computed by NumPy."""
    net, X = layered(), rows()
    for sigma in net.sigma:
        monkeypatch.setattr(type(sigma), "__call__", lambda *_: pytest.fail("σ was evaluated"))
    initial.from_data(net, X)
    assert np.isfinite(net.theta).all()

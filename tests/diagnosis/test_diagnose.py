"""Diagnosis: each of seventeen networks broken on purpose is found, and no finding on fifteen good ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule._internal.checks import Array

MEAN = cr.SumOfSquares(mean=True)


def examples(t: int = 300, n: int = 4, seed: int = 0) -> tuple[Array, Array]:
    """Rows x ∈ ℝⁿ with y = sin x₁ + x₂ x₃ and a little noise."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(t, n))
    return X, (np.sin(X[:, 0]) + X[:, 1] * X[:, 2] + 0.1 * rng.normal(size=t))[:, None]


def network(n: int = 4, hidden: str = "tanh", r: int = 2, width: int = 16) -> cr.Network:
    """A network n-16-…-16-1."""
    return cr.Network.dense([n, *[width] * (r - 1), 1], hidden=hidden, seed=1)


def trained(X: Array, Y: Array, optimizer: cr.Optimizer | None = None, **more: Any) -> tuple[cr.Network, cr.History]:
    """A network that was trained for 100 epochs, and its history."""
    net = network(X.shape[1])
    return net, cr.train(net, X, Y, cost=MEAN, optimizer=optimizer or cr.Adam(0.01), epochs=100, **more)


def noise(t: int, classes: int = 1) -> tuple[Array, Array]:
    """Labels that have nothing to do with X: only memory can fit them."""
    rng = np.random.default_rng(5)
    X = rng.normal(size=(t, 10))
    return X, rng.normal(size=(t, 1)) if classes == 1 else np.eye(classes)[rng.integers(classes, size=t)]


# ---- seventeen broken networks ---------------------------------------------------------------------------------------


def not_finite() -> cr.Diagnosis:
    """A NaN in X."""
    X, Y = examples()
    X[7, 2] = np.nan
    return cr.diagnose(network(), X, Y)


def constant() -> cr.Diagnosis:
    """An input that is 1 in every row."""
    X, Y = examples()
    X[:, 3] = 1.0
    net, history = trained(X, Y)
    return cr.diagnose(net, X, Y, history, cost=MEAN)


def unscaled() -> cr.Diagnosis:
    """An input in thousands."""
    X, Y = examples()
    return cr.diagnose(network(), 5000.0 * X, Y, cost=MEAN)


def tiny() -> cr.Diagnosis:
    """All inputs in millionths."""
    X, Y = examples()
    return cr.diagnose(network(), 1e-6 * X, Y, cost=MEAN)


def leak() -> cr.Diagnosis:
    """The target in another unit among the inputs."""
    X, Y = examples()
    X[:, 3] = 3.0 - 0.5 * Y[:, 0]
    net, history = trained(X, Y)
    return cr.diagnose(net, X, Y, history, cost=MEAN)


def leak_of_a_class() -> cr.Diagnosis:
    """An input that only one class has above 2."""
    X, _ = examples()
    y = (X[:, 0] + X[:, 1] > 0).astype(float)[:, None]
    X[:, 3] = abs(X[:, 3]) + 10.0 * y[:, 0]
    net = cr.Network.dense([4, 16, 1], hidden="tanh", output="sigmoid", seed=1)
    return cr.diagnose(net, X, y, cost="log_likelihood")


def copies() -> cr.Diagnosis:
    """Half of the held-out rows were trained on."""
    X, Y = examples()
    net, history = trained(X, Y)
    return cr.diagnose(net, X, Y, history, cost=MEAN, validation=(X[:40], Y[:40]))


def few_rows() -> cr.Diagnosis:
    """Twenty rows of thirty inputs."""
    X, Y = examples(20, 30)
    net, history = trained(X, Y)
    return cr.diagnose(net, X, Y, history, cost=MEAN)


def large_steps() -> cr.Diagnosis:
    """Adam with α = 1."""
    X, Y = examples()
    net, history = trained(X, Y, cr.Adam(1.0), batch_size=20)
    return cr.diagnose(net, X, Y, history, cost=MEAN)


def small_steps() -> cr.Diagnosis:
    """Gradient descent with α = 1e-5."""
    X, Y = examples()
    net, history = trained(X, Y, cr.GradientDescent(1e-5))
    return cr.diagnose(net, X, Y, history, cost=MEAN)


def dead() -> cr.Diagnosis:
    """Biases of −20 before a ReLU."""
    X, Y = examples()
    net = network(hidden="relu")
    net.b[1][...] = -20.0
    return cr.diagnose(net, X, Y, cost=MEAN)


def saturated() -> cr.Diagnosis:
    """Weights of the order of 50 before a tanh."""
    X, Y = examples()
    net = network()
    net.W[1][...] *= 100.0
    return cr.diagnose(net, X, Y, cost=MEAN)


def vanishing() -> cr.Diagnosis:
    """Ten layers of sigmoids."""
    X, Y = examples()
    return cr.diagnose(network(hidden="sigmoid", r=10, width=8), X, Y, cost=MEAN)


def exploding() -> cr.Diagnosis:
    """Eight layers of ReLU whose weights are five times He's."""
    X, Y = examples()
    net = network(hidden="relu", r=8)
    net.theta *= 8.0
    return cr.diagnose(net, X, Y, cost=MEAN)


def imbalance() -> cr.Diagnosis:
    """Two per cent of a class that overlaps with the other."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(500, 3))
    y = np.zeros((500, 1))
    y[:10] = 1.0
    X[:10] += 0.5
    net = cr.Network.dense([3, 8, 1], hidden="tanh", output="sigmoid", seed=1)
    history = cr.train(net, X, y, cost="log_likelihood", optimizer=cr.GradientDescent(1e-3), epochs=200)
    return cr.diagnose(net, X, y, history, cost="log_likelihood")


def overfitted() -> cr.Diagnosis:
    """A hundred rows of noise, learnt by heart."""
    X, Y = noise(160)
    net = cr.Network.dense([10, 100, 1], hidden="relu", seed=1)
    history = cr.train(net, X[:100], Y[:100], cost=MEAN, optimizer=cr.Adam(0.01), epochs=400)
    return cr.diagnose(net, X[:100], Y[:100], history, cost=MEAN, validation=(X[100:], Y[100:]))


def miscalibrated() -> cr.Diagnosis:
    """Classes of noise, predicted with certainty."""
    X, Y = noise(500, classes=3)
    net = cr.Network.dense([10, 200, 3], hidden="relu", output="softmax", seed=1)
    cr.train(net, X[:300], Y[:300], cost="cross_entropy", optimizer=cr.Adam(0.01), epochs=300)
    return cr.diagnose(net, X[:300], Y[:300], cost="cross_entropy", validation=(X[300:], Y[300:]))


BROKEN: dict[Callable[[], cr.Diagnosis], str] = {
    not_finite: "numbers that are not finite",
    constant: "constant inputs",
    unscaled: "unscaled inputs",
    tiny: "unscaled inputs",
    leak: "a leak of the target",
    leak_of_a_class: "a leak of the target",
    copies: "duplicated rows across the split",
    few_rows: "not enough rows",
    large_steps: "steps too large",
    small_steps: "steps too small",
    dead: "dead units",
    saturated: "saturated units",
    vanishing: "vanishing gradients",
    exploding: "exploding gradients",
    imbalance: "classes that are never predicted",
    overfitted: "overfitting",
    miscalibrated: "miscalibration",
}


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.__name__)
def test_broken_networks_are_found(broken: Callable[[], cr.Diagnosis]) -> None:
    """The fault is among the findings, with numbers as evidence and a remedy, and ``print`` shows a line for each."""
    diagnosis = broken()
    assert diagnosis
    assert BROKEN[broken] in diagnosis.kinds
    for finding in diagnosis.findings:
        assert any(letter.isdigit() for letter in finding.evidence)
        assert finding.evidence.endswith(".")
        assert finding.remedy.endswith(".") or finding.remedy.endswith(").")
    assert len(str(diagnosis).splitlines()) == len(diagnosis.findings)


# ---- fifteen good ones -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("hidden", ["relu", "tanh", "silu"])
@pytest.mark.parametrize("name", ["iris", "wine", "breast_cancer", "digits", "diabetes"])
def test_good_networks_have_no_findings(name: str, hidden: str) -> None:
    """Networks that were trained on scaled real tables, and stopped by held-out rows, have no findings."""
    datasets = pytest.importorskip("sklearn.datasets")
    X, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    X = X[:, X.std(axis=0) > 0]
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    order = np.random.default_rng(0).permutation(len(X))
    X, y = X[order], y[order]
    cost: cr.Cost
    if name == "diabetes":
        Y, cost, output = ((y - y.mean()) / y.std())[:, None], MEAN, "identity"
    else:
        Y, cost, output = np.eye(int(y.max()) + 1)[y], cr.CrossEntropy(mean=True), "softmax"
    split = len(X) * 3 // 4
    held_out = X[split:], Y[split:]
    net = cr.Network.dense([X.shape[1], 32, Y.shape[1]], hidden=hidden, output=output, seed=0)
    history = cr.train(
        net, X[:split], Y[:split],
        cost=cost, optimizer=cr.Adam(0.003), epochs=150, batch_size=32, validation=held_out, patience=15,
    )  # fmt: skip
    assert str(cr.diagnose(net, X[:split], Y[:split], history, cost=cost, validation=held_out)) == "no findings"


def test_rows_of_categories_repeat_by_themselves() -> None:
    """Equal rows on both sides are no finding where each input has few values."""
    X = np.random.default_rng(0).integers(3, size=(400, 3)).astype(float) - 1.0
    Y = X[:, :1] * X[:, 1:2] + X[:, 2:]
    net, history = trained(X[:300], Y[:300])
    assert not cr.diagnose(net, X[:300], Y[:300], history, cost=MEAN, validation=(X[300:], Y[300:]))


def test_sparse_rows_and_many_rows() -> None:
    """A sparse X is looked at like a dense one, and of many rows those that lie evenly among them."""
    sparse = pytest.importorskip("scipy.sparse")
    X, Y = examples(9000)
    X[:, 3] = 1.0
    assert cr.diagnose(network(), sparse.csr_array(X), Y).kinds == cr.diagnose(network(), X, Y).kinds
    assert "constant inputs" in cr.diagnose(network(), X, Y).kinds


def test_wrong_arguments() -> None:
    """A history or a validation set of another kind is refused, and shapes that do not fit."""
    X, Y = examples(30)
    for arguments, words in (
        ({"history": [1.0]}, "history must be a History"),
        ({"validation": X}, r"validation must be \(X, Y\)"),
        ({"cost": "no cost"}, "no cost"),
    ):
        with pytest.raises(cr.InputError, match=words):
            cr.diagnose(network(), X, Y, **arguments)
    with pytest.raises(cr.InputError, match="one label per row"):
        cr.diagnose(network(), X, Y[:3])

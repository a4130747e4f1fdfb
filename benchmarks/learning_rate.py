"""Gradient descent with its default learning rate, for more and more examples: ``python -m benchmarks.learning_rate``.

The data are those of the README's tour. For each network and t it prints J(θ₀) and J after 100 epochs, with α = 0.01
and with the α that training finds, and how often that was halved.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np

import chainrule as cr
from benchmarks.harness.markdown import table
from chainrule.errors import TrainingWarning

EXAMPLES = (100, 200, 300, 1000)
NETWORKS: dict[str, Callable[[], cr.Network]] = {
    "5-3-2-1 sigmoid": lambda: cr.Network.dense([5, 3, 2, 1], hidden="sigmoid", seed=0),
    "5-1 linear regression": lambda: cr.Network.dense([5, 1], seed=0),
    "5-16-1 ReLU": lambda: cr.Network.dense([5, 16, 1], seed=0),
}
J = cr.SumOfSquares()


def row(name: str, t: int) -> list[str]:
    """Returns the cells of one network with t examples."""
    X = np.random.default_rng(0).normal(size=(t, 5))
    Y = np.tanh(X[:, :1] - X[:, 1:2])
    net, other = NETWORKS[name](), NETWORKS[name]()
    before = J(net, X, Y)
    alpha = cr.train(net, X, Y).learning_rate
    return [
        name,
        f"{t:,}",
        f"{before:.3g}",
        with_a_given_rate(other, X, Y),
        f"{J(net, X, Y):.3g}",
        f"{alpha[0]:.2g}",
        f"{np.log2(alpha[0] / alpha[-1]):.0f}",
    ]


def with_a_given_rate(net: cr.Network, X: np.ndarray, Y: np.ndarray) -> str:
    """Returns J after 100 epochs with α = 0.01, or what ended them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TrainingWarning)
        try:
            cr.train(net, X, Y, optimizer=cr.GradientDescent(0.01))
        except cr.DivergenceError as error:
            return f"DivergenceError, epoch {error.history.epochs}"
    return f"{J(net, X, Y):.3g}"


def main() -> None:
    """Prints the table."""
    rows = [row(name, t) for name in NETWORKS for t in EXAMPLES]
    print(table(["network", ">t", ">J(θ₀)", ">α = 0.01", ">α left out", ">α", ">halved"], rows))


if __name__ == "__main__":
    main()

"""Levenberg–Marquardt beside Adam, SciPy and scikit-learn on small problems: ``python -m benchmarks.second_order``.

Times are CPU seconds of one process with one thread, the least of several interleaved rounds, so that other programs
change them little. The problems are functions, a set of scikit-learn and, if CHAINRULE_DATA names the folder, sets of
UCI; X and y are standardised.
"""

from __future__ import annotations

import argparse
import contextlib
import time
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import least_squares
from sklearn import datasets
from sklearn.neural_network import MLPRegressor
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # a dependency of scikit-learn

import chainrule as cr
from benchmarks.harness import machine
from benchmarks.harness.clock import rotated
from benchmarks.harness.markdown import table
from benchmarks.harness.options import positive
from benchmarks.tables import sets
from chainrule.backprop import parameter_jacobian
from chainrule.network.forward import forward

ADAM = {"full": (None, 0.01), "32 rows": (32, 0.003)}  # batch size and learning rate
J = cr.SumOfSquares()


class Example(NamedTuple):
    """X (t, n), y (t, 1), and the sizes of the hidden layers."""

    X: Any
    y: Any
    hidden: tuple[int, ...]

    def network(self) -> cr.Network:
        """Returns the initial network, the same each time."""
        return cr.Network.dense([self.X.shape[1], *self.hidden, 1], hidden="tanh", seed=0)


class Reached(Exception):
    """Ends a search of SciPy that has reached the J asked for."""


def sine(rng: np.random.Generator) -> tuple[Any, Any]:
    """sin 3x at 200 points of [−3, 3]."""
    x = np.linspace(-3.0, 3.0, 200)[:, None]
    return x, np.sin(3.0 * x[:, 0])


def franke(rng: np.random.Generator) -> tuple[Any, Any]:
    """Franke's function at 1,000 random points of the unit square."""
    x, y = rng.uniform(size=(2, 1000))
    z = (
        0.75 * np.exp(-((9 * x - 2) ** 2 + (9 * y - 2) ** 2) / 4)
        + 0.75 * np.exp(-((9 * x + 1) ** 2) / 49 - (9 * y + 1) / 10)
        + 0.5 * np.exp(-((9 * x - 7) ** 2 + (9 * y - 3) ** 2) / 4)
        - 0.2 * np.exp(-((9 * x - 4) ** 2) - (9 * y - 7) ** 2)
    )
    return np.column_stack([x, y]), z


def friedman(rng: np.random.Generator) -> tuple[Any, Any]:
    """Friedman's first function of ten variables at 1,000 random points, with noise."""
    X, y = datasets.make_friedman1(1000, noise=0.5, random_state=0)
    return X, y


def diabetes(rng: np.random.Generator) -> tuple[Any, Any]:
    """The 442 rows of scikit-learn's set."""
    X, y = datasets.load_diabetes(return_X_y=True)
    return X, y


def of_table(name: str) -> Callable[[np.random.Generator], tuple[Any, Any] | None]:
    """Returns a reader of at most 2,000 training rows of a set, which gives None if its data are not present."""

    def read(rng: np.random.Generator) -> tuple[Any, Any] | None:
        place = sets.folder()
        one = sets.SETS[name]
        if place is None or not one.is_present(place):
            return None
        split = one.read(place, 0, 2000)
        return split.X[:2000], split.y[:2000]

    return read


PROBLEMS: dict[str, tuple[Callable[[np.random.Generator], tuple[Any, Any] | None], tuple[int, ...]]] = {
    "sine": (sine, (10,)),
    "sine, two layers": (sine, (12, 12)),
    "Franke": (franke, (40,)),
    "Franke, two layers": (franke, (16, 16)),
    "Friedman": (friedman, (20,)),
    "diabetes": (diabetes, (10,)),
    "energy": (of_table("energy"), (20,)),
    "concrete": (of_table("concrete"), (30,)),
    "wine_red": (of_table("wine_red"), (20,)),
    "kin8nm": (of_table("kin8nm"), (40,)),
}


def read(name: str) -> Example | None:
    """Returns the problem, standardised, or None if its data are not present."""
    reader, hidden = PROBLEMS[name]
    found = reader(np.random.default_rng(0))
    if found is None:
        return None
    X, y = (np.asarray(part, np.float64) for part in found)
    X = X[:, X.std(axis=0) > 0]
    return Example((X - X.mean(axis=0)) / X.std(axis=0), ((y - y.mean()) / y.std())[:, None], hidden)


def by_lm(example: Example, iterations: int, target: float = -1.0) -> tuple[float, float]:
    """Returns the CPU seconds and J of Levenberg–Marquardt, which ends when J ≤ target."""
    net, start = example.network(), time.process_time()
    history = cr.minimize(
        net, example.X, example.y, method="lm", epochs=iterations, tol=None, gradient_tol=0.0,
        callbacks=[lambda history: bool(history.J[-1] <= target)],
    )  # fmt: skip
    return time.process_time() - start, float(history.J[-1])


def by_scipy(example: Example, method: str, iterations: int, target: float = -1.0) -> tuple[float, float]:
    """Returns the CPU seconds and J of SciPy's least_squares, which ends when J ≤ target."""
    net, best = example.network(), np.inf

    def residuals(theta: Any) -> Any:
        nonlocal best
        net.theta[...] = theta
        r = (net(example.X) - example.y).ravel()
        best = min(best, 0.5 * float(r @ r))
        if best <= target:
            raise Reached
        return r

    def jacobian(theta: Any) -> Any:
        net.theta[...] = theta
        return parameter_jacobian(net, forward(net, example.X))

    start = time.process_time()
    with contextlib.suppress(Reached):
        least_squares(
            residuals, net.theta.copy(), jac=jacobian, method=method, max_nfev=iterations, ftol=1e-15, xtol=1e-15,
            gtol=1e-15,
        )  # fmt: skip
    return time.process_time() - start, best


def by_adam(example: Example, batch: int | None, rate: float, seconds: float, target: float) -> tuple[float, float]:
    """Returns the CPU seconds after which Adam's J ≤ target (infinite if not within ``seconds``), and its least J."""
    net, start, best = example.network(), time.process_time(), np.inf
    reached = np.inf

    def look(history: cr.History) -> bool:
        nonlocal best, reached
        now = time.process_time() - start
        best = min(best, J(net, example.X, example.y))
        if best <= target:
            reached = now
        return best <= target or now >= seconds

    cr.train(
        net, example.X, example.y, optimizer=cr.Adam(rate), batch_size=batch, epochs=10**7, callbacks=[look],
        callback_epochs=None, threads=1,
    )  # fmt: skip
    return reached, best


def beside_adam(name: str, example: Example, iterations: int, rounds: int, factor: int) -> list[str]:
    """Returns a row: J of Levenberg–Marquardt after its iterations, and what Adam needs for it."""
    runs = [by_lm(example, iterations) for _ in range(rounds)]
    seconds, target = min(runs)
    adam = [by_adam(example, *settings, factor * seconds, target) for settings in ADAM.values()]
    reached, best = min(s for s, _ in adam), min(j for _, j in adam)
    times = f"{reached / seconds:.0f} ×" if reached < np.inf else f"not in {factor} ×"
    t, n = example.X.shape
    return [
        name,
        f"{t} × {n}",
        f"{example.network().d}",
        f"{1e3 * seconds:.0f} ms",
        f"{target:.3g}",
        times,
        f"{best:.3g}",
    ]


def beside_scipy(name: str, example: Example, iterations: int, rounds: int) -> list[str]:
    """Returns a row: the times in which Levenberg–Marquardt and SciPy's methods reach a J that all of them reach."""
    methods: dict[str, Callable[[int, float], tuple[float, float]]] = {
        "own": lambda k, target: by_lm(example, k, target),
        "trf": lambda k, target: by_scipy(example, "trf", k, target),
        "lm": lambda k, target: by_scipy(example, "lm", k, target),
    }
    target = max(run(iterations, -1.0)[1] for run in methods.values()) * 1.001
    times: dict[str, list[float]] = {method: [] for method in methods}
    for k in range(rounds):
        for method in rotated(list(methods), k):
            times[method].append(methods[method](3 * iterations, target)[0])
    least = {method: min(values) for method, values in times.items()}
    return [
        name, f"{example.network().d}", f"{target:.3g}", *(f"{1e3 * least[method]:.0f} ms" for method in methods),
        *(f"{least[method] / least['own']:.1f} ×" for method in ("trf", "lm")),
    ]  # fmt: skip


def beside_sklearn(name: str, example: Example, iterations: int) -> list[str]:
    """Returns a row: J of our L-BFGS and of scikit-learn's after the same iterations from the same θ."""
    net, y = example.network(), example.y.ravel()
    peer = MLPRegressor(
        hidden_layer_sizes=example.hidden,
        activation="tanh",
        solver="lbfgs",
        alpha=0.0,
        max_iter=1,
        tol=0.0,
        warm_start=True,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its few iterations
        peer.fit(example.X, y)
        peer.coefs_, peer.intercepts_ = [W.T.copy() for W in net.W], [b.copy() for b in net.b]
        peer.set_params(max_iter=iterations).fit(example.X, y)
    cost = cr.SumOfSquares(mean=True)
    history = cr.minimize(
        net, example.X, example.y, cost=cost, method="lbfgs", epochs=iterations, tol=None, gradient_tol=0.0
    )
    return [name, f"{iterations}", f"{history.J[-1]:.10g}", f"{peer.loss_:.10g}"]


def main(arguments: list[str] | None = None) -> None:
    """Measures, and prints three tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--problems", nargs="+", choices=list(PROBLEMS), default=list(PROBLEMS))
    parser.add_argument("--rounds", type=positive, default=3)
    parser.add_argument("--iterations", type=positive, default=100, help="of Levenberg–Marquardt")
    parser.add_argument("--factor", type=positive, default=100, help="times of Levenberg–Marquardt that Adam has")
    options = parser.parse_args(arguments)
    machine.warn_if_busy()
    found = {name: read(name) for name in options.problems}
    present = {name: example for name, example in found.items() if example is not None}
    if missing := [name for name in found if name not in present]:
        print(f"Left out, since {sets.VARIABLE} names no folder that holds them: {', '.join(missing)}.")
    with threadpool_limits(1):
        adam = [beside_adam(name, e, options.iterations, options.rounds, options.factor) for name, e in present.items()]
        print(table(["problem", "rows", ">d", ">LM", ">J", ">Adam to this J", ">least J of Adam"], adam), "\n")
        scipy = [beside_scipy(name, e, options.iterations, options.rounds) for name, e in present.items()]
        columns = ["problem", ">d", ">to J", ">LM", ">SciPy trf", ">SciPy lm", ">trf / LM", ">lm / LM"]
        print(table(columns, scipy), "\n")
        sklearn = [beside_sklearn(name, e, 20) for name, e in present.items()]
        print(table(["problem", ">iterations", ">J of cr.minimize", ">J of MLPRegressor"], sklearn))


if __name__ == "__main__":
    main()

"""Products ∇²J(θ) v beside gradients on the native engine: ``python -m benchmarks.hessian_products``.

Times are CPU seconds of the process, the least of several interleaved rounds, as multiples of one gradient. A call is
`chainrule.hessian_vector_product`, with all memory that it needs; the first and the further products are those of
Newton–CG, which keeps its memory from one θ to the next.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np

import chainrule as cr
from benchmarks.harness import machine
from benchmarks.harness.clock import rotated, timed
from benchmarks.harness.markdown import table
from benchmarks.harness.options import positive
from chainrule import engines

SHAPES = {  # sizes, output, cost
    "16-64-32-1": ([16, 64, 32, 1], "identity", cr.SumOfSquares()),
    "32-256-256-1": ([32, 256, 256, 1], "identity", cr.SumOfSquares()),
    "784-512-512-10": ([784, 512, 512, 10], "softmax", cr.CrossEntropy()),
}
PRODUCTS = 3e8  # of numbers, which one measurement repeats a gradient for


def measured(shape: str, hidden: str, dtype: str, t: int, rounds: int) -> list[float]:
    """Returns the seconds of a gradient, a call, a first product and a further one."""
    m, output, cost = SHAPES[shape]
    rng = np.random.default_rng(0)
    net = cr.Network.dense(m, hidden=hidden, output=output, seed=0, dtype=dtype)
    X, v = rng.normal(size=(t, m[0])).astype(dtype), rng.normal(size=net.d).astype(dtype)
    Y = np.eye(m[-1], dtype=dtype)[rng.integers(0, m[-1], t)] if m[-1] > 1 else rng.normal(size=(t, 1)).astype(dtype)
    engine = engines.chosen(net, cost, engine="native").engine
    at_theta = engine.hessian(net, cost, X, Y, None, lambda: None)
    times, product = max(1, int(PRODUCTS / (net.d * t))), at_theta()
    for _ in range(2):  # from now on the numbers of θ are kept
        product(v)

    def further() -> None:
        for _ in range(times):
            product(v)

    def first() -> None:
        for _ in range(times):
            at_theta()(v)

    def call() -> None:
        for _ in range(times):
            engine.hessian(net, cost, X, Y, None, lambda: None)()(v)

    def gradient() -> None:
        for _ in range(times):
            engine.gradient(net, cost, X, Y, None)

    work: list[Callable[[], None]] = [gradient, call, first, further]
    seconds = [np.inf] * len(work)
    for k in range(rounds):
        for j in rotated(range(len(work)), k):
            if work[j] is further:
                product = at_theta()
                product(v)
            elif work[j] is first:  # the last θ had several products
                product(v)
                product(v)
            seconds[j] = min(seconds[j], timed(work[j], time.process_time)[0] / times)
    return seconds


def main() -> None:
    """Prints a row for each shape, σ, number type and number of rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=positive, default=9)
    parser.add_argument("--rows", type=positive, nargs="+", default=[256, 1024])
    options = parser.parse_args()
    machine.warn_if_busy()
    rows = []
    for shape in SHAPES:
        for hidden in ("tanh", "relu"):
            for dtype in ("float64", "float32"):
                for t in options.rows:
                    gradient, *products = measured(shape, hidden, dtype, t, options.rounds)
                    ratios = [f"{seconds / gradient:.2f}" for seconds in products]
                    rows.append([shape, hidden, dtype, str(t), f"{1e3 * gradient:.3g}", *ratios])
    print(table(["network", "σ", "θ", "rows", "gradient, ms", "call", "first", "further"], rows))


if __name__ == "__main__":
    main()

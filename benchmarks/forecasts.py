"""Forecasts of a time limit beside what was reached: ``python -m benchmarks.forecasts [--seconds 30]``.

Each network trains by Adam with a cosine, on far more epochs than fit. The forecast is the first one, after a second or
a tenth of the limit; reached are the epochs at the end, and the share of the time that they took.
"""

from __future__ import annotations

import argparse
import time
import warnings

import numpy as np

import chainrule as cr

SHAPES: dict[str, tuple[list[int], int, int]] = {  # sizes, rows, batch size
    "16-64-32-1": ([16, 64, 32, 1], 20_000, 64),
    "32-256-256-1": ([32, 256, 256, 1], 20_000, 256),
    "784-512-512-10": ([784, 512, 512, 10], 10_000, 256),
}


def measured(m: list[int], t: int, batch_size: int, seconds: float) -> tuple[int, int, float, float]:
    """Returns the first forecast of epochs, the epochs reached, the seconds taken, and the last α of the schedule."""
    rng = np.random.default_rng(0)
    net = cr.Network.dense(m, seed=0, dtype="float32")
    X = rng.normal(size=(t, m[0])).astype(np.float32)
    Y = rng.normal(size=(t, m[-1])).astype(np.float32)
    first: list[int] = []

    def look(history: cr.History) -> None:
        if history.forecast is not None and not first:
            first.append(history.forecast.epochs)

    began = time.perf_counter()
    history = cr.train(
        net, X, Y, cost=cr.SumOfSquares(mean=True), optimizer=cr.Adam(cr.Cosine(1e-3)), epochs=1_000_000,
        batch_size=batch_size, validation=(X[:1000], Y[:1000]), time_limit=seconds, callbacks=[look],
        callback_epochs=None,
    )  # fmt: skip
    return first[0], history.epochs, time.perf_counter() - began, float(history.learning_rate[-1])


def main() -> None:
    """Prints a line for each shape."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=30.0)
    seconds = parser.parse_args().seconds
    warnings.simplefilter("ignore", cr.errors.TrainingWarning)
    for shape, problem in SHAPES.items():
        forecast, reached, taken, alpha = measured(*problem, seconds)
        error = f"{100.0 * (forecast / reached - 1.0):+.1f} %"
        print(f"{shape:>16}: forecast {forecast}, reached {reached} ({error}), {taken:.2f} s, last α {alpha:.1e}")


if __name__ == "__main__":
    main()

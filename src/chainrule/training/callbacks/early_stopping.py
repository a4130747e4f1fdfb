"""Early stopping by a metric of one's own; the best θ is kept."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from chainrule._internal.checks import as_integer, as_real, shown
from chainrule.errors import InputError
from chainrule.training.callbacks.callback import Function, RunCallback, WatchedRun
from chainrule.training.history import History

MODES = {"min": 1.0, "max": -1.0}


@dataclass
class MetricCourse:
    """The course of a metric in one run: its ``values`` after ``epochs``, and the best of them.

    >>> import chainrule as cr
    >>> cr.callbacks.MetricCourse([10, 20], [0.9, 0.8], 10, 0.9).best_epoch
    10
    """

    epochs: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    best_epoch: int | None = None
    best_value: float = math.nan


class EarlyStopping(RunCallback):
    """Stops training when a metric has not improved for ``patience`` epochs; the network ends with the best θ seen.

    ``metric`` is a function of the network, such as the accuracy on held-out examples; in `NetworkClassifier` and
    `NetworkRegressor` it gets a `TableModel` with the one network that is trained. It is computed every ``epochs``
    epochs. ``mode`` says whether "min" or "max" is better. An improvement by at most ``min_delta`` is not counted, but
    its θ is kept. NaN is no improvement. ``courses`` holds the values, one course for each run.

    For the validation cost, `train` has ``patience`` itself.

    Raises InputError for a metric that is no function or returns no number, and for settings out of their range.

    >>> import chainrule as cr
    >>> X, Y = [[0.0], [1.0], [2.0], [3.0]], [[1.0], [3.0], [5.0], [7.0]]
    >>> net = cr.Network.dense([1, 1], seed=0)
    >>> def distance_to_slope_one(net):
    ...     return abs(net.W[1][0, 0] - 1.0)
    >>> stopping = cr.callbacks.EarlyStopping(distance_to_slope_one, mode="min", patience=20)
    >>> history = cr.train(net, X, Y, optimizer=cr.GradientDescent(0.001), epochs=5000, callbacks=[stopping])
    >>> history.stopped, history.epochs - stopping.courses[0].best_epoch, net.W[1].round(1)
    ('callback', 20, array([[1.]]))

    Source: L. Prechelt, Early stopping – but when?, in Neural networks: tricks of the trade, 1998.
    """

    def __init__(
        self, metric: Callable[[Any], float], *, mode: str, patience: int = 10, min_delta: float = 0.0, epochs: int = 1
    ) -> None:
        if not callable(metric):
            raise InputError(f"metric must be a function of the network; got {shown(metric)}.")
        if mode not in MODES:
            raise InputError(f'mode must be "min" or "max", the better end of the metric; got {shown(mode)}.')
        self.metric, self.mode = metric, mode
        self.patience = as_integer(patience, "patience", 1)
        self.min_delta = as_real(min_delta, "min_delta", 0.0)
        self.epochs: int = as_integer(epochs, "epochs", 1)
        self.courses: list[MetricCourse] = []

    def __repr__(self) -> str:
        name = getattr(self.metric, "__qualname__", shown(self.metric))
        return f"EarlyStopping({name}, mode={self.mode!r}, patience={self.patience})"

    @contextmanager
    def watch(self, run: WatchedRun) -> Iterator[Function]:
        """Computes the metric during the run, and gives the network the best θ at its end."""
        sign, course, best = MODES[self.mode], MetricCourse(), None
        reference, last_improvement = math.nan, run.first_epoch
        self.courses.append(course)

        def look(history: History) -> bool:
            nonlocal best, reference, last_improvement
            value = as_metric(self.metric(run.model), "metric")
            course.epochs.append(history.epochs)
            course.values.append(value)
            if sign * value < sign * course.best_value or (best is None and not math.isnan(value)):
                course.best_epoch, course.best_value, best = history.epochs, value, run.net.theta.copy()
            name = getattr(self.metric, "__name__", "")
            best_one = f", best {course.best_value:.4g} (epoch {course.best_epoch})" if best is not None else ""
            run.figures[name] = f"{name if name.strip('<>') == name else 'metric'} {value:.4g}{best_one}"
            is_first = math.isnan(reference) and not math.isnan(value)
            if is_first or sign * value < reference - self.min_delta:
                reference, last_improvement = sign * value, history.epochs
            return history.epochs - last_improvement >= self.patience

        try:
            yield look
        finally:
            if best is not None:
                run.net.theta = best


def as_metric(value: Any, symbol: str) -> float:
    """Returns the value of a metric as a float, which may be infinite or NaN. Raises InputError for anything else."""
    try:
        return float(value)
    except (TypeError, ValueError):
        raise InputError(f"{symbol} must return a number; got {shown(value)}.") from None

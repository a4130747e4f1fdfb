"""Early stopping by a metric of one's own; the best θ is kept."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chainrule._internal.checks import Array, as_integer, as_real, shown
from chainrule.engines.state import Kept
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

    def add(self, epoch: int, value: float, sign: float) -> bool:
        """Adds a value, and returns True if it is the best, that is sign · value is the least; NaN never is."""
        self.epochs.append(epoch)
        self.values.append(value)
        is_best = not math.isnan(value) and (self.best_epoch is None or sign * value < sign * self.best_value)
        if is_best:
            self.best_epoch, self.best_value = epoch, value
        return is_best


class EarlyStopping(RunCallback):
    """Stops training when a metric has not improved for ``patience`` epochs; the network ends with the best θ seen.

    ``metric`` is a function of the network, such as the accuracy on held-out examples; in `NetworkClassifier` and
    `NetworkRegressor` it gets a `TableModel` with the one network that is trained. It is computed every ``epochs``
    epochs. ``mode`` says whether "min" or "max" is better. An improvement by at most ``min_delta`` is not counted, but
    its θ is kept. NaN is no improvement. ``courses`` holds the values, one course for each run. A run that is resumed,
    from a checkpoint or a state, continues the course of this metric, and knows its best θ.

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

    @property
    def memory_name(self) -> str:
        """The name under which a run's state holds the course."""
        return f"{self.mode} of {getattr(self.metric, '__name__', 'metric')}"

    @contextmanager
    def watch(self, run: WatchedRun) -> Iterator[Function]:
        """Computes the metric during the run, and gives the network the best θ at its end."""
        sign, course = MODES[self.mode], MetricCourse()
        self.courses.append(course)
        memory = _Memory(run.first_epoch)
        memory.recall(run.memory(self.memory_name, lambda: memory.arrays(course)), run.net.theta)
        reference, last_improvement = math.nan, memory.began

        def take(epoch: int, value: float) -> bool:
            """Adds a value to the course; returns True if it is the best."""
            nonlocal reference, last_improvement
            is_first = math.isnan(reference) and not math.isnan(value)
            if is_first or sign * value < reference - self.min_delta:
                reference, last_improvement = sign * value, epoch
            return course.add(epoch, value, sign)

        def look(history: History) -> bool:
            value = as_metric(self.metric(run.model), "metric")
            if take(history.epochs, value):
                memory.best_theta = run.net.theta.copy()
            name = getattr(self.metric, "__name__", "")
            best_one = f", best {course.best_value:.4g} (epoch {course.best_epoch})" if course.best_epoch else ""
            run.figures[name] = f"{name if name.strip('<>') == name else 'metric'} {value:.4g}{best_one}"
            return history.epochs - last_improvement >= self.patience

        for epoch, earlier in memory.looks:
            take(int(epoch), earlier)
        if run.first_epoch - last_improvement >= self.patience:
            run.stop()  # as it was, or would have been, stopped before
        try:
            yield look
        finally:
            if memory.best_theta is not None:
                run.net.theta = memory.best_theta


class _Memory:
    """The part of a run's state that belongs to a metric: its course, its best θ, and the epoch before it began."""

    def __init__(self, began: int) -> None:
        self.began = began
        self.looks: list[list[float]] = []  # epoch and value, of the run that is continued
        self.best_theta: Array | None = None

    def arrays(self, course: MetricCourse) -> Kept:
        """Returns the arrays for the state; none before the first look."""
        if not course.epochs:
            return {}
        known = {} if self.best_theta is None else {"best_theta": self.best_theta}
        return {"course": np.array([course.epochs, course.values]), "began": np.array([float(self.began)]), **known}

    def recall(self, arrays: Kept, theta: Array) -> None:
        """Takes the arrays of a state, if it has some. Raises InputError unless they fit θ and each other."""
        if not arrays:
            return
        course, began, best = arrays.get("course"), arrays.get("began"), arrays.get("best_theta")
        if (
            course is None or course.ndim != 2 or len(course) != 2 or not np.isfinite(course[0]).all()
            or began is None or began.shape != (1,) or not np.isfinite(began).all()
            or (best is None) != np.isnan(course[1]).all()
            or (best is not None and (best.shape != theta.shape or best.dtype != theta.dtype))
        ):  # fmt: skip
            raise InputError("resume holds an incomplete course of the metric; start again, or without this callback.")
        self.began, self.looks, self.best_theta = int(began[0]), course.T.tolist(), best


def as_metric(value: Any, symbol: str) -> float:
    """Returns the value of a metric as a float, which may be infinite or NaN. Raises InputError for anything else."""
    try:
        return float(value)
    except (TypeError, ValueError):
        raise InputError(f"{symbol} must return a number; got {shown(value)}.") from None

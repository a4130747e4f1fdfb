"""The metric by which each network keeps its best epoch: the parameter ``scoring`` of the estimators."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import get_scorer

from chainrule._internal.checks import shown
from chainrule.errors import InputError
from chainrule.estimators.network.ensemble import Member
from chainrule.estimators.network.scorers.names import require_scorer
from chainrule.estimators.network.scorers.one_network import as_estimator
from chainrule.estimators.network.scorers.trial import FAILURES, require_suited
from chainrule.tables.model import TableModel
from chainrule.tables.targets.decoders import Target
from chainrule.tables.targets.indicator_labels import IndicatorLabels
from chainrule.training.callbacks.callback import Function, WatchedRun
from chainrule.training.callbacks.early_stopping import EarlyStopping, MetricCourse

Scoring: TypeAlias = str | Callable[[Any, Any, Any], float] | None

NEGATIVE = "neg_"  # the names of scikit-learn's scorers that are errors begin so


@dataclass(frozen=True, eq=False)
class HeldOutMetric:
    """A scorer on the rows that a network holds out, of ``labels`` (t,) or (t, m) of all rows.

    A larger score is better. Of a scorer whose name begins with "neg_" the metric is the error itself, which is better
    if it is smaller. ``scoring`` is what the user gave, as messages quote it.
    """

    name: str
    scoring: str
    scorer: Callable[..., float]
    sign: float
    labels: NDArray[Any]

    def stopping(self, member: Member) -> EarlyStopping:
        """Returns the callback that computes the metric after each epoch, and keeps the best θ."""
        assert member.held_out is not None
        rows, labels = member.held_out.in_memory(), self.labels[member.at]
        weights = {} if rows.weights is None or not _takes_weights(self.scorer) else {"sample_weight": rows.weights}

        def metric(model: TableModel) -> float:
            try:
                return self.sign * float(self.scorer(as_estimator(model), rows.X, labels, **weights))
            except FAILURES as error:
                raise InputError(f"scoring={self.scoring} does not work on the held-out rows: {error}") from error

        metric.__name__ = metric.__qualname__ = self.name
        mode = "max" if self.sign > 0 else "min"
        return KeepingBest(metric, self.scoring, mode=mode, patience=member.recipe.patience or member.recipe.epochs)


class KeepingBest(EarlyStopping):
    """Keeps the best epoch of all, also of those before a training continues: their metric must be known."""

    def __init__(self, metric: Callable[[TableModel], float], scoring: str, *, mode: str, patience: int) -> None:
        super().__init__(metric, mode=mode, patience=patience)
        self.scoring = scoring

    @contextmanager
    def watch(self, run: WatchedRun) -> Iterator[Function]:
        """Watches a run. Raises InputError if it continues one whose best epoch was chosen otherwise."""
        if run.state is not None and run.state.epoch and self.memory_name not in run.state.kept:
            raise InputError(
                f"scoring={self.scoring} cannot choose among the epochs of a training that began with "
                "another scoring, or with none. Continue with the same one, or begin again."
            )
        with super().watch(run) as look:
            yield look


def as_metric(scoring: Any, target: Target, labels: NDArray[Any]) -> HeldOutMetric | None:
    """Returns the metric of ``scoring``: None, the name of a scorer of scikit-learn, or f(estimator, X, y).

    Raises UnknownName for another name, InputError for anything else and for a scorer of other labels.
    """
    if scoring is None:
        return None
    if isinstance(target, IndicatorLabels):
        labels = target.indicators(labels)  # of other values, scikit-learn has no metrics for several labels
    if isinstance(scoring, str):
        require_scorer(scoring)
        require_suited(scoring, target, labels)
        is_error = scoring.startswith(NEGATIVE)
        name = scoring.removeprefix(NEGATIVE).replace("_", " ")
        return HeldOutMetric(name, repr(scoring), get_scorer(scoring), -1.0 if is_error else 1.0, labels)
    if not callable(scoring):
        raise InputError(f"scoring must be a scorer's name, or a function f(estimator, X, y); got {shown(scoring)}.")
    name = getattr(scoring, "__name__", "")
    return HeldOutMetric(name if name.isidentifier() else "score", name or shown(scoring), scoring, 1.0, labels)


def scoring_parts(name: str, courses: list[MetricCourse]) -> dict[str, Any]:
    """Returns the courses of a metric as a model's file stores them: one value after each epoch, null where none is."""
    return {
        "name": name,
        "courses": [
            {
                "epochs": course.epochs, "best_epoch": course.best_epoch,
                "values": [value if np.isfinite(value) else None for value in course.values],
            }
            for course in courses
        ],
    }  # fmt: skip


def courses_of(stored: Any) -> tuple[str, tuple[MetricCourse, ...]]:
    """Returns name and courses of the metric that a model's file stores; "" and none if it has none."""
    try:
        courses = []
        for entry in stored["courses"]:
            values = [float("nan") if value is None else float(value) for value in entry["values"]]
            epochs, best = [int(epoch) for epoch in entry["epochs"]], entry["best_epoch"]
            best_value = values[epochs.index(best)] if best in epochs else float("nan")
            courses.append(MetricCourse(epochs, values, best if best in epochs else None, best_value))
        return str(stored["name"]), tuple(courses)
    except (KeyError, TypeError, ValueError):
        return "", ()


def _takes_weights(scorer: Any) -> bool:
    return hasattr(scorer, "_score_func")  # a scorer of scikit-learn

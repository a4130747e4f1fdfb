"""A callback of scikit-learn's interface that records the course of a fit."""

from __future__ import annotations

from typing import Any


class FitRecorder:
    """Records the names of the tasks as they begin, and the score after each epoch; asks to stop after ``epochs``."""

    def __init__(self, X: Any, y: Any, epochs: int) -> None:
        self.course: list[str] = []
        self.scores: list[float] = []
        self._X, self._y, self._epochs = X, y, epochs

    def setup(self, estimator: Any, context: Any) -> None:
        """Records the beginning."""
        self.course.append("setup")

    def teardown(self, estimator: Any, context: Any) -> None:
        """Records the end."""
        self.course.append("teardown")

    def on_fit_task_begin(self, estimator: Any, context: Any) -> None:
        """Records the task."""
        self.course.append(context.task_name)

    def on_fit_task_end(self, estimator: Any, context: Any, *, fitted_estimator: Any = None) -> bool:
        """Scores the estimator as it is after an epoch; returns True to stop."""
        if context.task_name == "epoch":
            self.scores.append(fitted_estimator.score(self._X, self._y))
        return len(self.scores) == self._epochs

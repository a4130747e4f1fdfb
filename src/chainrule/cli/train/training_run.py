"""A training run as values: everything decided before training, and the outcome."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from chainrule.cli.outputs import Destination
from chainrule.cli.train.training_options import TrainingOptions
from chainrule.estimators.network.recipe import Recipe
from chainrule.tables.columns import Task
from chainrule.tables.inspection.results import Results
from chainrule.tables.model import TableModel
from chainrule.training import History


class RunData(Protocol):
    """The data of a run: a table, or packed rows."""

    @property
    def origin(self) -> str:
        """The name of the data, for messages."""

    @property
    def task(self) -> Task:
        """The task."""

    @property
    def sizes(self) -> tuple[int, int]:
        """The numbers of training rows and of test rows."""

    @property
    def classes(self) -> list[Any]:
        """The classes, or the values of all labels; those of numbers are not used."""

    def descriptions(self) -> list[str]:
        """Returns lines about the rows and the task."""

    def names(self) -> dict[str, str]:
        """Returns the names of the table and of its only target, as the model's file holds them."""

    def fit(self, estimator: Any) -> None:
        """Fits an estimator to the training rows."""

    def results(self, model: TableModel) -> Results:
        """Returns the results on the test rows."""

    def finished(self, model: TableModel) -> TableModel:
        """Returns a model that was fitted, as its file holds it."""


@dataclass(frozen=True)
class PlannedRun:
    """A run that is ready to start."""

    data: RunData
    options: TrainingOptions
    estimator: Any  # NetworkClassifier or NetworkRegressor
    recipes: Sequence[Recipe]
    files: Destination | None  # None: nothing is saved
    report: Path | None = None


@dataclass(frozen=True)
class FinishedRun:
    """The outcome of a run."""

    model: TableModel
    histories: Sequence[History]
    kept: Sequence[int | None]  # the epoch of each network that is kept; None without held-out rows: the last one
    stopped: str  # the reason: epochs, patience, time_limit, callback or interrupted
    seconds: float

"""A training run as values: everything decided before training, and the outcome."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chainrule.cli.outputs import Destination
from chainrule.cli.train.training_data import TrainingData
from chainrule.cli.train.training_options import TrainingOptions
from chainrule.estimators.network.recipe import Recipe
from chainrule.tables.model import TableModel
from chainrule.training import History


@dataclass(frozen=True)
class PlannedRun:
    """A run that is ready to start."""

    data: TrainingData
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

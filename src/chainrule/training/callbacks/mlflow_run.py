"""Settings and metrics of a training for MLflow."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from chainrule.errors import MissingExtra
from chainrule.training.callbacks.callback import FitCallback, Function, RunCallback, WatchedRun
from chainrule.training.callbacks.thinned import thinned, to_the_end
from chainrule.training.history import History

MOST = 100  # epochs of a call, of four numbers each: a request takes about 0.1 ms for a number


class MLflow(FitCallback):
    """Logs the settings of a training to MLflow as parameters, and the records of its epochs as metrics.

    They go to the active run, or else to one that begins and ends with the training. The metrics (J, validation J,
    learning rate, norm of ∇J) are sent every ``seconds`` seconds and at the end, whatever ends the run, of at most 100
    epochs at a time, evenly spread. Those of an estimator's networks are called network-1/J, network-2/J, …

    Raises MissingExtra without MLflow; errors of its server propagate.

    >>> import chainrule as cr
    >>> cr.callbacks.MLflow().seconds
    5.0

    Source: https://mlflow.org, ``MlflowClient.log_batch``.
    """

    seconds = 5.0

    def __repr__(self) -> str:
        return "MLflow()"

    @contextmanager
    def all_runs(self, networks: int) -> Iterator[RunCallback]:
        """Begins a run of MLflow, unless one is active; its end says whether training has failed."""
        try:
            import mlflow
        except ImportError as error:
            raise MissingExtra(
                "MLflow needs mlflow; install it with: pip install 'chainrule[tracking]'", name="mlflow"
            ) from error
        if (active := mlflow.active_run()) is not None:
            yield _RunLog(mlflow, active.info.run_id)
            return
        with mlflow.start_run() as own:
            yield _RunLog(mlflow, own.info.run_id)


class _RunLog(RunCallback):
    """Logs to one run of MLflow, from any thread."""

    seconds = MLflow.seconds

    def __init__(self, mlflow: Any, run_id: str) -> None:
        self._client, self._run_id = mlflow.MlflowClient(), run_id
        self._Metric, self._Param = mlflow.entities.Metric, mlflow.entities.Param

    def __repr__(self) -> str:
        return "MLflow()"

    @contextmanager
    def watch(self, run: WatchedRun) -> Iterator[Function]:
        """Logs the settings, which are those of the first network, and then the epochs."""
        if run.number == 1:
            params = [self._Param(name, str(value)) for name, value in run.settings.items()]
            self._client.log_batch(self._run_id, params=params)
        logged, network = run.first_epoch, run.name("network")

        def log(history: History) -> None:
            nonlocal logged
            now = round(1000 * time.time())  # milliseconds
            metrics = [
                self._Metric(f"{network}/{name}" if network else name, value, now, epoch)
                for epoch, values in thinned(history, logged, MOST)
                for name, value in values.items()
            ]
            if metrics:
                self._client.log_batch(self._run_id, metrics=metrics)
            logged = history.epochs

        with to_the_end(log, run):
            yield log

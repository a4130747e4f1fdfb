"""Pruning of an Optuna trial."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from chainrule._internal.checks import as_integer, shown
from chainrule.errors import InputError, MissingExtra
from chainrule.training.callbacks.callback import Function, RunCallback, WatchedRun
from chainrule.training.callbacks.early_stopping import as_metric
from chainrule.training.history import History


class OptunaPruning(RunCallback):
    """Reports a value to an Optuna trial every ``epochs`` epochs, and raises ``TrialPruned`` if it should be pruned.

    The value is the validation cost, or ``metric(network)`` as in `EarlyStopping`; whether less or more is better is
    said by the study. Of several networks the first one reports.

    Raises InputError for a trial without ``report`` and ``should_prune``, without a metric and a validation set, and
    for a metric that returns no number; MissingExtra without Optuna.

    >>> import chainrule as cr
    >>> def objective(trial):
    ...     net = cr.Network.dense([1, trial.suggest_int("width", 1, 64), 1], seed=0)
    ...     history = cr.train(net, [[0.0], [2.0]], [[0.0], [1.0]], validation=([[1.0]], [[0.7]]),
    ...                        callbacks=[cr.callbacks.OptunaPruning(trial)])
    ...     return history.validation_J.min()

    Source: https://optuna.readthedocs.io, Trial.report and Trial.should_prune.
    """

    def __init__(self, trial: Any, metric: Callable[[Any], float] | None = None, *, epochs: int = 1) -> None:
        if not (callable(getattr(trial, "report", None)) and callable(getattr(trial, "should_prune", None))):
            raise InputError(f"trial must be a trial of Optuna; got {shown(trial)}.")
        if metric is not None and not callable(metric):
            raise InputError(f"metric must be a function of the network; got {shown(metric)}.")
        self.trial, self.metric = trial, metric
        self.epochs: int = as_integer(epochs, "epochs", 1)

    def __repr__(self) -> str:
        return f"OptunaPruning({shown(self.trial)})"

    @contextmanager
    def watch(self, run: WatchedRun) -> Iterator[Function | None]:
        """Reports the values of the first network."""
        try:
            from optuna import TrialPruned
        except ImportError as error:
            raise MissingExtra(
                "OptunaPruning needs optuna; install it with: pip install 'chainrule[tracking]'", name="optuna"
            ) from error
        if self.metric is None and not run.has_validation:
            raise InputError("OptunaPruning needs a value to report; give a metric, or validation rows.")

        def report(history: History) -> None:
            value = history.validation_J[-1] if self.metric is None else self.metric(run.model)
            self.trial.report(as_metric(value, "metric"), history.epochs)
            if self.trial.should_prune():
                raise TrialPruned(f"The trial was pruned after epoch {history.epochs}.")

        yield report if run.number == 1 else None

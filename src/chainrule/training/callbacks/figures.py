"""The figures of a run as text: epochs, costs, rates."""

from __future__ import annotations

import math

import numpy as np

from chainrule.training.callbacks.callback import WatchedRun
from chainrule.training.history import History


class RunFigures:
    """The latest records of a run; it reads each epoch of the History once."""

    def __init__(self, run: WatchedRun, now: float) -> None:
        self.run, self.began, self.has_ended = run, now, False
        self._now, self._epochs, self._planned = now, run.first_epoch, 0
        self._last: dict[str, float] = {}
        self._best_J, self._best_epoch, self._compared = math.inf, 0, 0

    def update(self, history: History, now: float) -> None:
        """Reads the new epochs."""
        records = history.to_dict(after=self._compared)
        self._now, self._epochs, self._planned = now, history.epochs, history.planned_epochs
        self.has_ended = history.stopped is not None
        if not len(records["epoch"]):
            return
        self._last = {name: float(values[-1]) for name, values in records.items()}
        validation_J = np.where(np.isnan(records["validation_J"].astype(np.float64)), np.inf, records["validation_J"])
        if validation_J.min() < self._best_J:
            self._best_J, self._best_epoch = float(validation_J.min()), self._compared + int(validation_J.argmin()) + 1
        self._compared = history.epochs

    @property
    def share(self) -> float:
        """The share of the planned epochs that are finished; a run that has ended early is finished too."""
        return 1.0 if self.has_ended else self._epochs / max(self._planned, 1)

    @property
    def first_share(self) -> float:
        """The share of the epochs that were finished when the run was resumed."""
        return self.run.first_epoch / max(self._planned, 1)

    def lines(self) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
        """Returns the epoch, the costs, and the rates."""
        epoch, last, seconds = f"epoch {self._epochs}/{self._planned}", self._last, self._now - self.began
        if not last:
            return epoch, ("the first epoch is running", f"{seconds:.0f} s"), ()
        costs = [f"J {last['J']:.4g}"]
        if self._best_epoch:
            costs += [f"validation J {last['validation_J']:.4g}", f"best {self._best_J:.4g} (epoch {self._best_epoch})"]
        costs += self.run.figures.values()
        rate = (self._epochs - self.run.first_epoch) / max(seconds, 1e-9)
        rates = [] if math.isnan(last["learning_rate"]) else [f"learning rate {last['learning_rate']:.3g}"]
        rates.append(f"{rate:,.0f} epochs/s" if rate >= 100 else f"{rate:.3g} epochs/s")
        return epoch, tuple(costs), tuple(rates)

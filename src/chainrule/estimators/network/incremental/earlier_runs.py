"""The course of networks before a run that continues it: by ``warm_start`` or by ``partial_fit``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from chainrule.engines.state import RECORDS
from chainrule.estimators.network.ensemble import Member
from chainrule.estimators.network.incremental.later_rows import LaterRows
from chainrule.estimators.network.incremental.row_keys import Keys
from chainrule.training import History


class EarlierRuns(NamedTuple):
    """The ``histories`` of the networks, of which the run continues the first ``epochs``; none before a new fit.

    ``later`` are the rows since the last fit, those of the run included; None in fit. ``is_one_pass`` is True if the
    run is a call of ``partial_fit``, which chooses no epoch: the last one is kept.
    """

    histories: Sequence[History] = ()
    epochs: Sequence[int] = ()
    later: LaterRows | None = None
    is_one_pass: bool = False

    @classmethod
    def of_continued_fit(cls, estimator: Any) -> EarlierRuns:
        """Returns the runs before that which ``warm_start`` continues from its state."""
        pairs = zip(estimator.histories_, estimator.states_, strict=True)
        return cls(estimator.histories_, [history.epochs - state.epoch for history, state in pairs], estimator._later)

    @classmethod
    def of_pass(cls, estimator: Any, keys: Keys, count: int) -> EarlierRuns:
        """Returns the runs before a call of ``partial_fit`` with the rows of these keys, by ``count`` networks."""
        later: LaterRows | None = estimator._later
        histories: Sequence[History] = ()
        if not hasattr(estimator, "model_"):
            later = LaterRows(0, (0,) * count, (None,) * count, (None,) * count)
        else:
            histories = estimator.histories_
            if later is None:
                epochs = tuple(history.epochs for history in histories) or (0,) * count
                kept = estimator.kept_epochs_ or (None,) * count
                later = LaterRows(int(estimator.model_.about.get("rows", estimator._n_rows)), epochs, kept, kept)
        return cls(histories, [history.epochs for history in histories], later.with_call(keys), True)

    def followed_by(self, members: Sequence[Member]) -> tuple[History, ...]:
        """Returns the whole history of each of these networks, with the state of its last run."""
        return tuple(self._whole(member.number, member.history) for member in members if member.history is not None)

    def later_rows(self, members: Sequence[Member]) -> LaterRows | None:
        """Returns the rows since the last fit, with the epochs that these networks keep."""
        if self.later is None:
            return None
        return self.later.of_networks([member.number for member in members], [self._kept(each) for each in members])

    def _before(self, number: int) -> int:
        return self.epochs[number] if self.epochs else 0

    def _kept(self, member: Member) -> int | None:
        if self.is_one_pass or member.history is None:
            return None
        best = member.history.best_epoch
        return best and self._before(member.number) + best

    def _whole(self, number: int, run: History) -> History:
        if not (before := self._before(number)):
            return run
        earlier = self.histories[number]
        records = {name: np.concatenate([getattr(earlier, name)[:before], getattr(run, name)]) for name in RECORDS}
        return History.of_records(
            records, planned_epochs=before + run.planned_epochs, stopped=run.stopped, engine=run.engine,
            engine_reason=run.engine_reason, state=run.state,
        )  # fmt: skip

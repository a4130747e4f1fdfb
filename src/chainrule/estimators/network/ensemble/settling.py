"""Early stopping between the waves of the learning rate."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np

from chainrule.estimators.network.ensemble.member import Member
from chainrule.optimizers.schedules import CosLog4
from chainrule.training import History
from chainrule.training.callbacks.callback import Function, RunCallback, WatchedRun

PARTS = 15  # the waves of CosLog4 end after 1, 3, 7 and 15 fifteenths of the epochs
THREE_WAVES = 7


def has_settled(done: int, best: int, epochs: int) -> bool:
    """Returns True if a whole wave of the learning rate after the best epoch is ``done``, of ``epochs`` planned ones.

    A wave that begins after epoch e ends after epoch 2e + epochs/15. Held-out costs may rise while the rate does, and
    fall with it. If they have not fallen below the best one at the end of a wave, they are not expected to in the next.

    >>> [has_settled(done, best=13, epochs=60) for done in (28, 29, 30, 31)]
    [False, False, True, True]
    """
    return done >= 2 * best + epochs / PARTS


def needs_three_waves(history: History) -> bool:
    """Returns True if the best epoch of a network lies before the fourth wave, or where its rate is still low.

    The fourth takes longer than the others together. Other networks of the same recipe, which are trained on the same
    table, are not expected to gain by it either.
    """
    best = history.best_epoch
    return best is not None and PARTS * best <= (THREE_WAVES + 1) * history.planned_epochs


class Settling(RunCallback):
    """Stops a network that `has_settled`, which it finds out about fifteen times during the ``planned`` epochs.

    If it ``ends_early``, it is stopped after three waves.
    """

    def __init__(self, planned: int, ends_early: bool = False) -> None:
        self.epochs: int = math.ceil(planned / PARTS)
        self.has_stopped = False
        self._planned, self._last = planned, THREE_WAVES * self.epochs if ends_early else planned

    @contextmanager
    def watch(self, run: WatchedRun) -> Iterator[Function]:
        """Yields the function that stops; a run that resumes one which was stopped is stopped before its first step."""
        state = run.state
        if state is not None and state.epoch and not state.epoch % self.epochs:
            self._look(state.records["validation_J"])
            if self.has_stopped:
                run.stop()
        yield lambda history: self._look(history.validation_J)

    def _look(self, costs: Sequence[float] | np.ndarray[tuple[int], np.dtype[np.float64]]) -> bool:
        done, best = len(costs), 1 + int(np.argmin(costs))
        is_over = done >= self._last or has_settled(done, best, self._planned)
        self.has_stopped = done < self._planned and is_over
        return self.has_stopped


def settling(member: Member, planned: int) -> Settling | None:
    """Returns what stops a member in time, unless its recipe has other rules, or no waves, or it holds out no rows."""
    recipe = member.recipe
    has_waves = recipe.minimizer is None and isinstance(recipe.optimizer.learning_rate, CosLog4)
    follows_cost = recipe.patience is None and member.held_out is not None
    return Settling(planned, member.ends_early) if has_waves and follows_cost else None

"""Callbacks that watch a network of an estimator: its training is one run, however often `train` is called for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from chainrule.estimators.network.ensemble.member import Member
from chainrule.estimators.network.ensemble.plan import TrainingPlan
from chainrule.training import History
from chainrule.training.callbacks.callback import Function, PartOfRun, RunCallback, WatchedRun, settings_of
from chainrule.training.callbacks.calls import Call, begun


class Part(PartOfRun):
    """Lets the whole run stop one part of it, a call of `train`, whose callbacks see the model and figures of all."""

    def __init__(self, run: WatchedRun) -> None:
        self._run = run

    @contextmanager
    def watch(self, run: WatchedRun) -> Iterator[None]:
        """Connects the part to the whole run, whose history is that of its last part."""
        self._run.connect(run.stop)
        run.model, run.figures = self._run.model, self._run.figures
        try:
            yield
        finally:
            self._run.history = run.history


class OngoingCall(RunCallback):
    """A callback that has begun to watch a network, for each call of `train`."""

    def __init__(self, call: Call, run: WatchedRun) -> None:
        self._call, self._run = call, run
        self.epochs, self.seconds = call.epochs, call.seconds

    def __repr__(self) -> str:
        return self._call.name

    def watch(self, run: WatchedRun) -> AbstractContextManager[Function]:
        """Yields the function, whose wish to stop is for the whole run."""
        return nullcontext(self._function)

    def _function(self, history: History) -> bool:
        if self._call.make(history):
            self._run.stop()
        return self._run.should_stop


def watched_run(member: Member, plan: TrainingPlan) -> WatchedRun:
    """Returns the whole training of a network as callbacks see it."""
    recipe = member.recipe
    settings = settings_of(member.net, recipe.cost, repr(recipe.optimizer), recipe.epochs, member.batch_size)
    return WatchedRun(
        member.net, plan.model_of(member.net), settings, member.held_out is not None,
        first_epoch=0 if member.resume is None else member.resume.epoch, deadline=plan.deadline,
        number=member.number + 1, networks=plan.n_networks,
    )  # fmt: skip


@contextmanager
def watching(member: Member, plan: TrainingPlan) -> Iterator[tuple[WatchedRun, list[RunCallback]]]:
    """A context around the whole training of a network; yields its run, and the callbacks for each call of `train`."""
    run = watched_run(member, plan)
    with begun(plan.callbacks, run, plan.callback_epochs) as calls:
        yield run, [Part(run), *(OngoingCall(call, run) for call in calls)]

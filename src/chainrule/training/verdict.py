"""The verdict on a training run: it was interrupted, diverged, rose, or was cut by a time limit."""

from __future__ import annotations

from typing import NamedTuple

from chainrule._internal.user_warnings import warn
from chainrule.engines.problem import Problem
from chainrule.engines.stopping import has_exploded
from chainrule.errors import TrainingWarning
from chainrule.training.errors import DivergenceError, TrainingInterrupted
from chainrule.training.history import History

NOISE = 1.0  # of |J|: minibatches and dropout may well move the J of an epoch by a half
ROUNDING = 1e-6  # of |J|, in single precision


class Verdict(NamedTuple):
    """The error to raise after a training run, or the words of a TrainingWarning, or neither."""

    error: DivergenceError | TrainingInterrupted | None
    warning: str | None


def verdict(problem: Problem, history: History) -> Verdict:
    """Returns the verdict on a run that has ended."""
    if history.stopped == "interrupted":
        done = f"{history.epochs} of {problem.epochs} epochs"
        words = f"training was interrupted after {done}; the network is intact."
        return Verdict(TrainingInterrupted(words, history), None)
    if history.stopped == "diverged":
        return Verdict(DivergenceError(divergence_message(problem, history), history), None)
    return Verdict(None, " ".join(filter(None, (_rise(problem, history), _cut(problem, history)))) or None)


def pronounce(found: Verdict, *, returns_history: bool = False) -> None:
    """Raises the error of the verdict, or issues its TrainingWarning.

    An interruption is a warning too if the interrupted call ``returns_history``, as in an interactive session.
    """
    error, warning = found
    if returns_history and isinstance(error, TrainingInterrupted):
        error, warning = None, f"{error} Ctrl-C again within two seconds raises TrainingInterrupted."
    if error is not None:
        raise error
    if warning is not None:
        warn(warning, TrainingWarning)


def divergence_message(problem: Problem, history: History) -> str:
    """Returns what happened, at which step and learning rate, and what to try."""
    state, J = history.state, history.J.tolist()
    alpha = problem.alpha(state.run_step) if state.learning_rate is None else state.learning_rate
    what = (
        f"J rose from {J[0]:.3g} to {J[-1]:.3g} in {len(J)} epochs (learning rate {alpha:g})."
        if has_exploded(J)
        else f"J, ∇J(θ), the next θ or a moment is not finite at step {state.batch + 1} of epoch {state.epoch + 1} "
        f"(learning rate {alpha:g}); θ keeps its last finite value."
    )
    return f"{what} {_remedies(problem, alpha)}"


def _rise(problem: Problem, history: History) -> str | None:
    """Returns words if J ended above where it began, by more than the noise of minibatches and dropout.

    With ``patience`` θ is the best one of the run, wherever J ended, and steps that training chose and that made J
    larger were taken back.
    """
    J = history.J.tolist()
    chooses_steps = problem.optimizer.learning_rate is None and problem.has_exact_J
    if problem.patience is not None or chooses_steps or len(J) < 2:
        return None
    noise = ROUNDING if problem.has_exact_J else NOISE
    if not J[-1] - J[0] > noise * abs(J[0]):
        return None
    alpha = history.learning_rate[-1]
    return (
        f"J rose from {J[0]:.3g} to {J[-1]:.3g} in {len(J)} epochs over {problem.data.t} examples (learning rate "
        f"{alpha:g}): the steps are too large. {_remedies(problem, alpha)}"
    )


def _cut(problem: Problem, history: History) -> str | None:
    """Returns words if a time limit, but not a `Deadline`, ended training before its planned epochs."""
    if history.stopped != "time_limit" or history.forecast is None:
        return None
    fitted = ", to which the schedules were fitted" if history.planned_epochs < problem.epochs else ""
    return (
        f"time_limit ended training after {history.epochs:,} of the {problem.epochs:,} planned epochs{fitted}; all of "
        f"them would take about {history.forecast.seconds:,.{0 if history.forecast.seconds >= 10.0 else 1}f} s."
    )


def _remedies(problem: Problem, alpha: float) -> str:
    clip = "" if problem.optimizer.clip_norm is not None else ", or clip_norm=1 in the optimizer"
    mean = "" if problem.cost.mean else ", a cost with mean=True (J is a sum: its gradient grows with the examples)"
    return f"Try a smaller learning rate (such as {alpha / 10:g}), inputs scaled to about 1{mean}{clip}."

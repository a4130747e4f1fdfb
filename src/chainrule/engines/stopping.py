"""Stopping rules: the planned epochs, convergence of J (L12), and early stopping by the validation cost."""

from __future__ import annotations

from collections.abc import Sequence

from chainrule.engines.problem import Problem
from chainrule.engines.state import TrainingState

EXPLODED = 1e10  # times its first value, J will not come back


def has_exploded(J: Sequence[float]) -> bool:
    """Returns True if the last J is above 1e10 |J₀|, and above 1, which a J₀ of almost 0 needs."""
    return len(J) > 0 and J[-1] > max(EXPLODED * abs(J[0]), 1.0)


def reason_to_stop(problem: Problem, state: TrainingState) -> str | None:
    """Returns the reason to stop, such as "tol", or None; it depends on the finished epochs alone.

    diverged: J has exploded.
    tol: the last tol_epochs + 1 values of J differ by at most (tol + 4ε) · max |J| (L12: "until J(θ) does not change
    any more"; ε is the spacing of the floats at 1). patience: this many epochs have passed since the lowest validation
    cost.
    """
    if has_exploded(state.records["J"]):
        return "diverged"
    if problem.tolerance is not None and state.epoch > problem.tol_epochs:
        J = state.records["J"][-problem.tol_epochs - 1 :]
        if max(J) - min(J) <= problem.tolerance * max(map(abs, J)):
            return "tol"
    if problem.patience is not None and state.epoch - state.best_epoch >= problem.patience:
        return "patience"
    return "epochs" if state.epoch >= problem.epochs else None

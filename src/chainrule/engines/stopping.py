"""Stopping rules: the planned epochs, convergence of J (L12), and early stopping by the validation cost."""

from __future__ import annotations

from chainrule.engines.problem import Problem
from chainrule.engines.state import TrainingState


def reason_to_stop(problem: Problem, state: TrainingState) -> str | None:
    """Returns the reason to stop, "tol", "patience" or "epochs", or None; it depends on the finished epochs alone.

    tol: the last tol_epochs + 1 values of J differ by at most (tol + 4ε) · max |J| (L12: "until J(θ) does not change
    any more"; ε is the spacing of the floats at 1). patience: this many epochs have passed since the lowest validation
    cost.
    """
    if problem.tolerance is not None and state.epoch > problem.tol_epochs:
        J = state.records["J"][-problem.tol_epochs - 1 :]
        if max(J) - min(J) <= problem.tolerance * max(map(abs, J)):
            return "tol"
    if problem.patience is not None and state.epoch - state.best_epoch >= problem.patience:
        return "patience"
    return "epochs" if state.epoch >= problem.epochs else None

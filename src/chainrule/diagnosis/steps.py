"""Faults of the steps, which the history shows: too large or too small ones."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from chainrule._internal.checks import Floats
from chainrule.diagnosis.case import Case
from chainrule.diagnosis.finding import Finding
from chainrule.network.block_diagonal import Matrix, free_entries

EPOCHS = 10  # a course of J of fewer epochs shows nothing
RESTLESS = 0.05  # median |change| of J per epoch, of its median, in the second half
HARDLY = 0.05  # of J₀, by which J fell
STEEP = 0.5  # of ‖∇J(θ₀)‖, which ‖∇J(θ)‖ still is


def too_large_steps(case: Case) -> Iterator[Finding]:
    """Finds a J that ends above where it began, or that keeps jumping up and down."""
    if (J := _course(case)) is None:
        return
    late = J[len(J) // 2 :]
    changes = np.diff(late)
    rises = float((changes > 0).mean())
    size = float(np.median(abs(changes)) / max(abs(np.median(late)), 1e-300))
    if J[-1] > J[0] or (rises > 0.3 and size > RESTLESS and J.min() < 0.9 * J[-1]):
        yield Finding(
            "steps too large",
            f"J went from {J[0]:.3g} over {J.min():.3g} to {J[-1]:.3g} in {len(J)} epochs, and rose in "
            f"{100 * rises:.0f} % of the last {len(changes)}{_ratios(case)}.",
            "Take a smaller learning rate, or a schedule that ends at a small one (Cosine).",
        )


def too_small_steps(case: Case) -> Iterator[Finding]:
    """Finds a J that falls in every epoch, and has hardly fallen, on a slope as steep as at the start."""
    if (J := _course(case)) is None or case.history is None:
        return
    norms = case.history.gradient_norm
    falls = float((np.diff(J) < 0).mean())
    if J[0] * (1.0 - HARDLY) < J[-1] < J[0] and falls > 0.9 and norms[-1] > STEEP * norms[0] > 0:
        yield Finding(
            "steps too small",
            f"J fell by {100 * (1 - J[-1] / J[0]):.2g} % in {len(J)} epochs, and ‖∇J‖ is still "
            f"{norms[-1] / norms[0]:.2g} of its first value{_ratios(case)}.",
            "Take a larger learning rate (cr.find_learning_rate suggests one).",
        )


def _course(case: Case) -> Floats | None:
    if case.history is None or case.history.epochs < EPOCHS or not np.isfinite(case.history.J).all():
        return None
    return case.history.J


def _ratios(case: Case) -> str:
    """Says how large α ‖∂J/∂W[i]‖ is beside ‖W[i]‖, in each layer, if the history has an α."""
    alpha = float("nan") if case.history is None else float(case.history.learning_rate[-1])
    if not np.isfinite(alpha):
        return ""
    ratios = [alpha * _norm(g) / max(_norm(W), 1e-300) for g, W in zip(case.gradient.W, case.net.W, strict=True)]
    return f"; α‖∂J/∂W[i]‖/‖W[i]‖ is {', '.join(f'{ratio:.1e}' for ratio in ratios)}"


def _norm(W: Matrix) -> float:
    return float(np.linalg.norm(free_entries(W)))

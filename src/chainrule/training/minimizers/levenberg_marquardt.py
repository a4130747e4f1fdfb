"""Levenberg–Marquardt: damped Gauss–Newton steps for sums of squares, with AᵀA from the engine."""

from __future__ import annotations

import math

import numpy as np

from chainrule._internal.checks import Array
from chainrule._internal.imports import imported
from chainrule.network.block_diagonal import free_entries
from chainrule.network.forward import silent
from chainrule.network.theta import parameter_views
from chainrule.training.minimizers.objective import SearchObjective, Vector
from chainrule.training.minimizers.search import Search

FIRST_DAMPING = 1e-3  # of the largest entry of the diagonal of AᵀA
LARGEST_DAMPING = 1e20  # of the same; beyond it, no step is long enough to change θ


class LeastSquares:
    """J(θ) = ½ ‖r‖² + ½ λ₂ ‖W‖² with r = √w ⊙ (N_θ(x) − y): its value, and its normal equations."""

    def __init__(self, objective: SearchObjective) -> None:
        net, cost, (_, Y, weights) = objective.net, objective.cost, objective.data
        self._objective = objective
        self._root: Vector = np.sqrt(np.broadcast_to(cost.example_scale(weights, len(Y)), len(Y)))
        self._products = objective.normal_equations(self._root)
        self._penalty: Vector = np.zeros(net.d)  # λ₂ at each entry of a W, else 0
        for W in parameter_views(self._penalty, net.layout).W:
            free_entries(W)[...] = cost.l2 * cost.penalty_scale(weights, len(Y))

    @silent
    def J(self, theta: Vector) -> float:
        """Computes J(θ), which is infinite where it is not a number."""
        outputs = self._objective.outputs(theta)
        if outputs is None:
            return math.inf
        r = ((outputs - self._objective.data.Y) * self._root[:, None]).ravel()
        J = 0.5 * float(r @ r) + 0.5 * float(self._penalty @ (theta * theta))
        return J if math.isfinite(J) else math.inf

    @silent
    def normal_equations(self, theta: Vector) -> tuple[Array, Vector]:
        """Computes AᵀA + λ₂ I (d, d), of which the upper triangle is set, and ∇J(θ) = Aᵀr + λ₂ θ; A = ∂r/∂θ."""
        self._objective.move(theta)
        AtA, Atr = self._products()
        is_frozen, diagonal = self._objective.is_frozen, np.diag_indices(len(theta))
        AtA[is_frozen] = AtA[:, is_frozen] = 0.0  # so that their entries of h are 0
        AtA[diagonal] += self._penalty
        g: Vector = (Atr + self._penalty * theta).astype(np.float64, copy=False)
        g[is_frozen] = 0.0
        return AtA, g


def levenberg_marquardt(objective: SearchObjective, search: Search) -> None:
    """Minimises by steps (AᵀA + λ₂ I + μ I) h = −∇J(θ), A = ∂r/∂θ.

    ρ is the ratio of the fall of J to the predicted one. For ρ > 0 the step is taken, and μ is multiplied by
    max(⅓, 1 − (2ρ − 1)³); else μ is multiplied by 2, 4, 8, … until it is. With the diagonal of AᵀA in place of I,
    as Marquardt and Moré have it, J was higher after 100 iterations on most problems of `benchmarks.second_order`.

    Source: K. Madsen, H. B. Nielsen & O. Tingleff, Methods for non-linear least squares problems, 2004.
    """
    solve, problem, theta = imported("scipy.linalg.lapack").dposv, LeastSquares(objective), search.theta.copy()
    J = problem.J(theta)
    normal, g = problem.normal_equations(theta)
    mu, growth = FIRST_DAMPING * normal.diagonal().max(), 2.0
    while True:
        damped = normal.copy(order="F")
        damped[np.diag_indices(len(g))] += mu
        _, h, failed = solve(damped, -g, lower=False, overwrite_a=True)  # by Cholesky's factors
        ratio = -1.0
        if not failed:  # positive definite in floating-point numbers
            predicted = 0.5 * float(h @ (mu * h - g))
            if predicted > 0.0:
                J_new = problem.J(theta + h)
                ratio = (J - J_new) / predicted
        if ratio > 0.0:
            theta, J = theta + h, J_new
            normal, g = problem.normal_equations(theta)
            mu, growth = mu * max(1 / 3, 1 - (2 * ratio - 1) ** 3), 2.0
            search.end_iteration(theta, J, g)
        elif not mu <= LARGEST_DAMPING * normal.diagonal().max():
            search.end("rounding")
        else:
            mu, growth = mu * growth, 2 * growth

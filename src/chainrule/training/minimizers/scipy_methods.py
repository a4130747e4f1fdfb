"""The searches that SciPy has: L-BFGS, nonlinear conjugate gradients, and Newton–CG in a trust region.

Every stopping rule is that of `Search`; SciPy's own are off, except for steps that rounding makes useless.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule._internal.imports import imported
from chainrule.training.minimizers.objective import NoStep, SearchObjective
from chainrule.training.minimizers.search import Search, SearchEnded, foreign_stop


def lbfgs(objective: SearchObjective, search: Search) -> None:
    """Minimises by θ := θ − α H ∇J(θ), with H from the last 10 differences of θ and ∇J, and α by Wolfe's conditions.

    Source: D. C. Liu & J. Nocedal, On the limited memory BFGS method for large scale optimization, 1989.
    """
    _minimize(objective, search, "L-BFGS-B", {"maxfun": NEVER, "gtol": 0.0, "ftol": 0.0})


def conjugate_gradients(objective: SearchObjective, search: Search) -> None:
    """Minimises along p := −∇J(θ) + β p, with β = max(0, yᵀ∇J/‖∇J_old‖²), y the change of ∇J, and a strong Wolfe α.

    Source: E. Polak & G. Ribière, 1969, and the restart by β ≥ 0 of J. C. Gilbert & J. Nocedal, 1992.
    """
    _minimize(objective, search, "CG", {"gtol": 0.0})


def newton_cg(objective: SearchObjective, search: Search) -> None:
    """Minimises the quadratic model of J in a trust region by conjugate gradients on ∇²J(θ) v, and moves there.

    They end at the boundary or at negative curvature, so that ∇²J may have any signs.

    Source: T. Steihaug, The conjugate gradient method and trust regions in large scale optimization, 1983.
    """
    _minimize(objective, search, "trust-ncg", {"gtol": 0.0}, hessp=objective.hessian_vector)


NEVER = 2**31 - 1  # iterations; the rules of `Search` end it before


def _minimize(objective: SearchObjective, search: Search, method: str, options: dict[str, Any], **more: Any) -> None:
    def end_iteration(intermediate_result: Any) -> None:  # SciPy recognises this form of callback by the name
        theta = intermediate_result.x
        try:
            if not objective.is_finite_at(theta):
                raise SearchEnded
            search.end_iteration(theta, *objective.J_and_gradient(theta))
        except SearchEnded:
            raise
        except StopIteration as error:  # SciPy would end the search
            raise foreign_stop() from error

    try:
        with np.errstate(over="ignore", invalid="ignore"):  # SciPy multiplies J, ∇J and steps of any size
            imported("scipy.optimize").minimize(
                objective.J_and_gradient,
                search.theta.copy(),
                method=method,
                jac=True,
                callback=end_iteration,
                options={"maxiter": NEVER, **options},
                **more,
            )
    except NoStep:
        pass
    except ValueError as error:  # SciPy refuses a step of the trust region that has overflowed
        if "infs or NaNs" not in str(error):
            raise

"""The formulas of a σ or a cost in LaTeX, those of its page: what `Sigma.latex` and `Cost.latex` return."""

from __future__ import annotations

from collections.abc import Iterable

from chainrule.activations import Sigma
from chainrule.costs import Cost
from chainrule.explain.document.blocks import Equation
from chainrule.explain.document.formula import Letter, Number
from chainrule.explain.formulas.equations import Equations, cost_equations, sigma_equations
from chainrule.explain.printers.latex import latex

DIGITS = 6  # of the parameters of a map


def sigma_in_latex(sigma: Sigma) -> tuple[str, str]:
    """Returns the equations of σ and of its derivative; ``sigma.latex()`` calls it."""
    return _in_latex(sigma_equations(sigma, _number, Letter("κ")))


def cost_in_latex(cost: Cost) -> tuple[str, str]:
    """Returns the equations of ℓ and of its derivative; ``cost.latex()`` calls it."""
    return _in_latex(cost_equations(cost, _number))


def _in_latex(equations: Equations) -> tuple[str, str]:
    return _joined(equations.map), _joined(equations.derivative)


def _joined(equations: Iterable[Equation]) -> str:
    return r",\quad ".join(" = ".join(map(latex, line.parts)) for line in equations)


def _number(value: float) -> Number:
    return Number(value, DIGITS)

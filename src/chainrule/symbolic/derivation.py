"""N, J and ∂J/∂θ of a network as expressions of SymPy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import sympy

from chainrule._internal.by_layer import ByLayer
from chainrule.explain.document.formula import Row, Sign
from chainrule.explain.printers.box import inline
from chainrule.explain.symbols import space
from chainrule.symbolic.letters import Arrays
from chainrule.symbolic.reading import Expression


@dataclass(frozen=True, eq=False, repr=False)
class Derivation:
    """N_θ(x), J(θ) and ∇J(θ) of one example (x, y), with W[i]_kl, b[i]_k, x_l and y_k as letters; `derive` makes it.

    x            x (n, 1), a matrix of SymPy, as are all that follow
    y            y (m, 1)
    theta        θ (d, 1), and its entries as arrays: W[i] (mᵢ, mᵢ₋₁), b[i] (mᵢ, 1), and κ[i] (mᵢ, 1) as kappa[i]
    N            N_θ(x) (m, 1)
    J            J(θ), an expression
    gradient     ∂J/∂θ in the same shapes: gradient.theta, gradient.W[i], gradient.b[i], gradient.kappa[i]
    values       the number that each letter of θ has in the network

    ``print(d)`` shows all of it line by line, and a notebook as formulas.

    >>> import chainrule as cr
    >>> d = cr.derive(cr.Network([cr.Layer(2.0, 1.0, "tanh")]))
    >>> d.N[0], d.J
    (tanh(W[1]*x + b[1]), (-y + tanh(W[1]*x + b[1]))**2/2)
    >>> d.J.subs(d.values)
    (-y + tanh(2*x + 1))**2/2

    Source: Lecture, L7 – L17.
    """

    x: Expression
    y: Expression
    letters: Arrays
    N: Expression
    J: Expression
    gradient: Arrays
    values: Mapping[Expression, Expression]

    @property
    def theta(self) -> Expression:
        """θ (d, 1)."""
        return self.letters.theta

    @property
    def W(self) -> ByLayer[Expression]:
        """W[i] (mᵢ, mᵢ₋₁); outside of the blocks of a block-diagonal one its entries are 0."""
        return self.letters.W

    @property
    def b(self) -> ByLayer[Expression]:
        """b[i] (mᵢ, 1)."""
        return self.letters.b

    @property
    def kappa(self) -> ByLayer[Expression]:
        """κ[i] (mᵢ, 1), or (0, 1) for a σ[i] without κ."""
        return self.letters.kappa

    def lines(self) -> Iterator[tuple[str, Expression]]:
        """Yields the name and the expression of each entry of N, of J, and of each derivative, such as ∂J/∂W[1]_23."""
        m = len(self.N)
        yield from ((f"N_{k}" if m > 1 else "N", entry) for k, entry in enumerate(self.N, 1))
        yield "J", self.J
        yield from ((f"∂J/∂{letter}", slope) for letter, slope in zip(self.values, self.gradient.theta, strict=True))

    def __str__(self) -> str:
        return "\n".join(f"{name} = {expression}" for name, expression in self.lines())

    def __repr__(self) -> str:
        map_of_N = inline(Row((space(len(self.x)), Sign(" → "), space(len(self.N)))))
        return f"Derivation(N: {map_of_N}, d={len(self.values)})"

    def _repr_latex_(self) -> str:
        names = {letter: sympy.latex(letter).replace("κ", r"\kappa") for letter in self.values}
        rows = []
        for name, expression in self.lines():
            letter = name.removeprefix("∂J/∂")
            below = sympy.latex(sympy.Symbol(letter)).replace("κ", r"\kappa")
            left = name if letter == name else rf"\frac{{\partial J}}{{\partial {below}}}"
            rows.append(f"{left} &= {sympy.latex(expression, symbol_names=names)}")
        return "$$\n\\begin{aligned}\n" + " \\\\\n".join(rows) + "\n\\end{aligned}\n$$"

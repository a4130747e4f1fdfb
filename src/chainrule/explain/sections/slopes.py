"""∂a[i]/∂z[i]: σ[i]′(z[i]) of an entrywise σ, the Jacobian matrix of a vector-valued one (Lecture, L1, L17)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from chainrule.explain.case import Case
from chainrule.explain.document.blocks import Block, Equation
from chainrule.explain.document.formula import Word
from chainrule.explain.formulas.activations import entrywise
from chainrule.explain.formulas.vector_valued import vector_valued
from chainrule.explain.pen import Pen, entries, equation
from chainrule.explain.symbols import Symbols, derivative, shape


def slope_blocks(case: Case, i: int, j: int, at: Symbols, pen: Pen) -> Iterator[Block]:
    """Yields ∂a[i]/∂z[i] of example j."""
    sigma, z, slopes = case.net.sigma[i], case.run.z[i][j], case.slopes[i]
    whole = derivative(at.a(i), at.z(i))
    if slopes is None:
        yield pen.say(pen.words.jacobian, sigma=at.sigma(i), shape=shape(case.m[i], case.m[i]))
        vector = vector_valued(sigma, pen.number)
        known = None
        if vector is not None:
            letters = [at.part(part.letter, i) for part in vector.parts]
            known = vector.jacobian(at.a(i), at.z(i), Word(str(case.m[i])), *letters)
        yield equation(whole, known, pen.matrix(np.asarray(sigma.jacobian(z))))
    elif not pen.is_scalar and case.m[i] > 1:
        filled = Word(f"{sigma.name}′").of(pen.column(z))
        yield equation(whole, Word("diag").of(at.slope(i)))
        yield equation(at.slope(i), filled, pen.column(slopes[j]))
    else:
        slope = slopes[j]

        def entry(k: int) -> Equation:
            kappa = pen.number(case.kappa[i][k]) if case.is_parametric(i) else None
            found = entrywise(sigma, pen.number, kappa)
            argument = pen.number(z[k])
            filled = Word(f"{sigma.name}′").of(argument) if found is None else found.slope(argument, float(z[k]))
            return equation(derivative(at.a(i, k), at.z(i, k)), at.slope(i, k), filled, pen.number(slope[k]))

        yield from entries(case.m[i], entry)

"""Every number of a page: it is what `cr.gradient` says, and what the line it ends follows from."""

from __future__ import annotations

import functools
import itertools
import re
from typing import Literal

import numpy as np
import pytest
from support.formula_values import Symbolic, value_of
from support.strategies import fits, random_case

import chainrule as cr
from chainrule.activations import ACTIVATIONS
from chainrule.explain import Explanation
from chainrule.explain.document.blocks import Equation
from chainrule.explain.document.formula import Word
from chainrule.explain.formulas import vector_valued
from chainrule.explain.pen import Pen
from chainrule.explain.words import in_language

COSTS: list[cr.Cost] = [
    cr.SumOfSquares(),
    cr.LogLikelihood(mean=True),
    cr.CrossEntropy(label_smoothing=0.1),
    cr.AbsoluteError(l1=0.1),
    cr.Huber(threshold=0.5, l2=0.3),
    cr.Quantile(q=0.9),
    cr.Poisson(),
    cr.SumOfSquares(mean=True, l2=0.1, mean_penalty=True),
]
LINE = re.compile(
    r"^  (?P<what>∂J/∂W|∂J/∂b|∂J/∂a|z|a|δ)\[(?P<i>\d+)\](?P<index>[₀-₉]*)(?P<example>[⁰-⁹¹²³⁽⁾]*) = .* = "
    r"(?P<result>[−\d.e]+)$",
    re.MULTILINE,
)
PLAIN = str.maketrans("₀₁₂₃₄₅₆₇₈₉⁰¹²³⁴⁵⁶⁷⁸⁹−", "01234567890123456789-", "⁽⁾")
NAMES = {"∂J/∂W": "W", "∂J/∂b": "b", "∂J/∂a": "da", "z": "z", "a": "a", "δ": "delta"}
DIGITS = 7


@functools.cache
def pages() -> list[tuple[Explanation, cr.Gradient]]:
    """Pages of random networks, of every σ with most costs that it suits, beside the gradient of the fastest engine."""
    found = []
    for n, (sigma, cost) in enumerate(itertools.product(ACTIVATIONS.values(), COSTS)):
        case = random_case(sigma, cost, r=1 + n % 2, t=1 + n % 3) if n % 5 < 3 else None
        if case is not None:
            detail: Literal["scalar", "matrix"] = "matrix" if n % 4 == 0 else "scalar"
            page = case.net.explain(case.X, case.Y, cost=cost, learning_rate=0.01, detail=detail, digits=DIGITS)
            found.append((page, cr.gradient(case.net, cost, case.X, case.Y, wrt_a=True)))
    return found


def test_every_entry_is_that_of_the_gradient() -> None:
    """Each z, a, δ and derivative of the text equals that of `cr.gradient` to the digits shown."""
    compared = 0
    for page, g in pages():
        assert g.run is not None
        assert g.a is not None
        arrays = {"W": g.W, "b": g.b, "da": g.a, "z": g.run.z, "a": g.run.a, "delta": g.delta}
        for line in LINE.finditer(page.text(width=10_000)):
            array = np.asarray(arrays[NAMES[line["what"]]][int(line["i"])])
            if NAMES[line["what"]] not in ("W", "b"):
                array = array[int(line["example"].translate(PLAIN) or 1) - 1]
            index = tuple(int(k) - 1 for k in line["index"].translate(PLAIN)) or (0,) * array.ndim
            true, shown = float(array[index]), float(line["result"].translate(PLAIN))
            unit = 10.0 ** (np.floor(np.log10(abs(true))) - DIGITS + 1) if true else 0.0
            assert abs(shown - true) <= 0.501 * unit + 1e-15, (line[0], true)
            compared += 1
    assert compared > 1_500


def test_every_line_follows_from_its_numbers() -> None:
    """Whoever computes the middle of a line, with its numbers filled in, finds the end of the line."""
    lines = [block for page, _ in pages() for block in page.document.walk() if isinstance(block, Equation)]
    assert sum(map(follows, lines)) > 2_500


def follows(line: Equation) -> int:
    """Checks each part of a line that has numbers alone against the last one, and returns how many there are."""
    checked = 0
    *parts, last = line.parts
    for part in parts:
        try:
            computed, result = value_of(part), value_of(last)
        except Symbolic:
            continue
        np.testing.assert_allclose(np.squeeze(computed), np.squeeze(result), rtol=1e-9, atol=1e-13, err_msg=str(line))
        checked += 1
    return checked


def test_checks_agree_in_twelve_digits_where_sigma_is_smooth() -> None:
    """The complex step of a smooth J agrees with the chain rule in at least 12 digits of the largest derivative."""
    seen = 0
    for name, sigma in ACTIVATIONS.items():
        if not sigma.smooth or name == "exp":
            continue
        cost: cr.Cost = cr.SumOfSquares() if fits(cr.SumOfSquares(), sigma) else cr.CrossEntropy()
        case = random_case(sigma, cost, 2, 1)
        assert case is not None
        page = case.net.explain(case.X, case.Y, cost=cost, digits=17)
        rows = re.findall(r"^  ∂J/∂\S+ +(\S+) +(\S+) +\d+ ", page.text(), re.MULTILINE)
        own, step = (np.array([float(row[k].replace("−", "-")) for row in rows]) for k in (0, 1))
        assert len(own) >= 6
        np.testing.assert_allclose(step, own, rtol=0, atol=1e-12 * abs(own).max())
        seen += 1
    assert seen > 10


@pytest.mark.parametrize("name", [name for name, sigma in ACTIVATIONS.items() if not sigma.entrywise])
def test_the_jacobian_of_a_vector_valued_sigma_is_its_formula(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The matrix formula, such as (I − (𝟏 𝟏ᵀ + a aᵀ)/m)/s, has the values of the library's Jacobian."""
    sigma, z, pen = ACTIVATIONS[name], np.array([0.5, -1.25, 2.0]), Pen(in_language("en"), 17, is_scalar=False)
    monkeypatch.setattr(vector_valued, "I", pen.matrix(np.eye(3)))
    monkeypatch.setattr(vector_valued, "ONES", pen.column(np.ones(3)))
    vector = vector_valued.vector_valued(sigma, pen.number)
    assert vector is not None
    parts = [pen.number(part.number(z)) for part in vector.parts]
    formula = vector.jacobian(pen.column(np.asarray(sigma(z))), pen.column(z), Word("3"), *parts)
    np.testing.assert_allclose(value_of(formula), sigma.jacobian(z), rtol=1e-13, atol=1e-16)

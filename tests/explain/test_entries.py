"""One derivative along every path to J, and the part that each example has in a step."""

from __future__ import annotations

import re
from itertools import product
from typing import Any

import numpy as np
import pytest
from support.strategies import random_case

import chainrule as cr
from chainrule.activations import ACTIVATIONS
from chainrule.explain.document.blocks import Equation, Table
from chainrule.explain.document.formula import Number
from chainrule.explain.entries import arrays

SIGMAS = ("tanh", "relu", "softmax", "layer_norm")
COSTS: list[cr.Cost] = [cr.SumOfSquares(l2=0.1), cr.LogLikelihood(), cr.CrossEntropy(), cr.Huber(mean=True)]


def test_the_paths_of_every_entry_add_up_to_its_derivative() -> None:
    """With entrywise and vector-valued σ, closed forms and penalties: the last line is the entry of ∇J."""
    seen = 0
    for n, (name, cost, r) in enumerate(product(SIGMAS, COSTS, (1, 2))):
        case = random_case(ACTIVATIONS[name], cost, r, 1)
        if case is None:
            continue
        page, g = case.net.explain(case.X, case.Y, cost=cost), cr.gradient(case.net, cost, case.X, case.Y)
        for array in arrays(case.net):
            entry = array.entry(n % array.places.size)
            found = page.entry(entry.letter, entry.i, entry.k + 1, None if entry.l is None else entry.l + 1)
            *_, last = [block for block in found.document.walk() if isinstance(block, Equation)]
            total = last.parts[-1]
            assert isinstance(total, Number)
            assert float(total.value) == pytest.approx(float(g.theta[entry.place]), rel=1e-10, abs=1e-14)
            seen += 1
    assert seen > 60


def test_paths_are_counted_and_the_largest_shown() -> None:
    """2-3-4-2: a weight of layer 1 has 4 · 2 paths; a softmax in layer 2 multiplies them by 4, and six are shown."""
    for hidden, count in ((["tanh", "tanh"], 8), (["tanh", "softmax"], 32)):
        page = cr.Network.dense([2, 3, 4, 2], hidden=hidden, seed=0).explain([1.0, 2.0], [0.0, 1.0]).entry("W", 1, 2, 1)
        assert f"W[1]₂₁ acts on J: {count}." in page.text(1000)
        assert len(re.findall("^  p", page.text(1000), re.MULTILINE)) == (6 if count == 32 else 8)
    assert "The other 26 paths add up to" in page.text()


def test_too_many_paths_are_counted_alone() -> None:
    """1-300-300-2: the 600 paths of b[1]₁ are followed; with a softmax in the middle there are 180,000, too many."""
    for hidden, part in ((["tanh", "tanh"], "paths add up to"), (["tanh", "softmax"], "too many to follow")):
        net = cr.Network.dense([1, 300, 300, 2], hidden=hidden, seed=0)
        text = net.explain(1.0, [0.0, 1.0]).entry("b", 1, 1).text()
        assert part in text


def test_kappa_and_blocks_have_paths() -> None:
    """κ[i]ₖ acts through a[i]ₖ; a weight outside of the blocks is refused."""
    hidden = cr.Layer(cr.Diagonal([2.0, 3.0]), [0.0, 1.0], cr.Parametric("tanh"))
    net = cr.Network([hidden, cr.Layer([[1.0, 2.0]], [0.0], "identity")])
    page = net.explain([1.0, 2.0], [0.0])
    g = cr.gradient(net, "sum_of_squares", [1.0, 2.0], [0.0])
    (line,) = re.findall(r"∂J/∂κ\[1\]₂ = p₁ = (\S+)$", page.entry("kappa", 1, 2).text(), re.MULTILINE)
    assert float(line.replace("−", "-")) == pytest.approx(g.kappa[1][1], rel=1e-5)
    with pytest.raises(cr.InputError, match=r"W\[1\] is block-diagonal and has no parameter in row 1, column 2"):
        page.entry("W", 1, 1, 2)


def test_examples_share_the_step() -> None:
    """The parts of the examples and of the penalty are those of `g.each`; they add up to the step."""
    rng = np.random.default_rng(0)
    net, cost = cr.Network.dense([3, 4, 2], hidden="tanh", seed=1), cr.SumOfSquares(mean=True, l2=0.5)
    X, Y = rng.normal(size=(30, 3)), rng.normal(size=(30, 2))
    page = net.explain(X, Y, cost=cost, learning_rate=0.5, digits=12).why("W", 2, 1, 3)
    g = cr.gradient(net, cost, X, Y, each=True)
    assert g.each is not None
    each = g.each[:, 3 * 4 + 4 + 2]
    (table,) = [block for block in page.document.walk() if isinstance(block, Table)]
    names = ["".join(map(str, row[0])) for row in table.rows]
    values = [float(row[1][0].value) for row in table.rows if isinstance(row[1][0], Number)]
    assert names[:3] == [str(j + 1) for j in np.argsort(-abs(each))[:3]]
    assert len(names) == 22
    assert names[-1] == "penalty"
    np.testing.assert_allclose(values[:20], each[np.argsort(-abs(each))[:20]], rtol=1e-12)
    assert sum(values) == pytest.approx(float(g.W[2][0, 2]), rel=1e-12)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (("V", 1, 1, 1), 'letter must be "W", "b" or "kappa"; got \'V\''),
        (("W", 3, 1, 1), "i must be a layer, 1 to 2; got 3"),
        (("W", 0, 1, 1), "i, the layer, must be an integer ≥ 1; got 0"),
        (("W", 1, 4, 1), r"k must be 1 to 3 for W\[1\]; got 4"),
        (("W", 1, 1), r"W\[1\] has two indices, k for the row and l for the column; l is missing"),
        (("b", 1, 1, 1), r"b\[1\] has one index k; got l = 1 too"),
        (("kappa", 1, 1), "layer 1 has no kappa: its σ is tanh, which is not parametric"),
    ],
)
def test_entries_that_are_not_there_are_refused(entry: tuple[Any, ...], message: str) -> None:
    """The message names the index, what there is, and what came."""
    page = cr.Network.dense([2, 3, 1], hidden="tanh").explain([1.0, 2.0], [0.5])
    for ask in (page.entry, page.why):
        with pytest.raises(cr.InputError, match=message):
            ask(*entry)

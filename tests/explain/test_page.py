"""The contents of pages: sections, batches, penalties, structure of layers, remarks, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.formula_values import value_of

import chainrule as cr
from chainrule.explain import Explanation
from chainrule.explain.document.blocks import Equation, Section, Sentence
from chainrule.explain.printers.box import inline
from chainrule.explain.printers.text import plain


def titles(page: Explanation) -> list[str]:
    """The titles of all sections."""
    return [plain(block.title) for block in page.document.walk() if isinstance(block, Section)]


def remarks(page: Explanation) -> list[str]:
    """The remarks of a page as text."""
    return [plain(block.text) for block in page.document.walk() if isinstance(block, Sentence) and block.is_remark]


def results(page: Explanation) -> dict[str, Any]:
    """The value at the end of each equation, by the symbol at its start."""
    lines = [block for block in page.document.walk() if isinstance(block, Equation)]
    symbols = [inline(line.parts[0]) for line in lines]
    return {s: np.squeeze(value_of(line.parts[-1])) for s, line in zip(symbols, lines, strict=True) if s[:4] == "∂J/∂"}


def test_the_sections_follow_the_lecture() -> None:
    """From the network over the forward pass and the deltas to the step; a network of one layer has no layers below."""
    page = cr.Network.dense([2, 3, 1], hidden="tanh").explain([1.0, 2.0], [0.5], learning_rate=0.1)
    assert titles(page) == [
        "1. The network",
        "2. Forward pass",
        "3. Cost",
        "4. The output layer: δ[2]",
        "5. The layers below",
        "6. The derivatives by the weights and biases",
        "7. Checks without the chain rule",
        "8. One step of gradient descent",
    ]
    assert len(titles(cr.Network.dense([2, 1]).explain([1.0, 2.0], [0.5]))) == 6


def test_examples_of_a_batch_are_worked_one_by_one_and_add_up() -> None:
    """Up to three examples have a section each; ∂J/∂W[i] and ∂J/∂b[i] are the sums over all of them."""
    rng = np.random.default_rng(0)
    net = cr.Network.dense([3, 4, 2], hidden="sigmoid", seed=1)
    X, Y = rng.normal(size=(5, 3)), rng.normal(size=(5, 2))
    page = net.explain(X, Y, [1.0, 2.0, 0.5, 1.0, 3.0], cost=cr.SumOfSquares(l2=0.1))
    assert [title for title in titles(page) if "Example" in title] == [f"{j + 1}. Example {j} of 5" for j in (1, 2, 3)]
    g, found = cr.gradient(net, cr.SumOfSquares(l2=0.1), X, Y, [1.0, 2.0, 0.5, 1.0, 3.0]), results(page)
    for i in (1, 2):
        np.testing.assert_allclose(found[f"∂J/∂W[{i}]"], g.W[i], rtol=1e-13)
        np.testing.assert_allclose(found[f"∂J/∂b[{i}]"], g.b[i], rtol=1e-13)
    text = page.text(width=1000)
    assert "J(θ) = ℓ⁽¹⁾ + 2 ℓ⁽²⁾ + 0.5 ℓ⁽³⁾ + ℓ⁽⁴⁾ + 3 ℓ⁽⁵⁾ + P" in text.replace("1 ℓ", "ℓ")
    assert "The first 3 of the 5 examples" in text
    assert "∂P/∂W[i] = 0.1 W[i]" in text
    text = net.explain(X[0], Y[0], cost=cr.SumOfSquares(l1=0.2, l2=0.5)).text()
    assert "∂P/∂W[i] = 0.2 sign(W[i]) + 0.5 W[i]" in text


def test_blocks_and_kappa_are_shown() -> None:
    """A block-diagonal W is shown with its zeros, and a parametric σ has its κ, in θ and in the gradient."""
    layers = [
        cr.Layer(cr.Diagonal([2.0, 3.0]), [0.0, 1.0], "identity"),
        cr.Layer([[1.0, -1.0]], [0.0], cr.Parametric("tanh"), kappa=[0.5]),
    ]
    net = cr.Network(layers)
    page = net.explain([1.0, 2.0], [0.0], learning_rate=0.1)
    g = cr.gradient(net, "sum_of_squares", [1.0, 2.0], [0.0])
    found = results(page)
    np.testing.assert_allclose(found["∂J/∂W[1]"], np.diag(np.asarray(g.W[1]).diagonal()), rtol=1e-13)
    np.testing.assert_allclose(found["∂J/∂κ[2]"], g.kappa[2][0], rtol=1e-13)
    text = page.text()
    assert "W[1] is block-diagonal" in text
    assert "κ[2]: θ₈" in text
    assert "d = (2 + 2) + (2 + 1 + 1) = 4 + 4 = 8" in text


@pytest.mark.parametrize(
    ("net", "x", "y", "part"),
    [
        (cr.Network([cr.Layer(8.0, 20.0, "tanh")]), 1.0, 0.0, "σ[1]′(z[1]) = 1.91"),
        (cr.Network([cr.Layer(1.0, -2.0, "relu"), cr.Layer(1.0, 0.0, "identity")]), 1.0, 3.0, "this relu is dead"),
        (cr.Network([cr.Layer(1.0, -1.0, "relu")]), 1.0, 3.0, "z[1] = 0 lies at a kink of relu"),
        (cr.Network.dense([2, 2, 1], hidden="tanh", initial="zeros"), [1.0, 2.0], 3.0, "Units 1 and 2 of layer 1"),
        (cr.Network([cr.Layer([[1.0, 2.0]], [0.0], "identity")]), [0.0, 2.0], 3.0, "Entry 1 of a[0] is 0"),
        (cr.Network([cr.Layer(2.0, 0.0, "identity")]), 1.0, 2.0, "the output is already optimal"),
        (cr.Network([cr.Layer(2.0, 0.0, "identity")]), 10.0, 2.0, "the learning rate α is too large"),
        (cr.Network.dense([1, 2, 1], hidden="tanh", dropout=0.5), 1.0, 2.0, "The network has dropout"),
        (cr.Network([cr.Layer(1e200, 0.0, "identity")]), 1e100, 2.0, "is not finite"),
    ],
)
def test_remarks_name_what_the_numbers_show(net: cr.Network, x: Any, y: float, part: str) -> None:
    """Each remark appears for a network that has the fault, with its numbers."""
    assert [r for r in remarks(net.explain(x, y, learning_rate=0.5)) if part in r], part


def test_a_sound_step_has_no_remark() -> None:
    """A network without any of the faults has no section of remarks."""
    net = cr.Network([cr.Layer([[0.5, 1.0]], [0.2], "sigmoid")])
    assert remarks(net.explain([1.0, 2.0], [0.0], learning_rate=0.01)) == []


def test_closed_form_stays_exact_where_the_factors_round() -> None:
    """At z = −40, σ′ ∂ℓ/∂a still gives −1; at z = 800 the chain rule gives 0 · ∞, and the page says so."""
    net = cr.Network([cr.Layer(1.0, 0.0, "sigmoid")])
    page = net.explain(800.0, 0.0, cost="log_likelihood")
    assert "δ[1] = a[1] − y = 1 − 0 = 1" in page.text()
    assert any("rounds to 0 or 1" in remark for remark in remarks(page))
    assert remarks(net.explain(1.0, 0.0, cost="log_likelihood")) == []


def test_a_large_network_is_shown_in_part() -> None:
    """784-512-512-10 with softmax: its page is small, and its three largest derivatives by array are checked."""
    net = cr.Network.dense([784, 512, 512, 10], seed=0, output="softmax")
    page = net.explain(np.random.default_rng(0).normal(size=784), 3, cost="cross_entropy", learning_rate=0.01)
    html = page.html()
    assert len(html.encode()) < 200_000
    assert "18 of the 669706 entries are shown" in page.text()


def test_the_page_does_not_follow_the_network() -> None:
    """A step of the network after the call leaves the page as it was."""
    net = cr.Network([cr.Layer(2.0, 1.0, "identity")])
    page = net.explain(3.0, 5.0)
    before = page.text()
    net.theta -= 1.0
    assert page.text() == before
    with pytest.raises(AttributeError, match="frozen"):
        page.document = page.document


def test_single_precision_and_own_parts_are_explained() -> None:
    """A float32 network with a σ and a cost of one's own has a page, whose checks are in double precision."""
    sigma = cr.Activation(lambda z: z / np.sqrt(1 + z**2), name="root")
    cost = cr.CustomCost(lambda A, Y: np.log(np.cosh(A - Y)).sum(axis=1), name="log_cosh")
    net = cr.Network.dense([2, 2, 1], hidden=sigma, seed=0).astype(np.float32)
    page = net.explain([1.0, 2.0], [0.5], cost=cost, detail="scalar")
    assert "∂J/∂a[2] = ∂ℓ/∂a[2] = " in page.text()
    assert "root(" in page.text()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"detail": "all"}, 'detail must be "matrix" or "scalar"; got \'all\'.'),
        ({"digits": 0}, "digits must be an integer ≥ 1; got 0."),
        ({"digits": 18}, "digits must be at most 17, which tell every double from its neighbours; got 18."),
        ({"learning_rate": 0.0}, "learning_rate must be a finite number > 0; got 0.0."),
        ({"lang": "fr"}, "unknown language 'fr'"),
        ({"cost": "sum"}, "unknown cost 'sum'"),
    ],
)
def test_wrong_arguments_are_refused(options: dict[str, Any], message: str) -> None:
    """The message names the argument, what is expected and what came."""
    with pytest.raises((cr.InputError, cr.UnknownName), match=message):
        cr.Network.dense([1, 1]).explain(1.0, 2.0, **options)


def test_a_complex_network_is_refused() -> None:
    """Complex θ is for checks of derivatives alone."""
    with pytest.raises(cr.InputError, match="net must be float32 or float64"):
        cr.Network.dense([1, 1]).astype(complex).explain(1.0, 2.0)

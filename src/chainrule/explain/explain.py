"""The public function that explains one step of the chain rule on a network's own numbers (Lecture, L5 – L17)."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from chainrule._internal.by_layer import ByLayer
from chainrule._internal.checks import as_integer, shown
from chainrule.costs import Cost
from chainrule.costs.training_set import ExamplesLike
from chainrule.errors import InputError
from chainrule.explain.case import as_case
from chainrule.explain.exact import exact_case
from chainrule.explain.explanation import Explanation
from chainrule.explain.page import page
from chainrule.explain.pen import Pen
from chainrule.explain.printers.latex import latex_blocks
from chainrule.explain.sections.definition import chain, maps, parameters, sigmas
from chainrule.explain.words import in_language
from chainrule.network import Network
from chainrule.network.forward import silent


@silent
def explain(
    net: Network,
    X: ExamplesLike,
    Y: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    *,
    cost: Cost | str = "sum_of_squares",
    learning_rate: float | None = None,
    detail: Literal["matrix", "scalar"] = "matrix",
    digits: int = 6,
    exact: bool = False,
    lang: str = "en",
) -> Explanation:
    """Shows every step of N(x), J and ∇J(θ) on a page in the lecture's order, with the numbers of this network.

    z[i] = W[i] a[i−1] + b[i],   a[i] = σ[i](z[i]),   δ[r] = (∂a[r]/∂z[r])ᵀ ∂J/∂a[r],
    δ[i−1] = (∂a[i−1]/∂z[i−1])ᵀ W[i]ᵀ δ[i],   ∂J/∂W[i] = δ[i] a[i−1]ᵀ,   ∂J/∂b[i] = δ[i]:
    each line in letters, with the numbers filled in, and with its result. Every derivative is shown beside a complex
    step and a central difference. The arguments are those of `gradient`: one example x (n,) with its y, or X (t, n)
    with Y (t, m), whose gradients add up. With a ``learning_rate`` α the page ends with the step θ − α ∇J(θ), and the
    change of J beside the one that the gradient predicts. ``detail="scalar"`` writes entries instead of matrices;
    large arrays are shown in part. Numbers have ``digits`` significant digits; with ``exact`` they are fractions, for
    the sum of squares and a σ such as ReLU that maps fractions to fractions. ``lang`` is "en" or "ja".

    Raises InputError as `gradient` does, for a learning rate that is not positive, and for other values of ``detail``
    or ``digits``; UnknownName for another language; with ``exact`` also for numbers that are no short fractions, and
    for a σ or a cost that is not rational.

    >>> import chainrule as cr
    >>> from chainrule.explain import explain
    >>> net = cr.Network([cr.Layer(2.0, 1.0, "identity")])
    >>> page = explain(net, 3.0, 5.0, learning_rate=0.1)                                # or net.explain(…)
    >>> [line.strip() for line in page.text().splitlines() if line.startswith("  ∂J/∂W[1] =")]
    ['∂J/∂W[1] = δ[1] a[0] = 2 · 3 = 6']

    Source: Lecture, L5 – L17.
    """
    if detail not in ("matrix", "scalar"):
        raise InputError(f'detail must be "matrix" or "scalar"; got {shown(detail)}.')
    pen = Pen(in_language(lang), _as_digits(digits), detail == "scalar")
    case = as_case(net, X, Y, weights, cost, learning_rate)
    fractions = exact_case(case) if exact else None
    return Explanation(page(case, pen, fractions), case, pen)


def definition_in_latex(net: Network, digits: int = 6) -> str:
    """Returns the definition of a network in LaTeX, for a document with amsmath; ``net.to_latex()`` calls it.

    It has N = (L[1], …, L[r]), L[i] = (W[i], b[i], σ[i]), the numbers with ``digits`` significant digits, large
    matrices in part, and σ and σ′ as formulas.

    Raises InputError if ``digits`` is not between 1 and 17.

    >>> import chainrule as cr
    >>> cr.Network([cr.Layer(0.5, 1.0, "sine")]).to_latex().splitlines()[1]
    'N &= (L [1])'

    Source: Lecture, L5, L6.
    """
    pen = Pen(in_language("en"), _as_digits(digits), False)
    dense = ByLayer(np.asarray(W) for W in net.W)
    blocks = [chain(net), *sigmas(net), *parameters(net, dense, net.b, net.kappa, pen), *maps(net, pen)]
    return "\n".join(latex_blocks(blocks)) + "\n"


def _as_digits(digits: object) -> int:
    """Returns a number of significant digits; 17 tell every double from its neighbours."""
    if (count := as_integer(digits, "digits", 1)) > 17:
        raise InputError(f"digits must be at most 17, which tell every double from its neighbours; got {count}.")
    return count

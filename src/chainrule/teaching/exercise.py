"""An exercise in backpropagation by hand: the sheet, its solution, and the check of answers."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from chainrule._internal.checks import Array
from chainrule.activations import Activation
from chainrule.explain import Explanation, explain
from chainrule.explain.exact import as_fractions
from chainrule.explain.printed import Page
from chainrule.explain.words import Words
from chainrule.network import Network
from chainrule.teaching.marking import marked
from chainrule.teaching.marks import Marks
from chainrule.teaching.quantities import Given
from chainrule.teaching.task import task


class Exercise(Page):
    """A sheet that asks for every quantity of backpropagation; `chainrule.exercise` makes one.

    ``print(e)`` shows it as text, and a notebook as HTML; ``e.save("sheet.tex")`` writes it as LaTeX, Markdown, HTML or
    text. ``net`` is the network, ``X`` (t, n) and ``Y`` (t, m) are the examples. ``solution()`` works it out, and
    ``check`` marks answers.

    >>> import chainrule as cr
    >>> sheet = cr.exercise("backprop", sizes=[2, 2, 1], seed=1)
    >>> sheet.net.m, sheet.X.shape
    ((2, 2, 1), (1, 2))

    Source: Lecture, L14 – L16.
    """

    __slots__ = ("_given", "_words")

    _given: Given
    _words: Words

    def __init__(self, given: Given, seed: int, words: Words) -> None:
        self._given, self._words = given, words
        self.document = task(given, seed, words)

    @property
    def net(self) -> Network:
        """The network of the sheet, a copy."""
        return self._given.net.copy()

    @property
    def X(self) -> Array:
        """The inputs x, one a row (t, n), a copy."""
        return self._given.X.copy()

    @property
    def Y(self) -> Array:
        """The labels y, one a row (t, m), a copy."""
        return self._given.Y.copy()

    def solution(self, detail: Literal["matrix", "scalar"] = "matrix") -> Explanation:
        """Returns the page that works the sheet out, in exact fractions where σ allows it.

        ``detail="scalar"`` writes entries instead of matrices.

        Raises InputError for another ``detail``.

        >>> import chainrule as cr
        >>> "δ[1]" in cr.exercise("backprop", sizes=[2, 2, 1], seed=1).solution().text()
        True
        """
        net, X, Y = self._given
        x, y = (X[0], Y[0]) if len(X) == 1 else (X, Y)
        return explain(net, x, y, detail=detail, exact=_is_rational(net), lang=self._words.language)

    def check(self, *, digits: int = 3, **answers: ArrayLike) -> Marks:
        """Marks answers and names the mistake in each wrong one.

        The names are ``z_1``, ``a_1``, …, ``J``, ``delta_2``, ``W_2`` (for ∂J/∂W[2]), ``b_2`` (for ∂J/∂b[2]), ….
        ``delta_i``, ``z_i`` and ``a_i`` are vectors (mᵢ,), or have a row for each of t examples, (t, mᵢ). An answer is
        right if it agrees in ``digits`` significant digits. An answer that is right for the earlier answers given, and
        wrong because of them, is marked so. Without the answers between, a mistake is looked for in those steps too.

        Raises UnknownName for a quantity that the network does not have; InputError for answers that are no numbers,
        without answers, and for ``digits`` outside of 1 … 15.

        >>> import chainrule as cr
        >>> sheet = cr.exercise("backprop", sizes=[1, 1], seed=3)
        >>> print(sheet.check(a_1=sheet.net(sheet.X), J=4))
        a[1]: right.
        J: a factor 2 too much: the ½ of J is forgotten.
        """
        return marked(self._given, answers, digits, self._words)

    def __repr__(self) -> str:
        net, X, _ = self._given
        return f"Exercise({net!r}, t={len(X)})"


def _is_rational(net: Network) -> bool:
    half = as_fractions(np.array([0.5]), "½")
    return all(isinstance(sigma, Activation) and sigma.exact(half) is not None for sigma in net.sigma)

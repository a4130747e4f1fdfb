"""An explanation: a page about a network's chain rule, as text, Markdown, LaTeX or HTML."""

from __future__ import annotations

from dataclasses import replace

from chainrule.explain.case import Case
from chainrule.explain.document.blocks import Document, Section
from chainrule.explain.entries import as_entry
from chainrule.explain.page import page_of_entry, page_of_shares
from chainrule.explain.pen import Pen
from chainrule.explain.printed import Page


class Explanation(Page):
    """A page that shows every step of the chain rule on a network's own numbers; ``net.explain(x, y)`` returns it.

    ``print(e)`` shows it as text, and a notebook as HTML. ``text()``, ``markdown()``, ``latex()`` and ``html()`` return
    its forms, and ``save`` writes the one that belongs to the name of the file. It does not change when the network
    does. ``document`` is the page as a tree of sections, sentences, equations and tables.

    >>> import chainrule as cr
    >>> net = cr.Network([cr.Layer(2.0, 1.0, "identity")])
    >>> e = net.explain(3.0, 5.0)
    >>> "∂J/∂W[1] = δ[1] a[0] = 2 · 3 = 6" in e.text()
    True

    Source: Lecture, L5 – L17.
    """

    __slots__ = ("_case", "_pen")

    _case: Case
    _pen: Pen

    def __init__(self, document: Document, case: Case, pen: Pen) -> None:
        for name, value in (("document", document), ("_case", case), ("_pen", pen)):
            object.__setattr__(self, name, value)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{name} of an explanation is frozen; call net.explain again.")

    def entry(self, letter: str, i: int, k: int, l: int | None = None) -> Explanation:
        """Returns the page of one derivative, ∂J/∂W[i]ₖₗ, along every path from that weight to J.

        ``letter`` is "W", "b" or "kappa"; i is the layer, k the row and, for W, l the column, all counted from 1. Of
        many paths the largest are shown, and of a great many the count.

        Raises InputError for an entry that the network does not have.

        >>> import chainrule as cr
        >>> net = cr.Network([cr.Layer([[1.0], [2.0]], [0.0, 0.0], "identity"), cr.Layer([[3.0, 4.0]], [0.0], "relu")])
        >>> lines = net.explain(2.0, 10.0).entry("W", 1, 2, 1).text(200).splitlines()
        >>> [line.strip() for line in lines if line.startswith("  p")]
        ['p₁ = ∂J/∂a[2] · ∂a[2]/∂z[2] · ∂z[2]/∂a[1]₂ · ∂a[1]₂/∂z[1]₂ · ∂z[1]₂/∂W[1]₂₁ = 12 · 1 · 4 · 1 · 2 = 96']
        """
        chosen = as_entry(self._case.net, letter, i, k, l)
        return Explanation(page_of_entry(self._case, chosen, self._pen), self._case, self._pen)

    def why(self, letter: str, i: int, k: int, l: int | None = None) -> Explanation:
        """Returns the page of the part that each example has in ∂J/∂W[i]ₖₗ, and in the step of W[i]ₖₗ.

        The arguments are those of ``entry``. The step is there if the explanation has a learning rate.

        Raises InputError for an entry that the network does not have.

        >>> import chainrule as cr
        >>> net = cr.Network([cr.Layer(1.0, 0.0, "identity")])
        >>> page = net.explain([[1.0], [2.0]], [0.0, 0.0], learning_rate=0.1).why("W", 1, 1, 1)
        >>> print(*page.text().splitlines()[9:12], sep="\\n")
          example  ∂J/∂W[1]  ΔW[1]  share
          2        4         −0.4   80.0 %
          1        1         −0.1   20.0 %
        """
        chosen = as_entry(self._case.net, letter, i, k, l)
        return Explanation(page_of_shares(self._case, chosen, self._pen), self._case, self._pen)

    @property
    def pen(self) -> Pen:
        """The style of the page: its digits, its language, and its detail."""
        return self._pen

    def after(self, section: Section) -> Explanation:
        """Returns the page with a section before its first one."""
        blocks = (section, *self.document.blocks)
        return Explanation(replace(self.document, blocks=blocks), self._case, self._pen)

    def __repr__(self) -> str:
        net = self._case.net
        return f"Explanation({net!r}, {self._case.cost!r}, t={self._case.t})"

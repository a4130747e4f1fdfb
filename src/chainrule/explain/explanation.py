"""An explanation: a page about a network's chain rule, as text, Markdown, LaTeX or HTML."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from chainrule._internal.checks import shown
from chainrule.errors import InputError
from chainrule.explain.case import Case
from chainrule.explain.document.blocks import Document, Section
from chainrule.explain.entries import as_entry
from chainrule.explain.page import page_of_entry, page_of_shares
from chainrule.explain.pen import Pen
from chainrule.explain.printers.html import html_document, html_part
from chainrule.explain.printers.latex import latex_body, latex_document
from chainrule.explain.printers.markdown import markdown_document
from chainrule.explain.printers.text import text_document
from chainrule.files.atomic import write_bytes

WIDTH = 100  # of the lines of text


class Explanation:
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

    __slots__ = ("_case", "_pen", "document")

    document: Document
    _case: Case
    _pen: Pen

    def __init__(self, document: Document, case: Case, pen: Pen) -> None:
        for name, value in (("document", document), ("_case", case), ("_pen", pen)):
            object.__setattr__(self, name, value)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{name} of an explanation is frozen; call net.explain again.")

    def text(self, width: int = WIDTH) -> str:
        """Returns the page as plain text, in lines of ``width`` letters where formulas can be broken."""
        return text_document(self.document, width)

    def markdown(self) -> str:
        """Returns the page as Markdown, with formulas in LaTeX between dollar signs."""
        return markdown_document(self.document)

    def latex(self) -> str:
        """Returns the page as a LaTeX file, for pdflatex."""
        return latex_document(self.document)

    def html(self) -> str:
        """Returns the page as one HTML file, which needs no other file, no network and no script."""
        return html_document(self.document)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the page in the form that the end of the name asks for: .txt, .md, .tex or .html.

        Raises InputError for another end of the name, OSError if the file cannot be written.

        >>> import chainrule as cr, tempfile, os
        >>> e = cr.Network.dense([2, 1]).explain([1.0, 2.0], [0.5])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     e.save(os.path.join(folder, "step.html"))
        """
        forms = {".txt": self.text, ".md": self.markdown, ".tex": self.latex, ".html": self.html}
        form = forms.get(Path(path).suffix.lower())
        if form is None:
            raise InputError(f"path must end in {', '.join(forms)}; got {shown(os.fspath(path))}.")
        write_bytes(path, form().encode())

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
        """How the page is written: its digits, its language, and its detail."""
        return self._pen

    def after(self, section: Section) -> Explanation:
        """Returns the page with a section before its first one."""
        blocks = (section, *self.document.blocks)
        return Explanation(replace(self.document, blocks=blocks), self._case, self._pen)

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        net = self._case.net
        return f"Explanation({net!r}, {self._case.cost!r}, t={self._case.t})"

    def _repr_html_(self) -> str:
        return html_part(self.document)

    def _repr_markdown_(self) -> str:
        return self.markdown()

    def _repr_latex_(self) -> str:
        return latex_body(self.document)

"""A document that can be printed: as text, Markdown, LaTeX or HTML, in a notebook, or to a file."""

from __future__ import annotations

import os
from pathlib import Path

from chainrule._internal.checks import shown
from chainrule.errors import InputError
from chainrule.explain.document.blocks import Document
from chainrule.explain.printers.html import html_document, html_part
from chainrule.explain.printers.latex import latex_body, latex_document
from chainrule.explain.printers.markdown import markdown_document
from chainrule.explain.printers.text import text_document
from chainrule.files.atomic import write_bytes

WIDTH = 100  # of the lines of text


class Page:
    """The forms of a ``document``: of an explanation, or of an exercise."""

    __slots__ = ("document",)

    document: Document

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

    def __str__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        return html_part(self.document)

    def _repr_markdown_(self) -> str:
        return self.markdown()

    def _repr_latex_(self) -> str:
        return latex_body(self.document)

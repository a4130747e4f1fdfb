"""A drawing: a picture of a network, as SVG, TikZ or PDF."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from chainrule._internal.checks import shown
from chainrule.errors import InputError, MissingExtra
from chainrule.files.atomic import write_bytes
from chainrule.plot.printers.pdf import pdf
from chainrule.plot.printers.svg import svg
from chainrule.plot.printers.tikz import tikz
from chainrule.plot.scene import Scene


@dataclass(frozen=True, repr=False)
class Drawing:
    """A picture of a network; ``net.draw()`` returns it, and a notebook shows it.

    ``svg()`` and ``tikz()`` return its forms, and ``save`` writes the one that belongs to the name of the file. It does
    not change when the network does. ``scene`` is the picture as lines, discs and labels.

    >>> import chainrule as cr
    >>> drawing = cr.Network.dense([5, 3, 2, 1]).draw()
    >>> "W[1] ∈ ℝ³ˣ⁵" in drawing.svg(), r"\\mathbb{R}" in drawing.tikz()
    (True, True)

    Source: Lecture, L6.
    """

    scene: Scene

    def svg(self) -> str:
        """Returns the picture as SVG; its colours follow the reader's choice of light or dark."""
        return svg(self.scene)

    def tikz(self) -> str:
        """Returns the picture as a LaTeX file with TikZ, for pdflatex."""
        return tikz(self.scene)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the picture in the form that the end of the name asks for: .svg, .tex or .pdf.

        Raises InputError for another end of the name; for .pdf MissingExtra if Matplotlib is not installed; OSError if
        the file cannot be written.

        >>> import chainrule as cr, tempfile, os
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     cr.Network.dense([5, 3, 2, 1]).draw().save(os.path.join(folder, "net.svg"))
        """
        end = Path(path).suffix.lower()
        if end == ".pdf":
            write_bytes(path, _pdf(self.scene))
        elif end in (".svg", ".tex"):
            write_bytes(path, (self.svg() if end == ".svg" else self.tikz()).encode())
        else:
            raise InputError(f"path must end in .svg, .tex or .pdf; got {shown(os.fspath(path))}.")

    def __repr__(self) -> str:
        return f"Drawing({self.scene.title!r}, {self.scene.width:.0f} × {self.scene.height:.0f})"

    def _repr_svg_(self) -> str:
        return self.svg()


def _pdf(scene: Scene) -> bytes:
    try:
        return pdf(scene)
    except ImportError as error:
        raise MissingExtra(
            "path may end in .pdf where Matplotlib is installed (pip install matplotlib); use .svg or .tex here"
        ) from error

"""A picture as PDF, through Matplotlib."""

from __future__ import annotations

import contextlib
import io
from typing import TYPE_CHECKING

from chainrule.errors import InputError
from chainrule.explain.printers.text import plain
from chainrule.plot.scene import DASHES, Disc, Label, Line, Scene

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FONT = "DejaVu Sans"
# Fonts of the systems that have the letters of a language which that one lacks.
FONTS_OF = {
    "ja": (
        "Noto Sans CJK JP", "Noto Sans JP", "IPAexGothic", "IPAGothic", "Hiragino Sans", "Yu Gothic", "Meiryo",
        "MS Gothic", "TakaoGothic", "VL Gothic",
    )
}  # fmt: skip
COLOURS = {"plain": "#666666", "positive": "#0072b2", "negative": "#d55e00"}
PIXEL = 0.75  # of a pixel in points
INCH = 72.0  # in points


def pdf(scene: Scene) -> bytes:
    """Returns the picture as a PDF file of one page.

    Raises ImportError if Matplotlib is not installed, InputError if no font has the letters of the language.
    """
    from matplotlib.backends.backend_pdf import FigureCanvasPdf
    from matplotlib.figure import Figure

    fonts = _fonts(scene.language)
    figure = Figure(figsize=(scene.width * PIXEL / INCH, scene.height * PIXEL / INCH))
    FigureCanvasPdf(figure)
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set_xlim(0.0, scene.width)
    axes.set_ylim(scene.height, 0.0)
    axes.set_axis_off()
    for line in scene.lines:
        _line(axes, line)
    for disc in scene.discs:
        _disc(axes, disc)
    for label in scene.labels:
        _label(axes, label, fonts)
    file = io.BytesIO()
    figure.savefig(file, format="pdf", metadata={"Title": scene.title, "CreationDate": None})
    return file.getvalue()


def _line(axes: Axes, line: Line) -> None:
    from matplotlib.patches import Polygon

    colour, (tip, *base) = COLOURS[line.look], line.corners()
    dashes = (0.0, DASHES) if line.look == "negative" else "solid"  # Matplotlib multiplies them by the line's width
    x = (line.start.x, (base[0].x + base[1].x) / 2)
    y = (line.start.y, (base[0].y + base[1].y) / 2)
    axes.plot(x, y, color=colour, linewidth=PIXEL * line.thickness, linestyle=dashes, zorder=1)
    corners = [(point.x, point.y) for point in (tip, *base)]
    axes.add_patch(Polygon(corners, facecolor=colour, linewidth=0.0, zorder=2))


def _disc(axes: Axes, disc: Disc) -> None:
    from matplotlib.patches import Circle

    fill, place = "#dddddd" if disc.is_shaded else "white", (disc.centre.x, disc.centre.y)
    width = PIXEL * disc.thickness
    axes.add_patch(Circle(place, disc.radius, facecolor=fill, edgecolor="black", linewidth=width, zorder=3))


def _fonts(language: str) -> list[str]:
    """Returns the fonts of the letters of a language; Matplotlib takes each letter from the first one that has it."""
    if language not in FONTS_OF:
        return [FONT]
    wanted = FONTS_OF[language]
    found = next(filter(_installed().__contains__, wanted), None) or next(
        filter(_refreshed().__contains__, wanted), None
    )
    if found is None:
        raise InputError(
            f"no font with the letters of lang={language!r} is installed, which a PDF contains; install one, such as "
            f"{wanted[0]}, or save the drawing as .svg."
        )
    return [FONT, found[0]]


def _installed() -> set[str]:
    """Returns the names of the fonts that Matplotlib knows."""
    from matplotlib.font_manager import fontManager

    return {font.name for font in fontManager.ttflist}


def _refreshed() -> set[str]:
    """Returns these names after a search for fonts that were installed since Matplotlib made its list."""
    from matplotlib.font_manager import findSystemFonts, fontManager

    for path in set(findSystemFonts()) - {font.fname for font in fontManager.ttflist}:
        with contextlib.suppress(RuntimeError, OSError):  # a file that FreeType cannot read
            fontManager.addfont(path)
    return _installed()


def _label(axes: Axes, label: Label, fonts: list[str]) -> None:
    box = {"facecolor": "white", "edgecolor": "none", "pad": 0.5} if label.is_over_lines else None
    axes.text(
        label.centre.x, label.centre.y, plain(label.text), fontsize=PIXEL * label.size, fontfamily=fonts,
        ha="left" if label.is_from_left else "center", va="center_baseline", bbox=box, zorder=4, parse_math=False,
    )  # fmt: skip

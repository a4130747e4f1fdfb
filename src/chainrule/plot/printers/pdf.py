"""A picture as PDF, through Matplotlib."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from chainrule.explain.printers.text import plain
from chainrule.plot.scene import DASHES, Disc, Label, Line, Scene

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = {"plain": "#666666", "positive": "#0072b2", "negative": "#d55e00"}
PIXEL = 0.75  # of a pixel in points
INCH = 72.0  # in points


def pdf(scene: Scene) -> bytes:
    """Returns the picture as a PDF file of one page; raises ImportError if Matplotlib is not installed."""
    from matplotlib.backends.backend_pdf import FigureCanvasPdf
    from matplotlib.figure import Figure

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
        _label(axes, label)
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


def _label(axes: Axes, label: Label) -> None:
    box = {"facecolor": "white", "edgecolor": "none", "pad": 0.5} if label.is_over_lines else None
    axes.text(
        label.centre.x, label.centre.y, plain(label.text), fontsize=PIXEL * label.size, fontfamily="DejaVu Sans",
        ha="left" if label.is_from_left else "center", va="center_baseline", bbox=box, zorder=4, parse_math=False,
    )  # fmt: skip

"""A picture as TikZ, in a LaTeX file that pdflatex turns into a page of the picture's size."""

from __future__ import annotations

from chainrule.explain.printers.latex import in_font_of, latex_words
from chainrule.plot.scene import DASHES, Disc, Label, Line, Point, Scene

PIXEL = 0.75  # of a pixel in points
HEAD = r"""\documentclass[tikz,border=2pt]{standalone}
\usepackage[utf8]{inputenc}
\usepackage{amsmath,amssymb}
\definecolor{plain}{HTML}{666666}
\definecolor{positive}{HTML}{0072B2}
\definecolor{negative}{HTML}{D55E00}
"""
FLAT = r"\renewcommand{\frac}[2]{#1/#2}"  # in the picture alone: a quotient is as high as its line of text


def tikz(scene: Scene) -> str:
    """Returns the picture as a LaTeX file; what lies between begin and end of tikzpicture suits any document."""
    parts = [*map(_line, scene.lines), *map(_disc, scene.discs), *map(_label, scene.labels)]
    start = rf"\begin{{tikzpicture}}[x={PIXEL}bp, y=-{PIXEL}bp]"
    picture = "\n".join([start, FLAT, *parts, r"\end{tikzpicture}"])
    packages, body = in_font_of(scene.language, picture)
    return f"{HEAD}{packages}\\begin{{document}}\n{body}\n\\end{{document}}\n"


def _line(line: Line) -> str:
    look = [line.look, f"line width={PIXEL * line.thickness:.2f}bp"]
    if line.look == "negative":
        on, off = (PIXEL * part * max(line.thickness, 1.0) for part in DASHES)
        look.append(f"dash pattern=on {on:.1f}bp off {off:.1f}bp")
    tip, *base = map(_point, line.corners())
    stop = _point(_middle(*line.corners()[1:]))
    return (
        f"\\draw[{', '.join(look)}] {_point(line.start)} -- {stop};\n"
        f"\\fill[{line.look}] {tip} -- {base[0]} -- {base[1]} -- cycle;"
    )


def _middle(one: Point, other: Point) -> Point:
    return Point((one.x + other.x) / 2, (one.y + other.y) / 2)


def _disc(disc: Disc) -> str:
    fill = "black!13" if disc.is_shaded else "white"
    width = f"line width={PIXEL * disc.thickness:.2f}bp"
    return f"\\draw[{width}, fill={fill}] {_point(disc.centre)} circle[radius={PIXEL * disc.radius:.1f}bp];"


def _label(label: Label) -> str:
    size = PIXEL * label.size
    options = [f"font=\\fontsize{{{size:.1f}}}{{{1.2 * size:.1f}}}\\selectfont", "inner sep=1bp"]
    options += ["fill=white"] if label.is_over_lines else []
    options += ["anchor=west"] if label.is_from_left else []
    return f"\\node[{', '.join(options)}] at {_point(label.centre)} {{{latex_words(label.text)}}};"


def _point(point: Point) -> str:
    return f"({point.x:.1f},{point.y:.1f})"

"""A picture as SVG: one file without script, whose colours follow the reader's choice of light or dark."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from chainrule.explain.printers.text import plain
from chainrule.plot.scene import DASHES, Disc, Label, Line, Point, Scene

# Blue and vermilion are told apart by people of every colour vision (Okabe and Ito, Color Universal Design).
STYLE = """
.chainrule-drawing { color-scheme: light dark }
.chainrule-drawing .paper { fill: #fff }
.chainrule-drawing text { fill: #111; stroke: none; text-anchor: middle; font-family: FONTS }
.chainrule-drawing text.left { text-anchor: start }
.chainrule-drawing circle { fill: #fff; stroke: #111 }
.chainrule-drawing circle.bias { fill: #ddd }
.chainrule-drawing .plain { fill: #666; stroke: #666 }
.chainrule-drawing .positive { fill: #0072b2; stroke: #0072b2 }
.chainrule-drawing .negative { fill: #d55e00; stroke: #d55e00 }
@media screen and (prefers-color-scheme: dark) {
.chainrule-drawing .paper { fill: #14181c }
.chainrule-drawing text { fill: #eee }
.chainrule-drawing circle { fill: #14181c; stroke: #eee }
.chainrule-drawing circle.bias { fill: #444 }
.chainrule-drawing .plain { fill: #999; stroke: #999 }
.chainrule-drawing .positive { fill: #56b4e9; stroke: #56b4e9 }
.chainrule-drawing .negative { fill: #e69f00; stroke: #e69f00 }
}"""
FONTS = '"DejaVu Sans", "Segoe UI", Roboto, Helvetica, Arial, sans-serif'
FONTS_OF = {
    "ja": '"DejaVu Sans", "Noto Sans CJK JP", "Noto Sans JP", "Hiragino Sans", "Yu Gothic", Meiryo, sans-serif'
}  # of languages whose letters the others lack
BASELINE = 0.35  # of a line of text below its middle, in units of its size


def svg(scene: Scene) -> str:
    """Returns the picture as an SVG element, which is a file of its own too."""
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="chainrule-drawing" role="img" lang="{scene.language}" '
        f'viewBox="0 0 {_short(scene.width)} {_short(scene.height)}" '
        f'width="{_short(scene.width)}" height="{_short(scene.height)}" style="max-width: 100%; height: auto">'
    )
    return "\n".join(
        [
            head,
            f"<title>{escape(scene.title)}</title>",
            f"<style>{STYLE.replace('FONTS', FONTS_OF.get(scene.language, FONTS))}\n</style>",
            '<rect class="paper" width="100%" height="100%"/>',
            *(part for line in scene.lines for part in _line(line)),
            *map(_disc, scene.discs),
            *(part for label in scene.labels for part in _label(label)),
            "</svg>\n",
        ]
    )


def _line(line: Line) -> Iterator[str]:
    tip, *base = line.corners()
    end = Point((base[0].x + base[1].x) / 2, (base[0].y + base[1].y) / 2)
    dashes = ""
    if line.look == "negative":
        dashes = f' stroke-dasharray="{" ".join(_short(part * max(line.thickness, 1.0)) for part in DASHES)}"'
    yield (
        f'<line class="{line.look}" x1="{_short(line.start.x)}" y1="{_short(line.start.y)}" x2="{_short(end.x)}" '
        f'y2="{_short(end.y)}" stroke-width="{_short(line.thickness)}"{dashes}/>'
    )
    points = " ".join(f"{_short(point.x)},{_short(point.y)}" for point in (tip, *base))
    yield f'<polygon class="{line.look}" stroke-width="0" points="{points}"/>'


def _disc(disc: Disc) -> str:
    kind = ' class="bias"' if disc.is_shaded else ""
    return (
        f'<circle{kind} cx="{_short(disc.centre.x)}" cy="{_short(disc.centre.y)}" r="{_short(disc.radius)}" '
        f'stroke-width="{_short(disc.thickness)}"/>'
    )


def _label(label: Label) -> Iterator[str]:
    if label.is_over_lines:
        top = label.centre.y - label.size / 2
        yield (
            f'<rect class="paper" x="{_short(label.left)}" y="{_short(top)}" width="{_short(label.width)}" '
            f'height="{_short(label.size)}"/>'
        )
    kind = ' class="left"' if label.is_from_left else ""
    yield (
        f'<text{kind} x="{_short(label.centre.x)}" y="{_short(label.centre.y + BASELINE * label.size)}" '
        f'font-size="{_short(label.size)}">{escape(plain(label.text))}</text>'
    )


def _short(number: float) -> str:
    """Returns a length without needless digits."""
    return f"{number:.1f}".removesuffix(".0")

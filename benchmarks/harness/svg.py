"""Pictures in SVG, written directly: text stays text, and one set of colours suits light and dark backgrounds."""

from __future__ import annotations

from xml.sax.saxutils import escape

# Each colour has a contrast of about 4 : 1 with white and with #0d1117.
STYLE = (
    "text{font:13px system-ui,-apple-system,'Segoe UI','Helvetica Neue',Arial,'DejaVu Sans',sans-serif;fill:#727983}"
    ".strong{font-weight:600}.large{font-size:15px;font-weight:600}.small{font-size:12px}"
    ".own{fill:#2f7de1}.other{fill:#8f969f}.line{stroke:#8f969f;stroke-opacity:.4;fill:none}"
    ".dots{stroke-width:4.4;stroke-linecap:round;stroke:#8f969f;fill:none}"
    ".owndots{stroke-width:4.4;stroke-linecap:round;stroke:#2f7de1;fill:none}"
)


def rounded(x: float) -> str:
    """Formats a coordinate with one decimal at most."""
    return f"{x:.1f}".removesuffix(".0")


class Picture:
    """An SVG picture on a transparent background; ``description`` is read to people who cannot see it."""

    def __init__(self, width: int, description: str) -> None:
        self.width, self.description = width, description
        self._elements: list[str] = []

    def text(self, x: float, y: float, content: str, style: str = "", anchor: str = "") -> None:
        """Adds text whose baseline starts (or, by the anchor, is centred or ends) at (x, y)."""
        attributes = "".join(
            f' {name}="{value}"' for name, value in (("class", style), ("text-anchor", anchor)) if value
        )
        self._elements.append(f'<text x="{rounded(x)}" y="{rounded(y)}"{attributes}>{escape(content)}</text>')

    def bar(self, x: float, y: float, width: float, height: float, style: str) -> None:
        """Adds a bar; the shortest is still visible."""
        size = f'width="{rounded(max(width, 1.5))}" height="{rounded(height)}"'
        self._elements.append(f'<rect x="{rounded(x)}" y="{rounded(y)}" {size} rx="1.5" class="{style}"/>')

    def path(self, commands: str, style: str) -> None:
        """Adds a path."""
        self._elements.append(f'<path d="{commands}" class="{style}"/>')

    def dots(self, points: list[tuple[float, float]], style: str) -> None:
        """Adds a dot at each point."""
        self.path("".join(f"M{rounded(x)} {rounded(y)}h0" for x, y in points), style)

    def svg(self, height: float) -> str:
        """Returns the file."""
        box = f'viewBox="0 0 {self.width} {rounded(height)}" width="{self.width}" height="{rounded(height)}"'
        head = f'<svg xmlns="http://www.w3.org/2000/svg" {box} role="img">'
        title = f"<title>{escape(self.description)}</title>"
        return "\n".join([head, title, f"<style>{STYLE}</style>", *self._elements, "</svg>", ""])

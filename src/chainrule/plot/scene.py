"""A picture as frozen values: lines, discs and labels in a rectangle, which every printer knows.

Lengths are in pixels; x grows to the right and y downwards, and (0, 0) is the upper left corner.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias

from chainrule.explain.document.blocks import Text
from chainrule.explain.printers.text import plain
from chainrule.plot.glyphs import width

LINE_HEIGHT = 1.3  # of text, in units of its size

# The sign of a number is shown by colour and by dashes, so that a copy in black and white has it too.
Look: TypeAlias = Literal["plain", "positive", "negative"]
DASHES = (5.0, 3.0)  # of a negative line, in units of a plain line's width: dash, gap


@dataclass(frozen=True, slots=True)
class Point:
    """A place."""

    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Line:
    """A line, with the head of an arrow at its end."""

    start: Point
    end: Point
    look: Look
    thickness: float
    head: float  # the length of the head of the arrow

    def corners(self) -> tuple[Point, Point, Point]:
        """Returns the triangle that is the head of the arrow, its tip first."""
        length = math.dist((self.start.x, self.start.y), (self.end.x, self.end.y)) or 1.0
        dx, dy = (self.end.x - self.start.x) / length, (self.end.y - self.start.y) / length
        base = Point(self.end.x - self.head * dx, self.end.y - self.head * dy)
        half = 0.4 * self.head
        return self.end, Point(base.x - half * dy, base.y + half * dx), Point(base.x + half * dy, base.y - half * dx)


@dataclass(frozen=True, slots=True)
class Disc:
    """A unit, or a bias, which is shaded."""

    centre: Point
    radius: float
    thickness: float
    is_shaded: bool


@dataclass(frozen=True, slots=True)
class Label:
    """A line of text around its middle, or from its left end; one over lines has a background of its own."""

    centre: Point
    text: Text
    size: float
    is_over_lines: bool = False
    is_from_left: bool = False

    @property
    def width(self) -> float:
        """The width that the text takes at most."""
        return width(plain(self.text)) * self.size

    @property
    def height(self) -> float:
        """The height of the line."""
        return LINE_HEIGHT * self.size

    @property
    def left(self) -> float:
        """The x of its left end."""
        return self.centre.x if self.is_from_left else self.centre.x - self.width / 2


@dataclass(frozen=True, slots=True)
class Scene:
    """A picture: its size, the sentence that describes it, and what is drawn, lines first and labels last.

    ``language`` ("en", "ja") is that of its words.
    """

    width: float
    height: float
    title: str
    language: str
    lines: tuple[Line, ...]
    discs: tuple[Disc, ...]
    labels: tuple[Label, ...]

"""A formula as lines of plain text with a baseline: matrices are as high as their rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import chain
from typing import NamedTuple

from chainrule.explain.document.formula import (
    ATOM,
    PRODUCT,
    Fenced,
    Formula,
    Grid,
    Letter,
    Number,
    Over,
    Root,
    Row,
    Script,
    Sign,
    Under,
    Word,
    fenced,
)
from chainrule.explain.document.numbers import decimal

SUPERSCRIPTS = str.maketrans("0123456789+−()jtrnz⊤×", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ʲᵗʳⁿᶻᵀˣ")
SUBSCRIPTS = str.maketrans("0123456789+−()klijrmn,", "₀₁₂₃₄₅₆₇₈₉₊₋₍₎ₖₗᵢⱼᵣₘₙ,")
CLOSE = ("[", "]", "(", ")", "{", "}", "|", "‖", "′", "×")  # signs without a space around them
TALL = {
    "[": "⎡⎢⎣", "]": "⎤⎥⎦", "(": "⎛⎜⎝", ")": "⎞⎟⎠", "{": "⎧⎨⎩", "|": "│││", "‖": "‖‖‖", "": "   ",
}  # fmt: skip


class Box(NamedTuple):
    """Lines of equal length, of which ``baseline`` is the one that stands beside other formulas."""

    lines: tuple[str, ...]
    baseline: int = 0

    @property
    def width(self) -> int:
        """The length of the lines."""
        return len(self.lines[0])


def beside(boxes: Iterable[Box]) -> Box:
    """Returns boxes side by side on one baseline."""
    given = list(boxes)
    if all(len(box.lines) == 1 for box in given):
        return Box(("".join(box.lines[0] for box in given),))
    above = max(box.baseline for box in given)
    below = max(len(box.lines) - box.baseline for box in given)
    padded = [
        [" " * box.width] * (above - box.baseline)
        + list(box.lines)
        + [" " * box.width] * (below - len(box.lines) + box.baseline)
        for box in given
    ]
    return Box(tuple("".join(parts) for parts in zip(*padded, strict=True)), above)


def inline(formula: Formula) -> str:
    """Returns a formula on one line, the lines of a matrix one after the other."""
    return " ".join(" ".join(box_of(formula).lines).split())


def box_of(formula: Formula) -> Box:
    """Returns the box of a formula."""
    match formula:
        case Letter(text) | Word(text) | Sign(text):
            return Box((text,))
        case Number(value, digits):
            return Box((number_text(value, digits),))
        case Row(parts):
            return beside(spaced(parts))
        case Fenced(inner, left, right):
            return _between(box_of(inner), left, right)
        case Over(top, bottom):
            return beside(
                [box_of(_at_least(top, PRODUCT)), Box(("/",)), box_of(_at_least(bottom, ATOM))],
            )
        case Root(inner):
            return beside([Box(("√",)), box_of(inner if isinstance(inner, (Letter, Word)) else fenced(inner))])
        case Script(base, sub, sup):
            return _with_scripts(box_of(base), sub, sup)
        case Grid(rows, left, right):
            return _between(_columns(rows, is_aligned=left != "{"), left, right)
        case Under(base, label):
            return _labelled(box_of(base), inline(label))
    raise TypeError(f"no text for {type(formula).__name__}.")


def number_text(value: float | Fraction, digits: int) -> str:
    """Returns a number as it is written in text: 0.25, −1.5e-9, 3/4."""
    if isinstance(value, Fraction):
        return str(value).replace("-", "−")
    mantissa, exponent = decimal(value, digits)
    return mantissa if exponent is None else f"{mantissa}e{exponent}"


def _at_least(formula: Formula, level: int) -> Formula:
    return formula if formula.level >= level else fenced(formula)


def spaced(parts: Sequence[Formula]) -> list[Box]:
    """Returns the boxes of a row, with spaces around operators."""
    boxes = []
    for place, part in enumerate(parts):
        box = box_of(part)
        if isinstance(part, Sign) and part.text == ",":
            box = Box((", ",))
        elif isinstance(part, Sign) and part.text == "⋯":  # has its space from the signs beside it
            pass
        elif isinstance(part, Sign) and part.text in ("+", "·") and not place:  # of a sum or product begun above
            box = Box((f"{part.text} ",))
        elif isinstance(part, Sign) and place and part.text.strip() and part.text not in CLOSE:
            box = Box((f" {part.text} ",))
        boxes.append(box)
    return boxes


def _between(inner: Box, left: str, right: str) -> Box:
    height = len(inner.lines)
    return beside([_fence(left, height, inner.baseline), inner, _fence(right, height, inner.baseline)])


def _fence(sign: str, height: int, baseline: int) -> Box:
    if height == 1:
        return Box((sign,))
    tall = TALL[sign]
    return Box((tall[0], *[tall[1]] * (height - 2), tall[2]), baseline)


def _with_scripts(base: Box, sub: Formula | None, sup: Formula | None) -> Box:
    """Appends the index below and the exponent above, as small letters where Unicode has all of them."""
    lower = "" if sub is None else _small(inline(sub), SUBSCRIPTS, "_")
    upper = "" if sup is None else _small(inline(sup), SUPERSCRIPTS, "^")
    if len(base.lines) == 1:
        return Box((base.lines[0] + lower + upper,))
    width, last = max(len(lower), len(upper)), len(base.lines) - 1
    sides = [upper if k == 0 else lower if k == last else "" for k in range(last + 1)]
    return Box(tuple(line + side.ljust(width) for line, side in zip(base.lines, sides, strict=True)), base.baseline)


def _small(text: str, letters: dict[int, int], mark: str) -> str:
    text = text.replace(" ", "")
    if all(ord(letter) in letters for letter in text):
        return text.translate(letters)
    return f"{mark}{text}" if len(text) == 1 else f"{mark}({text})"


def _columns(rows: Sequence[Sequence[Formula]], *, is_aligned: bool) -> Box:
    """Returns the entries in columns; the decimal points of aligned numbers are below each other."""
    texts = [[inline(entry) for entry in row] for row in rows]
    align = _aligned if is_aligned else _left
    columns = [align(list(column)) for column in zip(*texts, strict=True)]
    return Box(tuple("  ".join(entries) for entries in zip(*columns, strict=True)), (len(rows) - 1) // 2)


def _left(texts: list[str]) -> list[str]:
    width = max(map(len, texts))
    return [text.ljust(width) for text in texts]


def _aligned(texts: list[str]) -> list[str]:
    whole = [text.partition(".")[0] if _is_decimal(text) else text for text in texts]
    left = max(chain((len(part) for part, text in zip(whole, texts, strict=True) if _is_decimal(text)), [0]))
    shifted = [
        text.rjust(left - len(part) + len(text)) if _is_decimal(text) else text
        for part, text in zip(whole, texts, strict=True)
    ]
    width = max(map(len, shifted))
    return [text.ljust(width) if _is_decimal(text) else text.center(width) for text in shifted]


def _is_decimal(text: str) -> bool:
    return text.lstrip("−")[:1].isdigit()


def _labelled(base: Box, label: str) -> Box:
    width = max(base.width, len(label))
    return Box((*(line.center(width) for line in base.lines), label.center(width)), base.baseline)

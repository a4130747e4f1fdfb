"""The inks of a page as text: a factor of the chain rule has one, in letters and in the numbers in their place."""

from __future__ import annotations

from itertools import pairwise

import chainrule as cr
from chainrule.explain.printers.text import Line, inked_lines


def lines(detail: str = "matrix", width: int = 100) -> list[Line]:
    """The lines of the page of a network of two layers."""
    net = cr.Network([cr.Layer([[1.0, -1.0], [2.0, 0.5]], [0.0, 1.0], "tanh"), cr.Layer([[3.0, -2.0]], [0.5], "relu")])
    return list(inked_lines(net.explain([1.0, 2.0], [1.0], detail=detail).document, width))  # type: ignore[arg-type]


def inked(line: Line) -> list[tuple[str, str]]:
    """The parts of a line that have an ink, with it."""
    return [(line.text[start:end].strip(), ink) for start, end, ink in line.spans]


def test_the_numbers_of_a_product_have_the_inks_of_its_letters() -> None:
    """δ[2] = ∂J/∂a[2] · ∂a[2]/∂z[2] = …: the first number is a ∂J/∂a, the second a slope, the result a δ."""
    (line,) = [line for line in lines() if line.text.startswith("  δ[2] = ")]
    (first, second), result = line.text.split(" = ")[3].split(" · "), line.text.split(" = ")[4]
    assert inked(line) == [
        ("δ[2]", "δ"), ("∂J/∂z[2]", "δ"), ("∂J/∂a[2]", "∂a"), ("∂a[2]/∂z[2]", "σ′"), (first, "∂a"), (second, "σ′"),
        (result, "δ"),
    ]  # fmt: skip


def test_a_matrix_has_one_ink_on_all_its_lines() -> None:
    """z[1] = W[1] a[0] + b[1]: the columns of the matrix are those of W, and those of the vector those of a."""
    page = lines()
    place = next(k for k, line in enumerate(page) if line.text.startswith("  z[1] = "))
    upper, lower = page[place], page[place + 1]
    assert ("⎡1  −1  ⎤", "W") in inked(upper)
    assert ("⎣2   0.5⎦", "W") in inked(lower)
    assert ("⎡1⎤", "a") in inked(upper)
    assert ("⎣2⎦", "a") in inked(lower)


def test_single_entries_are_inked_too() -> None:
    """In sums of entries each product has the inks of its letters, also where the line is broken."""
    for width in (60, 200):
        found = {part for line in lines("scalar", width) for part in inked(line)}
        assert {("W[1]₂₁", "W"), ("a[0]₂", "a"), ("δ[1]₁", "δ"), ("∂J/∂a[1]₂", "∂a"), ("(−2)", "W")} <= found


def test_inks_lie_within_their_lines_and_apart() -> None:
    """The columns of two inks do not overlap, and none is beyond the text."""
    for line in (*lines(), *lines("scalar", 60)):
        ends = [(start, end) for start, end, _ in line.spans]
        assert all(one[1] <= other[0] for one, other in pairwise(ends)), line

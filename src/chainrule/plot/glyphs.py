"""The width of text before it is drawn: an upper bound for the common fonts without serifs.

DejaVu Sans is the widest of them; the other fonts of `printers.svg.FONTS` need less.
"""

from __future__ import annotations

# Widths in units of the size of the font, rounded up from the tables of DejaVu Sans.
WIDTHS = {
    0.35: " ijlIJ.,:;'|/·′⁽⁾₍₎ⁱᵗʳʲᵢⱼₗ",
    0.42: "frt()[]-ℓ⁰¹²³⁴⁵⁶⁷⁸⁹₀₁₂₃₄₅₆₇₈₉ⁿᶻ",
    0.5: "_ˣₖ",
    0.6: "cksvxyzFL∂κ⁺⁻₊₋",
    0.65: "abdeghnopquEPSTY0123456789Σδθσₘ",
    0.7: "ABCKRVXZ∇α",
    0.78: "DGHNU",
    0.85: "wOQ+=<>−×≈→ℝ≤≥∞",
    1.0: "mMW%⋮⋯…∈",
}
WIDEST = 1.05  # of any other letter
OF_LETTER = {letter: width for width, letters in WIDTHS.items() for letter in letters}


def width(text: str) -> float:
    """Returns the width of a line of text in units of the size of its font.

    >>> width("0.25") < width("−0.25") < width("−0.256")
    True
    """
    return sum(OF_LETTER.get(letter, WIDEST) for letter in text)

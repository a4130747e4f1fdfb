"""Names of columns, levels and models as identifiers, each one different."""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Iterable

from chainrule.activations import Sigma

WORDS_OF_C = """
    alignas alignof and asm auto bool break case catch char class const constexpr continue default delete do double else
    enum explicit export extern false float for friend goto if inline int long mutable namespace new not nullptr
    operator or private protected public register restrict return short signed sizeof static struct switch template
    this throw true try typedef typeid typename typeof union unsigned using virtual void volatile while xor
"""  # and of C++
RESERVED = frozenset([*keyword.kwlist, *WORDS_OF_C.split()])


def identifiers(names: Iterable[str], prefix: str = "column") -> list[str]:
    """Returns an identifier for each name, in ASCII and lower case; a number makes equal ones different.

    >>> identifiers(["Size m²", "a b", "a_b", "2nd", "int", "広さ", "é"])
    ['size_m2', 'a_b', 'a_b_2', 'column_2nd', 'int_', 'column', 'e']
    """
    found: list[str] = []
    for name in names:
        plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
        word = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")
        word = word or prefix
        word = f"{prefix}_{word}" if word[0].isdigit() else f"{word}_" if word in RESERVED else word
        number, free = 2, word
        while free in found:
            number, free = number + 1, f"{word}_{number}"
        found.append(free)
    return found


def sigma_identifier(sigma: Sigma) -> str:
    """Returns the identifier of a σ and its parameters.

    >>> import chainrule as cr
    >>> sigma_identifier(cr.leaky_relu.with_parameters(slope=-0.25))
    'sigma_leaky_relu_minus_0_25'
    """
    words = "_".join(["sigma", sigma.name, *map(repr, sigma.parameters.values())])
    return re.sub(r"\W", "_", words.replace("-", "minus_"))

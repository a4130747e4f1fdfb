"""The entries of θ by name: which letter, layer and indices a place of θ has, and back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.checks import as_integer, shown
from chainrule.errors import InputError
from chainrule.explain.document.formula import Formula
from chainrule.explain.symbols import Symbols
from chainrule.network import Network
from chainrule.network.theta import parameter_views

MOST_ENTRIES = 40  # of θ that are listed one by one; of a longer one a few of each array
Letters: TypeAlias = Literal["W", "b", "kappa"]


class Entry(NamedTuple):
    """The entry W[i]ₖₗ, b[i]ₖ or κ[i]ₖ and its place in θ; k and l count from 0, and l is None for b and κ."""

    letter: Letters
    i: int
    k: int
    l: int | None
    place: int

    def symbol(self, at: Symbols) -> Formula:
        """Returns its letter with its indices."""
        if self.letter == "W":
            return at.W(self.i, self.k, self.l)
        return at.b(self.i, self.k) if self.letter == "b" else at.kappa(self.i, self.k)


class Places(NamedTuple):
    """The places in θ of one array: (mᵢ, mᵢ₋₁) of W[i], (mᵢ,) of b[i] or κ[i]; −1 where W[i] has no parameter."""

    letter: Letters
    i: int
    places: NDArray[np.intp]

    def entry(self, flat: int) -> Entry:
        """Returns the entry with this index in the flat array."""
        where = [int(part) for part in np.unravel_index(flat, self.places.shape)]
        return Entry(self.letter, self.i, where[0], where[1] if len(where) > 1 else None, int(self.places.flat[flat]))


def arrays(net: Network) -> Iterator[Places]:
    """Yields the arrays of θ in order."""
    views = parameter_views(np.arange(1.0, net.d + 1.0), net.layout)
    for i in range(1, net.r + 1):
        for letter, values in (("W", views.W[i]), ("b", views.b[i]), ("kappa", views.kappa[i])):
            if (places := np.asarray(values)).size:
                yield Places(letter, i, places.astype(np.intp) - 1)  # type: ignore[arg-type]  # one of Letters


def listed(net: Network, sizes: NDArray[np.floating]) -> list[Entry]:
    """Returns every entry of a short θ, and of a long one the first two of each array and the one of largest size.

    ``sizes`` (d,) are the sizes to compare.
    """
    found = []
    for array in arrays(net):
        own = np.flatnonzero(array.places.ravel() >= 0)
        if net.d > MOST_ENTRIES and len(own) > 3:
            largest = own[sizes[array.places.ravel()[own]].argmax()]
            own = np.unique([*own[:2], largest])
        found += [array.entry(int(flat)) for flat in own]
    return found


def as_entry(net: Network, letter: object, i: object, k: object, l: object) -> Entry:
    """Returns the entry of these indices, which count from 1 as in the lecture.

    Raises InputError for a letter or an index that the network does not have, and for an entry of a block-diagonal W
    that is no parameter.
    """
    if letter not in ("W", "b", "kappa"):
        raise InputError(f'letter must be "W", "b" or "kappa"; got {shown(letter)}.')
    layer = as_integer(i, "i, the layer,", 1)
    if layer > net.r:
        raise InputError(f"i must be a layer, 1 to {net.r}; got {layer}.")
    found = next((array for array in arrays(net) if (array.letter, array.i) == (letter, layer)), None)
    if found is None:
        raise InputError(f"layer {layer} has no {letter}: its σ is {net.sigma[layer].name}, which is not parametric.")
    if letter != "W" and l is not None:
        raise InputError(f"{letter}[{layer}] has one index k; got l = {shown(l)} too.")
    if letter == "W" and l is None:
        raise InputError(f"W[{layer}] has two indices, k for the row and l for the column; l is missing.")
    where = []
    for name, value, size in zip(("k", "l"), (k, l), found.places.shape, strict=False):
        number = as_integer(value, name, 1)
        if number > size:
            raise InputError(f"{name} must be 1 to {size} for {letter}[{layer}]; got {number}.")
        where.append(number - 1)
    entry = found.entry(int(np.ravel_multi_index(tuple(where), found.places.shape)))
    if entry.place < 0:
        raise InputError(f"W[{layer}] is block-diagonal and has no parameter in row {k}, column {l}.")
    return entry

"""A fitted estimator in words: the text that an interpreter shows, and the sizes of its networks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from chainrule.network import Network


class Summary(str):
    """A text that an interpreter and a notebook show as it is."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def sizes(networks: Sequence[Network]) -> list[str]:
    """Returns the sizes of each kind of network: "3 of 14-64-64-2, 5,378 parameters each"."""
    kinds = Counter(("-".join(map(str, net.m)), net.d) for net in networks)
    if len(networks) == 1:
        return [f"{shape}, {d:,} parameters" for shape, d in kinds]
    return [f"{count} of {shape}, {d:,} parameters{' each' * (count > 1)}" for (shape, d), count in kinds.items()]

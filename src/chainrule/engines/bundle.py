"""Bundles: training runs of tiny networks of one shape that an engine advances together, one in each vector lane."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

# Advances runs as `TrainingRun.advance` does; the slice ends for all as soon as it ends for one of them.
AdvanceBundle: TypeAlias = Callable[[Sequence[Any], int, float], None]


@dataclass(frozen=True)
class BundleKind:
    """The properties that the problems of a bundle share.

    A bundle has at most ``most`` runs, and is faster than one run after the other from ``least`` on. No run changes by
    being in a bundle, and each is whole between two calls of ``advance``.
    """

    key: Hashable
    least: int
    most: int = field(compare=False)
    advance: AdvanceBundle = field(compare=False, repr=False)

    def sizes(self, runs: int, threads: int) -> list[int]:
        """Returns the sizes of the bundles of this many runs, or an empty list if they are trained faster one by one.

        A thread without a bundle would wait: there are as many bundles as threads, or more.

        >>> kind = BundleKind("2-8-1", 3, 8, lambda runs, epochs, seconds: None)
        >>> kind.sizes(8, threads=1), kind.sizes(8, threads=2), kind.sizes(8, threads=4), kind.sizes(20, threads=2)
        ([8], [4, 4], [], [6, 7, 7])
        """
        count = max(threads, -(-runs // self.most))
        sizes = [runs * (i + 1) // count - runs * i // count for i in range(count)]
        return sizes if min(sizes) >= self.least else []


# Alone, a step takes as long for one row as for eight; a bundle's step takes longer by θ and by each row. Measured on
# an Intel Xeon with AVX-512, CPU time of Adam one by one divided by that in a bundle of 4 | 8 networks in float64, for
# 1, 4 and 8 rows: 2-8-1 1.8 | 2.4, 1.5 | 1.9, 1.1 | 1.5; 8-32-16-1 1.4 | 2.6, 1.2 | 2.3, 0.9 | 1.7. A bundle of 16 in
# float32: 2.8, 2.2, 1.8; 3.9, 3.2, 2.4.
FEW_PARAMETERS = 64


def fewest_bundled(d: int, rows: int) -> int:
    """Returns how many networks a bundle needs to be faster, with d parameters each and minibatches of ``rows``.

    >>> [fewest_bundled(33, rows) for rows in (1, 4, 8)], [fewest_bundled(833, rows) for rows in (1, 4, 8)]
    ([3, 3, 4], [4, 5, 7])
    """
    return 3 + (rows > 4) if d <= FEW_PARAMETERS else 3 + -(-rows // 2)

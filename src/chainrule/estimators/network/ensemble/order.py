"""The order in which the networks of a fit are begun, round by round."""

from __future__ import annotations

from collections.abc import Callable


class Order:
    """The numbers of the networks that a model is to have, in order, and the place among them of the next to begin.

    A round goes up to its ``end``. After it networks may be dropped, those that were trained and those to come. Of all,
    ``wanted`` fit into the time, in which others follow if some of it is left.

    >>> order = Order(9)
    >>> order.begin_round(3, work=lambda number: 0)
    >>> order.take(), order.take(), order.take(), order.has_more
    (0, 1, 2, False)
    >>> order.drop(lambda number: number % 3 == 1)
    >>> order.numbers
    [0, 2, 3, 5, 6, 8]
    >>> order.begin_round(6, work=lambda number: number % 3)
    >>> order.wanted_now()
    [5, 8, 3, 6]
    """

    def __init__(self, networks: int) -> None:
        self.numbers, self.next = list(range(networks)), 0
        self.end = self.wanted = networks

    def begin_round(self, end: int, work: Callable[[int], int]) -> None:
        """Begins the round up to an end, in which networks with more work come before those with less.

        Otherwise one thread may begin the longest network when the others are about to end. If work is time, m threads
        take at most 4/3 − 1/(3m) times as long as in the best order (Graham, 1969).
        """
        self.end = end
        self.numbers[self.next : end] = sorted(self.numbers[self.next : end], key=work, reverse=True)

    @property
    def has_more(self) -> bool:
        """True if this round has a network that was not begun."""
        return self.next < self.end

    @property
    def wanted_left(self) -> int:
        """The number of networks that are wanted and were not begun."""
        return self.wanted - self.next

    def take(self) -> int:
        """Returns the number of the next network."""
        self.next += 1
        return self.numbers[self.next - 1]

    def wanted_now(self) -> list[int]:
        """Returns the numbers of the networks of this round that are wanted and were not begun."""
        return self.numbers[self.next : min(self.end, self.wanted)]

    def drop(self, is_dropped: Callable[[int], bool]) -> None:
        """Drops networks by their numbers."""
        dropped = sum(map(is_dropped, self.numbers[: self.next]))
        self.numbers = [number for number in self.numbers if not is_dropped(number)]
        self.next -= dropped
        self.wanted = min(self.wanted - dropped, len(self.numbers))

"""A deadline: an end by the clock that leaves the plan of a run as it is."""

from __future__ import annotations

from dataclasses import dataclass

from chainrule._internal.checks import as_real


@dataclass(frozen=True)
class Deadline:
    """Ends training after these ``seconds``, in mid-epoch if need be: ``cr.train(…, time_limit=cr.Deadline(3600))``.

    The schedules and θ are those of the whole plan, up to where it is cut. A run that is resumed, as often as needed,
    ends with the bits of an uninterrupted one. A number as ``time_limit`` fits the plan into the time instead.

    Raises InputError unless ``seconds`` is a number > 0.

    >>> import chainrule as cr
    >>> net, X, Y = cr.Network.dense([1, 1]), [[1.0], [2.0]], [[2.0], [4.0]]
    >>> optimizer = cr.Adam(cr.Cosine(0.1))
    >>> begun = cr.train(net, X, Y, optimizer=optimizer, epochs=10**6, time_limit=cr.Deadline(0.001))
    >>> begun.stopped, begun.planned_epochs
    ('time_limit', 1000000)
    """

    seconds: float

    def __post_init__(self) -> None:
        as_real(self.seconds, "the seconds of a Deadline", 0.0, open_minimum=True)

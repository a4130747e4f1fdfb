"""The forecast of a run with a time limit."""

from __future__ import annotations

from typing import NamedTuple


class Forecast(NamedTuple):
    """The forecast of a run with a time limit, from its speed so far: ``history.forecast``.

    ``epochs`` fit into the limit, those before included, and at most the planned ones; ``seconds`` is what all planned
    epochs would take. It is made after the first second, or a tenth of a limit below 10 s, and four times again.

    >>> import chainrule as cr
    >>> cr.Forecast(epochs=400, seconds=75.2)
    Forecast(epochs=400, seconds=75.2)
    """

    epochs: int
    seconds: float

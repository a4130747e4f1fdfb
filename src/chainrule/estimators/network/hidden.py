"""The description of a hidden layer by the user: its size, its σ and its dropout."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

from chainrule import activations
from chainrule._internal.checks import as_integer, shown
from chainrule._internal.value import Value
from chainrule.activations import Sigma
from chainrule.errors import InputError
from chainrule.network.layer import as_dropout
from chainrule.optimizers.schedules import Schedule


@dataclass(frozen=True, eq=False, repr=False)
class Hidden(Value):
    """A hidden layer of ``width`` units, for the ``hidden_layer_sizes`` of an estimator.

    ``activation`` is a σ or the name of one, ``dropout`` a probability or a schedule of it; None uses the
    estimator's own parameter.

    Raises InputError for a width < 1, an unknown σ or a dropout that is not a probability.

    >>> from chainrule.estimators import Hidden
    >>> Hidden(64, "mish", dropout=0.1)
    Hidden(width=64, activation='mish', dropout=0.1)

    Source: Lecture, Def. 4.2: every layer has its own σ (L5).
    """

    width: int
    activation: Sigma | str | None = None
    dropout: float | Schedule | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "width", as_integer(self.width, "width", 1))
        if self.activation is not None:
            activations.get(self.activation)
        if self.dropout is not None:
            as_dropout(self.dropout)


def as_hidden(sizes: object) -> tuple[Hidden, ...]:
    """Returns ``hidden_layer_sizes`` as layers; it is a number, a `Hidden`, or a possibly empty list of them.

    >>> [layer.width for layer in as_hidden([64, Hidden(32, "tanh")])]
    [64, 32]
    """
    if isinstance(sizes, Hidden) or not isinstance(sizes, Iterable) or isinstance(sizes, (str, bytes)):
        sizes = (sizes,)
    try:
        return tuple(one if isinstance(one, Hidden) else Hidden(cast("int", one)) for one in sizes)
    except InputError:
        raise InputError(
            f"hidden_layer_sizes must be numbers ≥ 1 or Hidden(width, activation, dropout); got {shown(sizes)}."
        ) from None

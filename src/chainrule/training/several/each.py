"""Arguments that differ from network to network."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from chainrule._internal.checks import shown
from chainrule.errors import InputError


class Each:
    """One value for each network of `train_many`, in their order; any other value is that of all networks.

    Raises InputError for what cannot be iterated, such as a number.

    >>> import chainrule as cr
    >>> cr.Each(range(3))
    Each([0, 1, 2])
    >>> cr.Each(["adam", cr.Adam(0.1)]).values
    ('adam', Adam(learning_rate=0.1))
    """

    def __init__(self, values: Iterable[Any]) -> None:
        if not isinstance(values, Iterable) or isinstance(values, str):
            raise InputError(f"Each must hold a list of values, one for each network; got {shown(values)}.")
        self.values = tuple(values)

    def __repr__(self) -> str:
        return f"Each({shown(list(self.values))})"


SINGLE = (
    "cost", "optimizer", "epochs", "batch_size", "shuffle", "seed", "tol", "tol_epochs", "patience", "time_limit",
    "callback_epochs", "engine",
)  # fmt: skip  # arguments that are never lists


def check_each(arguments: dict[str, Any], k: int) -> None:
    """Raises InputError unless each argument that differs from network to network is an `Each` of k values."""
    for name, value in arguments.items():
        if isinstance(value, Each):
            if len(value.values) != k:
                raise InputError(f"{name} must hold one value for each of the {k} networks; got {len(value.values)}.")
        elif name in SINGLE and isinstance(value, (list, tuple, range, np.ndarray)):
            raise InputError(f"{name} must be one value for all networks, or cr.Each([…]); got {shown(value)}.")


def of_network(arguments: dict[str, Any], j: int) -> dict[str, Any]:
    """Returns the arguments of network j, which counts from 0."""
    return {name: value.values[j] if isinstance(value, Each) else value for name, value in arguments.items()}

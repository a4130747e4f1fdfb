"""The state of training of a network, in the file of an estimator that also holds the network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from chainrule._internal.checks import Array
from chainrule.engines.state import TrainingState
from chainrule.errors import FileFormatError
from chainrule.files import field
from chainrule.network import Network


def state_parts(state: TrainingState, net: Network, j: int) -> tuple[dict[str, Any], dict[str, Array]]:
    """Returns the state of network j; a θ that is that of the network is not stored again."""
    header, tensors = state.parts()
    shared = [name for name in tensors if _is_theta(name) and np.array_equal(tensors[name], net.theta)]
    kept = {f"states[{j}].{name}": tensor for name, tensor in tensors.items() if name not in shared}
    return {**header, "of_network": shared}, kept


def state_from_parts(header: Any, tensors: Mapping[str, Array], net: Network, j: int) -> TrainingState:
    """Returns the state of network j. Raises FileFormatError unless it is complete and fits the network."""
    own = {
        name.removeprefix(f"states[{j}]."): tensor
        for name, tensor in tensors.items()
        if name.startswith(f"states[{j}].")
    }
    own |= {name: net.theta for name in field(header, "of_network", list) if isinstance(name, str) and _is_theta(name)}
    state = TrainingState.from_parts(f"the state of network {j}", header, own)
    if state.theta.shape != net.theta.shape or state.theta.dtype != net.theta.dtype:
        raise FileFormatError(f"the state of network {j} must have {net.d} numbers in θ, as {net.dtype}.")
    return state


def _is_theta(name: str) -> bool:
    """Returns True for the names of tensors that may be the θ of the network."""
    return name in ("theta", "best_theta") or name.startswith("kept.best_theta.")

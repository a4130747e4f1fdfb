"""The course of training in a file: the records of each network, and on request all that training continues from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from chainrule._internal.checks import Array, shown
from chainrule.engines.state import RECORDS, TrainingState
from chainrule.errors import FileFormatError
from chainrule.files import field
from chainrule.network import Network
from chainrule.training import History


def history_parts(histories: Sequence[History]) -> tuple[list[dict[str, Any]], dict[str, Array]]:
    """Returns the records of each network: why it stopped, and its curves in single precision, (5, epochs)."""
    header = [
        {
            "stopped": history.stopped, "planned_epochs": history.planned_epochs, "engine": history.engine,
            "engine_reason": history.engine_reason,
        }
        for history in histories
    ]  # fmt: skip
    curves = [np.array([getattr(history, name) for name in RECORDS], dtype=np.float32) for history in histories]
    return header, {f"records[{j}]": curve for j, curve in enumerate(curves, 1)}


def histories_from_parts(
    header: Sequence[Any], tensors: Mapping[str, Array], states: Sequence[TrainingState]
) -> tuple[History, ...]:
    """Returns the histories that ``history_parts`` described, with exact records where there are states."""
    histories = []
    for j, entry in enumerate(header, 1):
        curves = tensors[f"records[{j}]"]
        if curves.ndim != 2 or len(curves) != len(RECORDS):
            raise ValueError(f"records[{j}] must have {len(RECORDS)} rows; got {curves.shape}")
        state = states[j - 1] if states else None
        records: Any = dict(zip(RECORDS, curves, strict=True)) if state is None else state.records
        stopped = entry.get("stopped")
        if stopped is not None and not isinstance(stopped, str):
            raise TypeError(f"'stopped' must be a text; got {shown(stopped)}")
        histories.append(
            History.of_records(
                records,
                planned_epochs=field(entry, "planned_epochs", int),
                stopped=stopped,
                engine=field(entry, "engine", str),
                engine_reason=field(entry, "engine_reason", str),
                state=state,
            )
        )
    return tuple(histories)


def state_parts(state: TrainingState, net: Network, j: int) -> tuple[dict[str, Any], dict[str, Array]]:
    """Returns the state of network j; a θ that is that of the network is not stored again."""
    header, tensors = state.parts()
    shared = [name for name in ("theta", "best_theta") if name in tensors and np.array_equal(tensors[name], net.theta)]
    kept = {f"states[{j}].{name}": tensor for name, tensor in tensors.items() if name not in shared}
    return {**header, "of_network": shared}, kept


def state_from_parts(header: Any, tensors: Mapping[str, Array], net: Network, j: int) -> TrainingState:
    """Returns the state of network j. Raises FileFormatError unless it is complete and fits the network."""
    own = {
        name.removeprefix(f"states[{j}]."): tensor
        for name, tensor in tensors.items()
        if name.startswith(f"states[{j}].")
    }
    own |= {name: net.theta for name in field(header, "of_network", list) if name in ("theta", "best_theta")}
    state = TrainingState.from_parts(f"the state of network {j}", header, own)
    if state.theta.shape != net.theta.shape or state.theta.dtype != net.theta.dtype:
        raise FileFormatError(f"the state of network {j} must have {net.d} numbers in θ, as {net.dtype}.")
    return state

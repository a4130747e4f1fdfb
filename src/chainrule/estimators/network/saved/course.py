"""The course of training in a file: the records of each network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from chainrule._internal.checks import Array, shown
from chainrule.engines.state import RECORDS, TrainingState
from chainrule.files import field
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
    """Returns the histories that ``history_parts`` described, with exact records of the runs that have a state."""
    histories = []
    for j, entry in enumerate(header, 1):
        curves = tensors[f"records[{j}]"]
        if curves.ndim != 2 or len(curves) != len(RECORDS):
            raise ValueError(f"records[{j}] must have {len(RECORDS)} rows; got {curves.shape}")
        state = states[j - 1] if states else None
        records: dict[str, Any] = dict(zip(RECORDS, curves, strict=True))
        if state is not None:
            before = max(curves.shape[1] - state.epoch, 0)
            records = {name: np.concatenate([curve[:before], state.records[name]]) for name, curve in records.items()}
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

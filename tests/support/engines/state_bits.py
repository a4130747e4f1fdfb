"""The bits of a training state, to compare two runs exactly."""

from __future__ import annotations

import numpy as np

import chainrule as cr


def bits(state: cr.TrainingState) -> dict[str, object]:
    """The bits of everything in a state except the times."""
    records = {name: np.array(values).tobytes() for name, values in state.records.items() if name != "seconds"}
    arrays = {
        "theta": state.theta,
        "best": state.best_theta,
        "earlier": state.earlier_theta,
        **state.moments,
    }
    exact = {name: None if array is None else (str(array.dtype), array.tobytes()) for name, array in arrays.items()}
    numbers = (state.step, state.epoch, state.batch, float(state.partial_J).hex(), float(state.best_J).hex())
    return {
        **records,
        **exact,
        "numbers": numbers,
        "best_epoch": state.best_epoch,
        "stream": state.stream,
        "rate": state.learning_rate,
    }

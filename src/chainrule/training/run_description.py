"""The description of a run in its checkpoint, its data and settings as texts: no other run may continue from it."""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from chainrule._internal.checks import Array
from chainrule._internal.sparse_rows import Rows, SparseRows
from chainrule.engines.problem import Problem, side_by_side
from chainrule.errors import InputError
from chainrule.files import SavedRun
from chainrule.rows.windowed import WindowedRows


def description(problem: Problem) -> dict[str, str]:
    """Returns what must be the same for a run to continue bitwise, by name; arrays by shape and CRC-32.

    Epochs, stopping rules, the engine and threads may differ, and the random stream belongs to the state. Classes
    without a representation of their own are described without their address.
    """
    texts = {
        "cost": _words(problem.cost),
        "optimizer": _words(problem.optimizer),
        "batch_size": str(problem.batch_size),
        "shuffle": str(problem.shuffle),
    }
    if isinstance(problem.data, WindowedRows):
        texts["rows"] = problem.order
    in_memory = None if isinstance(problem.data, WindowedRows) else side_by_side(problem.data)
    for where, data in (("", in_memory), ("validation ", problem.validation_set)):
        for name in ("X", "Y", "weights"):
            texts[where + name] = _array(None if data is None else getattr(data, name))
    return texts


def require_same_run(name: str, saved: SavedRun, structure: Mapping[str, Any], run: Mapping[str, str]) -> None:
    """Raises InputError, naming the first difference, unless the checkpoint is of a run like this one.

    ``structure`` describes the network of this run, and ``run`` its data and settings.
    """
    other = f"{name} is the checkpoint of another run"
    if difference := _difference_of_networks(saved.network or {}, structure):
        raise InputError(f"{other}: {difference}. Continue with the same network, or begin under another name.")
    for key, now in run.items():
        if (then := (saved.run or {}).get(key)) != now:
            raise InputError(
                f"{other}: its {key} was {then}, and is {now} now. Continue with the same data and settings, begin "
                f"under another name, or pass resume=cr.TrainingState.load({name!r}) to continue from its "
                "θ with other data or settings."
            )


def _difference_of_networks(then: Mapping[str, Any], now: Mapping[str, Any]) -> str | None:
    for key, what in (("m", "sizes m"), ("dtype", "number type")):
        if then.get(key) != now[key]:
            return f"its network had the {what} = {then.get(key)}, and has {now[key]} now"
    for i, (layer, layer_now) in enumerate(zip(then.get("layers", ()), now["layers"], strict=False), 1):
        for key in sorted(layer.keys() | layer_now.keys()):
            if layer.get(key) != layer_now.get(key):
                return f"layer {i} of its network had {key} = {layer.get(key)}, and has {layer_now.get(key)} now"
    return None


def _words(value: object) -> str:
    return re.sub(r" at 0x[0-9A-Fa-f]+", "", repr(value))


def _array(values: Rows | Array | None) -> str:
    """Returns shape and checksum as text: "50 × 1, CRC-32 0x1a2b3c4d"."""
    if values is None:
        return "none"
    is_sparse, checksum = isinstance(values, SparseRows), 0
    for part in (values.indptr, values.indices, values.data) if isinstance(values, SparseRows) else (values,):
        checksum = zlib.crc32(np.ascontiguousarray(part).data, checksum)
    shape = " × ".join(map(str, values.shape))
    return f"{'sparse ' if is_sparse else ''}{shape}, CRC-32 {checksum:#010x}"

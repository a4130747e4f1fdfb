"""Finding on a CPU what a CUDA graph cannot record: a linter of training steps, and their replay from a trace."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import torch
from torch.fx.experimental.proxy_tensor import make_fx
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

# Operations that read a number of the device on the host, or whose result has a shape that depends on numbers.
READS = ("_local_scalar_dense", "is_nonzero", "equal", "item")
SHAPES = ("nonzero", "masked_select", "unique_dim", "_unique2", "unique_consecutive", "repeat_interleave")
COPIES = ("_to_copy", "copy_", "lift_fresh")  # across devices, or of a new tensor of the host


class CaptureError(AssertionError):
    """A step does something that a CUDA graph would freeze or refuse."""


class Operations(TorchDispatchMode):  # type: ignore[misc]  # PyTorch counts as untyped
    """Records the operations of a step with shapes and Python numbers. Raises CaptureError for those of `READS` etc."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[object, ...]] = []

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name, leaves = function._schema.name.removeprefix("aten::"), tree_leaves((args, kwargs or {}))
        tensors = [leaf for leaf in leaves if isinstance(leaf, torch.Tensor)]
        if name in READS:
            raise CaptureError(f"{name} reads a number of the device on the host.")
        if name in SHAPES or (name.startswith("index") and any(tensor.dtype == torch.bool for tensor in tensors)):
            raise CaptureError(f"the result of {name} has a shape that depends on numbers of the device.")
        if name == "lift_fresh" or (name in COPIES and len({tensor.device.type for tensor in tensors}) > 1):
            raise CaptureError(f"{name} copies from the host.")
        result = function(*args, **(kwargs or {}))
        numbers = [leaf for leaf in leaves if isinstance(leaf, (bool, int, float))]
        self.seen.append((name, *[tuple(tensor.shape) for tensor in tensors], *map(repr, numbers)))
        return result


def lint(step: Callable[[], None], persistent: Callable[[], Sequence[Any]], steps: int = 3) -> int:
    """Returns the number of operations of a step. Raises CaptureError unless all steps are the same operations.

    ``persistent`` returns the tensors whose addresses a graph would keep.
    """
    addresses, seen = [tensor.data_ptr() for tensor in persistent()], []
    for _ in range(steps):
        with Operations() as operations:
            step()
        seen.append(operations.seen)
    for later in seen[1:]:
        for one, other in zip(seen[0], later, strict=False):
            if one != other:
                raise CaptureError(f"{one} of the first step is {other} later: a graph would keep the first.")
        if len(later) != len(seen[0]):
            raise CaptureError(f"a step has {len(seen[0])} operations, and a later one {len(later)}.")
    if [tensor.data_ptr() for tensor in persistent()] != addresses:
        raise CaptureError("a tensor that a graph would keep has moved.")
    return len(seen[0])


def traced(step: Callable[[], None], count: int, state: Sequence[Any]) -> Callable[[], None]:
    """Returns a function that makes ``count`` steps as `recorded` does: it replays a trace, without the step's Python.

    ``state`` are the tensors that a step changes, which tracing changes too.
    """
    before = [tensor.clone() for tensor in state]

    def steps() -> Any:
        for _ in range(count):
            step()
        return state[0].sum()

    trace = make_fx(steps)()
    for tensor, values in zip(state, before, strict=True):
        tensor.copy_(values)
    return lambda: trace() and None


class Graph(TorchDispatchMode):  # type: ignore[misc]
    """A CUDA graph on a CPU: it keeps each operation with its tensors, and replays it into the memory of its result.

    What it records is executed too, and undone at the end.
    """

    def __init__(self) -> None:
        super().__init__()
        self._recorded: list[tuple[Any, Any, Any, Any]] = []
        self._before: list[tuple[Any, Any]] = []

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        given = {**dict(zip((a.name for a in function._schema.arguments), args, strict=False)), **(kwargs or {})}
        for argument in function._schema.arguments:
            if argument.alias_info is not None and argument.alias_info.is_write:
                written = [leaf for leaf in tree_leaves(given.get(argument.name)) if isinstance(leaf, torch.Tensor)]
                self._before += [(tensor, tensor.clone()) for tensor in written]
        result = function(*args, **(kwargs or {}))
        self._recorded.append((function, args, kwargs or {}, result))
        return result

    def __exit__(self, *exception: Any) -> None:
        super().__exit__(*exception)
        for tensor, values in reversed(self._before):
            tensor.copy_(values)

    def replay(self) -> None:
        """Executes the operations again, on the same memory."""
        for function, args, kwargs, result in self._recorded:
            for kept, new in zip(tree_leaves(result), tree_leaves(function(*args, **kwargs)), strict=True):
                if isinstance(kept, torch.Tensor) and kept.data_ptr() != new.data_ptr():
                    kept.copy_(new)


def cuda_on_the_cpu(patch: Any) -> None:
    """Puts `Graph` in the place of CUDA graphs, and streams that do nothing in that of streams."""
    stream = SimpleNamespace(wait_stream=lambda other: None)
    for name, value in {
        "Stream": lambda: stream,
        "current_stream": lambda: stream,
        "stream": lambda one: nullcontext(),
        "CUDAGraph": Graph,
        "graph": lambda graph, capture_error_mode: graph,
    }.items():
        patch.setattr(torch.cuda, name, value)

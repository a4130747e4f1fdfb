"""Several training steps as one replay: on a GPU a CUDA graph, which the host starts at once, elsewhere the calls."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch

from chainrule.engines.torch.parts.sigmas import Tensor

STEPS_OF_A_GRAPH = 32  # as one replay takes the host about as long as one kernel of the device
WARM_UP = 3  # calls before a capture, in which libraries allocate what they keep


def recorded(step: Callable[[], None], count: int, state: Sequence[Tensor]) -> Callable[[], None]:
    """Returns a function that makes ``count`` steps; ``state`` are the tensors that a step changes."""
    if state[0].device.type != "cuda":

        def replay() -> None:
            for _ in range(count):
                step()

        return replay
    return _captured(step, count, state)


def _captured(step: Callable[[], None], count: int, state: Sequence[Tensor]) -> Callable[[], None]:
    """Captures a CUDA graph, which executes nothing; the steps of the warm-up are undone."""
    before = [tensor.clone() for tensor in state]
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(WARM_UP):
            step()
            for tensor, values in zip(state, before, strict=True):  # among them the counter, which selects the rows
                tensor.copy_(values)
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph, capture_error_mode="thread_local"):
        for _ in range(count):
            step()
    replay: Callable[[], None] = graph.replay
    return replay

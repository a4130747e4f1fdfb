"""PyTorch by itself: modules, automatic differentiation and the fused Adam, eager, compiled, and in a CUDA graph."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import torch

from benchmarks.gpu.workloads import Workload


def step(workload: Workload, device: Any, compiled: str | None = None, capturable: bool = False) -> Callable[[], None]:
    """Returns a training step whose rows are drawn from a random order on the device.

    ``compiled`` is a mode of ``torch.compile`` for the network and its loss.
    """
    X, Y = (torch.from_numpy(part).to(device) for part in workload.examples())
    order, size, t = torch.randperm(workload.rows, device=device), workload.batch_size, workload.rows
    torch.manual_seed(0)
    layers: list[Any] = []
    for n, m in pairwise(workload.sizes):
        layers += [torch.nn.Linear(n, m), torch.nn.ReLU()]
    net = torch.nn.Sequential(*layers[:-1]).to(device)
    rate = torch.tensor(1e-3, device=device) if capturable else 1e-3
    optimizer = torch.optim.Adam(net.parameters(), lr=rate, fused=True, capturable=capturable)
    counter, lanes = torch.zeros((), dtype=torch.int64, device=device), torch.arange(size, device=device)

    def cost(x: Any, y: Any) -> Any:
        return torch.nn.functional.mse_loss(net(x), y)

    cost = torch.compile(cost, mode=compiled) if compiled else cost

    def one() -> None:
        rows = order.index_select(0, lanes + counter * size)
        counter.add_(1).remainder_(t // size)  # never beyond the order
        optimizer.zero_grad(set_to_none=True)
        cost(X.index_select(0, rows), Y.index_select(0, rows)).backward()
        optimizer.step()

    return one


def captured(workload: Workload, device: Any) -> Callable[[], None]:
    """Returns the same step, backpropagation and Adam included, as one CUDA graph."""
    one, stream = step(workload, device, capturable=True), torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            one()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        one()
    replay: Callable[[], None] = graph.replay
    return replay


def copy_and_product(device: Any, precision: str) -> tuple[Callable[[], object], Callable[[], object], float, float]:
    """Returns a copy and a product of large matrices, with the bytes and the operations of a call: the ceilings."""
    n = 8192 if device.type == "cuda" else 512
    one = torch.randn(n, n, device=device, dtype=torch.bfloat16 if precision == "bf16" else torch.float32)
    other = torch.empty_like(one)
    size = 2.0 * one.numel() * one.element_size()
    return lambda: other.copy_(one), lambda: torch.mm(one, one, out=other), size, 2.0 * n**3

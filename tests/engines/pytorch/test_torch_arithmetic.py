"""The arithmetic by which "auto" chooses counts at least the operations of a step, and all that they read and write."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.constrained import SHAPES, random_constrained
from support.pytorch import pytorch
from support.strategies import random_labels

import chainrule as cr
from chainrule.activations import ACTIVATIONS
from chainrule.costs import COSTS, TrainingSet
from chainrule.engines.problem import Problem
from chainrule.engines.torch.arithmetic import Gpu, Workload
from chainrule.optimizers import OPTIMIZERS

torch: Any = pytorch()

from torch.utils._python_dispatch import TorchDispatchMode  # noqa: E402
from torch.utils._pytree import tree_leaves  # noqa: E402

from chainrule.engines.torch.step import TrainingStep  # noqa: E402

pytestmark = pytest.mark.torch
ADAM, SQUARES = cr.Adam(0.01), cr.SumOfSquares()


class Counted(TorchDispatchMode):  # type: ignore[misc]  # PyTorch counts as untyped
    """Counts the operations that are no views, and the bytes of the tensors that they read and write."""

    def __init__(self) -> None:
        super().__init__()
        self.operations = self.bytes = 0

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = function(*args, **(kwargs or {}))
        tensors = [leaf for leaf in tree_leaves((args, kwargs, result)) if isinstance(leaf, torch.Tensor)]
        if not function.is_view:
            self.operations += 1
            sizes = ((tensor.numel(), tensor.untyped_storage().nbytes() // tensor.itemsize) for tensor in tensors)
            self.bytes += sum(min(size) * tensor.itemsize for size, tensor in zip(sizes, tensors, strict=True))
        return result


def require_bounded(
    net: cr.Network, cost: cr.Cost = SQUARES, optimizer: cr.Optimizer = ADAM, rows: int = 256, has_weights: bool = False
) -> None:
    """Counts the operations of a step of this network over so many rows, of one network and of two."""
    rng, net = np.random.default_rng(0), net.astype("float32")
    labels = random_labels(rng, cost, 2 * rows, net.m[-1]).astype("float32")
    weights = rng.uniform(0.5, 2.0, 2 * rows).astype("float32") if has_weights else None
    data = TrainingSet(
        rng.normal(size=(2 * rows, net.m[0])).astype("float32"), cost.targets(labels, net.m[-1], net.dtype), weights
    )
    size = 2 * rows if optimizer.full_batch_only else rows
    for networks in (1, 2):
        problems = [Problem(net.copy(), cost, optimizer, data, size, 6, seed) for seed in range(networks)]
        step, work = TrainingStep(problems, torch.device("cpu"), torch.float32), Workload(problems[0], networks)
        with torch.no_grad(), Counted() as counted:
            step(step.batches.full)
        assert counted.operations <= work.operations
        assert counted.bytes <= work.moved_bytes


def dense(hidden: Any = "relu", output: str = "identity", m: int = 32, **more: Any) -> cr.Network:
    """A network with two hidden layers."""
    return cr.Network.dense([m, m, m, 2], hidden=hidden, output=output, **more)


@pytest.mark.parametrize("optimizer", OPTIMIZERS.values(), ids=lambda kind: kind.name)
def test_optimizers_with_rates(optimizer: type[cr.Optimizer]) -> None:
    """Of every optimizer, with clipping, penalties and a frozen layer, and few rows beside many parameters."""
    layers = dense(m=64).layers
    first = cr.Layer(layers[0].W, layers[0].b, layers[0].sigma, rate=cr.Factors(W=0.0))
    for net in (cr.Network(layers), cr.Network([first, *layers[1:]])):
        for cost in (SQUARES, cr.SumOfSquares(l1=0.1, l2=0.1)):
            require_bounded(net, cost, optimizer(0.01, clip_norm=1.0), rows=4)


@pytest.mark.parametrize("cost", COSTS.values(), ids=lambda kind: kind.name)
def test_costs_with_weights(cost: type[cr.Cost]) -> None:
    """Of every cost, with penalties and weights."""
    output = {"log_likelihood": "sigmoid", "cross_entropy": "softmax", "poisson": "exp"}.get(cost.name, "identity")
    require_bounded(dense(output=output), cost(mean=True, l1=0.1, l2=0.1), has_weights=True)


@pytest.mark.parametrize("sigma", ACTIVATIONS)
def test_sigmas_with_dropout(sigma: str) -> None:
    """Of every σ, with dropout and without."""
    require_bounded(dense(sigma))
    require_bounded(dense(sigma, dropout=0.2))


@pytest.mark.parametrize("shape", SHAPES)
def test_blocks(shape: str) -> None:
    """Of blocks of all shapes."""
    net = random_constrained(6, SHAPES[shape], cr.tanh)
    plain = [layer for layer in net.layers if not isinstance(layer.sigma, cr.Parametric)]
    require_bounded(cr.Network(plain))


def test_the_bound_is_not_loose() -> None:
    """The common case takes a third of the operations that are counted for it, or more."""
    problem = Problem(dense(), SQUARES, ADAM, TrainingSet(np.ones((8, 32), "f4"), np.ones((8, 2), "f4")), 4, 6, 0)
    assert Workload(problem).operations <= 3 * 34


def test_products_fill_a_gpu_by_tiles() -> None:
    """A product with a tile for each multiprocessor takes its operations by the share of the peak that is reached; a
    small one takes the time of the multiprocessors that it has."""
    gpu, times = Gpu("GPU X", 100, 1e13, 1e12, 10**10), []
    for m in (640, 64):
        net = cr.Network.dense([m, m], dtype="float32")
        work = Workload(Problem(net, SQUARES, ADAM, TrainingSet(np.ones((m, m), "f4"), np.ones((m, m), "f4")), m, 1, 0))
        times.append(work._product_seconds(net.layout[0], gpu))
    assert times == pytest.approx([3 * 2 * 640**3 / 4e12, 3 * 2 * 64**3 / 4e10])

"""Every tensor of a step is on the device of the training: none is made on the CPU by default."""

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
from chainrule.optimizers import OPTIMIZERS

torch: Any = pytorch()

from torch.utils._python_dispatch import TorchDispatchMode  # noqa: E402
from torch.utils._pytree import tree_leaves  # noqa: E402

from chainrule.engines.torch.step import TrainingStep  # noqa: E402

pytestmark = pytest.mark.torch


class OnMeta(TorchDispatchMode):  # type: ignore[misc]  # PyTorch counts as untyped
    """Refuses an operation that has a tensor elsewhere than on PyTorch's device "meta", which holds no numbers."""

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = function._schema.name
        is_fused = name == "aten::_fused_adam_"  # which this device does not have, and which returns nothing
        result = None if is_fused else function(*args, **(kwargs or {}))
        places = {leaf.device.type for leaf in tree_leaves((args, kwargs, result)) if isinstance(leaf, torch.Tensor)}
        assert places <= {"meta"}, f"{name} has tensors on {places}"
        return result


def require_one_device(net: cr.Network, cost: cr.Cost | None = None, optimizer: cr.Optimizer | None = None) -> None:
    """Makes a step of one network and of two on "meta", over full and last minibatches."""
    cost, optimizer, rng = cost or cr.SumOfSquares(), optimizer or cr.Adam(0.01), np.random.default_rng(0)
    Y = cost.targets(random_labels(rng, cost, 20, net.m[-1]).astype(net.dtype), net.m[-1], net.dtype)
    weights = rng.uniform(0.5, 2.0, 20).astype(net.dtype)
    data = TrainingSet(rng.normal(size=(20, net.m[0])).astype(net.dtype), Y, weights)
    size, dtype = 20 if optimizer.full_batch_only else 6, torch.from_numpy(net.theta[:0].copy()).dtype
    for count in (1, 2):
        problems = [Problem(net.copy(), cost, optimizer, data, size, 6, seed) for seed in range(count)]
        step = TrainingStep(problems, torch.device("meta"), dtype)
        with torch.no_grad(), OnMeta():
            for sizes in {step.batches.full, step.batches.last}:
                step(sizes)
            step.gradient_norms()


def dense(hidden: Any = "relu", output: str = "identity") -> cr.Network:
    """A network with dropout."""
    return cr.Network.dense([3, 8, 4, 2], hidden=hidden, output=output, dropout=0.2, dtype="float32")


@pytest.mark.parametrize("optimizer", OPTIMIZERS.values(), ids=lambda kind: kind.name)
def test_optimizers(optimizer: type[cr.Optimizer]) -> None:
    """Every optimizer, with clipping."""
    require_one_device(dense(), optimizer=optimizer(0.01, clip_norm=1.0))


@pytest.mark.parametrize("cost", COSTS.values(), ids=lambda kind: kind.name)
def test_costs(cost: type[cr.Cost]) -> None:
    """Every cost, with penalties."""
    output = {"log_likelihood": "sigmoid", "cross_entropy": "softmax", "poisson": "exp"}.get(cost.name, "identity")
    require_one_device(dense(output=output), cost(mean=True, l1=0.1, l2=0.1))


@pytest.mark.parametrize("sigma", ACTIVATIONS)
def test_sigmas(sigma: str) -> None:
    """Every σ."""
    require_one_device(dense(sigma))


@pytest.mark.parametrize("shape", SHAPES)
def test_blocks_and_rates(shape: str) -> None:
    """Blocks, κ, and a frozen layer."""
    first, *others = random_constrained(6, SHAPES[shape], cr.tanh).layers
    frozen = cr.Layer(first.W, first.b, first.sigma, rate=cr.Factors(W=0.0))
    require_one_device(cr.Network([frozen, *others]), optimizer=cr.AdamW(0.01))


def test_a_tensor_of_the_cpu_is_found() -> None:
    """A number that is a tensor of the CPU, which PyTorch would copy to a GPU in every step, is refused."""
    with pytest.raises(AssertionError, match="has tensors on"), OnMeta():
        torch.zeros(3, device="meta").add_(torch.tensor(1.0))

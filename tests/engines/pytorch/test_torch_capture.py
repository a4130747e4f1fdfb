"""A training step can be recorded: it reads nothing on the host, and replays of its trace are steps, bit for bit."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from support.constrained import SHAPES, random_constrained
from support.engines.state_bits import bits
from support.pytorch import pytorch
from support.strategies import random_labels

import chainrule as cr
from chainrule import engines
from chainrule.costs import COSTS, TrainingSet
from chainrule.engines.problem import Problem
from chainrule.optimizers import OPTIMIZERS

torch: Any = pytorch()

from support.engines.capture import CaptureError, cuda_on_the_cpu, lint, traced  # noqa: E402 - they import PyTorch

from chainrule.engines.torch import recorded, trainer  # noqa: E402
from chainrule.engines.torch.step import TrainingStep  # noqa: E402

pytestmark = pytest.mark.torch


def make_problem(optimizer: cr.Optimizer, cost: cr.Cost, seed: int = 0, dtype: str = "float32", **more: Any) -> Problem:
    """A 3-8-4-2 network with dropout, and 20 weighted examples in minibatches of 5, or all for RPROP."""
    rng = np.random.default_rng(seed)
    output = {"log_likelihood": "sigmoid", "cross_entropy": "softmax", "poisson": "exp"}.get(cost.name, "identity")
    net = cr.Network.dense([3, 8, 4, 2], hidden=["relu", "gelu"], output=output, dropout=0.2, seed=seed, dtype=dtype)
    Y = cost.targets(random_labels(rng, cost, 20, 2).astype(dtype), 2, net.dtype)
    data = TrainingSet(rng.normal(size=(20, 3)).astype(dtype), Y, rng.uniform(0.5, 2.0, 20).astype(dtype))
    return Problem(net, cost, optimizer, data, 20 if optimizer.full_batch_only else 5, 6, seed, **more)


def begun(problem: Problem, kind: type[TrainingStep] = TrainingStep) -> TrainingStep:
    """The step of a run that has begun its first epoch."""
    dtype = torch.float32 if problem.net.dtype == np.float32 else torch.float64
    made = trainer.Trainer([problem], torch.device("cpu"), dtype)
    made.step = kind([problem], torch.device("cpu"), dtype)
    made.load([engines.chosen(problem.net, engine="torch").engine.start(problem, None).state()])
    made.begin_epoch()
    return made.step


def operations(step: TrainingStep) -> int:
    """The number of operations of a step, which the linter accepts, at the start of an epoch."""

    def again() -> None:
        step.counter.zero_()
        step(step.batches.full)

    with torch.no_grad():
        return lint(again, lambda: [*step.state, *step.inputs])


CLIPPED = [cr.Adam(cr.Cosine(0.01), clip_norm=1.0), cr.AdamW(0.01, weight_decay=cr.FlatCosine(0.1))]


@pytest.mark.parametrize("cost", [kind(mean=True, l2=0.1) for kind in COSTS.values()], ids=lambda cost: cost.name)
@pytest.mark.parametrize("optimizer", [*(kind(0.01) for kind in OPTIMIZERS.values()), *CLIPPED], ids=repr)
def test_a_step_can_be_recorded(optimizer: cr.Optimizer, cost: cr.Cost) -> None:
    """Three steps have the same operations, shapes and Python numbers, read nothing on the host, and move no tensor."""
    assert operations(begun(make_problem(optimizer, cost))) > 50


class Faulty(TrainingStep):
    """A step with a fault."""

    fault: Callable[[Faulty], object]

    def __call__(self, sizes: tuple[int, ...]) -> None:
        super().__call__(sizes)
        type(self).fault(self)


def _count(step: Faulty) -> None:
    step.steps = getattr(step, "steps", 0) + 1  # type: ignore[attr-defined]
    step.theta.mul_(1.0 - 1e-9 * step.steps)  # type: ignore[attr-defined]


FAULTS: dict[str, tuple[Callable[[Faulty], object], str]] = {
    "a host read": (lambda step: float(step.J[0]), "reads a number"),
    "a branch on the device": (lambda step: step.theta.zero_() if step.J[0] > 1e9 else None, "reads a number"),
    "a mask": (lambda step: step.theta[step.theta > 0].sum(), "shape that depends"),
    "a number that changes": (_count, "a graph would keep the first"),
    "a tensor from the host": (lambda step: step.theta.add_(torch.tensor(0.0)), "copies from the host"),
    "a moved tensor": (lambda step: setattr(step, "theta", step.theta.clone()), "has moved"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_the_linter_finds_a_fault(fault: str) -> None:
    """Each kind of fault that a graph would freeze or refuse is found."""
    plant, words = FAULTS[fault]
    planted = type("Planted", (Faulty,), {"fault": staticmethod(plant)})
    step = begun(make_problem(cr.Adam(0.01), cr.SumOfSquares()), planted)
    with pytest.raises(CaptureError, match=words):
        operations(step)


REPLAYED = {
    "adam": make_problem(cr.Adam(cr.OneCycle(0.02), clip_norm=0.5), cr.SumOfSquares()),
    "momentum, ragged": replace(make_problem(cr.Momentum(0.01), cr.CrossEntropy()), batch_size=6),
    "rprop": make_problem(cr.RPROP(0.01), cr.Huber(l1=0.01)),
    "adamw, float64": make_problem(cr.AdamW(0.01), cr.LogLikelihood(mean=True), dtype="float64"),
}


def final_state(case: str) -> dict[str, object]:
    """The bits of the state in which a run of six epochs ends."""
    problem = replace(REPLAYED[case], net=REPLAYED[case].net.copy())
    run = engines.chosen(problem.net, engine="torch").engine.start(problem, None)
    run.advance(6, math.inf)
    assert run.stopped == "epochs"
    return bits(run.state())


@pytest.mark.parametrize("case", REPLAYED)
def test_replays_are_steps(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run of replayed traces, of several steps and of one, ends in the bits of the run that calls its steps."""
    called = final_state(case)
    monkeypatch.setattr(trainer, "recorded", traced)
    monkeypatch.setattr(trainer, "STEPS_OF_A_GRAPH", 3)
    assert final_state(case) == called


@pytest.mark.parametrize("case", REPLAYED)
def test_graphs_are_steps(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """So does a run of graphs, which replay their operations into the memory of their results: warm-up and capture
    leave no trace."""
    called = final_state(case)
    cuda_on_the_cpu(monkeypatch)
    monkeypatch.setattr(trainer, "recorded", recorded._captured)
    monkeypatch.setattr(trainer, "STEPS_OF_A_GRAPH", 3)
    assert final_state(case) == called


def test_a_constrained_network_can_be_recorded() -> None:
    """Blocks, κ, rates and a frozen layer read nothing on the host either."""
    plain = random_constrained(6, SHAPES["a mixture"], cr.tanh).layers
    first = cr.Layer(plain[0].W, plain[0].b, plain[0].sigma, rate=cr.Factors(W=0.0))
    net, rng = cr.Network([first, *plain[1:]]), np.random.default_rng(0)
    data = TrainingSet(rng.normal(size=(20, net.m[0])), rng.normal(size=(20, 2)))
    problem = Problem(net, cr.SumOfSquares(l1=0.1), cr.AdamW(0.01), data, 5, 6, 0)
    assert operations(begun(problem)) > 50

"""Several networks of one shape in one step: each ends as it does alone, within the rounding of its products."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from support.constrained import SHAPES, random_constrained
from support.engines.state_bits import bits
from support.pytorch import pytorch

import chainrule as cr
from chainrule import engines
from chainrule._internal.checks import Array
from chainrule.costs import TrainingSet
from chainrule.engines.problem import Problem

torch: Any = pytorch()

from support.engines.capture import traced  # noqa: E402 - it imports PyTorch

from chainrule.engines.torch import devices, trainer  # noqa: E402
from chainrule.engines.torch.run import TorchRun, advance_together  # noqa: E402

pytestmark = pytest.mark.torch

RNG = np.random.default_rng(0)
X, Y, W = RNG.normal(size=(30, 4)), RNG.normal(size=(30, 2)), RNG.uniform(0.5, 2.0, 30)
EPOCHS = 5


def dense(seed: int) -> cr.Network:
    """4-16-8-2 with dropout."""
    return cr.Network.dense([4, 16, 8, 2], hidden=["relu", "tanh"], dropout=0.2, seed=seed)


def constrained(seed: int) -> cr.Network:
    """Blocks, κ, and layers with rates."""
    first, *rest = random_constrained(seed, SHAPES["diagonal"], cr.tanh).layers
    return cr.Network([cr.Layer(first.W, first.b, first.sigma, rate=cr.Factors(W=2.0, b=0.0)), *rest])


def problem(seed: int, make: Any, data: TrainingSet, **settings: Any) -> Problem:
    """The problem of network ``seed``, in minibatches of 8 rows."""
    optimizer = settings.pop("optimizer", cr.AdamW(cr.Cosine(0.02), clip_norm=1.0))
    return Problem(make(seed), cr.SumOfSquares(l2=0.01), optimizer, data, 8, EPOCHS, seed, **settings)


def started(one: Problem) -> TorchRun:
    """A run of this problem, with a network of its own."""
    own = replace(one, net=one.net.copy())
    run = engines.chosen(own.net, engine=cr.engines.Torch("cpu")).engine.start(own, None)
    assert isinstance(run, TorchRun)
    return run


DATA = TrainingSet(X, Y, W)
KINDS: dict[str, tuple[Any, Any]] = {
    "one training set": (dense, lambda seed: DATA),
    "several training sets": (dense, lambda seed: TrainingSet(X, Y * (1.0 + seed // 2), W) if seed % 2 else DATA),
    "without weights": (dense, lambda seed: TrainingSet(X, Y)),
    "blocks and rates": (constrained, lambda seed: DATA),
}


@pytest.mark.parametrize("kind", KINDS)
def test_eight_networks_end_as_eight_alone(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """θ, moments and records of eight networks in one step are those of each alone, in steps that are replayed too."""
    make, data = KINDS[kind]
    problems = [problem(seed, make, data(seed), validation=TrainingSet(X[:5], Y[:5])) for seed in range(8)]
    together, alone = ([started(one) for one in problems] for _ in range(2))
    for run in alone:
        run.advance(EPOCHS, math.inf)
    monkeypatch.setattr(trainer, "recorded", traced)
    advance_together(together, 2, math.inf)
    advance_together(together, EPOCHS, math.inf)
    for run, other in zip(together, alone, strict=True):
        ours, truth = run.state(), other.state()
        assert (run.stopped, ours.step, ours.stream) == ("epochs", truth.step, truth.stream)
        pairs: list[tuple[Any, Any]] = [(ours.theta, truth.theta)]
        pairs += [(ours.moments[name], truth.moments[name]) for name in truth.moments]
        pairs += [(ours.records[name], truth.records[name]) for name in ("J", "validation_J", "gradient_norm")]
        for got, sought in pairs:
            np.testing.assert_allclose(got, sought, rtol=1e-9, atol=1e-12 * float(np.max(np.abs(sought))))


def test_one_that_diverges_leaves_the_others_whole() -> None:
    """If one network diverges, it keeps its last finite θ, and the others continue as if it had not been there."""
    problems = [problem(seed, dense, DATA, optimizer=cr.Momentum(1e-3)) for seed in range(3)]
    problems[1].net.theta *= 1e160
    together, alone = ([started(one) for one in problems] for _ in range(2))
    advance_together(together, EPOCHS, math.inf)
    assert [run.stopped for run in together] == [None, "diverged", None]
    alone[1].advance(EPOCHS, math.inf)
    assert bits(together[1].state()) == bits(alone[1].state())
    for k in (0, 2):
        together[k].advance(EPOCHS, math.inf)
        alone[k].advance(EPOCHS, math.inf)
        np.testing.assert_allclose(together[k].state().theta, alone[k].state().theta, rtol=1e-9)


def test_a_slice_ends_for_all_when_it_ends_for_one() -> None:
    """Patience of one network ends the slice; those left continue, and each stops where it does alone."""
    held_out = TrainingSet(X[:6], -Y[:6])
    problems = [problem(seed, dense, DATA, validation=held_out, patience=1 + seed) for seed in range(3)]
    together, alone = ([started(one) for one in problems] for _ in range(2))
    left = list(together)
    while left:
        advance_together(left, EPOCHS, math.inf)
        left = [run for run in left if run.stopped is None]
    for run, other in zip(together, alone, strict=True):
        other.advance(EPOCHS, math.inf)
        assert (run.stopped, run.state().epoch, run.state().best_epoch) == (
            other.stopped, other.state().epoch, other.state().best_epoch,
        )  # fmt: skip


def thetas(seeds: range, **settings: Any) -> list[Array]:
    """θ of networks that ``train_many`` trains at the same time."""
    nets = [dense(seed) for seed in seeds]
    histories = cr.train_many(
        nets, X, Y, seed=cr.Each(seeds), optimizer="adam", epochs=EPOCHS, batch_size=8,
        engine=cr.engines.Torch("cpu"), **settings,
    )  # fmt: skip
    assert {history.engine for history in histories} == {"torch"}
    return [net.theta for net in nets]


@pytest.mark.parametrize(
    "settings", [{}, {"rows": np.arange(17)}, {"callbacks": [lambda history: None]}], ids=["", "rows", "callbacks"]
)
def test_train_many_bundles_them_on_a_gpu(settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """On a GPU, ``train_many`` makes one step for all; θ is that of networks trained one by one."""
    one_by_one = thetas(range(4), **settings)
    sizes: list[int] = []
    make = trainer.Trainer.__init__

    def counted(self: trainer.Trainer, problems: Any, *where: Any) -> None:
        sizes.append(len(problems))
        make(self, problems, *where)

    monkeypatch.setattr(trainer.Trainer, "__init__", counted)
    monkeypatch.setattr(devices, "is_gpu", lambda device: True)
    monkeypatch.setattr(devices, "lacking", lambda device: None)
    for one, other in zip(thetas(range(4), **settings), one_by_one, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-12)
    assert sizes == [4]

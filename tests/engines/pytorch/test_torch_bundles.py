"""Several networks of one shape in one step: each ends as it does alone, within the rounding of its products."""

from __future__ import annotations

import math
import weakref
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
from chainrule.costs.training_set import Subset
from chainrule.engines.problem import Problem

torch: Any = pytorch()

from support.engines.bundle_sizes import bundle_sizes  # noqa: E402 - it imports PyTorch
from support.engines.capture import cuda_on_the_cpu, lint  # noqa: E402

from chainrule.engines.torch import recorded, trainer  # noqa: E402
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


def own_rows(seed: int, of: TrainingSet, fewest: int = 25) -> Subset:
    """Some rows, in an order of their own: 25 to 28."""
    return Subset(of, np.random.default_rng(seed).permutation(30)[: fewest + seed % 4].astype(np.uint32))


def problem(seed: int, make: Any, data: TrainingSet | Subset, **settings: Any) -> Problem:
    """The problem of network ``seed``, in minibatches of 8 rows, or of 7 for every other network with own rows."""
    optimizer = settings.pop("optimizer", cr.AdamW(cr.Cosine(0.02), clip_norm=1.0))
    size = 8 - seed % 2 if isinstance(data, Subset) else 8
    given: dict[str, Any] = {"cost": cr.SumOfSquares(l2=0.01), "batch_size": size} | settings
    return Problem(make(seed), optimizer=optimizer, data=data, epochs=EPOCHS, seed=seed, **given)


def started(one: Problem) -> TorchRun:
    """A run of this problem, with a network of its own."""
    own = replace(one, net=one.net.copy())
    run = engines.chosen(own.net, engine=cr.engines.Torch("cpu")).engine.start(own, None)
    assert isinstance(run, TorchRun)
    return run


DATA, PLAIN = TrainingSet(X, Y, W), TrainingSet(X, Y)
VALIDATION = TrainingSet(X[:5], Y[:5])
MEAN = cr.SumOfSquares(mean=True, l1=0.01, mean_penalty=True)
KINDS: dict[str, tuple[Any, Any, Any]] = {
    "one training set": (dense, lambda seed: DATA, {}),
    "several training sets": (dense, lambda seed: TrainingSet(X, Y * (1.0 + seed // 2), W) if seed % 2 else DATA, {}),
    "without weights": (dense, lambda seed: PLAIN, {}),
    "blocks and rates": (constrained, lambda seed: DATA, {}),
    "own rows": (dense, lambda seed: own_rows(seed, DATA), {}),
    "own rows, mean": (dense, lambda seed: own_rows(seed, PLAIN), {"cost": MEAN}),
    "own rows, all at once": (dense, lambda seed: own_rows(seed, PLAIN), {"batch_size": 28}),
    "own rows for validation": (dense, lambda seed: PLAIN, {"validation": lambda seed: own_rows(seed, DATA, 3)}),
}


@pytest.mark.parametrize("kind", KINDS)
def test_eight_networks_end_as_eight_alone(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """θ, moments and records of eight networks in one step are those of each alone, in steps that are replayed too."""
    make, data, settings = KINDS[kind]
    held_out = settings.get("validation", lambda seed: VALIDATION)
    problems = [problem(seed, make, data(seed), **settings | {"validation": held_out(seed)}) for seed in range(8)]
    problems = [replace(one, batch_size=min(one.batch_size, one.data.t)) for one in problems]
    together, alone = ([started(one) for one in problems] for _ in range(2))
    for run in alone:
        run.advance(EPOCHS, math.inf)
    cuda_on_the_cpu(monkeypatch)
    monkeypatch.setattr(trainer, "recorded", recorded._captured)
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


def test_a_step_over_rows_of_their_own_can_be_recorded() -> None:
    """Networks with a few rows more or less than others read nothing on the host either."""
    runs = [started(problem(seed, dense, own_rows(seed, DATA))) for seed in range(4)]
    made, _ = runs[0].trainer_of(runs)
    made.load([run.state() for run in runs])
    made.begin_epoch()
    step = made.step

    def again() -> None:
        step.counter.zero_()
        step(step.batches.full)

    with torch.no_grad():
        assert lint(again, lambda: [*step.state, *step.inputs]) > 50


def test_runs_at_several_places_are_advanced_in_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those at the same step make their steps together, whatever the others do; all end as alone."""
    problems = [problem(seed, dense, DATA) for seed in range(4)]
    together, alone = ([started(one) for one in problems] for _ in range(2))
    together[1].advance(1, math.inf)
    together[3].advance(1, math.inf)
    advance_together(together, 1, math.inf)
    trainers = [run._trainer for run in together]
    assert trainers[:2] == trainers[2:]
    assert [len(one.problems) for one in trainers if one] == [2, 2, 2, 2]
    for run, other in zip(together, alone, strict=True):
        run.advance(EPOCHS, math.inf)
        other.advance(EPOCHS, math.inf)
        np.testing.assert_allclose(run.state().theta, other.state().theta, rtol=1e-9, atol=1e-12)


def test_examples_are_stored_once() -> None:
    """Networks with rows of one array share it on the device, in several trainings too while one lasts."""
    first, other = ([started(problem(seed, dense, own_rows(seed, DATA)))] for seed in range(2))
    stored = [runs[0].trainer_of(runs)[0].step.batches._examples._parts[0].tensor for runs in (first, other)]
    assert stored[0] is stored[1]
    assert stored[0].shape == X.shape
    last = stored.pop()
    del stored
    for runs in (first, other):
        runs[0].finish()
    seen = weakref.ref(last)
    del last
    assert seen() is None  # an X that changes afterwards is copied anew


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
    """Patience of one network ends the slice; those left continue, and each stops where it does alone.

    Steps are recorded anew only when more than half of the networks have stopped.
    """
    held_out = TrainingSet(X[:6], -Y[:6])
    problems = [problem(seed, dense, DATA, validation=held_out, patience=1 + seed) for seed in range(4)]
    together, alone = ([started(one) for one in problems] for _ in range(2))
    left, sizes = list(together), []
    while left:
        advance_together(left, EPOCHS, math.inf)
        assert left[-1]._trainer is not None
        sizes.append((len(left), len(left[-1]._trainer.problems)))
        left = [run for run in left if run.stopped is None]
    assert sizes[0] == (4, 4)
    assert all(of_trainer <= 2 * count for count, of_trainer in sizes)
    assert any(of_trainer > count for count, of_trainer in sizes)
    for run, other in zip(together, alone, strict=True):
        other.advance(EPOCHS, math.inf)
        np.testing.assert_allclose(run.state().theta, other.state().theta, rtol=1e-9, atol=1e-12)
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
    sizes = bundle_sizes(monkeypatch)
    for one, other in zip(thetas(range(4), **settings), one_by_one, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-12)
    assert sizes == [4]


def test_networks_with_other_parameters_of_sigma_are_of_other_kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    """One step has one σ: its parameters are the same in a bundle, to the last digit."""
    monkeypatch.setattr(cr.engines.Torch, "trains_together", True)
    kinds = []
    for slope in (0.1234567, 0.1234567, 0.1234568):
        net = cr.Network.dense([4, 8, 2], hidden=cr.leaky_relu.with_parameters(slope=slope))
        kinds.append(cr.engines.Torch("cpu").bundle_kind(problem(0, lambda seed, net=net: net, DATA)))
    assert kinds[0] == kinds[1] != kinds[2]

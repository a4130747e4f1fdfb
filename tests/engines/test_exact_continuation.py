"""A run that is stopped, saved, loaded and resumed ends bitwise like an unbroken one, wherever it is cut."""

from __future__ import annotations

import math
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.constrained import SHAPES, random_constrained
from support.engines.state_bits import bits
from support.patience import ENDLESS
from support.strategies import example_counts, seeds

import chainrule as cr
from chainrule import engines
from chainrule._internal.checks import Array
from chainrule.costs import TrainingSet
from chainrule.engines import TrainingRun
from chainrule.engines.choice import MODULES
from chainrule.engines.problem import Problem, side_by_side
from chainrule.optimizers import OPTIMIZERS

EPOCHS = 7

VARIANTS: Sequence[cr.Optimizer] = [
    *(kind(0.01) for kind in OPTIMIZERS.values()),
    cr.Adam(cr.OneCycle(0.02), clip_norm=0.5),
    cr.AdamW(cr.CosLog4(0.02)),
]


@dataclass(frozen=True)
class Plan:
    """The division of the epochs into steps, and the random parts of a step."""

    batch_size: int  # of t = 10 examples
    dropout: float = 0.0


PLANS = {
    "full batch": Plan(10),
    "full batch, dropout": Plan(10, 0.3),
    "minibatches": Plan(5),
    "ragged": Plan(4),
    "ragged, dropout": Plan(4, 0.3),
}
TABLE = [
    pytest.param(optimizer, plan, dtype, id=f"{optimizer.name}-{name}-{dtype}")
    for optimizer in VARIANTS
    for name, plan in PLANS.items()
    for dtype in ("float32", "float64")
    if plan.batch_size == 10 or not optimizer.full_batch_only
]


def make_problem(
    optimizer: cr.Optimizer, plan: Plan, dtype: str = "float64", t: int = 10, seed: int = 5, epochs: int = EPOCHS
) -> Problem:
    """A 3-5-4-2 network, t weighted examples, and a validation set."""
    rng = np.random.default_rng(seed)
    net = cr.Network.dense([3, 5, 4, 2], hidden=["tanh", "sigmoid"], dropout=plan.dropout, seed=seed, dtype=dtype)

    def draw(*shape: int) -> Array:
        return rng.normal(size=shape).astype(dtype)

    data = TrainingSet(draw(t, 3), draw(t, 2), abs(draw(t)) + net.dtype.type(0.1))
    validation = TrainingSet(draw(4, 3), draw(4, 2))
    cost = cr.SumOfSquares(mean=seed % 2 == 1, l2=0.01)
    return Problem(net, cost, optimizer, data, plan.batch_size, epochs, seed, validation)


def start(problem: Problem, engine: str, state: cr.TrainingState | None = None) -> TrainingRun:
    """Starts a run on the engine, from the state if one is given."""
    choice = engines.chosen(problem.net, problem.cost, problem.optimizer, shuffle=problem.shuffle, engine=engine)
    return choice.engine.start(problem, state)


def fresh(problem: Problem) -> Problem:
    """The same problem with a network of another θ, so that a resumed run must take θ from the state."""
    net = problem.net.copy()
    net.theta = np.zeros(net.d)
    return replace(problem, net=net)


def saved_and_loaded(state: cr.TrainingState) -> cr.TrainingState:
    """The state after a way through a file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "state.safetensors"
        state.save(path)
        return cr.TrainingState.load(path)


@pytest.mark.parametrize(("optimizer", "plan", "dtype"), TABLE)
def test_n_epochs_are_n_times_one_epoch(optimizer: cr.Optimizer, plan: Plan, dtype: str, engine: str) -> None:
    """Seven epochs at once and seven times one epoch end in bitwise the same state, in the dtype of θ."""
    whole = start(make_problem(optimizer, plan, dtype), engine)
    whole.advance(EPOCHS, math.inf)
    pieces = start(make_problem(optimizer, plan, dtype), engine)
    for epoch in range(1, EPOCHS + 1):
        pieces.advance(1, math.inf)
        assert len(pieces.records["J"]) == epoch
    assert bits(pieces.state()) == bits(whole.state())
    assert whole.stopped == pieces.stopped == "epochs"
    assert whole.state().theta.dtype == np.dtype(dtype)


@pytest.mark.parametrize(("optimizer", "plan", "dtype"), TABLE)
def test_a_saved_run_resumes_exactly(optimizer: cr.Optimizer, plan: Plan, dtype: str, engine: str) -> None:
    """A run that is stopped, saved, loaded and resumed with another network ends bitwise like the unbroken one."""

    def train(problem: Problem, resume: cr.TrainingState | None = None, stop_after: int = EPOCHS) -> cr.History:
        assert problem.validation is not None
        return cr.train(
            problem.net, problem.examples.X, problem.examples.Y, weights=problem.examples.weights, cost=problem.cost,
            optimizer=optimizer, epochs=EPOCHS, batch_size=plan.batch_size, seed=problem.seed, engine=engine,
            validation=side_by_side(problem.validation)[:2],
            callbacks=[lambda history: history.epochs == stop_after], resume=resume,
        )  # fmt: skip

    other = fresh(make_problem(optimizer, plan, dtype))
    stopped = train(make_problem(optimizer, plan, dtype), stop_after=3)
    assert (stopped.stopped, stopped.epochs) == ("callback", 3)
    resumed = train(other, saved_and_loaded(stopped.state))
    unbroken = train(make_problem(optimizer, plan, dtype))
    assert resumed.stopped == unbroken.stopped == "epochs"
    assert bits(resumed.state) == bits(unbroken.state)
    assert other.net.theta.tobytes() == unbroken.state.theta.tobytes()


@pytest.mark.parametrize(("optimizer", "plan", "dtype"), TABLE)
def test_a_run_resumes_exactly_within_an_epoch(optimizer: cr.Optimizer, plan: Plan, dtype: str, engine: str) -> None:
    """A run replaced by a resumed one after each step ends bitwise like the unbroken one; the states of the first epoch
    also pass through files."""
    problem = make_problem(optimizer, plan, dtype)
    whole = start(problem, engine)
    whole.advance(EPOCHS, math.inf)
    run, in_the_middle = start(make_problem(optimizer, plan, dtype), engine), 0
    while run.stopped is None:
        run.advance(EPOCHS, 0.0)
        state = run.state()
        in_the_middle += state.batch > 0
        run = start(fresh(problem), engine, state if state.epoch else saved_and_loaded(state))
    assert bits(run.state()) == bits(whole.state())
    if engine == "reference":  # it checks the clock after each step
        assert in_the_middle == EPOCHS * (problem.steps_per_epoch - 1)


@pytest.mark.parametrize("engine", sorted(MODULES))
@settings(max_examples=40)
@given(
    t=example_counts,
    batch_size=example_counts,
    dropout=st.sampled_from([0.0, 0.25, 0.5]),
    optimizer=st.sampled_from(VARIANTS),
    dtype=st.sampled_from(["float32", "float64"]),
    seed=seeds,
    cuts=st.lists(st.tuples(st.integers(1, 3), st.sampled_from([0.0, math.inf])), max_size=8),
)
def test_a_run_resumes_exactly_wherever_it_is_cut(
    t: int, batch_size: int, dropout: float, optimizer: cr.Optimizer, dtype: str, seed: int,
    cuts: list[tuple[int, float]], engine: str,
) -> None:  # fmt: skip
    """A run cut after any steps ends bitwise like the unbroken one, for any t, batch size, dropout and seed."""
    plan = Plan(t if optimizer.full_batch_only else min(batch_size, t), dropout)
    problem = make_problem(optimizer, plan, dtype, t, seed, epochs=5)
    whole = start(make_problem(optimizer, plan, dtype, t, seed, epochs=5), engine)
    whole.advance(5, math.inf)
    run = start(make_problem(optimizer, plan, dtype, t, seed, epochs=5), engine)
    for epochs, seconds in (*cuts, (5, math.inf)):
        run.advance(epochs, seconds)
        run = start(fresh(problem), engine, run.state())
    assert bits(run.state()) == bits(whole.state())


def layered_problem(dtype: str, shuffle: bool = True) -> Problem:
    """A scaling layer, blocks, κ, factors, and schedules of weight decay and dropout that reach 0, in ragged steps."""
    rng = np.random.default_rng(8)
    plain = random_constrained(6, SHAPES["squares"], cr.Parametric("mish")).layers
    net = cr.Network(
        [
            cr.Layer(cr.Diagonal(np.ones(4)), np.zeros(4), "identity", rate=cr.Factors(W=6.0, b=0.0)),
            cr.Layer(plain[0].W, plain[0].b, plain[0].sigma, cr.FlatCosine(0.4), rate=cr.Factors(kappa=0.1)),
            cr.Layer(plain[1].W, plain[1].b, plain[1].sigma, cr.Step(0.3, every=0.7), decay=cr.Factors(kappa=0.5)),
            plain[2],
        ]
    ).astype(dtype)
    optimizer = cr.AdamW(cr.CosLog4(0.02), weight_decay=cr.FlatCosine(0.5, flat=0.3))
    data = TrainingSet(rng.normal(size=(10, 4)).astype(dtype), rng.normal(size=(10, 2)).astype(dtype))
    return Problem(net, cr.SumOfSquares(l2=0.01), optimizer, data, 4, EPOCHS, seed=3, shuffle=shuffle)


@pytest.mark.parametrize("shuffle", [True, False], ids=["", "in order"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_constrained_layers_resume_exactly(dtype: str, shuffle: bool, engine: str) -> None:
    """With blocks, κ, factors, scheduled decay and dropout, and rows in order, a run cut after each epoch or each step,
    with states that pass through files, ends bitwise like the unbroken one."""
    try:
        whole = start(layered_problem(dtype, shuffle), engine)
    except cr.EngineDeclined as why:
        pytest.skip(str(why))
    whole.advance(EPOCHS, math.inf)
    problem, pieces = layered_problem(dtype, shuffle), start(layered_problem(dtype, shuffle), engine)
    for epoch in range(EPOCHS):
        pieces.advance(1, math.inf)
        if epoch == 3:
            pieces = start(fresh(problem), engine, saved_and_loaded(pieces.state()))
    assert bits(pieces.state()) == bits(whole.state())
    cut = start(layered_problem(dtype, shuffle), engine)
    while cut.stopped is None:
        cut.advance(EPOCHS, 0.0)
        cut = start(fresh(problem), engine, cut.state())
    assert bits(cut.state()) == bits(whole.state())
    assert whole.state().step == 3 * EPOCHS


@pytest.mark.parametrize("rule", [{"patience": 3}, {"tol": 0.05, "tol_epochs": 4}], ids=["patience", "tol"])
def test_a_resumed_run_stops_where_the_unbroken_one_does(rule: dict[str, float], engine: str) -> None:
    """The state holds all that ``patience`` and ``tol`` need (the best θ, the last J): a run cut at each epoch stops
    after the same epoch, for the same reason, with the same best θ."""

    def problem() -> Problem:
        drawn = make_problem(cr.Momentum(0.005), Plan(4), epochs=500, seed=6)
        return replace(drawn, **rule)  # type: ignore[arg-type]

    whole = start(problem(), engine)
    whole.advance(500, math.inf)
    run = start(problem(), engine)
    while run.stopped is None:
        run.advance(1, math.inf)
        run = start(fresh(problem()), engine, run.state())
    run = start(fresh(problem()), engine, saved_and_loaded(run.state()))
    assert run.stopped == whole.stopped == next(iter(rule))
    assert 5 <= whole.state().epoch < 500  # not at once
    assert bits(run.state()) == bits(whole.state())


def test_an_interrupted_run_continues_exactly(engine: str) -> None:
    """``interrupt`` ends the running ``advance``, or the next one if none runs; the run then continues bitwise like the
    unbroken one."""
    run, whole = (start(make_problem(cr.Adam(), PLANS["ragged, dropout"], epochs=ENDLESS), engine) for _ in range(2))
    run.interrupt()
    run.advance(ENDLESS, math.inf)
    presser = threading.Timer(0.1, run.interrupt)
    presser.start()
    run.advance(ENDLESS, math.inf)
    presser.join()
    assert run.stopped is None
    run.advance(1, math.inf)
    reached = run.state()
    assert reached.epoch > 0
    whole.advance(reached.epoch, math.inf)
    assert bits(whole.state()) == bits(reached)


def test_a_state_is_a_copy(engine: str) -> None:
    """A state does not change while its run continues, nor does the state that a run starts from."""
    run = start(make_problem(cr.Adam(), PLANS["ragged"]), engine)
    run.advance(2, math.inf)
    state = run.state()
    before = bits(state)
    run.advance(2, math.inf)
    assert bits(state) == before != bits(run.state())
    again = start(fresh(make_problem(cr.Adam(), PLANS["ragged"])), engine, state)
    again.advance(2, math.inf)
    assert bits(state) == before
    assert bits(again.state()) == bits(run.state())

"""Training by the native engine is the reference's training: its θ, its records, its ends, its states.

Both make the same steps over the same examples; only rounding differs. How far rounding may lead two paths apart is
measured where it is compared: the reference runs again from θ₀ moved by a few hundred units of rounding, more than all
the steps' roundings together move θ, and native may be as far off as that path is.
"""

from __future__ import annotations

import math
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import engines
from chainrule._internal.checks import Array
from chainrule.engines import TrainingRun
from chainrule.engines.problem import Problem, TrainingSet
from chainrule.engines.state import RECORDS

pytestmark = pytest.mark.native

OPTIMIZERS: list[cr.Optimizer] = [
    cr.GradientDescent(0.05), cr.Momentum(0.02), cr.Nesterov(0.02), cr.AdaGrad(0.05), cr.RMSProp(0.01), cr.Adam(0.01),
    cr.AdamW(0.01, weight_decay=0.1), cr.RPROP(0.01),
]  # fmt: skip
SCHEDULES: list[cr.Schedule] = [
    cr.Constant(0.02), cr.Step(0.02, every=2.5, factor=0.5), cr.Exponential(0.02, decay=0.3),
    cr.InverseTime(0.02, decay=0.5), cr.Cosine(0.02, warmup=1.5, final=0.001), cr.OneCycle(0.03), cr.CosLog4(0.02),
]  # fmt: skip
SHAPES = {"lanes": ([3, 9, 5, 2], 1), "panels": ([3, 50, 33, 2], 2)}  # and how many threads
EPOCHS = 6


@dataclass(frozen=True)
class Plan:
    """What a run is like, but for its optimizer."""

    shape: str
    batch_size: int  # of t = 50 examples: 50, or 16 with a last one of 2
    cost: cr.Cost
    dropout: float
    weighted: bool
    dtype: str


def make_problem(plan: Plan, optimizer: cr.Optimizer, epochs: int = EPOCHS, **rules: Any) -> Problem:
    """50 examples, a validation set of 23, and a network of tanh and softplus layers."""
    m, threads = SHAPES[plan.shape]
    net = cr.Network.dense(m, hidden=["tanh", "softplus"], dropout=plan.dropout, seed=2, dtype=plan.dtype)
    rng = np.random.default_rng(8)

    def examples(t: int) -> TrainingSet:
        X = rng.normal(size=(t, 3))
        Y = np.sin(X[:, :2]) + 0.3 * rng.normal(size=(t, 2))
        weights: Array | None = rng.uniform(0.5, 2.0, size=t).astype(plan.dtype)
        return TrainingSet(X.astype(plan.dtype), Y.astype(plan.dtype), weights if plan.weighted else None)

    data, validation = examples(50), examples(23)
    return Problem(
        net, plan.cost, optimizer, data, plan.batch_size, epochs, 3, validation=validation, threads=threads, **rules
    )


def started(problem: Problem, engine: str, state: cr.TrainingState | None = None) -> TrainingRun:
    """A run on the engine, of a copy of the problem's network."""
    problem = replace(problem, net=problem.net.copy())
    return engines.chosen(problem.net, problem.cost, problem.optimizer, engine=engine).engine.start(problem, state)


def finished(problem: Problem, engine: str, moved: float = 0.0, seed: int = 0) -> TrainingRun:
    """A run that has come to its end, from θ₀ of which each number is moved by such a part of it, up or down."""
    if moved:
        problem = replace(problem, net=problem.net.copy())
        signs = np.random.default_rng(seed).choice([-1.0, 1.0], size=problem.net.d)
        problem.net.theta *= (1.0 + moved * signs).astype(problem.net.dtype)
    run = started(problem, engine)
    while run.stopped is None:
        run.advance(problem.epochs, math.inf)
    return run


def numbers(run: TrainingRun) -> dict[str, Array]:
    """θ, the moments and the records but for the times."""
    state = run.state()
    records = {name: np.array(run.records[name]) for name in RECORDS if name != "seconds"}
    return {"theta": state.theta, **state.moments, **records}


def assert_same_path(problem: Problem) -> None:
    """Native ends no farther from the reference than the moved reference does, in every quantity's largest entry."""
    u = float(np.finfo(problem.net.dtype).eps) / 2
    truth, native = numbers(finished(problem, "reference")), numbers(finished(problem, "native"))
    moved = [numbers(finished(problem, "reference", 500 * u, seed)) for seed in (1, 2)]
    assert native.keys() == truth.keys()
    for name, values in truth.items():
        if name == "learning_rate":  # a formula of double precision in any dtype
            np.testing.assert_allclose(native[name], values, rtol=1e-14, atol=1e-17)
            continue
        apart = max(np.nanmax(abs(path[name] - values), initial=0.0) for path in moved)
        difference = np.nanmax(abs(native[name] - values), initial=0.0)
        assert (np.isnan(native[name]) == np.isnan(values)).all()
        assert difference <= apart + 4 * u * np.nanmax(abs(values), initial=0.0), (name, difference, apart)
        assert apart <= 1e5 * u * (1 + np.nanmax(abs(values))), (
            name,
            apart,
        )  # rounding leads nowhere


def plans() -> list[Any]:
    """Every optimizer with every schedule, and the other settings in turn, so that all pairs of them come up."""
    table = []
    for k, optimizer in enumerate(OPTIMIZERS):
        for l, schedule in enumerate(SCHEDULES[:1] * 4 if optimizer.full_batch_only else SCHEDULES):
            n = k + 3 * l
            clip = (None, 0.3, 1e3)[n % 3]
            plan = Plan(
                shape=("lanes", "panels")[(k + l) % 2],
                batch_size=50 if optimizer.full_batch_only or n % 4 == 0 else 16,
                cost=cr.SumOfSquares(mean=n % 5 < 3, l1=0.01 * (n % 2), l2=0.02 * (n % 7 < 3)),
                dropout=0.0 if optimizer.full_batch_only else 0.25 * (l % 3 == 1),
                weighted=n % 3 == 1,
                dtype=("float64", "float64", "float32")[(k + 2 * l) % 3],
            )
            if not plan.cost.mean:  # 50 times the gradient
                schedule = replace(schedule, rate=schedule.rate / 50)
            rate = schedule.rate if optimizer.full_batch_only else schedule  # RPROP has no schedule
            own = replace(optimizer, learning_rate=rate, clip_norm=clip)
            table.append(pytest.param(plan, own, id=f"{optimizer.name}-{schedule.name}-{plan.shape}-{plan.dtype}-{n}"))
    return table


@pytest.mark.parametrize(("plan", "optimizer"), plans())
def test_the_path_is_the_references(plan: Plan, optimizer: cr.Optimizer) -> None:
    """θ, the moments, J, validation J, learning rate and gradient norm after some epochs of every optimizer with every
    schedule, clipped or not, with dropout, weights, means, penalties and a ragged last minibatch."""
    assert_same_path(make_problem(plan, optimizer))


PLAIN = Plan("lanes", 16, cr.SumOfSquares(mean=True), 0.0, False, "float64")


@pytest.mark.parametrize("shape", SHAPES)
def test_adam_over_a_thousand_steps(shape: str) -> None:
    """After 1,000 steps of Adam in float64 every entry of θ is the reference's to 1e-9."""
    problem = make_problem(replace(PLAIN, shape=shape), cr.Adam(0.01), epochs=250)
    theta = [finished(problem, engine).state() for engine in ("native", "reference")]
    assert [state.step for state in theta] == [1000, 1000]
    assert abs(theta[0].theta - theta[1].theta).max() <= 1e-9
    np.testing.assert_allclose(theta[0].records["J"], theta[1].records["J"], rtol=1e-9)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("batch_size", [50, 16])
def test_the_path_among_zeros(batch_size: int, dtype: str) -> None:
    """So too where three in five outputs and deltas are zero, and what they would be multiplied by is passed over."""
    problem = make_problem(replace(PLAIN, shape="panels", batch_size=batch_size, dtype=dtype), cr.Adam(0.01))
    net = cr.Network.dense([3, 130, 120, 2], hidden="tanh", dropout=0.6, seed=2, dtype=dtype)
    assert_same_path(replace(problem, net=net))


def test_the_kernels_are_those_meant() -> None:
    """The two shapes of these tests are computed in the two ways, whose names they have."""
    for shape in SHAPES:
        run = started(make_problem(replace(PLAIN, shape=shape), cr.Adam()), "native")
        assert run._run.method == shape  # type: ignore[attr-defined]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("mean", [False, True], ids=["sum", "mean"])
def test_examples_without_weight(shape: str, mean: bool) -> None:
    """Minibatches in which some or all examples weigh nothing: the same path, nothing divided by zero."""
    plan = Plan(shape, 3, cr.SumOfSquares(mean=mean, l2=0.01), 0.0, True, "float64")
    problem = make_problem(plan, cr.Momentum(0.01))
    assert problem.data.weights is not None
    problem.data.weights[7:] = 0.0
    assert_same_path(problem)


# ---- when it stops -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", SHAPES)
def test_it_stops_in_the_same_epoch(shape: str, dtype: str) -> None:
    """By tol, by patience and by the epochs, native ends after the reference's epoch, with the same best θ."""
    plan = replace(PLAIN, shape=shape, dtype=dtype, batch_size=50)
    table: list[tuple[str, dict[str, Any]]] = [
        ("tol", {"tol": 0.1, "tol_epochs": 7}),
        ("patience", {"patience": 6}),
        ("epochs", {"patience": 400}),
        ("epochs", {"tol": 0.0}),
        ("epochs", {}),
    ]
    for reason, rules in table:
        problem = make_problem(plan, cr.Adam(0.03), epochs=400 if rules else 9, **rules)
        native, reference = finished(problem, "native"), finished(problem, "reference")
        assert native.stopped == reference.stopped == reason
        assert reason == "epochs" or 8 < len(native.records["J"]) < 400
        a, b = native.state(), reference.state()
        assert (a.epoch, a.step, a.batch, a.best_epoch) == (b.epoch, b.step, b.batch, b.best_epoch)
        if rules.get("patience"):
            assert a.best_theta is not None
            assert b.best_theta is not None
            tolerance = 1e-9 if dtype == "float64" else 0.02
            np.testing.assert_allclose(a.best_theta, b.best_theta, rtol=0, atol=tolerance)
            assert a.best_J == min(a.records["validation_J"])


@pytest.mark.parametrize("shape", SHAPES)
def test_the_best_theta_is_that_of_its_epoch(shape: str) -> None:
    """With ``patience`` θ ends, bit for bit, as it was after the best epoch; the state holds the last one."""
    problem = make_problem(replace(PLAIN, shape=shape), cr.Adam(0.05))
    net, path = problem.net, []
    assert problem.validation is not None
    history = cr.train(
        net, *problem.data[:2], cost=problem.cost, optimizer=cr.Adam(0.05), epochs=300, batch_size=16, patience=9,
        validation=problem.validation[:2], engine="native", callbacks=[lambda h: path.append(net.theta.copy())],
    )  # fmt: skip
    assert (history.engine, history.stopped) == ("native", "patience")
    assert history.best_epoch == history.epochs - 9
    np.testing.assert_array_equal(net.theta, path[history.best_epoch - 1])
    np.testing.assert_array_equal(history.state.theta, path[-1])


# ---- divergence ----------------------------------------------------------------------------------------------------


def diverged(engine: str, net: cr.Network, X: Array, Y: Array, **settings: Any) -> tuple[str, cr.History, Array]:
    """The message, the history and θ of a run that diverges."""
    net = net.copy()
    with pytest.raises(cr.DivergenceError) as caught:
        cr.train(net, X, Y, engine=engine, **settings)
    return str(caught.value), caught.value.history, net.theta


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("batch_size", [None, 16])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    "optimizer",
    [cr.GradientDescent(1e3), cr.GradientDescent(1e30), cr.Momentum(10.0), cr.Nesterov(10.0),
     cr.GradientDescent(cr.Step(1e-30, every=1.0, factor=1e300)), cr.AdamW(1e30, weight_decay=1e8)],
    ids=repr,
)  # fmt: skip
def test_divergence_is_the_same(optimizer: cr.Optimizer, shape: str, batch_size: int | None, dtype: str) -> None:
    """A run without bound ends in native at the reference's step, with the same message and the last finite θ."""
    m, _ = SHAPES[shape]
    rng = np.random.default_rng(1)
    net = cr.Network.dense(m, hidden="identity", seed=1, dtype=dtype)  # polynomials in θ: they do grow
    X, Y = rng.normal(size=(50, 3)), rng.normal(size=(50, 2))
    settings: dict[str, Any] = {"optimizer": optimizer, "epochs": 300, "batch_size": batch_size}
    message, history, theta = diverged("native", net, X, Y, **settings)
    sought_message, sought_history, sought = diverged("reference", net, X, Y, **settings)
    assert message == sought_message
    assert (history.stopped, history.epochs) == (sought_history.stopped, sought_history.epochs)
    assert history.state.step == sought_history.state.step
    assert np.isfinite(theta).all()
    np.testing.assert_array_equal(theta, history.state.theta)
    np.testing.assert_allclose(theta, sought, rtol=1e-2 if dtype == "float32" else 1e-9, atol=1e-5 * abs(sought).max())
    np.testing.assert_allclose(history.J, sought_history.J, rtol=1e-3 if dtype == "float32" else 1e-9)


@pytest.mark.parametrize("cost", ["sum_of_squares", "absolute_error", "huber"])
@pytest.mark.parametrize("hidden", ["relu", "elu", "identity"])
def test_foresight_changes_nothing(hidden: str, cost: str) -> None:
    """While θ is small, no number of a step can overflow, and none is looked at; as a learning rate without bound
    drives θ up, they are. The steps are bitwise those of a run that sums up each gradient and looks at it (because it
    has a norm to clip at), up to the same divergence."""
    rng = np.random.default_rng(1)
    X, Y = rng.normal(size=(50, 3)), rng.normal(size=(50, 2))
    net = cr.Network.dense(SHAPES["panels"][0], hidden=hidden, seed=1, dtype="float32")
    rate = cr.Step(1e-3, every=1.0, factor=4.0)
    settings: dict[str, Any] = {"cost": cost, "epochs": 200, "batch_size": 16}
    (_, one, theta), (_, other, sought) = (
        diverged("native", net, X, Y, optimizer=cr.Adam(rate, clip_norm=clip), **settings) for clip in (None, 1e300)
    )
    assert one.state.step == other.state.step > 40
    np.testing.assert_array_equal(one.J, other.J)
    np.testing.assert_array_equal(theta, sought)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kind", [cr.AdaGrad, cr.RMSProp, cr.Adam, cr.AdamW])
def test_a_product_that_overflows_is_a_divergence(kind: Any, shape: str, dtype: str) -> None:
    """Where α g overflows before it is divided by √ν, θ stays as it was: a step of an adaptive optimizer may be bounded
    by 2 α, and yet not be finite."""
    large = 1e30 if dtype == "float32" else 1e200
    m, _ = SHAPES[shape]
    net = cr.Network.dense(m, hidden="relu", seed=1, dtype=dtype)
    rng = np.random.default_rng(1)
    X, Y = rng.normal(size=(50, 3)) * large, rng.normal(size=(50, 2))
    settings: dict[str, Any] = {"cost": "absolute_error", "optimizer": kind(large), "epochs": 3}
    ends = [diverged(engine, net, X, Y, **settings) for engine in ("native", "reference")]
    assert ends[0][0] == ends[1][0]
    for _, _, theta in ends:
        np.testing.assert_array_equal(theta, net.theta)


@pytest.mark.parametrize("seed", range(6))
def test_zero_times_infinity_is_a_divergence(seed: int) -> None:
    """An infinite output of a unit that no later one listens to makes ∇J no number, 0 · ∞, though J is finite; also in
    a run that passes over zeros by then: the minibatch with that example is the first or the second one."""
    net = cr.Network.dense([2, 150, 128, 1], hidden="relu", seed=1, dtype="float32")
    W, W2 = net.layers[0].W, net.layers[1].W
    W[:, 0], W[-1, 0], W2[:, -1] = 0.0, 1e20, -1.0
    X = np.random.default_rng(1).normal(size=(64, 2)).astype("float32")
    X[:, 0] = 0.0
    X[5, 0] = 1e30
    ends = [
        diverged(engine, net, X, X[:, 1:], optimizer=cr.Adam(), epochs=1, batch_size=32, seed=seed)
        for engine in ("native", "reference")
    ]
    assert ends[0][0] == ends[1][0]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", SHAPES)
def test_moments_stay_with_theta(shape: str, dtype: str) -> None:
    """The step that is not made leaves θ and every moment as the step before did."""
    m, _ = SHAPES[shape]
    rng = np.random.default_rng(1)
    X, Y = rng.normal(size=(50, 3)), rng.normal(size=(50, 2))
    for optimizer in (cr.Momentum(10.0), cr.AdamW(1e30, weight_decay=1e8)):
        net = cr.Network.dense(m, hidden="identity", seed=1, dtype=dtype)
        _, history, theta = diverged("native", net, X, Y, optimizer=optimizer, epochs=300)
        again = cr.train(net, X, Y, optimizer=optimizer, epochs=history.epochs, engine="native").state
        np.testing.assert_array_equal(theta, again.theta)
        for name, moment in again.moments.items():
            np.testing.assert_array_equal(history.state.moments[name], moment)


# ---- callbacks, states ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("every", [1, 3, None])
@pytest.mark.parametrize("shape", SHAPES)
def test_callbacks_see_the_present_theta(shape: str, every: int | None) -> None:
    """Whenever a callback is called ``net.theta``, N(x) and ``history.state`` are those after the last step made."""
    problem = make_problem(replace(PLAIN, shape=shape), cr.Adam(0.01))
    net, seen = problem.net.copy(), []

    def look(history: cr.History) -> None:
        np.testing.assert_array_equal(net.theta, history.state.theta)
        np.testing.assert_array_equal(net(problem.data.X[0]), net.copy()(problem.data.X[0]))
        seen.append((history.epochs, net.theta.copy()))

    cr.train(
        net, problem.data.X, problem.data.Y, cost=problem.cost, optimizer=problem.optimizer, epochs=12, batch_size=16,
        seed=3, callbacks=[look], callback_epochs=every, engine="native",
    )  # fmt: skip
    assert [epoch for epoch, _ in seen] == (list(range(every, 13, every)) if every else [12])
    reference = started(replace(problem, epochs=12), "reference")
    for epoch, theta in seen:
        reference.advance(epoch - len(reference.records["J"]), math.inf)
        np.testing.assert_allclose(theta, reference.state().theta, rtol=0, atol=1e-11)


def saved_and_loaded(state: cr.TrainingState) -> cr.TrainingState:
    """The state after a way through a file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "state.safetensors"
        state.save(path)
        return cr.TrainingState.load(path)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", SHAPES)
def test_a_time_limit_stops_in_mid_epoch(shape: str, dtype: str) -> None:
    """A time limit ends a run within an epoch, whose state goes on through a file as if there had been no stop."""
    rng = np.random.default_rng(5)
    m, threads = SHAPES[shape]
    X, Y = rng.normal(size=(20_000, 3)), rng.normal(size=(20_000, 2))
    settings: dict[str, Any] = {
        "optimizer": cr.Adam(0.003), "batch_size": 7, "epochs": 2, "seed": 9, "engine": "native", "threads": threads,
    }  # fmt: skip
    whole = cr.Network.dense(m, hidden="tanh", dropout=0.1, seed=4, dtype=dtype)
    net = whole.copy()
    stopped = cr.train(net, X, Y, time_limit=1e-9, **settings)
    assert stopped.stopped == "time_limit"
    assert 0 < stopped.state.batch < 2858
    np.testing.assert_array_equal(net.theta, stopped.state.theta)
    assert (net.theta != whole.theta).any()
    other = cr.Network.dense(m, hidden="tanh", dropout=0.1, seed=99, dtype=dtype)
    resumed = cr.train(other, X, Y, resume=saved_and_loaded(stopped.state), **settings)
    unbroken = cr.train(whole, X, Y, **settings)
    np.testing.assert_array_equal(other.theta, whole.theta)
    for name in ("J", "learning_rate", "gradient_norm"):
        np.testing.assert_array_equal(getattr(resumed, name), getattr(unbroken, name))
    for name, moment in unbroken.state.moments.items():
        np.testing.assert_array_equal(resumed.state.moments[name], moment)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("m", [[3, 5, 2], [3, 70, 2]], ids=["lanes", "panels"])
def test_subnormal_numbers_count_as_zero_while_training_alone(m: list[int], threads: int) -> None:
    """A moment of 1e-40 in float32 is 0 after a step whose gradient is 0, and not 0.9e-40, at which CPUs are slow; when
    training is over, the thread computes with such numbers as before."""
    net = cr.Network.dense(m, initial="zeros", dtype="float32")
    X, Y = np.zeros((8, 3), np.float32), np.zeros((8, 2), np.float32)
    state = cr.train(net, X, Y, optimizer="adam", epochs=1, engine="native").state
    for moment in state.moments.values():
        assert not moment.any()
        moment[...] = 1e-40
    after = cr.train(net, X, Y, optimizer="adam", epochs=2, engine="native", threads=threads, resume=state).state
    assert not any(moment.any() for moment in after.moments.values())
    tiny = np.full(4, 1e-40, np.float32)
    assert (tiny * np.float32(0.5) > 0).all()


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=repr)
def test_states_pass_between_the_engines(optimizer: cr.Optimizer, shape: str) -> None:
    """native → file → reference → file → native, each time in mid-epoch where there is one, ends where the reference
    does: one engine's state is the other's."""
    plan = replace(PLAIN, shape=shape, batch_size=50 if optimizer.full_batch_only else 7, dropout=0.2)
    problem = make_problem(plan, optimizer)
    truth = finished(problem, "reference").state()
    state, visited = None, []
    for engine in ("native", "reference", "native", "reference", "native"):
        run = started(problem, engine, state)
        run.advance(1, math.inf)
        run.advance(1, 0.0)
        state = saved_and_loaded(run.state())
        visited.append((engine, state.batch))
    run = started(problem, "native", state)
    run.advance(EPOCHS, math.inf)
    assert run.stopped == "epochs"
    assert optimizer.full_batch_only or any(batch for _, batch in visited)
    end = run.state()
    assert (end.step, end.stream, end.best_epoch) == (truth.step, truth.stream, truth.best_epoch)
    np.testing.assert_allclose(end.theta, truth.theta, rtol=0, atol=1e-10)
    for name, moment in truth.moments.items():
        np.testing.assert_allclose(end.moments[name], moment, rtol=1e-9, atol=1e-11)
    for name in ("J", "validation_J", "gradient_norm"):
        np.testing.assert_allclose(end.records[name], truth.records[name], rtol=1e-9)


def test_the_stream_goes_on_alike() -> None:
    """After shuffles of 3 to 70,001 examples and the keys of dropout, the stream stands where the reference's does."""
    for t, dropout in ((3, 0.0), (257, 0.5), (70_001, 0.0)):
        net = cr.Network.dense([1, 2, 1], dropout=dropout, seed=0)
        X = np.linspace(-1.0, 1.0, t)[:, None]
        states = [
            cr.train(net.copy(), X, X, optimizer=cr.GradientDescent(1e-9), epochs=2, batch_size=-(-t // 2), seed=2**63,
                     engine=engine).state
            for engine in ("native", "reference")
        ]  # fmt: skip
        assert states[0].stream == states[1].stream
        np.testing.assert_allclose(states[0].theta, states[1].theta, rtol=1e-12, atol=1e-15)

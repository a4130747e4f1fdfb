"""The native engine trains along the reference's path: θ, moments, records and the epoch at which it stops.

Both make the same steps over the same examples; only rounding differs. How far rounding may lead two paths apart is
measured by running the reference again from θ₀ moved by a few hundred units of rounding, which is more than all
roundings of the steps together move θ. The native engine may end as far from the reference as that path does.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from support.engines.native_runs import (
    OPTIMIZERS,
    PLAIN,
    SHAPES,
    Plan,
    assert_same_path,
    finished,
    make_problem,
    started,
)

import chainrule as cr
from chainrule.costs.training_set import Subset
from chainrule.engines.problem import side_by_side

pytestmark = pytest.mark.native
SCHEDULES: list[cr.Schedule] = [
    cr.Constant(0.02), cr.Step(0.02, every=2.5, factor=0.5), cr.Exponential(0.02, decay=0.3),
    cr.InverseTime(0.02, decay=0.5), cr.Cosine(0.02, warmup=1.5, final=0.001), cr.OneCycle(0.03), cr.CosLog4(0.02),
]  # fmt: skip


def plans() -> list[Any]:
    """Every optimizer with every schedule; the other settings take turns, so that all pairs of them occur."""
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
def test_the_path_agrees_with_the_reference(plan: Plan, optimizer: cr.Optimizer) -> None:
    """θ, the moments and all records agree with the reference after six epochs of every optimizer with every schedule,
    clipped or not, with dropout, weights, means, penalties and a smaller last minibatch."""
    assert_same_path(make_problem(plan, optimizer))


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
def test_the_path_with_many_zeros(batch_size: int, dtype: str) -> None:
    """The paths agree when three in five outputs and deltas are zero and their products are skipped."""
    problem = make_problem(replace(PLAIN, shape="panels", batch_size=batch_size, dtype=dtype), cr.Adam(0.01))
    net = cr.Network.dense([3, 130, 120, 2], hidden="tanh", dropout=0.6, seed=2, dtype=dtype)
    assert_same_path(replace(problem, net=net))


def test_each_shape_runs_the_method_of_its_name() -> None:
    """The two shapes of these tests are trained by the methods whose names they bear."""
    for shape in SHAPES:
        run = started(make_problem(replace(PLAIN, shape=shape), cr.Adam()), "native")
        assert run._run.method == shape  # type: ignore[attr-defined]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("mean", [False, True], ids=["sum", "mean"])
def test_examples_without_weight(shape: str, mean: bool) -> None:
    """The paths agree when some or all examples of a minibatch have weight 0; nothing is divided by zero."""
    plan = Plan(shape, 3, cr.SumOfSquares(mean=mean, l2=0.01), 0.0, True, "float64")
    problem = make_problem(plan, cr.Momentum(0.01))
    assert problem.examples.weights is not None
    problem.examples.weights[7:] = 0.0
    assert_same_path(problem)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", SHAPES)
def test_it_stops_in_the_same_epoch(shape: str, dtype: str) -> None:
    """With tol, patience and a number of epochs, native stops after the same epoch as the reference, with the same best
    θ."""
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
    """With ``patience`` the final θ is bitwise that of the best epoch; the state holds that of the last epoch."""
    problem = make_problem(replace(PLAIN, shape=shape), cr.Adam(0.05))
    net, path = problem.net, []
    assert problem.validation is not None
    history = cr.train(
        net, *problem.examples[:2], cost=problem.cost, optimizer=cr.Adam(0.05), epochs=300, batch_size=16, patience=9,
        validation=side_by_side(problem.validation)[:2], engine="native",
        callbacks=[lambda h: path.append(net.theta.copy())],
    )  # fmt: skip
    assert (history.engine, history.stopped) == ("native", "patience")
    assert history.best_epoch == history.epochs - 9
    np.testing.assert_array_equal(net.theta, path[history.best_epoch - 1])
    np.testing.assert_array_equal(history.state.theta, path[-1])


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("batch_size", "shuffle"), [(16, True), (16, False), (None, True)])
def test_rows_of_a_larger_set_need_no_copy(shape: str, batch_size: int | None, shuffle: bool) -> None:
    """Training on some rows of a set, by their numbers, is bitwise training on copies of them; and on any engine."""
    problem = make_problem(replace(PLAIN, shape=shape), cr.Adam(0.05))
    of = problem.examples
    chosen, held_out = Subset(of).at(np.arange(0, of.t, 2)), Subset(of).at(np.arange(of.t)[1::3])

    def trained(data: Subset | cr.TrainingSet, other: Subset | cr.TrainingSet, engine: str) -> list[Any]:
        net = problem.net.copy()
        history = cr.train(
            net, data, cost=problem.cost, optimizer=cr.Adam(0.05), epochs=4, batch_size=batch_size, shuffle=shuffle,
            validation=other, patience=4, engine=engine,
        )  # fmt: skip
        return [net.theta, history.J, history.validation_J]

    for engine in ("native", "reference"):
        copied = trained(chosen.in_memory(), held_out.in_memory(), engine)
        for one, other in zip(trained(chosen, held_out, engine), copied, strict=True):
            np.testing.assert_array_equal(one, other)

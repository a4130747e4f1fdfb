"""Gradient descent without a given learning rate: it finds a step that descends, and J never ends above its start."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from support.engines.state_bits import bits
from support.regression_examples import NETWORKS, examples

import chainrule as cr
from chainrule._internal.checks import Array
from chainrule.training.learning_rate.descending_rate import largest_curvature


def rising() -> tuple[cr.Network, Array, Array]:
    """J = ½ (e^{w + b} − 20)² has the curvature 36 at θ₀ = 0, and 800 at its minima, w + b = log 20."""
    net = cr.Network([cr.Layer([[0.0]], [0.0], "exp")])
    return net, np.array([[1.0]]), np.array([[20.0]])


@pytest.mark.parametrize("t", [100, 200, 300, 1000, 3000])
@pytest.mark.parametrize("name", NETWORKS)
def test_the_defaults_descend_for_any_number_of_examples(name: str, t: int, engine: str) -> None:
    """J falls in every epoch that is not taken back, to less than a half of J₀, with α proportional to about 1/t."""
    (X, Y), net, J = examples(t), NETWORKS[name](), cr.SumOfSquares()
    history = cr.train(net, X, Y, engine=engine)
    assert (np.diff(history.J) <= 1e-12 * history.J[0]).all()
    assert J(net, X, Y) <= history.J[-1] * (1 + 1e-12) < 0.8 * history.J[0]
    assert 0.05 < history.learning_rate[0] * t < 3.0


def test_alpha_is_one_over_the_largest_eigenvalue() -> None:
    """For linear regression the Hessian is the Gram matrix of (x, 1); α is 1/λ_max, with two digits."""
    X, Y = examples(400)
    ones = np.hstack([X, np.ones((400, 1))])
    largest = np.linalg.eigvalsh(ones.T @ ones)[-1]
    for cost, scale in ((cr.SumOfSquares(), 1.0), (cr.SumOfSquares(mean=True), 1 / 400)):
        alpha = cr.train(NETWORKS["linear regression"](), X, Y, cost=cost, epochs=1).learning_rate[0]
        assert 0.95 / (scale * largest) < alpha < 1.2 / (scale * largest)  # power iteration comes from below


def test_power_iteration_finds_the_largest_magnitude() -> None:
    """Of the eigenvalues 1, 2 and −5 it is 5."""
    H = np.diag([1.0, 2.0, -5.0])
    assert largest_curvature(lambda v: H @ v, np.ones(3)) == pytest.approx(5.0, rel=0.01)
    assert largest_curvature(lambda v: 0 * v, np.ones(3)) == 0.0


@settings(max_examples=40)
@given(seed=st.integers(0, 10**6))
def test_no_run_ends_above_its_start(seed: int) -> None:
    """Of random networks, scales of X and Y, costs and penalties: J(θ) after training is at most J(θ₀)."""
    rng = np.random.default_rng(seed)
    m = [int(k) for k in rng.integers(1, 6, size=rng.integers(2, 5))]
    hidden = str(rng.choice(["relu", "tanh", "sigmoid", "silu", "softplus"]))
    net = cr.Network.dense(m, hidden=hidden, seed=seed, dtype=str(rng.choice(["float32", "float64"])))
    t = int(rng.integers(1, 40))
    X = rng.normal(size=(t, m[0])) * 10.0 ** rng.integers(-2, 3)
    Y = rng.normal(size=(t, m[-1])) * 10.0 ** rng.integers(-1, 3)
    J = cr.SumOfSquares(mean=bool(rng.integers(2)), l2=float(rng.choice([0.0, 0.1])))
    weights = rng.uniform(0.0, 2.0, size=t) if rng.integers(2) else None
    before = J(net, X, Y, weights)
    cr.train(net, X, Y, cost=J, weights=weights, epochs=30, engine=str(rng.choice(["native", "reference"])))
    assert J(net, X, Y, weights) <= before * (1 + 1e-5)


def test_a_step_that_raises_J_is_taken_back() -> None:
    """θ returns to where it was, the next epoch starts from there with half of α, and J ends below its start."""
    net, X, Y = rising()
    history = cr.train(net, X, Y, epochs=200)
    J, alpha = history.J, history.learning_rate
    rises = np.flatnonzero(np.diff(J) > 0) + 1
    assert len(rises) >= 2
    assert (J[rises[rises < 199] + 1] == J[rises[rises < 199] - 1]).all()
    assert (alpha[rises[rises < 199] + 1] == alpha[rises[rises < 199]] / 2).all()
    assert set(np.flatnonzero(np.diff(alpha)) + 1) == set(rises[rises < 199] + 1)
    assert net.theta.sum() == pytest.approx(np.log(20.0))


def test_the_last_step_is_taken_back_too() -> None:
    """A run that is cut after any epoch ends with J at most that of its best epoch."""
    for epochs in range(1, 30):
        net, X, Y = rising()
        history = cr.train(net, X, Y, epochs=epochs)
        assert cr.SumOfSquares()(net, X, Y) <= history.J.min() * (1 + 1e-12)


@pytest.mark.parametrize(
    "settings_of_run",
    [{}, {"batch_size": 7}, {"validation": examples(30), "patience": 50}],
    ids=["full batch", "minibatches", "best epoch"],
)
def test_stopped_saved_and_resumed_is_bitwise_the_same(
    settings_of_run: dict[str, Any], engine: str, tmp_path: Path
) -> None:
    """Cut after 1, 2, … epochs, saved and loaded, a run ends with the same bits, on each engine."""
    X, Y = examples(60)
    whole = NETWORKS["5-16-1 ReLU"]()
    expected = cr.train(whole, X, 50 * Y, epochs=24, engine=engine, **settings_of_run).state
    for cut in (1, 2, 3, 8, 20):
        net = NETWORKS["5-16-1 ReLU"]()
        cr.train(net, X, 50 * Y, epochs=cut, engine=engine, **settings_of_run).state.save(tmp_path / "state")
        state = cr.TrainingState.load(tmp_path / "state")
        resumed = cr.train(net, X, 50 * Y, epochs=24, resume=state, engine=engine, **settings_of_run).state
        assert bits(resumed) == bits(expected)
        assert (net.theta == whole.theta).all()


def test_cut_at_a_step_that_is_taken_back() -> None:
    """The same at every epoch of a run with several halvings."""
    net, X, Y = rising()
    whole = cr.train(net, X, Y, epochs=30).state
    assert len(set(whole.records["learning_rate"])) >= 2
    for cut in range(1, 30):
        other = rising()[0]
        state = cr.train(other, X, Y, epochs=cut).state
        assert bits(cr.train(other, X, Y, epochs=30, resume=state).state) == bits(whole)


@pytest.mark.parametrize("engine", ["native", "reference"])  # those whose runs begin within the time
def test_a_time_limit_cuts_it_bitwise(engine: str) -> None:
    """Slices of a few milliseconds, in mid-epoch with minibatches, leave the bits of the run."""
    X, Y = examples(300)
    for batch_size in (None, 4):
        whole = NETWORKS["5-3-2-1 sigmoids"]()
        cr.train(whole, X, Y, epochs=40, batch_size=batch_size, engine=engine)
        net, state = NETWORKS["5-3-2-1 sigmoids"](), None
        for _ in range(10_000):
            history = cr.train(
                net, X, Y, epochs=40, batch_size=batch_size, engine=engine, time_limit=cr.Deadline(0.002), resume=state
            )
            state = history.state
            if history.stopped == "epochs":
                break
        assert (net.theta == whole.theta).all()


def test_both_engines_choose_the_same_rates() -> None:
    """α does not depend on the engine, and neither does the epoch of a halving."""
    X, Y = examples(200)
    for batch_size in (None, 16):
        runs = [
            cr.train(NETWORKS["5-16-1 ReLU"](), X, 50 * Y, epochs=40, engine=engine, batch_size=batch_size)
            for engine in ("native", "reference")
        ]
        assert (runs[0].learning_rate == runs[1].learning_rate).all()
        assert runs[0].J == pytest.approx(runs[1].J, rel=1e-9)


@pytest.mark.parametrize("batch_size", [1, 8, 64, 999])
@pytest.mark.parametrize("mean", [False, True])
def test_minibatches_descend(batch_size: int, mean: bool) -> None:
    """α suits the curvature of a minibatch, be J a sum or a mean: J falls far below J(θ₀)."""
    X, _ = examples(1000)
    Y = np.sin(X.sum(axis=1))
    for net in (cr.Network.dense([5, 16, 1], seed=0), cr.Network.dense([5, 16, 1], hidden="tanh", seed=0)):
        J = cr.SumOfSquares(mean=mean)
        before = J(net, X, Y)
        history = cr.train(net, X, Y, cost=J, epochs=20, batch_size=batch_size)
        assert history.J[-1] < (0.2 if batch_size < 100 else 0.6) * before


def test_dropout_descends() -> None:
    """With dropout, J of an epoch is random; α is found and no step is taken back."""
    X, Y = examples(300)
    net = cr.Network.dense([5, 32, 1], dropout=0.3, seed=0)
    history = cr.train(net, X, Y, epochs=50)
    assert history.J[-10:].mean() < 0.5 * history.J[0]
    assert history.state.earlier_theta is None


def test_alpha_follows_the_factors_of_the_layers() -> None:
    """With rate=100 for a layer, α is that much smaller, and J falls; a frozen layer does not count."""
    X, Y = examples(100)
    W = np.zeros((1, 5))
    plain, fast, frozen = (
        cr.Network([cr.Layer(W, [0.0], "identity", rate=rate)])
        for rate in (None, cr.Factors(W=100.0, b=100.0), cr.Factors(W=0.0))
    )
    rates = [cr.train(net, X, Y, epochs=20).learning_rate[0] for net in (plain, fast, frozen)]
    assert rates[1] == pytest.approx(rates[0] / 100, rel=0.1)
    assert rates[2] == pytest.approx(1 / 100, rel=0.1)  # the curvature of b is t


def test_penalties_count() -> None:
    """λ₂ adds to the curvature of every weight: with λ₂ = 10⁴, α is about 10⁻⁴, for minibatches t/batch times that."""
    X, Y = examples(100)
    for batch_size, expected in ((None, 1e-4), (10, 1e-3)):
        net = cr.Network.dense([5, 1], seed=0)
        history = cr.train(net, X, Y, cost=cr.SumOfSquares(l2=1e4), epochs=5, batch_size=batch_size)
        assert history.learning_rate[0] == pytest.approx(expected, rel=0.1)
        assert history.J[-1] < history.J[0]


def test_sparse_rows() -> None:
    """A sparse X gives the α of the same dense one."""
    X, Y = examples(200)
    X = np.where(X > 0.5, X, 0.0)
    rates = [cr.train(NETWORKS["5-16-1 ReLU"](), rows, Y, epochs=5).learning_rate for rows in (X, sp.csr_array(X))]
    assert (rates[0] == rates[1]).all()


def test_a_flat_J() -> None:
    """If J has neither curvature nor slope, α is 1 and θ does not move."""
    net = cr.Network([cr.Layer([[1.0]], [-5.0], "relu")])
    history = cr.train(net, [[1.0]], [[1.0]], epochs=3)
    assert history.learning_rate.tolist() == [1.0] * 3
    assert net.theta.tolist() == [1.0, -5.0]


def test_a_J_that_is_not_finite() -> None:
    """J(θ₀) = ∞ is reported as with a given learning rate."""
    net = cr.Network([cr.Layer([[1e200]], [0.0], "identity")])
    with pytest.raises(cr.DivergenceError, match="not finite"):
        cr.train(net, [[1e200]], [[1.0]])


def test_convergence_and_callbacks(engine: str) -> None:
    """`tol` ends the run at the minimum; a callback is called after each epoch and sees the state."""
    X, Y = examples(50)
    net, seen = NETWORKS["linear regression"](), []
    history = cr.train(
        net, X, Y, epochs=5000, tol=1e-12, callbacks=[lambda h: seen.append(h.state.learning_rate)], engine=engine
    )
    assert history.stopped == "tol"
    assert len(seen) == history.epochs < 5000
    best = np.linalg.lstsq(np.hstack([X, np.ones((50, 1))]), Y, rcond=None)[0][:, 0]
    assert net.theta == pytest.approx(best, abs=1e-4)


def test_a_changed_theta_is_not_taken_back(engine: str) -> None:
    """After a callback has changed θ, a larger J is the callback's, and θ stays as it was changed."""
    X, Y = examples(100)
    net = NETWORKS["5-16-1 ReLU"]()

    def prune(history: cr.History) -> None:
        if history.epochs >= 5:
            net.W[1][:, 1] = 0.0

    cr.train(net, X, Y, epochs=30, callbacks=[prune], engine=engine)
    assert not net.W[1][:, 1].any()


def test_it_can_be_stopped_from_another_thread(engine: str) -> None:
    """`interrupt` of the run, as Ctrl-C calls it, ends a slice within moments, and the next one goes on."""
    from chainrule import engines
    from chainrule.training.checked_problem import checked_problem
    from chainrule.training.learning_rate.watched_descent import WatchedDescent

    X, Y = examples(300)
    problem = checked_problem(
        NETWORKS["5-16-1 ReLU"](), X, Y, None, None, "sum_of_squares", "gradient_descent", 10**6, None, True, 0, None,
        10, None, None,
    )  # fmt: skip
    run = WatchedDescent(engines.chosen(problem.net, engine=engine).engine, problem, None)
    timer = threading.Timer(0.1, run.interrupt)
    timer.start()
    began = time.perf_counter()
    run.advance(10**6, 60.0)
    assert time.perf_counter() - began < 20.0
    done = len(run.records["J"])
    assert 0 < done < 10**6
    timer.join()
    run.advance(3, 60.0)
    assert len(run.records["J"]) == done + 3


def test_a_given_number_is_taken_as_it_is() -> None:
    """α = 0.0123 stays in every epoch, and other optimizers keep their defaults."""
    X, Y = examples(20)
    net = NETWORKS["linear regression"]()
    assert set(cr.train(net, X, Y, optimizer=cr.GradientDescent(0.0123)).learning_rate) == {0.0123}
    assert cr.Adam().learning_rate == 0.001
    assert cr.Momentum().learning_rate == cr.Nesterov().learning_rate == 0.01
    assert repr(cr.GradientDescent()) == "GradientDescent()"


def test_only_gradient_descent_may_lack_it() -> None:
    """`Adam(None)` is refused, and so is a step by hand of a schedule that is not there."""
    with pytest.raises(cr.InputError, match="learning_rate must be a finite number > 0; got None"):
        cr.Adam(cast(float, None))
    with pytest.raises(cr.InputError, match="learning_rate must be a number > 0 or a Schedule; got None"):
        _ = cr.GradientDescent().schedule


def test_a_damaged_state_is_refused() -> None:
    """A state whose α is not positive, or whose earlier θ has another length, is refused by name."""
    X, Y = examples(20)
    net = NETWORKS["linear regression"]()
    state = cr.train(net, X, Y, epochs=5).state
    for field, value in (("learning_rate", -1.0), ("earlier_theta", np.zeros(2))):
        broken = state.copy()
        setattr(broken, field, value)
        with pytest.raises(cr.InputError, match=field):
            cr.train(net, X, Y, epochs=9, resume=broken)


def test_parts_without_a_second_derivative() -> None:
    """With a σ or a cost of the user's own, L comes from differences of ∇J, and is the same."""
    X, Y = examples(100)
    own = cr.Activation(lambda z: np.tanh(z), name="own_tanh")
    absolute = cr.CustomCost(lambda A, Y: 0.5 * ((A - Y) ** 2).sum(axis=1), name="own_squares")
    rates = [
        cr.train(cr.Network.dense([5, 8, 1], hidden=sigma, seed=0), X, Y, cost=J, epochs=3, engine="reference")
        for sigma, J in (("tanh", "sum_of_squares"), (own, "sum_of_squares"), ("tanh", absolute))
    ]
    assert len({history.learning_rate[0] for history in rates}) == 1
    assert all(history.J[-1] < history.J[0] for history in rates)


@pytest.mark.parametrize("batch_size", [None, 16])
def test_step_by_step_is_bitwise_the_same(batch_size: int | None, engine: str) -> None:
    """`descend` takes the steps of `train`, those back included, and names the α of each."""
    X, Y = examples(64)
    net, other = NETWORKS["5-16-1 ReLU"](), NETWORKS["5-16-1 ReLU"]()
    history = cr.train(net, X, 50 * Y, epochs=20, batch_size=batch_size, engine=engine)
    steps = list(cr.descend(other, X, 50 * Y, epochs=20, batch_size=batch_size, engine=engine))
    assert (net.theta == other.theta).all()
    last_of_epoch = steps[:: 1 if batch_size is None else 4]
    assert [step.alpha for step in last_of_epoch] == history.learning_rate.tolist()


def test_a_step_back_is_a_step() -> None:
    """The change of a step that is taken back leads to where the step before began, and the next α is a half."""
    net, X, Y = rising()
    steps = list(cr.descend(net, X, Y, epochs=40))
    back = [k for k in range(1, 39) if steps[k + 1].alpha < steps[k].alpha]
    assert back
    for k in back:
        assert (steps[k + 1].theta == steps[k - 1].theta).all()
        assert steps[k + 1].alpha == steps[k].alpha / 2

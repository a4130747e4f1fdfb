"""`cr.minimize`: each method finds the minimum of J, and ends by the rule that its History names."""

from __future__ import annotations

import importlib
import math
import pickle
import signal
import sys
from typing import Any

import numpy as np
import pytest
from support.constrained import SHAPES, random_constrained_case
from support.strategies import relative_error

import chainrule as cr
from chainrule.backprop import parameter_jacobian
from chainrule.network.forward import forward
from chainrule.training.minimize import METHODS
from chainrule.training.minimizers.objective import SearchObjective

pytest.importorskip("scipy")

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 3))
Y = X @ np.array([[1.0, 0.5], [-2.0, 1.0], [0.0, 3.0]]) + 0.1 * RNG.normal(size=(40, 2)) + 1.0
W = np.arange(40) % 3 + 1.0


def small() -> cr.Network:
    """A network of 32 parameters for X and Y."""
    return cr.Network.dense([3, 5, 2], hidden="tanh", seed=1)


@pytest.mark.parametrize("engine", ["auto", "reference"])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("method", METHODS)
def test_the_least_squares_solution(method: str, weighted: bool, engine: str) -> None:
    """For r = 1 and the identity, θ is the (weighted) least-squares solution, and J and ‖∇J‖ are those at θ."""
    w = W if weighted else None
    net, J = cr.Network.dense([3, 2], initial="zeros"), cr.SumOfSquares(mean=True)
    history = cr.minimize(net, X, Y, cost=J, weights=w, method=method, gradient_tol=1e-10, tol=None, engine=engine)
    root = np.sqrt(np.ones(40) if w is None else w)[:, None]
    exact = np.linalg.lstsq(root * np.column_stack([X, np.ones(40)]), root * Y, rcond=None)[0]
    np.testing.assert_allclose(net.W[1], exact[:3].T, atol=1e-8)
    np.testing.assert_allclose(net.b[1], exact[3], atol=1e-8)
    assert history.J[-1] == pytest.approx(J(net, X, Y, w), rel=1e-12)
    assert history.gradient_norm[-1] == pytest.approx(np.linalg.norm(cr.gradient(net, J, X, Y, w).theta), abs=1e-12)
    assert history.stopped in ("gradient_tol", "rounding")
    assert (np.diff(history.J) <= 1e-15).all()


def test_one_step_solves_a_linear_problem() -> None:
    """Without damping to speak of, the second step of Levenberg–Marquardt is at the minimum of a linear problem."""
    net = cr.Network.dense([3, 2], initial="zeros")
    history = cr.minimize(net, X, Y, method="lm", gradient_tol=1e-5, tol=None)
    assert history.epochs <= 4


COSTS = [cr.LogLikelihood(mean=True, l2=0.01), cr.Huber(threshold=0.5, l2=0.1), cr.Poisson(l2=0.1)]


@pytest.mark.parametrize("cost", COSTS, ids=repr)
@pytest.mark.parametrize("method", ["lbfgs", "newton-cg", "cg"])
def test_other_costs_reach_a_stationary_point(method: str, cost: cr.Cost) -> None:
    """Every method but "lm" minimises any cost: ∇J(θ) is 0 at its end, and J has fallen."""
    net = cr.Network.dense([3, 4, 2], hidden="tanh", output=cost.canonical or "identity", seed=0)
    labels = abs(Y) / abs(Y).max()
    first = cost(net, X, labels)
    history = cr.minimize(net, X, labels, cost=cost, method=method, gradient_tol=1e-5, tol=None, epochs=3000)
    assert history.stopped in ("gradient_tol", "rounding")
    assert abs(cr.gradient(net, cost, X, labels).theta).max() < 1e-4
    assert history.J[-1] < first


SETTINGS = [
    cr.SumOfSquares(),
    cr.SumOfSquares(mean=True),
    cr.SumOfSquares(l2=0.3),
    cr.SumOfSquares(mean=True, l2=0.3),
    cr.SumOfSquares(mean=True, mean_penalty=True, l2=0.3),
]


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("cost", SETTINGS, ids=repr)
def test_levenberg_marquardt_has_the_gradient_of_J(cost: cr.Cost, weighted: bool) -> None:
    """With means, penalties and weights, J and ‖∇J‖ of each iteration are those of the cost at its θ."""
    w, net = W if weighted else None, small()
    seen: list[tuple[float, float]] = []

    def look(history: cr.History) -> None:
        g = cr.gradient(net, cost, X, Y, w)
        seen.append((g.J, float(np.linalg.norm(g.theta))))

    history = cr.minimize(net, X, Y, cost=cost, weights=w, method="lm", epochs=8, callbacks=[look])
    np.testing.assert_allclose(history.J, [J for J, _ in seen], rtol=1e-10)
    np.testing.assert_allclose(history.gradient_norm, [norm for _, norm in seen], rtol=1e-7, atol=1e-10)


@pytest.mark.parametrize("t", [3, 700])
def test_blocks_of_the_jacobian_add_up(t: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The blocks in which AᵀA is accumulated change θ by rounding alone."""
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(t, 3)), rng.normal(size=(t, 2))
    nets = [small(), small()]
    cr.minimize(nets[0], x, y, cost=cr.SumOfSquares(l2=0.1), method="lm", epochs=5, engine="reference")
    monkeypatch.setattr(sys.modules["chainrule.backprop.normal_equations"], "NUMBERS_OF_A_BLOCK", 200)
    cr.minimize(nets[1], x, y, cost=cr.SumOfSquares(l2=0.1), method="lm", epochs=5, engine="reference")
    np.testing.assert_allclose(nets[0].theta, nets[1].theta, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("sigma", ["tanh", "relu", "softmax", "layer_norm"])
def test_the_jacobian_of_the_outputs(sigma: str) -> None:
    """Row j·m + k of ∂a[r]/∂θ is Im N(x)ₖ/h at θ + ih eₗ, l = 1 … d, times the scale of example j."""
    net = cr.Network.dense([3, 4, 3, 2], hidden=sigma, output="sigmoid", seed=2)
    scale = np.arange(1.0, 6.0)
    jacobian = parameter_jacobian(net, forward(net, X[:5]), scale)
    shifted = net.astype(np.complex128)
    for k in range(net.d):
        shifted.theta[k] += 1e-30j
        column = forward(shifted, X[:5]).a[3].imag / 1e-30 * scale[:, None]
        shifted.theta[k] = net.theta[k]
        np.testing.assert_allclose(jacobian[:, k], column.ravel(), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", SHAPES)
def test_the_jacobian_with_blocks_and_kappas(name: str) -> None:
    """Aᵀ(a − y) is ∇J(θ) of the sum of squares, for block-diagonal W and parametric σ too."""
    net, cost, x, y = random_constrained_case(SHAPES[name], cr.tanh, cr.SumOfSquares(), output=cr.sigmoid)
    run = forward(net, x)
    g = (run.a[net.r] - y).ravel() @ parameter_jacobian(net, run)
    assert relative_error(g, cr.gradient(net, cost, x, y).theta) < 1e-12
    cr.minimize(net, x, y, method="lm", epochs=3, engine="reference")


def third(history: cr.History) -> bool:
    """A callback that ends the search after its third iteration."""
    return history.epochs == 3


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("settings", "stopped"),
    [({"epochs": 2}, "epochs"), ({"epochs": 0}, "epochs"), ({"gradient_tol": 1e4}, "gradient_tol"),
     ({"tol": 0.5, "tol_epochs": 1}, "tol"), ({"time_limit": 1e-9}, "time_limit"), ({"callbacks": [third]}, "callback"),
     ({"patience": 2, "validation": (X, -Y)}, "patience")],
)  # fmt: skip
def test_each_rule_ends_the_search(method: str, settings: dict[str, Any], stopped: str) -> None:
    """``stopped`` names the rule that ended the search; θ is that of the last iteration, or with patience the best."""
    net = small()
    history = cr.minimize(net, X, Y, method=method, **settings)
    assert history.stopped == stopped
    if stopped == "patience":
        assert cr.SumOfSquares()(net, X, -Y) == pytest.approx(min(history.validation_J), rel=1e-12)
        assert history.best_epoch is not None
    elif history.epochs:
        assert history.J[-1] == pytest.approx(cr.SumOfSquares()(net, X, Y), rel=1e-12)
        assert np.isnan(history.learning_rate).all()


@pytest.mark.parametrize("method", METHODS)
def test_callbacks_see_the_network(method: str) -> None:
    """A callback is called after each iteration, when the network has its θ; its exceptions pass through."""
    net, seen = small(), []

    def look(history: cr.History) -> None:
        seen.append(cr.SumOfSquares()(net, X, Y) / history.J[-1])
        if history.epochs == 3:
            raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        cr.minimize(net, X, Y, method=method, callbacks=[look])
    assert seen == pytest.approx([1.0, 1.0, 1.0], rel=1e-12)


@pytest.mark.parametrize("calls", range(1, 30, 4))
@pytest.mark.parametrize("method", METHODS)
def test_a_stop_iteration_of_an_activation_is_an_error(method: str, calls: int) -> None:
    """A StopIteration of a user's function does not end the search, but is an error, whenever it is raised."""
    left = math.inf  # the calls until it is raised

    def map_of(z: Any) -> Any:
        nonlocal left
        left -= 1
        if left < 0:
            raise StopIteration
        return np.tanh(z)

    sigma = cr.Activation(map_of, lambda z: 1.0 - np.tanh(z) ** 2, name="stopping")
    net = cr.Network.dense([3, 5, 2], hidden=sigma, seed=1)
    cr.minimize(
        net.copy(), X, Y, method=method, engine="reference", epochs=1
    )  # the activation is checked at its first use
    left = calls
    with pytest.raises(RuntimeError, match=r"an activation raised StopIteration\. To end the search, return True"):
        cr.minimize(net, X, Y, method=method, engine="reference", validation=(X, Y), epochs=100)


@pytest.mark.parametrize("method", METHODS)
def test_ctrl_c_keeps_the_last_iteration(method: str) -> None:
    """Ctrl-C raises TrainingInterrupted with the History; θ is that of the last iteration."""
    net = small()

    def press(history: cr.History) -> None:
        if history.epochs == 2:
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(cr.TrainingInterrupted) as interrupted:
        cr.minimize(net, X, Y, method=method, callbacks=[press])
    history = interrupted.value.history
    assert (history.epochs, history.stopped) == (2, "interrupted")
    assert cr.SumOfSquares()(net, X, Y) == pytest.approx(history.J[-1], rel=1e-12)


@pytest.mark.parametrize("method", METHODS)
def test_single_precision(method: str) -> None:
    """A float32 network is minimised in float64, and gets the θ of the last iteration, rounded."""
    net, wide = small().astype("float32"), small().astype("float32").astype("float64")
    cr.minimize(net, X, Y, method=method, epochs=20)
    cr.minimize(wide, X, Y, method=method, epochs=20)
    assert net.dtype == np.float32
    np.testing.assert_array_equal(net.theta, wide.theta.astype(np.float32))


@pytest.mark.parametrize("method", METHODS)
def test_an_infinite_first_J_is_a_divergence(method: str) -> None:
    """If J is not finite at the first θ, the search does not begin, and θ does not move."""
    net = cr.Network.dense([3, 2], output="exp", initial="zeros")
    net.b[1][...] = 1e4
    with pytest.raises(cr.DivergenceError, match="initial θ"):
        cr.minimize(net, X, Y, method=method)
    assert (net.b[1] == 1e4).all()


def test_products_with_the_hessian_after_a_trial_step() -> None:
    """∇²J(θ) v is at θ also after J was evaluated elsewhere, as a trust region does when it refuses a step."""
    net, cost = small(), cr.SumOfSquares()
    theta, v = net.theta.astype(np.float64), np.ones(net.d)
    objective = SearchObjective(net, cost, cost.examples(net, X, Y, None), cr.engines.chosen(net).engine)
    first = objective.hessian_vector(theta, v)
    objective.J_and_gradient(theta + 1.0)
    np.testing.assert_array_equal(objective.hessian_vector(theta, v), first)
    np.testing.assert_array_equal(first, cr.hessian_vector_product(small(), cost, X, Y, v))


@pytest.mark.native
@pytest.mark.parametrize("method", METHODS)
def test_threads_are_limited(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each evaluation of the native engine asks for at most ``threads``, of which no bit depends."""
    wanted: list[int | None] = []

    def counted(flop: float, most: int | None) -> int:
        wanted.append(most)
        return most or 1

    for module in ("engine", "hessian"):
        monkeypatch.setattr(f"chainrule.engines.native.{module}.thread_count", counted)
    theta = []
    for threads in (1, 3):
        net = small()
        cr.minimize(net, X, Y, method=method, threads=threads, epochs=5)
        theta.append(net.theta)
        assert set(wanted) == {threads}
        wanted.clear()
    np.testing.assert_array_equal(theta[0], theta[1])


@pytest.mark.parametrize("method", METHODS)
def test_frozen_parameters_stay(method: str) -> None:
    """Parameters whose rate is 0 keep their bits, and the others minimise J: a last layer alone is least squares."""
    hidden, last = small().layers
    frozen = cr.Layer(hidden.W, hidden.b, hidden.sigma, rate=cr.Factors(W=0.0, b=0.0))
    net, cost = cr.Network([frozen, last]), cr.SumOfSquares(l2=0.1)
    cr.minimize(net, X, Y, cost=cost, method=method, gradient_tol=1e-9, tol=None)
    np.testing.assert_array_equal(net.W[1], hidden.W)
    np.testing.assert_array_equal(net.b[1], hidden.b)
    g = cr.gradient(net, cost, X, Y)
    assert max(abs(g.W[2]).max(), abs(g.b[2]).max()) < 1e-5


def test_dead_units_do_not_end_levenberg_marquardt() -> None:
    """Parameters without influence leave AᵀA singular, and J falls all the same."""
    net = cr.Network.dense([3, 6, 2], hidden="relu", seed=0)
    net.b[1][:3] = -1e3
    first = cr.SumOfSquares()(net, X, Y)
    history = cr.minimize(net, X, Y, method="lm", epochs=50)
    assert history.J[-1] < 0.5 * first
    assert np.isfinite(net.theta).all()


def test_an_exact_fit_reaches_rounding() -> None:
    """Labels that a network can give are fitted until J is at its rounding."""
    truth = cr.Network.dense([3, 4, 2], hidden="tanh", seed=3)
    net = truth.copy()
    net.theta = truth.theta + 0.05 * np.random.default_rng(0).normal(size=truth.d)
    history = cr.minimize(net, X, truth(X), method="lm", gradient_tol=0.0, tol=None, epochs=200)
    assert history.J[-1] < 1e-25
    assert history.stopped == "rounding"


def test_the_history_continues_and_pickles() -> None:
    """The History is that of `train`: it pickles, and gradient descent continues from its state."""
    net = small()
    history = cr.minimize(net, X, Y, method="lm", epochs=4, validation=(X, Y))
    again = pickle.loads(pickle.dumps(history))  # noqa: S301 - made a line above
    np.testing.assert_array_equal(again.J, history.J)
    np.testing.assert_allclose(history.validation_J, history.J, rtol=1e-12)
    assert history.seconds.sum() > 0.0
    further = cr.train(net, X, Y, optimizer=cr.GradientDescent(1e-4), epochs=6, resume=history.state)
    assert further.epochs == 6


@pytest.mark.parametrize(
    ("settings", "message"),
    [({"method": "l-bfgs"}, "did you mean 'lbfgs'"), ({"epochs": -1}, "epochs must be an integer ≥ 0"),
     ({"tol": -1.0}, "tol must be a finite number ≥ 0"), ({"gradient_tol": math.nan}, "gradient_tol must be a finite"),
     ({"callbacks": 3}, "callbacks must be a list"), ({"time_limit": 0}, "time_limit must be a finite number > 0"),
     ({"method": "lm", "cost": "huber"}, r'method="lm" needs a sum of squares.* got Huber\(\)\. Use method="lbfgs"'),
     ({"method": "lm", "cost": cr.SumOfSquares(l1=0.1)}, r"with l1 = 0; got SumOfSquares\(l1=0\.1\)"),
     ({"threads": 0}, "threads must be an integer ≥ 1"),
     ({"patience": 3}, "patience=3 needs a validation set"), ({"weights": [1.0]}, "weights must have shape")],
)  # fmt: skip
def test_bad_settings_are_refused(settings: dict[str, Any], message: str) -> None:
    """A setting out of its range is refused by its name, and θ does not move."""
    net = small()
    before = net.theta.copy()
    with pytest.raises(cr.InputError, match=message):
        cr.minimize(net, X, Y, **settings)
    np.testing.assert_array_equal(net.theta, before)


def test_too_many_parameters_are_refused() -> None:
    """Levenberg–Marquardt says how many parameters it can have, before it asks for memory."""
    with pytest.raises(cr.InputError, match=r'at most 10,000 parameters.* got d = 12,002.*method="lbfgs"'):
        cr.minimize(cr.Network.dense([3, 2000, 2]), X, Y, method="lm")


def test_without_scipy_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without SciPy the error names the extra to install."""

    def without(name: str) -> Any:
        if name.startswith("scipy"):
            raise ImportError(name)
        return importlib.import_module(name)

    monkeypatch.setattr(sys.modules["chainrule.training.minimize"], "imported", without)
    with pytest.raises(cr.errors.MissingExtra, match=r"chainrule\[estimators\]"):
        cr.minimize(small(), X, Y)


@pytest.mark.parametrize("x", [1e60, 1e100, 1e120, 1e150])
def test_newton_cg_ends_where_its_products_overflow(x: float) -> None:
    """Conjugate gradients whose vᵀ∇²J v overflows would never end: the search does, at a finite θ."""
    for net, Y, cost in (
        (cr.Network([cr.Layer([[1.0], [2.0]], [0.0, 0.0], "identity")]), [[1.0, 1.0]], "sum_of_squares"),
        (
            cr.Network([cr.Layer([[1.0], [-1.0]], [0.0, 0.0], "sigmoid"), cr.Layer([[1.0, 1.0]], [0.0], "exp")]),
            [[2.0]],
            "poisson",
        ),
    ):
        history = cr.minimize(net, [[x]], Y, method="newton-cg", cost=cost, epochs=20)
        assert history.stopped in ("rounding", "epochs", "gradient_tol", "tol")
        assert np.isfinite(net.theta).all()


@pytest.mark.parametrize("method", ["lbfgs", "cg"])
def test_a_search_that_overflows_ends_at_its_last_finite_theta(method: str) -> None:
    """With x = 1e100 a search along ∇J overflows: it ends, and θ, J and ∇J are finite and those of an iteration."""
    net = cr.Network([cr.Layer([[1.0], [2.0]], [0.0, 0.0], "identity")])
    history = cr.minimize(net, [[1e100]], [[1.0, 1.0]], method=method)
    assert history.stopped == "rounding"
    assert np.isfinite(net.theta).all()
    assert np.isfinite(history.J).all()
    assert (np.diff(history.J) <= 0.0).all()

"""Block-diagonal layers, parametric σ, factors and schedules of dropout and weight decay in the native engine.

N(x), J(θ), ∇J(θ), δ[i] and training agree with the reference within the bounds that support/rounding.py derives.
Block-diagonal layers at the front of a network have kernels of their own, unit by unit; elsewhere, or with a
vector-valued σ, they are trained as dense layers whose other entries stay zero.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from support.constrained import SHAPES, random_blocks, sizes
from support.engines.gradient_bounds import DTYPES, Case, assert_gradients, assert_within, one_step, reference
from support.engines.native_runs import OPTIMIZERS, assert_same_path, finished, started, state_after
from support.engines.thread_runs import trained
from support.rounding import difference_bounds
from support.strategies import random_labels

import chainrule as cr
from chainrule import engines
from chainrule._internal.checks import Array
from chainrule.activations import ACTIVATIONS, Sigma
from chainrule.costs import TrainingSet
from chainrule.engines import native, thread_counts
from chainrule.engines.minibatches import dropout_masks
from chainrule.engines.problem import Problem
from chainrule.errors import TrainingWarning
from chainrule.network.block_diagonal import Matrix, Runs
from chainrule.network.forward import forward

pytestmark = pytest.mark.native

Plan = tuple[Runs | int, Sigma | str]  # of a layer: the blocks of W or its number of rows, and σ
P = cr.Parametric

# PBLD of three numbers and four one-hot columns (D. Holzmüller et al. 2024), and other places for blocks
EMBEDDING: Runs = ((3, 17, 1), (4, 1, 1))
REDUCTION: Runs = ((3, 4, 17), (4, 1, 1))
NETS: dict[str, tuple[int, list[Plan]]] = {
    "scaled inputs": (9, [(((9, 1, 1),), "identity"), (33, "mish"), (2, "identity")]),
    "embedded inputs": (7, [(EMBEDDING, P("sine")), (REDUCTION, "identity"), (40, P("mish")), (3, "identity")]),
    "three in front": (6, [(((6, 1, 1),), P("tanh")), (((2, 7, 3),), "gelu"), (((14, 5, 1),), "selu"), (2, "tanh")]),
    "blocks above": (5, [(36, P("selu")), (((4, 8, 9),), P("gelu")), (((32, 1, 1),), "sine"), (((2, 3, 16),), "tanh")]),
    "vector-valued": (6, [(((2, 5, 3),), "layer_norm"), (((5, 3, 2),), P("silu")), (((3, 1, 5),), "identity")]),
    "blocks alone": (6, [(((2, 3, 3),), P("sine"))]),
    "narrow, with κ": (4, [(5, P("tanh")), (2, P("softplus"))]),
}  # fmt: skip
COLUMNS: tuple[int, list[Plan]] = (300, [(((300, 2, 1),), P("sine")), (512, "tanh"), (512, P("relu")), (3, "identity")])


def make_net(
    plan: tuple[int, list[Plan]], dtype: str, seed: int = 0, dropout: float | cr.Schedule = 0.0, factors: bool = False
) -> cr.Network:
    """A network with random W, b and κ and, with ``factors``, random factors, some of which are 0."""
    rng, (n, layers) = np.random.default_rng(seed), plan
    built = []
    for k, (size, sigma) in enumerate(layers):
        W: Matrix = rng.normal(size=(size, n)) / np.sqrt(n) if isinstance(size, int) else random_blocks(rng, size)
        m = W.shape[0]
        settings: dict[str, Any] = {"kappa": rng.uniform(-0.5, 1.5, size=m)} if isinstance(sigma, P) else {}
        if factors:
            rate, decay = rng.choice([0.0, 0.1, 0.5, 2.0], size=3), rng.choice([0.0, 0.5, 1.0], size=3)
            settings |= {"rate": cr.Factors(*rate), "decay": cr.Factors(*decay)}
        built.append(cr.Layer(W, 0.5 * rng.normal(size=m), sigma, 0.0 if k + 1 == len(layers) else dropout, **settings))
        n = m
    return cr.Network(built).astype(dtype)


def make_case(net: cr.Network, t: int, number: int, cost: cr.Cost | None = None) -> Case:
    """t examples; means, penalties and weights take turns."""
    rng = np.random.default_rng([3, number])
    if cost is None:
        settings = {"mean": number % 2 == 1, "l1": 0.1 * (number % 3 == 1), "l2": 0.2 * (number % 4 > 1)}
        cost = cr.SumOfSquares(**settings)  # type: ignore[arg-type]
    X, Y = rng.normal(size=(t, net.m[0])), random_labels(rng, cost, t, net.m[-1])
    weights = rng.uniform(0.5, 2.0, size=t).astype(net.dtype) if number % 5 > 2 else None
    return Case(net, cost, X.astype(net.dtype), cost.targets(Y.astype(net.dtype), net.m[-1], net.dtype), weights)


def assert_gradient(case: Case, is_sharp: bool = True) -> None:
    """Asserts the bounds of J, ∇J and δ[i] of ``cr.gradient``, and of J and ∇J of a training step in panels."""
    assert assert_gradients(case, is_sharp) == "panels"


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", NETS)
def test_gradients(name: str, dtype: str) -> None:
    """∂J/∂W of the blocks, ∂J/∂b, ∂J/∂κ and δ[i] are within the bounds for 1 to 300 examples, in every network."""
    for number, t in enumerate((37, 1, 101, 300, 64)):
        net = make_net(NETS[name], dtype, seed=number)
        assert_gradient(make_case(net, t, number), is_sharp=name != "vector-valued")


@pytest.mark.parametrize("sigma", [s for s in ACTIVATIONS.values() if s.entrywise], ids=lambda s: s.name)
def test_each_parametric_sigma(sigma: cr.Activation) -> None:
    """The bounds hold for every parametric σ, in the front layer, in a hidden layer and in the last layer."""
    plan: tuple[int, list[Plan]] = (4, [(((2, 9, 2),), P(sigma)), (34, P(sigma)), (2, P(sigma))])
    for number, dtype in enumerate(DTYPES):
        net = make_net(plan, dtype, seed=number)
        if sigma.name == "exp":  # e^z of e^z of e^z overflows
            for i in (1, 2, 3):
                net.theta *= net.dtype.type(0.5)
                net.b[i][...] *= net.dtype.type(0.1)
        assert_gradient(make_case(net, 40, number), is_sharp=False)


@pytest.mark.parametrize("name", SHAPES)
def test_shapes_of_blocks(name: str) -> None:
    """The bounds hold for every shape of blocks, at the front and above it."""
    runs = SHAPES[name]
    m, n = sizes(runs)
    for number, dtype in enumerate(DTYPES):
        for plan in ((n, [(runs, P("silu")), (2, "identity")]), (3, [(n, "tanh"), (runs, P("silu"))])):
            assert_gradient(make_case(make_net(plan, dtype, seed=number), 21, number))  # type: ignore[arg-type]
    assert m >= 1


@pytest.mark.parametrize("cost", [cr.Huber(threshold=0.3), cr.AbsoluteError(mean=True), cr.Quantile(q=0.2)], ids=repr)
def test_costs_over_a_parametric_output(cost: cr.Cost) -> None:
    """δ[r] and ∂J/∂κ[r] lie within the bounds for every cost and for few and many outputs."""
    for outputs in (3, 40):
        plan: tuple[int, list[Plan]] = (5, [(((5, 2, 1),), "sine"), (outputs, P("sigmoid"))])
        for number, dtype in enumerate(DTYPES):
            assert_gradient(make_case(make_net(plan, dtype), 50, number, cost), is_sharp=False)


@pytest.mark.parametrize("dtype", DTYPES)
def test_many_examples(dtype: str) -> None:
    """The bounds hold for a full batch of 9,973 examples, which is summed in blocks, also at the front."""
    assert_gradient(make_case(make_net(NETS["embedded inputs"], dtype), 9973, 1))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", NETS)
def test_outputs(name: str, dtype: str) -> None:
    """N(x) of one row, of two, of many, and of each row by itself lies within the bounds."""
    for t in (1, 2, 37, 1031):
        net = make_net(NETS[name], dtype, seed=t)
        case = make_case(net, t, 0)
        truth = forward(net.astype(np.float64), case.X.astype(np.float64)).a[net.r]
        bound = difference_bounds(*case).a[net.r]
        assert_within(f"{name}, t = {t}", net(case.X, engine="native"), truth, bound)
        assert_within(f"{name}, t = {t}, auto", net(case.X), truth, bound)
        for j in {0, t // 2, t - 1}:
            assert_within(f"row {j}", net(case.X[j]), truth[j], bound[j])
            assert_within(f"row {j}, predictor", net.predictor()(case.X[j]), truth[j], bound[j])


def test_kappa_of_1_and_0() -> None:
    """With κ = 1 a unit has the bits of σ, with κ = 0 it passes z through."""
    X = np.random.default_rng(1).normal(size=(70, 5)).astype(np.float32)
    for plan in ((5, [(((5, 3, 1),), "mish"), (2, "identity")]), (5, [(40, "mish"), (2, "identity")])):
        plain = make_net(plan, "float32")  # type: ignore[arg-type]
        first, last = plain.layers
        for kappa, sigma in ((1.0, first.sigma), (0.0, cr.identity)):
            parametric = cr.Network([cr.Layer(first.W, first.b, P("mish"), kappa=np.float32(kappa)), last])
            same = cr.Network([cr.Layer(first.W, first.b, sigma), last])
            np.testing.assert_array_equal(parametric(X, engine="native"), same(X, engine="native"))
            np.testing.assert_array_equal(parametric(X[0]), same(X[0]))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ["scaled inputs", "embedded inputs", "blocks above", "three in front"])
def test_dropout(name: str, dtype: str) -> None:
    """A step with dropout, also at the front, has the ∇J(θ) of the network thinned by the masks of the first key."""
    net = make_net(NETS[name], dtype, dropout=cr.FlatCosine(0.3))
    masks = dropout_masks(int(np.random.PCG64(7).random_raw()), net.astype(np.float64), 37, [0.3] * (net.r - 1) + [0.0])
    case = make_case(net, 37, 0)
    truth, bound = reference(case, masks), difference_bounds(*case, masks)
    _, J, g, rounded = one_step(case, seed=7)
    assert_within("J", J, truth.J, bound.J)
    assert_within("∇J", g, truth.theta, bound.theta + rounded)


# ---- training ------------------------------------------------------------------------------------------------------


def make_problem(name: str, optimizer: cr.Optimizer, dtype: str, number: int, **own: Any) -> Problem:
    """50 examples, a validation set of 23, factors and scheduled dropout."""
    drops = None if optimizer.full_batch_only else (cr.FlatCosine(0.2, flat=0.3), 0.1, cr.CosLog4(0.3), 0.0)[number % 4]
    net = make_net(NETS[name], dtype, number, drops or 0.0, factors=True)
    rng = np.random.default_rng(8)

    def examples(t: int) -> TrainingSet:
        X = rng.normal(size=(t, net.m[0]))
        Y = np.sin(X[:, :1]) + 0.3 * rng.normal(size=(t, net.m[-1]))
        return TrainingSet(X.astype(dtype), Y.astype(dtype), None)

    cost = cr.SumOfSquares(mean=True, l1=0.01 * (number % 2), l2=0.02 * (number % 3 == 1))
    size = 50 if optimizer.full_batch_only or number % 4 == 3 else 16
    settings: dict[str, Any] = {
        "validation": examples(23),
        "threads": 1 + number % 3,
        "shuffle": number % 2 == 0,
        **own,
    }
    return Problem(net, cost, optimizer, examples(50), size, settings.pop("epochs", 6), 3, **settings)


def schedules(size: float) -> list[float | cr.Schedule]:
    """Schedules of the learning rate."""
    return [cr.CosLog4(0.02 * size), cr.FlatCosine(0.01 * size), 0.01 * size]


@pytest.mark.parametrize("name", ["scaled inputs", "embedded inputs", "blocks above", "narrow, with κ"])
@pytest.mark.parametrize("number", range(len(OPTIMIZERS)), ids=[o.name for o in OPTIMIZERS])
def test_the_path_agrees_with_the_reference(number: int, name: str) -> None:
    """θ, the moments and the records agree with the reference for every optimizer, with factors of rates and decays and
    scheduled weight decay and dropout, clipped or not, shuffled or not."""
    optimizer = OPTIMIZERS[number]
    place = list(NETS).index(name) + number
    if isinstance(optimizer, cr.AdamW):
        optimizer = replace(optimizer, weight_decay=(0.1, cr.FlatCosine(0.2), cr.Cosine(0.1))[place % 3])
    if not optimizer.full_batch_only:
        slow = {"momentum": 0.2, "nesterov": 0.2}.get(optimizer.name, 1.0)  # the step is about α/(1 − β)
        optimizer = replace(optimizer, learning_rate=schedules(slow)[place % 3], clip_norm=(None, 0.3, 1e3)[place % 3])
    assert_same_path(make_problem(name, optimizer, "float64" if place % 3 else "float32", place))


@pytest.mark.parametrize("name", ["scaled inputs", "embedded inputs", "blocks above"])
def test_adamw_over_a_thousand_steps(name: str) -> None:
    """After 1,000 steps in float64 every entry of θ is the reference's to 1e-9."""
    optimizer = cr.AdamW(cr.CosLog4(0.003), weight_decay=cr.FlatCosine(0.02))
    problem = make_problem(name, optimizer, "float64", 0, epochs=250)
    theta = [finished(problem, engine).state() for engine in ("native", "reference")]
    assert [state.step for state in theta] == [1000, 1000]
    assert abs(theta[0].theta - theta[1].theta).max() <= 1e-9
    np.testing.assert_allclose(theta[0].records["J"], theta[1].records["J"], rtol=1e-9)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ["embedded inputs", "blocks above", "vector-valued"])
@pytest.mark.parametrize(
    "optimizer", [cr.AdamW(0.002, weight_decay=cr.FlatCosine(0.1)), cr.Momentum(0.002, clip_norm=0.1)]
)
def test_any_number_of_threads_gives_the_same_bits(
    optimizer: cr.Optimizer, name: str, dtype: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """θ, moments and records are bitwise the same for 1, 2, 3, 4 and 8 threads."""
    monkeypatch.setattr(thread_counts, "FLOP_PER_THREAD", 1e-9)
    for number in (2, 3):
        problem = make_problem(name, optimizer, dtype, number, patience=5)
        one = trained(problem, 1)
        for threads in (2, 3, 4, 8):
            assert trained(problem, threads) == one, threads


@pytest.mark.parametrize("dtype", DTYPES)
def test_threads_share_dense_layers_by_columns(dtype: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bits agree when threads share the dense layers by columns and the front by rows; ∇J is the reference's."""
    monkeypatch.setattr(thread_counts, "FLOP_PER_THREAD", 1e-9)
    net = make_net(COLUMNS, dtype, dropout=0.2)
    case = make_case(net, 50, 2)
    problem = Problem(net, case.cost, cr.Adam(1e-3), TrainingSet(*case[2:]), 20, 2, 3)
    one = trained(problem, 1)
    for threads in (2, 3, 8):
        assert trained(problem, threads) == one, threads
    monkeypatch.setenv("CHAINRULE_THREADS", "3")
    plain = cr.Network(replace_dropout(layer) for layer in net.layers)
    assert_gradient(case._replace(net=plain), is_sharp=False)


def replace_dropout(layer: cr.Layer) -> cr.Layer:
    """The layer without dropout."""
    kappa = layer.kappa if len(layer.kappa) else None
    return cr.Layer(layer.W, layer.b, layer.sigma, kappa=kappa, rate=layer.rate, decay=layer.decay)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", NETS)
def test_slices_and_states(name: str, dtype: str) -> None:
    """Six epochs end bitwise like six times one epoch, each from the state of the previous one."""
    problem = make_problem(name, cr.AdamW(0.01, weight_decay=cr.FlatCosine(0.1)), dtype, 0)
    whole, state = finished(problem, "native").state(), None
    while state is None or state.epoch < 6:
        run = started(problem, "native", state)
        run.advance(1, math.inf)
        state = run.state()
    np.testing.assert_array_equal(state.theta, whole.theta)
    for moment in whole.moments:
        np.testing.assert_array_equal(state.moments[moment], whole.moments[moment])
    assert state.records["J"] == whole.records["J"]
    assert state.stream == whole.stream


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ["scaled inputs", "embedded inputs", "blocks above"])
@pytest.mark.parametrize(
    "optimizer", [cr.GradientDescent(1e30), cr.Momentum(1e3), cr.AdamW(1e30, weight_decay=1e8)], ids=repr
)
def test_divergence_is_the_same(optimizer: cr.Optimizer, name: str, dtype: str) -> None:
    """A divergent run ends at the reference's step with the θ of the last finite step."""
    n, plan = NETS[name]
    net = make_net((n, [(W, P("identity") if isinstance(s, P) else "identity") for W, s in plan]), dtype)
    case = make_case(net, 50, 0, cr.SumOfSquares())
    ends = []
    for engine in ("native", "reference"):
        other = net.copy()
        with pytest.raises(cr.DivergenceError) as caught:
            cr.train(other, case.X, case.Y, optimizer=optimizer, epochs=100, engine=engine)
        history = caught.value.history
        np.testing.assert_array_equal(other.theta, history.state.theta)
        assert np.isfinite(other.theta).all()
        ends.append((history.state.step, history.stopped))
        if engine == "native":
            again = state_after(history.epochs, net, case.X, case.Y, optimizer)
            np.testing.assert_array_equal(again.theta, other.theta)
            for moment, values in again.moments.items():
                np.testing.assert_array_equal(history.state.moments[moment], values)
    assert ends[0] == ends[1]


def test_what_is_declined() -> None:
    """Native accepts all of this; it declines a user's own σ inside a parametric one, and own schedules of dropout or
    decay."""
    own = cr.Activation(np.tanh, lambda z: 1 - np.tanh(z) ** 2, name="own_tanh")

    class OwnSchedule(cr.Schedule):
        name = "own_schedule"

        def at(self, epoch: float, epochs: float) -> float:
            return self.rate

    def declined(sigma: Sigma, dropout: float | cr.Schedule, decay: float | cr.Schedule) -> str | None:
        first = cr.Layer(cr.Diagonal([1.0, 2.0]), [0.0, 0.0], sigma, dropout, rate=cr.Factors(W=6.0))
        net = cr.Network([first, cr.Layer([[1.0, 1.0]], [0.0], "identity")])
        return native.ENGINE.declines(net, cr.SumOfSquares(), cr.AdamW(weight_decay=decay), shuffle=False)

    assert declined(P("mish"), cr.FlatCosine(0.1), cr.FlatCosine(0.1)) is None
    assert declined(P(own), 0.0, 0.0) == "sigma[1] = parametric own_tanh is not built in."
    assert declined(P("mish"), OwnSchedule(0.1), 0.0) == f"the schedule {OwnSchedule(0.1)!r} is not built in."
    assert declined(P("mish"), 0.0, OwnSchedule(0.1)) == f"the schedule {OwnSchedule(0.1)!r} is not built in."
    assert engines.chosen(make_net(NETS["embedded inputs"], "float32")).name == "native"


def test_frozen_parts_keep_their_bits() -> None:
    """With a rate of 0 no bit of W, b or κ moves, −0 included, whatever the optimizer."""
    for optimizer in OPTIMIZERS:
        for plan in (NETS["embedded inputs"], NETS["blocks above"]):
            plain = make_net(plan, "float32")
            frozen = cr.Network(
                cr.Layer(
                    L.W, L.b, L.sigma, kappa=L.kappa if len(L.kappa) else None,
                    rate=cr.Factors(*(0.0 if k == i % 3 else 1.0 for k in range(3))),
                )
                for i, L in enumerate(plain.layers)
            )  # fmt: skip
            frozen.theta[::5] = -0.0
            before = frozen.copy()
            case = make_case(frozen, 30, 0)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", TrainingWarning)  # J may rise
                cr.train(frozen, case.X, case.Y, optimizer=optimizer, epochs=4, engine="native")
            for i in range(1, frozen.r + 1):
                moved: list[tuple[Array, Array]] = [
                    (cr_entries(N.W[i]), cr_entries(M.W[i])) for N, M in ((frozen, before),)
                ] + [(frozen.b[i], before.b[i]), (frozen.kappa[i], before.kappa[i])]
                for k, (now, then) in enumerate(moved):
                    same = now.tobytes() == then.tobytes()
                    assert same if k == (i - 1) % 3 or not now.size else not same, (optimizer, i, k)


def cr_entries(W: Matrix) -> Array:
    """The parameters of W."""
    return np.asarray(W.entries if isinstance(W, cr.BlockDiagonal) else W)

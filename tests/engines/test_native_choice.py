"""Who computes: ``auto`` takes the native engine, and where it cannot says why; which kernels run on which CPU."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from support.patience import LIMIT

import chainrule as cr
from chainrule import engines
from chainrule._internal.checks import Array
from chainrule.activations import ACTIVATIONS
from chainrule.costs import COSTS
from chainrule.engines import choice, native
from chainrule.optimizers import OPTIMIZERS
from chainrule.optimizers.schedules import SCHEDULES

X, Y = np.linspace(-1.0, 1.0, 12).reshape(6, 2), np.linspace(0.0, 1.0, 6)[:, None]
OWN_SIGMA = cr.Activation(np.tanh, lambda z: 1 - np.tanh(z) ** 2, name="own_tanh")
OWN_COST = cr.CustomCost(lambda A, Y: 0.5 * ((A - Y) ** 2).sum(axis=1), name="own_squares")


class OwnDescent(cr.Optimizer):
    """A user's own optimizer."""

    name: ClassVar[str] = "own_descent"

    def step(
        self, theta: Array, gradient: Array, moments: dict[str, Array], alpha: float | Array, k: int, decayed: Array
    ) -> None:
        theta[...] = theta - alpha * gradient


class NearlyAdam(cr.Adam):
    """One that bears a built-in name, which it inherits."""


@dataclass(frozen=True)
class OwnSchedule(cr.Schedule):
    """A user's own schedule."""

    name: ClassVar[str] = "own_schedule"

    def at(self, epoch: float, epochs: float) -> float:
        return self.rate


def small_net(*sigmas: cr.Activation | str, dtype: str = "float64") -> cr.Network:
    """2-3-1."""
    return cr.Network.dense([2, 3, 1], hidden="tanh", dtype=dtype) if not sigmas else cr.Network(
        [cr.Layer(np.ones((3, 2)), np.zeros(3), sigmas[0]), cr.Layer(np.ones((1, 3)), np.zeros(1), sigmas[1])]
    )  # fmt: skip


@pytest.mark.native
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_auto_takes_the_native_engine(dtype: str) -> None:
    """Every activation, cost, optimizer and schedule of the catalogues runs on the native engine, which is the fastest
    here; the history says so."""
    for sigma in ACTIVATIONS.values():
        net = small_net(sigma, "identity").astype(dtype)  # type: ignore[arg-type]
        assert (engines.chosen(net).name, engines.chosen(net).reason) == ("native", "the fastest engine here")
    for kind in COSTS.values():
        assert engines.chosen(small_net(), kind(mean=True, l1=0.1, l2=0.1)).name == "native"
    rates: list[cr.Schedule] = [
        cr.Constant(0.1), cr.Step(0.1, every=2.0), cr.Exponential(0.1, decay=0.1), cr.InverseTime(0.1, decay=0.1),
        cr.Cosine(0.1), cr.OneCycle(0.1), cr.CosLog4(0.1), cr.FlatCosine(0.1),
    ]  # fmt: skip
    assert {rate.name for rate in rates} == set(SCHEDULES)
    for optimizer in OPTIMIZERS.values():
        for rate in rates:
            if optimizer.full_batch_only and not isinstance(rate, cr.Constant):
                continue
            assert engines.chosen(small_net(), None, optimizer(rate, clip_norm=1.0)).name == "native"
    history = cr.train(small_net(dtype=dtype), X, Y, epochs=2)
    assert (history.engine, history.engine_reason) == ("native", "the fastest engine here")
    named = cr.train(small_net(dtype=dtype), X, Y, epochs=2, engine="native")
    assert (named.engine, named.engine_reason) == ("native", "requested by name")


DECLINED = [
    pytest.param(small_net(OWN_SIGMA, "identity"), None, None, r"sigma\[1\] = own_tanh", id="σ[1]"),
    pytest.param(small_net("tanh", OWN_SIGMA), None, None, r"sigma\[2\] = own_tanh", id="σ[r]"),
    pytest.param(small_net(), OWN_COST, None, "the cost CustomCost.*", id="cost"),
    pytest.param(small_net(), None, OwnDescent(0.1), "the optimizer OwnDescent.*", id="optimizer"),
    pytest.param(small_net(), None, NearlyAdam(0.1), "the optimizer NearlyAdam.*", id="subclass"),
    pytest.param(small_net(), None, cr.Adam(OwnSchedule(0.1)), "the schedule OwnSchedule.*", id="schedule"),
]


@pytest.mark.native
@pytest.mark.parametrize(("net", "cost", "optimizer", "why"), DECLINED)
def test_auto_says_once_why_it_takes_another(
    net: cr.Network, cost: cr.Cost | None, optimizer: cr.Optimizer | None, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A user's own part runs on the reference engine: a notice says what native declines, once; so does the history.
    Asked for by name, native refuses with the same words."""
    why += " is not built in"
    monkeypatch.setattr(choice, "_reported_reasons", set())
    settings = {"cost": cost or cr.SumOfSquares(), "optimizer": optimizer or cr.GradientDescent(0.1), "epochs": 2}
    with pytest.warns(
        cr.engines.EngineNotice, match=f"The native engine declines: {why}.* The reference engine runs it"
    ):
        history = cr.train(net.copy(), X, Y, **settings)  # type: ignore[arg-type]
    assert history.engine == "reference"
    assert re.search(f"The native engine declines: {why}", history.engine_reason)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        cr.train(net.copy(), X, Y, **settings)  # type: ignore[arg-type]
    refusal = f"engine='native' cannot run this: {why}.* Use engine='auto' or 'reference'"
    with pytest.raises(cr.InputError, match=refusal):
        cr.train(net.copy(), X, Y, engine="native", **settings)  # type: ignore[arg-type]


@pytest.mark.native
def test_complex_theta_is_declined() -> None:
    """Complex networks, those of the complex step, are evaluated by the reference engine, without a notice."""
    net = small_net().astype(np.complex128)
    assert native.ENGINE.declines(net, None, None) == "θ is complex."
    np.testing.assert_array_equal(net(X), net(X, engine="reference"))
    with pytest.raises(cr.InputError, match="engine='native' cannot run this: θ is complex"):
        net(X, engine="native")


def test_without_a_compiled_core(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the compiled core is not installed everything runs on the reference engine, and the reason is given."""
    monkeypatch.setattr(native, "_native", None)
    monkeypatch.setattr(choice, "_reported_reasons", set())
    with pytest.warns(cr.engines.EngineNotice, match=r"compiled core \(chainrule._native\) is not installed"):
        history = cr.train(small_net(), X, Y, epochs=1)
    assert history.engine == "reference"
    net = small_net()
    np.testing.assert_array_equal(net(X), net(X, engine="reference"))


# ---- kernel sets ---------------------------------------------------------------------------------------------------


def python(code: str, kernels: str) -> subprocess.CompletedProcess[str]:
    """A program in a process of its own, where CHAINRULE_KERNELS has this value."""
    folders = [str(Path(__file__).parent), str(Path(__file__).parents[1])]
    program = f"import sys; sys.path[:0] = {folders!r}\n" + textwrap.dedent(code)
    environment = {**os.environ, "CHAINRULE_KERNELS": kernels}
    command = [sys.executable, "-W", "error", "-c", program]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=LIMIT, check=False)


ASK = """
import numpy as np, chainrule as cr
try:
    cr.Network.dense([2, 3, 1])(np.ones((9, 2)), engine="native")
    from chainrule import _native
    print(_native.kernel_set())
except ValueError as error:
    print(error)
"""


def runnable() -> list[str]:
    """The kernel sets that this CPU runs, the best first, by what the error message says."""
    said = python(ASK, "none").stdout
    found = re.fullmatch(
        r"CHAINRULE_KERNELS must name a kernel set that this CPU runs: ([\w, ]+); got 'none'\. "
        r"Unset it to take the best one\.\n",
        said,
    )
    assert found, said
    return found[1].split(", ")


@pytest.mark.native
def test_unknown_kernels() -> None:
    """A kernel set that does not exist, or that this CPU cannot run, is an error that names those that it can run; none
    named, or an empty name, takes the best."""
    names = runnable()
    assert names[-1] == "baseline" or names == ["neon", "baseline"]
    assert python(ASK, "").stdout.strip() == names[0]
    for other in {"avx512", "avx2", "neon", "AVX2", "baseline "} - set(names):
        assert f"that this CPU runs: {', '.join(names)}; got '{other}'" in python(ASK, other).stdout
    if not os.environ.get("CHAINRULE_KERNELS"):
        assert native._native.kernel_set() == names[0]


@pytest.mark.native
@pytest.mark.parametrize("kernels", ["avx512", "avx2", "baseline", "neon"])
def test_each_kernel_set(kernels: str) -> None:
    """Each set, forced, is the one that runs; its outputs, gradients and training steps are within the derived bound,
    so that two sets are within twice of it of each other, and any number of threads has the same bits."""
    if kernels not in runnable():
        pytest.skip(f"this CPU does not run {kernels}")
    answer = python(
        """
        from chainrule import _native
        import chainrule as cr
        from chainrule.activations import ACTIVATIONS
        from chainrule.costs import COSTS
        import chainrule.engines.thread_counts
        import test_native_constrained as constrained, test_native_gradients as gradients
        import test_native_threads as threads, test_native_training as training

        gradients.SIZES = gradients.SIZES[1:4:2] + gradients.SIZES[5:]
        costs = list(COSTS.values())
        for k, sigma in enumerate(gradients.SIGMAS):
            gradients.test_gradients(sigma, costs[k % len(costs)])
            gradients.test_dropout(sigma, (3, 5, 2) if k % 2 else (5, 70, 40, 3), gradients.DTYPES[k // 2 % 2])
        for kind in costs:
            gradients.test_gradients(cr.tanh, kind)
        for sigma in (cr.gelu, cr.softmax):
            for dtype in gradients.DTYPES:
                gradients.test_outputs(sigma, dtype)
        for parameters in training.plans()[::7]:
            training.test_the_path_is_the_references(*parameters.values)
        for name in constrained.NETS:
            for dtype in gradients.DTYPES:
                constrained.test_gradients(name, dtype)
                constrained.test_outputs(name, dtype)
        for sigma in (cr.mish, cr.selu, cr.sigmoid):
            constrained.test_each_parametric_sigma(sigma)
        constrained.test_kappa_of_1_and_0()
        for number, name in enumerate(["scaled inputs", "embedded inputs", "blocks above"]):
            for dtype in gradients.DTYPES:
                constrained.test_dropout(name, dtype)
            constrained.test_the_path_is_the_references(number + 4, name)
        chainrule.engines.thread_counts.FLOP_PER_THREAD = 1e-9
        for way in threads.WAYS:
            for dtype in gradients.DTYPES:
                problem = threads.make_problem(way, dtype, cr.Adam(0.01, clip_norm=0.1), 50, 16, dropout=0.2)
                assert threads.trained(problem, 1) == threads.trained(problem, 3)
        for name in ("embedded inputs", "blocks above"):
            problem = constrained.make_problem(name, cr.Adam(0.01, clip_norm=0.1), "float32", 2)
            assert threads.trained(problem, 1) == threads.trained(problem, 3)
        print(_native.kernel_set())
        """,
        kernels,
    )
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.strip() == kernels

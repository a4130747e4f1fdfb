"""The engine torch as a name and as a value: devices, precisions, and the settings of PyTorch that are put back."""

from __future__ import annotations

import importlib.util
import threading
import warnings
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from support.noisy_examples import X, Y, small_net
from support.patience import LIMIT
from support.pytorch import pytorch

import chainrule as cr
from chainrule.engines.problem import Problem
from chainrule.estimators import MLPRegressor, NetworkRegressor

torch: Any = pytorch()
pytestmark = pytest.mark.torch

HAS_GPU = torch.cuda.is_available()


def test_the_value_is_the_engine() -> None:
    """``Torch(device="cpu")`` trains, predicts and differentiates with the bits of the engine's name."""
    value, nets = cr.engines.Torch(device="cpu"), [small_net(), small_net()]
    histories = [
        cr.train(net, X, Y, optimizer="adam", epochs=3, batch_size=4, engine=engine)
        for net, engine in zip(nets, (value, value if HAS_GPU else "torch"), strict=True)
    ]
    assert (nets[0].theta == nets[1].theta).all()
    assert histories[0].engine == "torch"
    assert histories[0].engine_reason == "requested as Torch(device='cpu')"
    np.testing.assert_allclose(nets[0](X, engine=value), nets[0](X), rtol=1e-12)
    g = cr.gradient(nets[0], "sum_of_squares", X, Y, engine=value)
    np.testing.assert_allclose(g.theta, cr.gradient(nets[0], "sum_of_squares", X, Y).theta, rtol=1e-9, atol=1e-12)


def test_values_are_equal_by_their_settings() -> None:
    """Two values with the same settings are equal, and print as they are written."""
    assert cr.engines.Torch("cuda:1", "bf16") == cr.engines.Torch(device="cuda:1", precision="bf16")
    assert repr(cr.engines.Torch(precision="high")) == "Torch(precision='high')"


@pytest.mark.parametrize(
    ("device", "precision", "words"),
    [("gpu", "highest", 'device must be "cpu"'), ("cuda:x", "highest", 'device must be "cpu"'),
     (0, "highest", 'device must be "cpu"'), ("cpu", "tf32", "precision must be one of highest, high, bf16")],
)  # fmt: skip
def test_a_wrong_setting_is_refused(device: Any, precision: str, words: str) -> None:
    """A device or a precision that does not exist is refused at once, with those that do."""
    with pytest.raises(cr.InputError, match=words):
        cr.engines.Torch(device, precision)


@pytest.mark.parametrize("engine", [0, object(), cr.engines.Torch])
def test_what_is_no_engine_is_refused(engine: Any) -> None:
    """A number, any object, and the class in the place of a value are refused with what to pass."""
    with pytest.raises(cr.InputError, match=r'engine must be "auto", the name of an engine, or an engine such as'):
        cr.train(small_net(), X, Y, engine=engine)


@pytest.mark.skipif(HAS_GPU, reason="for machines without a GPU")
def test_a_device_that_is_not_there_is_refused() -> None:
    """A GPU that PyTorch does not find is refused with the remedy."""
    with pytest.raises(cr.EngineDeclined, match="PyTorch finds no GPU for device='cuda:0'; use device='cpu'"):
        cr.train(small_net(), X, Y, engine=cr.engines.Torch("cuda:0"))


def test_without_pytorch_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without PyTorch, the error says how to install it."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(cr.EngineDeclined, match=r"PyTorch is not installed; pip install 'chainrule\[torch\]'\. Use"):
        cr.train(small_net(), X, Y, engine="torch")


def test_bf16_needs_float32() -> None:
    """Products in bfloat16 are for float32 networks; ∇J of one is near that in float32, and θ stays float32."""
    low = cr.engines.Torch("cpu", "bf16")
    with pytest.raises(cr.EngineDeclined, match="precision='bf16' is for float32 networks"):
        cr.train(small_net(), X, Y, engine=low)
    net = cr.Network.dense([2, 32, 32, 1], hidden="relu", dtype="float32", seed=1)
    g = cr.gradient(net, "sum_of_squares", X, Y, engine=low).theta
    truth = cr.gradient(net, "sum_of_squares", X, Y).theta
    assert 0 < np.linalg.norm(g - truth) < 16 * 2.0**-9 * np.linalg.norm(truth)  # 16 roundings of 8 bits
    history = cr.train(net, X, Y, optimizer="adam", epochs=30, engine=low)
    assert history.J[-1] < history.J[0]
    assert net.theta.dtype == np.float32


def test_the_settings_of_pytorch_are_put_back() -> None:
    """After each call, also one that fails, PyTorch has the threads, precision and gradient mode of before."""
    products = torch.backends.mkldnn.matmul

    def settings() -> tuple[object, ...]:
        return (
            torch.get_num_threads(),
            products.fp32_precision,
            torch.is_grad_enabled(),
            torch.is_autocast_enabled("cpu"),
        )

    def fail(history: cr.History) -> None:
        raise KeyError("mine")

    before = products.fp32_precision
    try:
        products.fp32_precision = "bf16"
        expected, seen = settings(), []
        cr.train(small_net(), X, Y, epochs=2, engine="torch", callbacks=[lambda history: seen.append(settings())])
        cr.gradient(small_net(), "huber", X, Y, engine="torch")
        with pytest.raises(KeyError):
            cr.train(small_net(), X, Y, epochs=2, engine="torch", callbacks=[fail])
        assert {*seen, settings()} == {expected}
    finally:
        products.fp32_precision = before


def test_small_steps_have_one_thread() -> None:
    """On a CPU a step has as many threads as it is large enough for, and no more than the run is allowed."""
    for sizes, expected in (([8, 16, 1], 1), ([256, 512, 512, 1], 2)):
        net = cr.Network.dense(sizes)
        data = cr.TrainingSet(np.ones((64, sizes[0])), np.ones((64, 1)))
        problem = Problem(net, cr.SumOfSquares(), cr.Adam(), data, 64, 1, 0, threads=2)
        run: Any = cr.engines.Torch("cpu").start(problem, None)
        assert run.threads() == expected
        run.limit_threads(1)
        assert run.threads() == 1


def test_threads_share_the_precision_of_products() -> None:
    """Threads that need one precision work at the same time, others wait, and the last one puts it back."""
    from chainrule.engines.torch.session import _Products

    backend = SimpleNamespace(fp32_precision="none")
    products, both, seen = _Products(backend), threading.Barrier(2), []

    def work(setting: str, meet: bool) -> None:
        with products.set_to(setting):
            if meet:
                both.wait(LIMIT)
            seen.append((setting, backend.fp32_precision))

    threads = [threading.Thread(target=work, args=each) for each in [("ieee", True), ("ieee", True), ("tf32", False)]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT)
    assert sorted(seen) == [("ieee", "ieee"), ("ieee", "ieee"), ("tf32", "tf32")]
    assert backend.fp32_precision == "none"


def test_a_program_with_gradients_and_autocast_changes_nothing() -> None:
    """Within a program's own autocast, and with its default type, a run has the bits of one outside."""
    nets = [small_net("float32"), small_net("float32")]
    cr.train(nets[0], X, Y, optimizer="adam", epochs=3, engine="torch")
    torch.set_default_dtype(torch.float64)
    try:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            cr.train(nets[1], X, Y, optimizer="adam", epochs=3, engine="torch")
    finally:
        torch.set_default_dtype(torch.float32)
    assert (nets[0].theta == nets[1].theta).all()


def test_read_only_examples_are_taken_without_a_warning() -> None:
    """X and Y may be read-only, in any order of memory."""
    rows, labels = np.asfortranarray(X), Y.copy()
    rows.flags.writeable = labels.flags.writeable = False
    nets = [small_net(), small_net()]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        cr.train(nets[0], rows, labels, epochs=2, batch_size=3, engine="torch")
    cr.train(nets[1], X, Y, epochs=2, batch_size=3, engine="torch")
    assert (nets[0].theta == nets[1].theta).all()


def test_estimators_take_the_engine_and_their_files_hold_it(tmp_path: Path) -> None:
    """An estimator with an engine as a value trains by it, and its file gives an equal one back."""
    engine = cr.engines.Torch(device="cpu")
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(60, 3))
    for kind in (NetworkRegressor, MLPRegressor):
        settings: dict[str, Any] = {"hidden_layer_sizes": (8,), "random_state": 0, "engine": engine}
        settings |= {"epochs": 3, "n_networks": 2} if kind is NetworkRegressor else {"max_iter": 3}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fitted = kind(**settings).fit(rows, rows[:, 0])
        fitted.save(tmp_path / kind.__name__)
        again = kind.load(tmp_path / kind.__name__)
        assert again.engine == engine
        np.testing.assert_array_equal(again.predict(rows), fitted.predict(rows))


def test_several_networks_end_as_one_by_one() -> None:
    """``train_many`` with the engine gives each network the bits of ``train``."""
    nets, alone = ([cr.Network.dense([2, 8, 1], seed=seed) for seed in range(3)] for _ in range(2))
    settings: dict[str, Any] = {"optimizer": "adam", "epochs": 3, "batch_size": 4, "engine": cr.engines.Torch("cpu")}
    cr.train_many(nets, X, Y, seed=cr.Each(range(3)), **settings)
    for seed, (net, other) in enumerate(zip(nets, alone, strict=True)):
        cr.train(other, X, Y, seed=seed, **settings)
        assert (net.theta == other.theta).all()

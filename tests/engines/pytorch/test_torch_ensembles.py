"""The networks of an estimator on a GPU: those of one recipe make their steps together."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from support.pytorch import pytorch

import chainrule as cr
from chainrule.estimators import NetworkClassifier, NetworkRegressor, TrainingWarning
from chainrule.estimators.network.ensemble import TrainingPlan, scheduler, together
from chainrule.estimators.network.ensemble.places.place import require_suited
from chainrule.estimators.network.ensemble.speeds import Speed

torch: Any = pytorch()

from support.engines.bundle_sizes import bundle_sizes  # noqa: E402 - it imports PyTorch

from chainrule.engines.torch import devices  # noqa: E402

pytestmark = pytest.mark.torch

RNG = np.random.default_rng(0)
X = RNG.normal(size=(83, 3)).astype("float32")  # 83 rows: networks that hold out a fifth are trained on 66 or 67
X[:, 2] = RNG.integers(0, 4, 83)
WEIGHTS = RNG.uniform(0.5, 2.0, 83)
NUMBERS, CLASSES = X[:, 0] + X[:, 1] ** 2, (X[:, 0] + X[:, 2] > 1).astype(int)
ENGINE = cr.engines.Torch("cpu")
FIT: dict[str, tuple[Any, dict[str, Any], list[int]]] = {
    "default, classes": (NetworkClassifier, {}, [3, 3, 2]),
    "default, numbers": (NetworkRegressor, {"epochs": 30}, [3, 3, 2]),
    "best": (NetworkRegressor, {"preset": "best", "n_networks": 4}, [4] * 4),
    "patience": (NetworkClassifier, {"epochs": 30, "patience": 2, "learning_rate": 0.1}, [3, 3, 2]),
    "weights": (NetworkClassifier, {"weights": WEIGHTS}, [3, 3, 2]),
}


@pytest.fixture
def sizes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The number of the networks of each bundle, on a machine that seems to have a GPU."""
    return bundle_sizes(monkeypatch)


def fitted(kind: Any, engine: Any, weights: Any = None, **settings: Any) -> Any:
    """An estimator with small networks."""
    settings = {"hidden_layer_sizes": (6, 5), "epochs": 4, "batch_size": 32, "random_state": 0} | settings
    return kind(engine=engine, **settings).fit(X, NUMBERS if kind is NetworkRegressor else CLASSES, weights)


@pytest.mark.native
@pytest.mark.parametrize("case", FIT)
def test_networks_of_a_recipe_are_trained_together(case: str, sizes: list[int]) -> None:
    """Plain networks make their steps together, and so do those with an embedding: each with its own rows and its own
    early stopping. Records and stopping epochs are those of the native engine, within the rounding of float32."""
    kind, settings, expected = FIT[case]
    ours, truth = (fitted(kind, engine, **settings) for engine in (ENGINE, "native"))
    assert sizes[: len(expected)] == expected
    assert max(sizes[len(expected) :], default=0) < max(expected)  # bundles without those that have stopped
    for history, other in zip(ours.histories_, truth.histories_, strict=True):
        assert (history.engine, history.stopped, history.epochs) == ("torch", other.stopped, other.epochs)
        for name in ("J", "validation_J", "learning_rate"):
            np.testing.assert_allclose(getattr(history, name), getattr(other, name), rtol=1e-4, err_msg=name)
    for net, other in zip(ours.networks_, truth.networks_, strict=True):
        np.testing.assert_allclose(net.theta, other.theta, rtol=1e-3, atol=1e-4)


def test_elsewhere_they_are_trained_alone(sizes: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    """On a CPU each network is trained alone, so that processes and other networks change no bit."""
    monkeypatch.setattr(devices, "is_gpu", lambda device: False)
    fitted(NetworkClassifier, ENGINE)
    assert set(sizes) == {1}


def test_a_limit_that_is_long_enough_changes_nothing(sizes: list[int]) -> None:
    """Within a time limit the networks are measured and trained together too; if all have their epochs, each ends with
    the bits that it has without a limit."""
    within, without = (fitted(NetworkClassifier, ENGINE, time_limit=limit) for limit in (1000.0, None))
    assert max(sizes) == 3
    assert [h.epochs for h in within.histories_] == [4] * 8
    for net, other in zip(within.networks_, without.networks_, strict=True):
        assert (net.theta == other.theta).all()


@pytest.mark.parametrize(("affordable", "epochs"), [(20.0, [2] * 8), (4.0, [1, 1]), (0.1, [1])])
def test_a_limit_is_divided_among_all(
    affordable: float, epochs: list[int], sizes: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the time of so many epochs of one network all have fewer epochs, the same for all of a bundle; then there are
    fewer networks, the first ones; and always one."""
    speed = Speed(950.0 / affordable, 1.0)
    monkeypatch.setattr(scheduler, "measured_together", lambda *_: speed)
    with pytest.warns(TrainingWarning, match="cut the plan"):
        model = fitted(NetworkClassifier, ENGINE, time_limit=1000.0)
    assert [h.epochs for h in model.histories_] == epochs
    assert max(sizes) == min(3, -(-len(epochs) // 3))


def test_the_limit_ends_all_of_them(sizes: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    """If the epochs were planned for a faster device, all networks stop at the limit, each with its best epoch."""
    planned = together.train_together_within
    monkeypatch.setattr(scheduler, "measured_together", lambda *_: Speed(1e-9, 1.0))
    monkeypatch.setattr(scheduler, "train_together_within", lambda seconds, *plan: planned(0.9, *plan))
    with pytest.warns(TrainingWarning, match="cut the plan"):
        model = fitted(NetworkRegressor, ENGINE, time_limit=1000.0, epochs=10**5)
    assert sizes == [3, 3, 2]
    assert {h.stopped for h in model.histories_} <= {"time_limit", "patience"}
    for net, history in zip(model.networks_, model.histories_, strict=True):
        assert (net.theta == history.state.best_theta).all()


def test_workers_are_refused_on_a_gpu(sizes: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes of one machine would share a GPU; those of a launcher may have one each."""
    plan = TrainingPlan([], [], ENGINE, 1, peers=[None])  # type: ignore[list-item]
    with pytest.raises(cr.InputError, match="workers must be left out with engine=Torch"):
        require_suited(plan)
    require_suited(replace(plan, engine="auto"))
    for name, value in {"RANK": "0", "WORLD_SIZE": "2"}.items():
        monkeypatch.setenv(name, value)
    require_suited(plan)


def test_an_exception_ends_all_of_them(sizes: list[int]) -> None:
    """An exception of one network's callback ends the others, and propagates."""

    def fail(history: cr.History) -> None:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        fitted(NetworkClassifier, ENGINE, callbacks=[fail])
    assert sizes in ([], [3], [3, 3], [3, 3, 2])

"""The networks of an estimator on a GPU: those of one recipe make their steps together."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.pytorch import pytorch

import chainrule as cr
from chainrule.estimators import NetworkClassifier, NetworkRegressor

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


def test_an_exception_ends_all_of_them(sizes: list[int]) -> None:
    """An exception of one network's callback ends the others, and propagates."""

    def fail(history: cr.History) -> None:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        fitted(NetworkClassifier, ENGINE, callbacks=[fail])
    assert sizes in ([], [3], [3, 3], [3, 3, 2])

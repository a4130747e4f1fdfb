"""Temperature scaling: the temperature minimises the cross-entropy of held-out rows, and is found in a few steps."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule.tables import calibration
from chainrule.tables.calibration import best_temperature, tempered

FEW_STEPS = 12  # with bisection alone, 60 are needed


def outputs(t: int, k: int, scale: float, noise: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns probabilities (t, k), classes of which they know less for more ``noise``, and weights."""
    rng = np.random.default_rng(t)
    Z = scale * rng.normal(size=(t, k))
    P = np.exp(Z - Z.max(axis=1, keepdims=True))
    return P / P.sum(axis=1, keepdims=True), (Z + noise * rng.gumbel(size=(t, k))).argmax(axis=1), rng.random(t)


def cross_entropy(P: np.ndarray, classes: np.ndarray, weights: np.ndarray, temperature: float) -> float:
    """Returns −Σ w Σ_c y′_c log q_c, of labels smoothed by the weight of one row."""
    log_q = np.log(tempered(P, temperature))
    smoothing = 1.0 / (len(P) + 1.0)
    of_label = (1.0 - smoothing) * log_q[np.arange(len(P)), classes] + smoothing * log_q.mean(axis=1)
    return float(-(weights @ of_label))


@pytest.mark.parametrize("is_weighted", [False, True])
@pytest.mark.parametrize(
    ("t", "k", "scale", "noise"), [(10, 2, 1.0, 2.0), (999, 3, 10.0, 2.0), (2000, 26, 5.0, 6.0), (300, 4, 3.0, 0.0)]
)
def test_the_temperature_is_the_best(
    t: int, k: int, scale: float, noise: float, is_weighted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A temperature a little lower or higher has a larger cross-entropy; a few steps find it."""
    monkeypatch.setattr(calibration, "MOST_STEPS", FEW_STEPS)
    P, classes, w = outputs(t, k, scale, noise)
    weights = w if is_weighted else np.ones(t)
    best = best_temperature(P, classes, w if is_weighted else None)
    least = cross_entropy(P, classes, weights, best)
    for other in (best * 0.999, best * 1.001):
        assert cross_entropy(P, classes, weights, other) > least


def test_the_temperature_has_bounds() -> None:
    """Probabilities that say nothing, or say the wrong class, are flattened as far as possible."""
    for P in (np.full((20, 2), 0.5), np.tile([0.9, 0.1], (20, 1))):
        assert best_temperature(P, np.ones(20, dtype=np.intp)) == pytest.approx(20.0)

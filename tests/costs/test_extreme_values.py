"""Losses and closed forms in the tails, in single precision and at the largest numbers."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from support.cost_examples import ALL, LOG2, ULP, examples

import chainrule as cr

LARGE = np.concatenate([np.geomspace(1e-300, 1e3, 60), [36.0, 37.5, 700.0, 709.0]])


@pytest.mark.parametrize("y", [0.0, 1.0, 0.3])
def test_log_likelihood_over_sigmoid_is_exact_in_both_tails(y: float) -> None:
    """ℓ = y softplus(−z) + (1 − y) softplus(z) is exact to 4 ulp at every z, and so is δ for labels 0 and 1."""
    mp = pytest.importorskip("mpmath")
    cost, z = cr.LogLikelihood(), np.concatenate([-LARGE, LARGE])[:, None]
    Y = np.full_like(z, y)
    losses, delta = cost.canonical_losses(z, Y), cost.canonical_delta(z, Y)
    with mp.workdps(400):
        for j, zj in enumerate(z[:, 0]):
            e = mp.exp(mp.mpf(float(zj)))
            truth = y * mp.log1p(1 / e) + (1 - mp.mpf(y)) * mp.log1p(e)
            assert abs(mp.mpf(float(losses[j])) - truth) <= 4 * ULP * truth + 1e-320
            slope = e / (1 + e) - mp.mpf(y)
            scale = abs(slope) if y in (0.0, 1.0) else 1
            assert abs(mp.mpf(float(delta[j, 0])) - slope) <= 4 * ULP * scale + 1e-320


def test_cross_entropy_over_softmax_is_exact_where_it_rounds() -> None:
    """ℓ and δ are exact to 8 ulp for one-hot labels, also if the right class has a = 1 − 1e-20 or a = 1e-300."""
    mp = pytest.importorskip("mpmath")
    rng = np.random.default_rng(2)
    Z = np.vstack([rng.normal(0, s, (6, 4)) for s in (1e-8, 1.0, 30.0, 300.0)])
    Y = np.eye(4)[rng.integers(0, 4, len(Z))]
    Y[::2] = np.eye(4)[Z[::2].argmax(axis=1)]
    cost = cr.CrossEntropy()
    losses, delta = cost.canonical_losses(Z, Y), cost.canonical_delta(Z, Y)
    with mp.workdps(700):
        for z, y, loss, d in zip(Z, Y, losses, delta, strict=True):
            e = [mp.exp(mp.mpf(float(v))) for v in z]
            right = int(y.argmax())
            truth = mp.log1p(sum(e[k] for k in range(4) if k != right) / e[right])
            # The differences z − max z are rounded in the input's own units: their rounding enters ℓ and δ absolutely.
            tolerance = 8 * ULP + 2 * ULP * float(np.ptp(z))
            assert abs(mp.mpf(float(loss)) - truth) <= tolerance * truth + 1e-320
            for k in range(4):
                slope = e[k] / sum(e) if k != right else -sum(e[i] for i in range(4) if i != right) / sum(e)
                assert abs(mp.mpf(float(d[k])) - slope) <= tolerance * abs(slope) + 1e-320


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_closed_forms_are_finite_at_any_z(dtype: type[np.floating[Any]]) -> None:
    """Neither log 0 nor overflow occurs for any |z| whose ℓ fits into the dtype, and δ is exact."""
    big = 0.3 * np.finfo(dtype).max
    z = np.array([[big, 0.0], [0.0, big], [-big, 0.0]], dtype)
    Y = np.array([[1, 0], [1, 0], [0, 1]], dtype)
    for cost in (cr.LogLikelihood(), cr.CrossEntropy()):
        assert np.isfinite(cost.canonical_losses(z, Y)).all()
        assert np.isfinite(cost.canonical_delta(z, Y)).all()
    np.testing.assert_array_equal(cr.CrossEntropy().canonical_losses(z, Y), np.array([0, big, 0], dtype))
    np.testing.assert_array_equal(cr.CrossEntropy().canonical_delta(z, Y), [[0, 0], [-1, 1], [0, 0]])
    huge = np.array([[np.finfo(dtype).max], [-np.finfo(dtype).max]], dtype)
    for y, expected in ((0.0, [np.finfo(dtype).max, 0.0]), (1.0, [0.0, np.finfo(dtype).max])):
        np.testing.assert_array_equal(cr.LogLikelihood().canonical_losses(huge, np.full_like(huge, y)), expected)
    assert cr.CrossEntropy().canonical_losses(np.array([[-1e38, 3e38, 3e38]]), np.array([[0.0, 1, 0]]))[0] == LOG2
    far = np.array([[-np.finfo(dtype).max, np.finfo(dtype).max]])  # z − max z is −∞, but y = 0 there
    assert cr.CrossEntropy().canonical_losses(far, np.array([[0.0, 1.0]], dtype))[0] == 0.0


@pytest.mark.parametrize("cost", ALL, ids=repr)
def test_single_precision_stays_single(cost: cr.Cost) -> None:
    """ℓ, ∂ℓ/∂a, the closed forms, the labels and the penalty's gradient stay float32 and are exact to its rounding."""
    A, Y = examples(cost)
    A32, Y32 = A.astype(np.float32), cost.targets(Y, 3, np.float32)
    assert Y32.dtype == np.float32
    results = [(cost.losses(A32, Y32), cost.losses(A, Y)), (cost.derivative(A32, Y32), cost.derivative(A, Y))]
    if cost.canonical:
        results += [
            (cost.canonical_losses(A32, Y32), cost.canonical_losses(A, Y)),
            (cost.canonical_delta(A32, Y32), cost.canonical_delta(A, Y)),
        ]
    for single, double in results:
        assert single.dtype == np.float32
        np.testing.assert_allclose(single, double, rtol=2e-5, atol=2e-6)
    assert dataclasses.replace(cost, l1=0.1, l2=0.2).penalty_gradient(A32).dtype == np.float32


@pytest.mark.parametrize("cost", ALL, ids=repr)
def test_overflow_gives_no_warning(cost: cr.Cost) -> None:
    """Outputs near the largest double give ∞ or a number without a warning (the suite makes warnings errors)."""
    A, Y = np.full((1, 3), 1e308), np.array([[0.0, 1.0, 0.0]])
    for B in (A, -A, np.zeros_like(A), np.full_like(A, np.nan)):
        cost.losses(B, Y)
        cost.derivative(B, Y)
        if cost.canonical:
            cost.canonical_losses(B, Y)
            cost.canonical_delta(B, Y)
    dataclasses.replace(cost, l1=1.0, l2=1.0).penalty([A])

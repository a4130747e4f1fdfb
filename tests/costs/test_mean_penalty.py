"""``mean_penalty``: penalties divided by the sum of the weights, like the losses of a mean."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.weighted_examples import W, X, Y, net

import chainrule as cr


def test_a_mean_penalty_is_divided_by_the_weights() -> None:
    """J = (Σ w ℓ + λ₁ Σ|W| + λ₂/2 ‖W‖²) / Σw, and both engines compute its gradient."""
    N, J = net(), cr.SumOfSquares(mean=True, mean_penalty=True, l1=0.3, l2=2.0)
    losses = cr.SumOfSquares().losses(N(X), Y)
    penalty = sum(0.3 * abs(V).sum() + (V * V).sum() for V in N.W)
    assert J(N, X, Y, W) == pytest.approx((losses @ W + penalty) / W.sum(), rel=1e-12)
    plain = cr.SumOfSquares(l1=0.3, l2=2.0)
    for engine in ("reference", "auto"):
        g = cr.gradient(N, J, X, Y, W, engine=engine)
        np.testing.assert_allclose(g.theta, cr.gradient(N, plain, X, Y, W).theta / W.sum(), rtol=1e-10, atol=1e-14)
        assert g.J == pytest.approx(J(N, X, Y, W), rel=1e-12)


def test_a_mean_penalty_needs_a_mean() -> None:
    """``mean_penalty`` without ``mean`` is refused."""
    with pytest.raises(cr.InputError, match="give mean=True with it"):
        cr.SumOfSquares(mean_penalty=True)
    with pytest.raises(cr.InputError, match="mean_penalty must be True or False"):
        cr.SumOfSquares(mean=True, mean_penalty=1)  # type: ignore[arg-type]


@pytest.mark.parametrize("weights", [None, W], ids=["rows", "weights"])
@pytest.mark.parametrize("sizes", [[4, 6, 2], [4, 200, 2]], ids=["narrow", "wide"])
@pytest.mark.parametrize("kind", [cr.Adam, cr.AdamW])
def test_engines_agree_on_mean_penalties_and_epsilon_hat(kind: type[cr.Adam], sizes: list[int], weights: Any) -> None:
    """With a large penalty, a large ε̂ and a smaller last minibatch, both engines take the same steps."""
    J = cr.SumOfSquares(mean=True, mean_penalty=True, l1=0.1, l2=5.0)
    ends = []
    for engine in ("reference", "auto"):
        N = cr.Network.dense(sizes, hidden="tanh", seed=1)
        history = cr.train(N, X, Y, cost=J, optimizer=kind(0.01, epsilon=0.1, epsilon_hat=True), epochs=8,
                           batch_size=16, weights=weights, engine=engine)  # fmt: skip
        ends.append((N.theta.copy(), history.J))
    np.testing.assert_allclose(ends[0][1], ends[1][1], rtol=1e-10)
    np.testing.assert_allclose(ends[0][0], ends[1][0], rtol=1e-8, atol=1e-12)

"""Adam's ``epsilon_hat`` is the ε̂ of its paper."""

from __future__ import annotations

import numpy as np

import chainrule as cr


def test_epsilon_hat_is_the_papers() -> None:
    """Each step is θ := θ − α √(1 − β₂ᵏ)/(1 − β₁ᵏ) μ/(√ν + ε̂)."""
    optimizer = cr.Adam(0.1, epsilon=0.5, epsilon_hat=True)
    theta, mu, nu = np.array([1.0, -2.0]), np.zeros(2), np.zeros(2)
    moving, moments = theta.copy(), optimizer.start(theta)
    for k in range(1, 6):
        g = np.array([0.3 * k, -1.0 / k])
        mu, nu = 0.9 * mu + 0.1 * g, 0.999 * nu + 0.001 * g * g
        theta = theta - 0.1 * np.sqrt(1 - 0.999**k) / (1 - 0.9**k) * mu / (np.sqrt(nu) + 0.5)
        optimizer.step(moving, g, moments, alpha=0.1, k=k, decayed=np.ones(2))
        np.testing.assert_allclose(moving, theta, rtol=1e-12)

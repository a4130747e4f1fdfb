"""JAX: many steps in one ``lax.scan``, compiled; the strongest rival for small networks."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from benchmarks.gpu.workloads import Workload

MOST_STEPS = 512  # of a scan


def scan(workload: Workload, precision: str) -> tuple[Callable[[], Any], int]:
    """Returns a function that makes some steps, and their number; ``precision`` is that of JAX's products."""
    import jax
    import jax.numpy as jnp

    steps = min(workload.rows // workload.batch_size, MOST_STEPS)
    X, Y = map(jnp.asarray, workload.examples(steps * workload.batch_size))
    rng = np.random.default_rng(0)
    theta = [
        (jnp.asarray(rng.standard_normal((n, m), dtype=np.float32)) * (2 / n) ** 0.5, jnp.zeros(m))
        for n, m in pairwise(workload.sizes)
    ]
    order = jnp.asarray(rng.permutation(steps * workload.batch_size).reshape(steps, -1))

    def cost(theta: Any, x: Any, y: Any) -> Any:
        for i, (W, b) in enumerate(theta):
            x = x @ W + b
            x = jax.nn.relu(x) if i < len(theta) - 1 else x
        return jnp.mean((x - y) ** 2)

    def step(state: Any, rows: Any) -> tuple[Any, None]:
        theta, mu, nu, k = state
        g, k = jax.grad(cost)(theta, X[rows], Y[rows]), k + 1
        mu = jax.tree.map(lambda mu, g: 0.9 * mu + 0.1 * g, mu, g)
        nu = jax.tree.map(lambda nu, g: 0.999 * nu + 0.001 * g * g, nu, g)

        def moved(p: Any, mu: Any, nu: Any) -> Any:
            return p - 1e-3 * (mu / (1 - 0.9**k)) / (jnp.sqrt(nu / (1 - 0.999**k)) + 1e-8)

        return (jax.tree.map(moved, theta, mu, nu), mu, nu, k), None

    zeros = jax.tree.map(jnp.zeros_like, theta)
    run = jax.jit(lambda state, order: jax.lax.scan(step, state, order)[0])

    def call() -> Any:
        with jax.default_matmul_precision(precision):
            return jax.block_until_ready(run((theta, zeros, zeros, 0.0), order))

    return call, steps

"""JAX: one ``lax.scan`` over all steps of all epochs, compiled before anything is timed.

The order of the rows is drawn beforehand; the scan gathers the rows. Adam's bias corrections are inputs of the scan,
not powers computed in every step, and the buffers of θ and its moments are donated: each makes JAX faster.
"""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from benchmarks.speed import data
from benchmarks.speed.data import Array
from benchmarks.speed.workloads import Training


class JaxTraining:
    """Trains in one compiled function."""

    def __init__(self, workload: Training, dtype: str) -> None:
        jax: Any = importlib.import_module("jax")  # through importlib: its types are not always installed
        jnp, lax, tree = jax.numpy, jax.lax, jax.tree_util.tree_map
        jax.config.update("jax_platforms", "cpu")
        jax.config.update("jax_enable_x64", dtype == "float64")
        self.jax, self.workload = jax, workload
        self.versions = {package: importlib.import_module(package).__version__ for package in ("jax", "jaxlib")}
        self.note = "one compiled scan"

        sigma = {"sigmoid": jax.nn.sigmoid, "relu": jax.nn.relu, "tanh": jnp.tanh}[workload.hidden]

        def loss(layers: Any, x: Any, y: Any) -> Any:
            for V, b in layers[:-1]:  # V = Wᵀ, (mᵢ₋₁, mᵢ): examples are rows
                x = sigma(x @ V + b)
            V, b = layers[-1]
            return 0.5 * jnp.square(x @ V + b - y).sum() / len(x)

        alpha = workload.learning_rate

        def descend(theta: Any, moments: Any, g: Any, correction: Any) -> Any:
            return tree(lambda p, dp: p - alpha * dp, theta, g), moments

        def adam(theta: Any, moments: Any, g: Any, correction: Any) -> Any:
            first, second = correction  # 1/(1 − β₁ᵏ) and 1/(1 − β₂ᵏ)
            mu = tree(lambda m, dp: 0.9 * m + 0.1 * dp, moments[0], g)
            nu = tree(lambda v, dp: 0.999 * v + 0.001 * dp * dp, moments[1], g)
            theta = tree(lambda p, m, v: p - alpha * (m * first) / (jnp.sqrt(v * second) + 1e-8), theta, mu, nu)
            return theta, (mu, nu)

        step: Any = adam if workload.optimizer == "adam" else descend

        def run(theta: Any, moments: Any, X: Any, Y: Any, order: Any, corrections: Any) -> Any:
            def body(carry: Any, inputs: Any) -> Any:
                rows, correction = inputs
                x, y = (X, Y) if rows is None else (X[rows], Y[rows])
                return step(*carry, jax.grad(loss)(carry[0], x, y), correction), None

            return lax.scan(body, (theta, moments), (order, corrections), length=workload.units)[0]

        X, Y = data.training_set(workload, dtype)
        self.data = (jnp.asarray(X), jnp.asarray(Y))
        self.order = None if workload.is_full_batch else jnp.asarray(data.row_order(workload))
        self.corrections = None
        if workload.optimizer == "adam":
            k = np.arange(1, workload.units + 1)
            self.corrections = tuple(jnp.asarray((1 / (1 - beta**k)).astype(dtype)) for beta in (0.9, 0.999))
        theta = data.initial_theta(workload.sizes, workload.hidden, dtype)
        self.layers = [(W.T.copy(), b) for W, b in data.parts(theta, workload.sizes)]
        self.reset()
        arguments = (self.theta, self.moments, *self.data, self.order, self.corrections)
        self.compiled = jax.jit(run, donate_argnums=(0, 1)).lower(*arguments).compile()

    def reset(self) -> None:
        jnp, tree = self.jax.numpy, self.jax.tree_util.tree_map
        self.theta = [(jnp.array(V), jnp.array(b)) for V, b in self.layers]
        zeros = tree(jnp.zeros_like, self.theta)
        self.moments = (zeros, tree(jnp.zeros_like, zeros)) if self.workload.optimizer == "adam" else ()
        self.jax.block_until_ready((self.theta, self.moments))

    def run(self) -> None:
        answer = self.compiled(self.theta, self.moments, *self.data, self.order, self.corrections)
        self.theta, self.moments = self.jax.block_until_ready(answer)

    def result(self) -> Array:
        return data.joined([(np.asarray(V).T, np.asarray(b)) for V, b in self.theta])


TRAINING = JaxTraining

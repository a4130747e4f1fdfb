"""Several networks in one call, beside one alone, PyTorch's vmap and JAX's: ``python -m benchmarks.train_many``.

k networks that differ in θ₀ are trained on the same rows by Adam, on two threads: 16-64-32-1 in minibatches of 64, or
tiny ones, as by ``--sizes 2 8 1 --batch-size 4``. Each contender has a process of its own, which is suspended while
another one is measured; compiling is not timed. The table shows the least time and the median of interleaved rounds,
and ratios of times in the same round. A contender that is not installed is left out.
"""

from __future__ import annotations

import argparse
import importlib
import os
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from statistics import median
from typing import Any, NamedTuple

import numpy as np

import chainrule as cr
from benchmarks.harness import machine
from benchmarks.harness.clock import ratios, rotated, timed
from benchmarks.harness.markdown import table
from benchmarks.harness.options import are_installed, positive
from benchmarks.harness.workers import Answer, Worker, serve
from benchmarks.speed import data
from benchmarks.speed.data import Array
from benchmarks.speed.workloads import Training

THREADS = 2
ROWS = 9_984  # about as many are trained on: a multiple of the minibatch
NEEDS = {"one": (), "train_many": (), "torch": ("torch",), "torch_compiled": ("torch",), "jax": ("jax",)}
TITLES = {
    "one": "`cr.train`, one network, one thread",
    "train_many": "`cr.train_many`",
    "torch": "PyTorch, `vmap` of `grad`",
    "torch_compiled": "PyTorch, the same compiled",
    "jax": "JAX, `vmap` of `grad` in one `scan`",
}


class Setting(NamedTuple):
    """The networks and their minibatches."""

    networks: int
    sizes: tuple[int, ...]
    batch_size: int
    epochs: int

    def workload(self) -> Training:
        """Returns the training of one of them."""
        rows = ROWS // self.batch_size * self.batch_size
        return Training(
            "many", "ReLU, Adam", ("jax", "torch"), sizes=self.sizes, t=rows, batch_size=self.batch_size,
            epochs=self.epochs,
        )  # fmt: skip


Run = Callable[[], Array]  # trains all networks from θ₀, and returns each θ, (k, d)


def initial_thetas(k: int, workload: Training) -> Array:
    """Returns θ₀ of each network, (k, d)."""
    nets = [cr.Network.dense(workload.sizes, hidden=workload.hidden, seed=j, dtype="float32") for j in range(k)]
    return np.stack([net.theta for net in nets])


def stacked(thetas: Array, workload: Training) -> list[tuple[Array, Array]]:
    """Returns Wᵀ (k, mᵢ₋₁, mᵢ) and b (k, 1, mᵢ) of each layer."""
    layers = zip(*(data.parts(theta, workload.sizes) for theta in thetas), strict=True)
    return [
        (np.stack([W.T for W, _ in layer]).copy(), np.stack([b[None] for _, b in layer]).copy()) for layer in layers
    ]


def unstacked(layers: list[tuple[Array, Array]]) -> Array:
    """Returns each θ, (k, d), from the arrays of ``stacked``."""
    k = len(layers[0][0])
    return np.stack([data.joined([(V[j].T, b[j, 0]) for V, b in layers]) for j in range(k)])


# ---- the contenders --------------------------------------------------------------------------------------------------


def by_chainrule(k: int, workload: Training, threads: int) -> Run:
    """Trains by `cr.train_many`, or a single network by `cr.train`."""
    X, Y = data.training_set(workload, "float32")
    thetas = initial_thetas(k, workload)
    nets = [cr.Network.dense(workload.sizes, hidden=workload.hidden, dtype="float32") for _ in range(k)]
    settings: dict[str, Any] = {
        "cost": cr.SumOfSquares(mean=True), "optimizer": cr.Adam(workload.learning_rate), "epochs": workload.epochs,
        "batch_size": workload.batch_size, "seed": data.SEED, "threads": threads,
    }  # fmt: skip

    def run() -> Array:
        for net, theta in zip(nets, thetas, strict=True):
            net.theta = theta
        if k == 1:
            cr.train(nets[0], X, Y, **settings)
        else:
            cr.train_many(nets, X, Y, **settings)
        return np.stack([net.theta for net in nets])

    return run


def by_torch(k: int, workload: Training, *, is_compiled: bool = False) -> Run:
    """Trains by ``vmap(grad(J))`` and Adam over stacked parameters, as PyTorch calls them one by one or compiled."""
    torch: Any = importlib.import_module("torch")
    torch.set_num_threads(THREADS)
    X, Y = map(torch.from_numpy, data.training_set(workload, "float32"))
    order, alpha = torch.from_numpy(data.row_order(workload)).long(), workload.learning_rate
    initial = [torch.from_numpy(part) for layer in stacked(initial_thetas(k, workload), workload) for part in layer]
    scale = 0.5 / workload.batch_size

    def J(parts: Any, x: Any, y: Any) -> Any:
        for V, b in zip(parts[:-2:2], parts[1:-2:2], strict=True):
            x = torch.relu(torch.addmm(b, x, V))
        return torch.nn.functional.mse_loss(torch.addmm(parts[-1], x, parts[-2]), y, reduction="sum") * scale

    gradients = torch.func.vmap(torch.func.grad(J), in_dims=(0, None, None))
    steps = torch.arange(1, workload.units + 1, dtype=torch.float64)
    corrections = [(1 / (1 - beta**steps)).float() for beta in (0.9, 0.999)]

    def step(theta: Any, mu: Any, nu: Any, x: Any, y: Any, first: Any, second: Any) -> Any:
        g = gradients(theta, x, y)
        mu = [0.9 * m + 0.1 * dp for m, dp in zip(mu, g, strict=True)]
        nu = [0.999 * v + 0.001 * dp * dp for v, dp in zip(nu, g, strict=True)]
        moved = zip(theta, mu, nu, strict=True)
        return [p - alpha * (m * first) / ((v * second).sqrt() + 1e-8) for p, m, v in moved], mu, nu

    if is_compiled:
        step = torch.compile(step)

    def run() -> Array:
        theta = [part.clone() for part in initial]
        mu, nu = [torch.zeros_like(part) for part in initial], [torch.zeros_like(part) for part in initial]
        with torch.no_grad():
            for rows, first, second in zip(order, *corrections, strict=True):
                theta, mu, nu = step(theta, mu, nu, X[rows], Y[rows], first, second)
        arrays = [part.numpy() for part in theta]
        return unstacked(list(zip(arrays[::2], arrays[1::2], strict=True)))

    return run


def by_jax(k: int, workload: Training) -> Run:
    """Trains in one compiled ``scan`` over the steps, whose body is ``vmap(grad(J))`` and Adam on the stacks."""
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    jax: Any = importlib.import_module("jax")
    jnp, tree = jax.numpy, jax.tree_util.tree_map
    X, Y = map(jnp.asarray, data.training_set(workload, "float32"))
    order, alpha = jnp.asarray(data.row_order(workload)), workload.learning_rate
    initial = stacked(initial_thetas(k, workload), workload)

    def J(layers: Any, x: Any, y: Any) -> Any:
        for V, b in layers[:-1]:
            x = jax.nn.relu(x @ V + b)
        V, b = layers[-1]
        return 0.5 * jnp.square(x @ V + b - y).sum() / len(x)

    gradients = jax.vmap(jax.grad(J), in_axes=(0, None, None))
    steps = np.arange(1, workload.units + 1)
    corrections = tuple(jnp.asarray((1 / (1 - beta**steps)).astype("float32")) for beta in (0.9, 0.999))

    def step(carry: Any, inputs: Any) -> Any:
        (theta, mu, nu), (rows, (first, second)) = carry, inputs
        g = gradients(theta, X[rows], Y[rows])
        mu = tree(lambda m, dp: 0.9 * m + 0.1 * dp, mu, g)
        nu = tree(lambda v, dp: 0.999 * v + 0.001 * dp * dp, nu, g)
        theta = tree(lambda p, m, v: p - alpha * (m * first) / (jnp.sqrt(v * second) + 1e-8), theta, mu, nu)
        return (theta, mu, nu), None

    scan = jax.jit(lambda *carry: jax.lax.scan(step, carry, (order, corrections))[0], donate_argnums=(0, 1, 2))

    def run() -> Array:
        theta = [(jnp.array(V), jnp.array(b)) for V, b in initial]
        theta, *_ = jax.block_until_ready(scan(theta, tree(jnp.zeros_like, theta), tree(jnp.zeros_like, theta)))
        return unstacked([(np.asarray(V), np.asarray(b)) for V, b in theta])

    return run


def contender(name: str, k: int, workload: Training) -> Run:
    """Returns the run of a contender, prepared."""
    if NEEDS[name] == ("torch",):
        return by_torch(k, workload, is_compiled=name == "torch_compiled")
    if name == "jax":
        return by_jax(k, workload)
    return by_chainrule(1, workload, 1) if name == "one" else by_chainrule(k, workload, THREADS)


# ---- measuring -------------------------------------------------------------------------------------------------------


def prepare(name: str, setting: Setting) -> tuple[dict[str, Any], Answer]:
    """Prepares a contender in its process, and runs it once; each later answer has the seconds and the mean of J."""
    workload = setting.workload()
    X, Y = data.training_set(workload, "float32")
    run = contender(name, setting.networks, workload)

    def answer(_: str) -> dict[str, Any]:
        seconds, thetas = timed(run)
        return {"seconds": seconds, "J": float(np.mean([data.J(workload, theta, X, Y) for theta in thetas]))}

    return answer(""), answer


def measured(names: list[str], options: list[str], rounds: int) -> tuple[dict[str, list[float]], dict[str, float]]:
    """Returns the seconds of each round, and the last J, by contender; ``options`` are those of their processes."""
    environment = {**os.environ, "OMP_NUM_THREADS": str(THREADS)}
    seconds: dict[str, list[float]] = {name: [] for name in names}
    J: dict[str, float] = {}
    with ExitStack() as stack:
        workers = {
            name: stack.enter_context(
                Worker("benchmarks.train_many", ["--serve", name, *options], environment=environment)
            )
            for name in names
        }
        for number in range(rounds):
            for name in rotated(names, number):
                answer = workers[name].ask("")
                seconds[name].append(answer["seconds"])
                J[name] = answer["J"]
    return seconds, J


def rows(seconds: dict[str, list[float]], J: dict[str, float]) -> list[list[str]]:
    """Returns the cells of the table."""
    one, many = seconds["one"], seconds["train_many"]
    return [
        [
            TITLES[name],
            f"{1e3 * min(times):.0f} ms",
            f"{1e3 * median(times):.0f} ms",
            f"{median(ratios(times, one)):.2f} ×",
            f"{median(ratios(times, many)):.2f} ×",
            f"{J[name]:.5f}",
        ]
        for name, times in seconds.items()
    ]


def main(arguments: list[str] | None = None) -> None:
    """Measures, and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", type=positive, default=8)
    parser.add_argument("--sizes", type=positive, nargs="+", default=[16, 64, 32, 1])
    parser.add_argument("--batch-size", type=positive, default=64)
    parser.add_argument("--epochs", type=positive, default=10)
    parser.add_argument("--rounds", type=positive, default=9)
    parser.add_argument("--contenders", nargs="+", choices=list(NEEDS), default=list(NEEDS))
    parser.add_argument("--serve", choices=list(NEEDS), help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    setting = Setting(given.networks, tuple(given.sizes), given.batch_size, given.epochs)
    if given.serve:
        serve(partial(prepare, given.serve, setting))
        return
    machine.warn_if_busy()
    names = [name for name in NEEDS if name in {"one", "train_many", *given.contenders} and are_installed(NEEDS[name])]
    options = [
        *("--networks", str(given.networks), "--batch-size", str(given.batch_size), "--epochs", str(given.epochs)),
        *("--sizes", *map(str, given.sizes)),
    ]
    seconds, J = measured(names, options, given.rounds)
    workload = setting.workload()
    print(
        f"{given.networks} networks {workload.label}, minibatches of {workload.batch_size}, {given.epochs} epochs of "
        f"{workload.t:,} rows, {THREADS} threads\n"
    )
    columns = ["", ">least", ">median", ">/ one", ">/ train_many", ">mean of J"]
    print(table(columns, rows(seconds, J)))


if __name__ == "__main__":
    main()

"""The workloads: training runs, predictions and whole processes.

All training minimises J(θ) = (1/t) Σⱼ ½ ‖N(xⱼ) − yⱼ‖²; a minibatch takes the mean over its own rows. An epoch visits
every row once, in an order that is the same for every peer; t is a multiple of the batch size, so that no minibatch
is shorter than the others. Adam has β = (0.9, 0.999) and ε = 1e-8.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import ClassVar, Literal

BOTH = ("float32", "float64")


@dataclass(frozen=True)
class Workload:
    """A task for Chainrule and its peers; one timed run makes ``units`` steps, calls or processes."""

    name: str
    title: str
    peers: tuple[str, ...]
    dtypes: tuple[str, ...] = ("float32",)

    unit: ClassVar[str]

    @property
    def units(self) -> int:
        """The number of steps, calls or processes of one timed run."""
        return 1

    @property
    def label(self) -> str:
        """A short title for tables."""
        return self.title

    def quick(self) -> Workload:
        """Returns the same workload with less work a run: a smoke test, whose times mean nothing."""
        return self


@dataclass(frozen=True)
class Training(Workload):
    """Minimises J from a fixed θ₀ for some epochs of t rows; collecting the rows of a minibatch is timed too."""

    sizes: tuple[int, ...] = ()  # m₀ … m_r
    hidden: Literal["sigmoid", "relu", "tanh"] = "relu"  # σ of the hidden layers; the output's is the identity
    t: int = 0
    batch_size: int = 0
    optimizer: Literal["adam", "gradient_descent"] = "adam"
    learning_rate: float = 1e-3
    epochs: int = 0
    quick_epochs: int = 1
    labels: Literal["smooth", "matrix_exponential"] = "smooth"
    final_J: float | None = None  # of the reference engine, recorded where it takes minutes, or None: computed

    unit: ClassVar[str] = "step"

    @property
    def label(self) -> str:
        return "-".join(map(str, self.sizes))

    @property
    def is_full_batch(self) -> bool:
        """True if each step sees every row, in order."""
        return self.batch_size == self.t

    @property
    def units(self) -> int:
        return self.epochs * (self.t // self.batch_size)

    def quick(self) -> Training:
        return dataclasses.replace(self, epochs=self.quick_epochs, final_J=None)


@dataclass(frozen=True)
class Prediction(Workload):
    """Calls N(x) from Python a number of times, each time with ``rows`` rows in a NumPy array."""

    sizes: tuple[int, ...] = ()
    hidden: Literal["relu"] = "relu"
    rows: int = 1
    calls: int = 0
    quick_calls: int = 1

    unit: ClassVar[str] = "call"

    @property
    def units(self) -> int:
        return self.calls

    def quick(self) -> Prediction:
        return dataclasses.replace(self, calls=self.quick_calls)


@dataclass(frozen=True)
class WholeProcess(Workload):
    """Runs a process from its start to its end: import, train a classifier on digits, predict the test rows."""

    accuracy: float = 0.97  # on the test rows, at least

    unit: ClassVar[str] = "process"


_ALL: tuple[Workload, ...] = (
    Training(
        "A", "5-3-2-1 sigmoid, 100 rows full batch, gradient descent", ("jax", "torch"), BOTH,
        sizes=(5, 3, 2, 1), hidden="sigmoid", t=100, batch_size=100, optimizer="gradient_descent", learning_rate=0.1,
        epochs=20_000, quick_epochs=500,
    ),
    Training(
        "S", "16-64-32-1 ReLU, batch 64, Adam", ("jax", "torch"), BOTH,
        sizes=(16, 64, 32, 1), t=20_480, batch_size=64, epochs=15,
    ),
    Training(
        "B", "32-256-256-1 ReLU, batch 256, Adam", ("jax", "torch"), BOTH,
        sizes=(32, 256, 256, 1), t=51_200, batch_size=256, epochs=5,
    ),
    Training(
        "C", "784-512-512-10 ReLU, batch 128, Adam", ("jax", "torch"), BOTH,
        sizes=(784, 512, 512, 10), t=20_480, batch_size=128, epochs=4,
    ),
    Training(
        "D", "1024-2048-2048-10 ReLU, batch 1024, Adam", ("jax", "torch"),
        sizes=(1024, 2048, 2048, 10), t=8_192, batch_size=1_024, epochs=3,
    ),
    Training(
        "F", "4-32-16-4 tanh, 10,000 rows full batch, Adam (the benchmark of SimpleChains.jl)", ("jax", "torch"),
        sizes=(4, 32, 16, 4), hidden="tanh", t=10_000, batch_size=10_000, epochs=10_000, quick_epochs=100,
        labels="matrix_exponential", final_J=0.033837,  # JAX reached 0.033848
    ),
    Prediction(
        "one-row", "one row through 10-32-16-1 ReLU", ("predictor", "onnxruntime", "sklearn"),
        sizes=(10, 32, 16, 1), rows=1, calls=5_000, quick_calls=100,
    ),
    Prediction(
        "1024-rows", "1,024 rows through 784-512-512-10 ReLU", ("onnxruntime", "sklearn"),
        sizes=(784, 512, 512, 10), rows=1_024, calls=50, quick_calls=2,
    ),
    WholeProcess(
        "cold-process", "a whole process: import, train on digits, predict", ("sklearn", "torch"),
    ),
)  # fmt: skip

WORKLOADS = {workload.name: workload for workload in _ALL}

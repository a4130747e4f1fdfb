"""The compiled core of the native engine: what native/bindings defines, for type checkers."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.checks import Array

Schedule = tuple[str, float, Sequence[float]]
Parts = tuple[float, float, float]  # of W, b and κ
# σ's name and parameter, dropout, the runs of W as (count, p, q), True if it has a κ, rate, decay
Layer = tuple[str, float, Schedule, Sequence[tuple[int, int, int]], bool, Parts, Parts]
Net = tuple[Sequence[int], Sequence[Layer]]
Cost = tuple[str, float, int, float, float]  # name, parameter, mean (1: of the losses, 2: of the penalties too), l1, l2
Optimizer = tuple[str, Sequence[float], float, Schedule, Schedule]  # name, hyper, clip_norm, α, λ
# indptr, indices as int32 or as int64, data
Csr = tuple[NDArray[np.int64], NDArray[Any] | None, NDArray[Any] | None, Array]
Rows = tuple[Array | Csr, Array, Array | None]  # X, Y, weights

def kernel_set() -> str: ...

class _TrainingRun:
    def __init__(
        self,
        net: Net,
        cost: Cost,
        optimizer: Optimizer,
        data: Rows,
        validation: Rows | None,
        batch_size: int,
        shuffle: bool,
        epochs: int,
        tol: float,
        tol_epochs: int,
        patience: int,
        threads: int,
        first_threads: int,
        theta: Array,
        moments: Sequence[Array],
        progress: dict[str, Any],
    ) -> None: ...
    @property
    def stopped(self) -> str | None: ...
    @property
    def method(self) -> str: ...
    def advance(self, epochs: int, seconds: float) -> None: ...
    def take_theta(self) -> None: ...
    def interrupt(self) -> None: ...
    def get(self, theta: Array, moments: Sequence[Array]) -> None: ...
    def finish(self) -> None: ...
    def best_theta(self, theta: Array) -> bool: ...
    def progress(self) -> dict[str, Any]: ...
    def records_since(self, first: int) -> dict[str, Any]: ...

class _Evaluator:
    def __init__(self, net: Net) -> None: ...
    def outputs(self, theta: Array, X: Array, out: Array, threads: int) -> bool: ...

class _CsrEvaluator:
    def __init__(self, net: Net) -> None: ...
    def outputs(self, theta: Array, X: Csr, out: Array, threads: int) -> None: ...

class _Predictor:
    def __init__(self, net: Net, theta: Array, reuse: bool) -> None: ...
    def __call__(self, x: object) -> Array | None: ...

class TrainingRun32(_TrainingRun): ...
class TrainingRun64(_TrainingRun): ...
class Evaluator32(_Evaluator): ...
class Evaluator64(_Evaluator): ...
class CsrEvaluator32(_CsrEvaluator): ...
class CsrEvaluator64(_CsrEvaluator): ...
class Predictor32(_Predictor): ...
class Predictor64(_Predictor): ...

def gradient32(
    net: Net,
    cost: Cost,
    X: Array | Csr,
    Y: Array,
    weights: Array | None,
    theta: Array,
    gradient: Array,
    deltas: Sequence[Array],
    threads: int,
) -> float: ...
def gradient64(
    net: Net,
    cost: Cost,
    X: Array | Csr,
    Y: Array,
    weights: Array | None,
    theta: Array,
    gradient: Array,
    deltas: Sequence[Array],
    threads: int,
) -> float: ...

"""PyTorch: a plain loop with its fused optimizers, on one thread or all, whichever is faster for the workload."""

from __future__ import annotations

import importlib
import math
import time
from typing import Any

from benchmarks.speed import data
from benchmarks.speed.data import Array
from benchmarks.speed.workloads import Training

TRIAL_STEPS, TRIAL_SECONDS = 100, 1.0  # the limits of a trial of a number of threads


class TorchTraining:
    """Runs forward, backward and optimizer.step for every minibatch."""

    def __init__(self, workload: Training, dtype: str) -> None:
        torch: Any = importlib.import_module("torch")
        self.torch, self.workload = torch, workload
        self.versions = {"torch": torch.__version__}
        self.X, self.Y = map(torch.from_numpy, data.training_set(workload, dtype))
        self.order = None if workload.is_full_batch else torch.from_numpy(data.row_order(workload)).long()
        theta = data.initial_theta(workload.sizes, workload.hidden, dtype)
        self.initial = [torch.from_numpy(array) for layer in data.parts(theta, workload.sizes) for array in layer]
        sigma = {"sigmoid": torch.nn.Sigmoid, "relu": torch.nn.ReLU, "tanh": torch.nn.Tanh}[workload.hidden]
        modules: list[Any] = []
        for n, m in zip(workload.sizes, workload.sizes[1:], strict=False):
            modules += [torch.nn.Linear(n, m, dtype=getattr(torch, dtype)), sigma()]
        self.net = torch.nn.Sequential(*modules[:-1])
        threads = self._fastest_threads(torch.get_num_threads())
        torch.set_num_threads(threads)
        self.note = f"{threads} thread{'s' * (threads > 1)}"

    def _fastest_threads(self, most: int) -> int:
        """Tries one thread and all of them: small matrices are faster on one."""
        seconds = dict.fromkeys((1, most), math.inf)
        for threads in (1, most) * 3:  # the least of three: the first steps are slow, and other programs may run
            self.torch.set_num_threads(threads)
            self.reset()
            began, steps = time.perf_counter(), 0
            while steps < min(TRIAL_STEPS, self.workload.units) and time.perf_counter() - began < TRIAL_SECONDS:
                self._steps(steps, steps + 1)
                steps += 1
            seconds[threads] = min(seconds[threads], (time.perf_counter() - began) / steps)
        return min(seconds, key=lambda threads: seconds[threads])

    def reset(self) -> None:
        torch, workload = self.torch, self.workload
        with torch.no_grad():
            for p, start in zip(self.net.parameters(), self.initial, strict=True):
                p.copy_(start)
        method = torch.optim.Adam if workload.optimizer == "adam" else torch.optim.SGD
        self.optimizer = method(self.net.parameters(), lr=workload.learning_rate, fused=True)

    def run(self) -> None:
        self._steps(0, self.workload.units)

    def _steps(self, first: int, end: int) -> None:
        net, optimizer, X, Y, order = self.net, self.optimizer, self.X, self.Y, self.order
        squares, scale = self.torch.nn.functional.mse_loss, 0.5 / self.workload.batch_size
        for k in range(first, end):
            x, y = (X, Y) if order is None else (X.index_select(0, order[k]), Y.index_select(0, order[k]))
            J = squares(net(x), y, reduction="sum") * scale
            optimizer.zero_grad()
            J.backward()
            optimizer.step()

    def result(self) -> Array:
        arrays = [p.detach().numpy() for p in self.net.parameters()]
        return data.joined(list(zip(arrays[::2], arrays[1::2], strict=True)))


TRAINING = TorchTraining

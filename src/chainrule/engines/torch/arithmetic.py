"""The arithmetic of a training: its least time on the CPUs, its greatest on a GPU, and its bytes there.

All of it follows from shapes and from the published properties of the devices. Nothing is timed, so that the choice of
an engine depends neither on the load of a machine nor on the threads of a training.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from chainrule.costs.training_set import Subset
from chainrule.engines.problem import Problem
from chainrule.engines.thread_counts import step_flop
from chainrule.network import Network
from chainrule.network.rates import RATE
from chainrule.network.theta import Part
from chainrule.rows.windowed import WindowedRows

# Operations a second of one CPU, at most: two units for 16 products and sums of float32 (AVX-512) make 64 operations a
# cycle, at 3.9 GHz. The native engine has reached 2.45e11 on each of two CPUs, counted with the products by zero that
# it leaves out (docs/performance.md, 1024-2048-2048-10).
CPU_FLOPS = 2.5e11

# The shares of a GPU's peaks that are surely reached: of the products of large matrices by cuBLAS in tiles of 64 × 64
# results, one or more for each multiprocessor, and of copies of its memory.
FLOPS_SHARE, BANDWIDTH_SHARE, TILE = 0.4, 0.6, 64
# From one kernel to the next in a CUDA graph: 3.4 µs on a V100 (NVIDIA, "Getting Started with CUDA Graphs", 2019).
KERNEL_SECONDS = 5e-6
TRANSFER_BANDWIDTH = 2e9  # from pageable memory to a GPU, by eight lanes of PCIe 3.0 or more
START_SECONDS = 20.0  # to import PyTorch, begin with CUDA, load its libraries, and record graphs
# Of the host, for an epoch and for each of its rows, whose order it draws (20 ns on an Intel Xeon).
EPOCH_SECONDS, ROW_SECONDS = 2e-3, 4e-8

# What the engine does: PyTorch's operations in a step, and the numbers that they read and write for each number of
# a[i] and of θ. All are counted for every built-in part, and rounded up (test_torch_arithmetic).
STEP = (60, 20)  # operations, and passes over θ, for any cost, optimizer and clipping
RPROP, DECAY, PENALTIES, WEIGHTS, RATES = (16, 48), (8, 20), (30, 40), (25, 0), (20, 50)
SIGMAS = {  # operations, and passes over a[i]
    "identity": (6, 8), "relu": (7, 11), "leaky_relu": (8, 13), "elu": (15, 29), "selu": (17, 33),
    "hard_tanh": (8, 13), "sigmoid": (14, 27), "tanh": (15, 29), "softplus": (14, 27), "softsign": (15, 29),
    "gaussian": (12, 24), "sine": (9, 15), "exp": (8, 13), "gelu": (20, 42), "silu": (15, 31), "mish": (55, 130),
    "softmax": (11, 20), "log_softmax": (17, 27), "layer_norm": (27, 42),
}  # fmt: skip
RUN, DROPOUT = (20, 8), (20, 76)  # more for a run of equal blocks of W, and for dropout
COST_PASSES, ROW_PASSES = 60, 100  # over a[r]; and over what is one number for each row, such as its loss

# Arrays of the size of all a[i] that are alive in a step, and in its dropout; 32 steps and one, over full and last
# minibatches, are up to four graphs with memory of their own.
ALIVE, ALIVE_IN_DROPOUT, GRAPHS = 8, 8, 4
CONTEXT_BYTES = 1 << 30  # of CUDA and its libraries
NUMBERS_AT_ONCE = 1 << 26  # in the widest layer of a forward pass over a whole set


class Gpu(NamedTuple):
    """A GPU: its multiprocessors, its peaks in operations of float32 and in bytes a second, and its free bytes."""

    name: str
    multiprocessors: int
    flops: float
    bandwidth: float
    free_bytes: int


class Workload(NamedTuple):
    """A training of ``networks`` that make their steps together."""

    problem: Problem
    networks: int = 1

    @property
    def steps(self) -> int:
        """The number of steps that are certain: no rule can stop the training earlier."""
        problem = self.problem
        least = [problem.epochs]
        if problem.patience is not None:
            least.append(1 + problem.patience)
        if problem.tolerance is not None:
            least.append(1 + problem.tol_epochs)
        return min(least) * problem.steps_per_epoch

    def cpu_seconds(self, cpus: int) -> float:
        """Returns the time on this many CPUs, at least."""
        problem = self.problem
        flop = step_flop(problem.net, problem.batch_size, problem.X)
        return self.networks * self.steps * flop / (cpus * CPU_FLOPS)

    def gpu_seconds(self, gpu: Gpu) -> float:
        """Returns the time on a GPU, at most, without its start.

        A step takes the products of matrices, by as many multiprocessors as there are tiles; all that its kernels read
        and write; and the start of each kernel. None of the three is taken to hide another.
        """
        problem = self.problem
        step = sum(self._product_seconds(part, gpu) for part in problem.net.layout)
        step += self.moved_bytes / (BANDWIDTH_SHARE * gpu.bandwidth) + self.operations * KERNEL_SECONDS
        epoch = EPOCH_SECONDS + self.networks * problem.data.t * ROW_SECONDS * (not problem.full_batch)
        copied = _bytes_of_sets(problem) / TRANSFER_BANDWIDTH
        return copied + self.steps * (step + epoch / problem.steps_per_epoch)

    @property
    def operations(self) -> int:
        """The operations of PyTorch in a step, each of which is a kernel, at most."""
        return sum(part[0] for part in self._of_theta()) + sum(part[0] for part, _ in self._of_layers())

    @property
    def moved_bytes(self) -> int:
        """The bytes that the operations of a step read and write, at most."""
        problem = self.problem
        numbers = problem.net.d * sum(part[1] for part in self._of_theta())
        of_row = ROW_PASSES + COST_PASSES * problem.net.m[-1] + sum(part[1] * m for part, m in self._of_layers())
        numbers += problem.batch_size * of_row
        return self.networks * problem.net.dtype.itemsize * numbers

    def _of_theta(self) -> list[tuple[int, int]]:
        """Returns the operations and passes of the parts of a step that its cost, optimizer and rates need."""
        problem = self.problem
        assert not isinstance(problem.data, WindowedRows)
        parts = {
            RPROP: problem.optimizer.name in ("rprop", "nesterov", "adagrad", "rmsprop"),
            DECAY: problem.optimizer.name == "adamw",
            PENALTIES: bool(problem.cost.l1 or problem.cost.l2),
            WEIGHTS: problem.data.weights is not None,
            RATES: any(layer.rate != RATE for layer in problem.net.layers),
        }
        return [STEP, *(part for part, is_needed in parts.items() if is_needed)]

    def _of_layers(self) -> list[tuple[tuple[int, int], int]]:
        """Returns the operations and passes of the parts of each layer, with m; the first selects the rows of X."""
        net = self.problem.net
        parts = [(SIGMAS["identity"], net.m[0])]
        for m, sigma, p, layout in zip(net.m[1:], net.sigma, net.dropout, net.layout, strict=True):
            parts += [
                (part, m) for part in (SIGMAS[sigma.name], *([DROPOUT] if p else ()), *[RUN] * len(layout.runs or ()))
            ]
        return parts

    @property
    def bytes(self) -> int:
        """The bytes of a GPU that the training needs, at most."""
        return CONTEXT_BYTES + _bytes_of_sets(self.problem) + self.networks * self.own_bytes

    @property
    def own_bytes(self) -> int:
        """The bytes of each network, without the examples."""
        problem = self.problem
        net, validation = problem.net, problem.validation
        vectors = 4 * (2 + len(problem.optimizer.moments)) * net.d  # θ, ∇J and moments, with the copies of a slice
        alive = GRAPHS * (ALIVE + ALIVE_IN_DROPOUT * problem.has_dropout) * problem.batch_size
        held_out = 0 if validation is None else ALIVE * min(validation.t, rows_at_once(net))
        order = 8 * problem.steps_per_epoch * problem.batch_size
        return net.dtype.itemsize * (vectors + (alive + held_out) * sum(net.m)) + order

    def _product_seconds(self, part: Part, gpu: Gpu) -> float:
        """Returns the time of W a (t, m), Wᵀ δ (t, n) and Σ δ aᵀ (m, n) of a layer, at most.

        Each block of W has products of its own, and a tile at the border of a product takes the time of a whole one.
        """
        t, seconds = self.problem.batch_size, 0.0
        for count, p, q in part.runs or ((1, part.m, part.n),):
            for rows, columns, terms in ((t, p, q), (t, q, p), (p, q, t)):
                tiles = self.networks * count * -(-rows // TILE) * -(-columns // TILE)
                speed = FLOPS_SHARE * gpu.flops * min(1.0, tiles / gpu.multiprocessors)
                seconds += 2.0 * tiles * TILE**2 * terms / speed
        return seconds


def rows_at_once(net: Network) -> int:
    """Returns the rows of a forward pass, so that it needs little memory."""
    return max(1, NUMBERS_AT_ONCE // max(net.m))


def _bytes_of_sets(problem: Problem) -> int:
    """Returns the bytes of the examples of both sets, of arrays that they share once."""
    sets: list[Any] = [problem.data, problem.validation]  # not those in files
    wholes = [data.of if isinstance(data, Subset) else data for data in sets if data is not None]
    arrays = {id(array): array for whole in wholes for array in whole if isinstance(array, np.ndarray)}.values()
    return sum(array.nbytes for array in arrays)

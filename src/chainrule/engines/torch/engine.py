"""The engine torch: training, outputs and gradients by PyTorch, on a CPU or a GPU of NVIDIA."""

from __future__ import annotations

import importlib.util
import re
from dataclasses import dataclass
from typing import Any

from chainrule._internal.checks import Array, shown
from chainrule._internal.imports import imported
from chainrule._internal.sparse_rows import Rows, SparseRows
from chainrule._internal.value import Value
from chainrule.backprop import Gradient
from chainrule.costs import Cost
from chainrule.costs.training_set import Subset
from chainrule.engines.built_in import part_of_its_own
from chainrule.engines.bundle import BundleKind
from chainrule.engines.problem import Problem
from chainrule.engines.seam import InNumPy, TrainingRun
from chainrule.engines.state import TrainingState
from chainrule.engines.torch.arithmetic import Workload
from chainrule.errors import EngineDeclined, InputError
from chainrule.network import Network
from chainrule.optimizers import Optimizer

PRECISIONS = ("highest", "high", "bf16")
INSTALL = "pip install 'chainrule[torch]'"
MOST_NETWORKS = 64  # of a bundle
SHARE_OF_MEMORY = 0.8  # of what is free, which the arrays of a training may take


@dataclass(frozen=True, eq=False, repr=False)
class Torch(InNumPy, Value):
    """The engine torch, as a value of ``engine=``: PyTorch computes, on this device and in this precision.

    ``device`` is "cpu", "cuda" or a GPU by its number such as "cuda:0"; None means a GPU if there is one, else the CPU.
    ``precision`` of the products of a float32 network is "highest" (float32), "high" (TF32: factors of 11 bits, on
    GPUs that have it) or "bf16" (products and hidden layers in bfloat16; θ, moments and J stay float32). A float64
    network is computed in float64.

    The step is the lecture's backpropagation over one vector θ. On a GPU 32 steps are one CUDA graph, so that the host
    does not limit small networks. ``engine="torch"`` is ``Torch()``.

    Raises InputError for another device or precision.

    >>> import chainrule as cr
    >>> cr.engines.Torch(device="cuda:0", precision="high")
    Torch(device='cuda:0', precision='high')
    """

    device: str | None = None
    precision: str = "highest"

    name = "torch"
    releases_gil = False  # the host starts each operation of a step

    def __post_init__(self) -> None:
        if self.device is not None and not (
            isinstance(self.device, str) and re.fullmatch(r"cpu|cuda(:\d+)?", self.device)
        ):
            raise InputError(f'device must be "cpu", "cuda", or "cuda:" and a number; got {shown(self.device)}.')
        if self.precision not in PRECISIONS:
            raise InputError(f"precision must be one of {', '.join(PRECISIONS)}; got {shown(self.precision)}.")

    @property
    def trains_together(self) -> bool:
        """True on a GPU; the kernels of a CPU may sum those of several networks in another order."""
        is_gpu: bool = importlib.util.find_spec("torch") is not None and _devices().is_gpu(self.device)
        return is_gpu

    def declines(
        self,
        net: Network,
        cost: Cost | None,
        optimizer: Optimizer | None,
        shuffle: bool = True,
        X: Rows | None = None,
        jacobian: bool = False,
    ) -> str | None:
        """Returns the reason why it cannot run this (no PyTorch, no such device, a user's own part), or None."""
        if importlib.util.find_spec("torch") is None:
            return f"PyTorch is not installed; {INSTALL}."
        if net.dtype.kind == "c":
            return "θ is complex."
        if self.precision == "bf16" and net.dtype != "float32":
            return f"precision='bf16' is for float32 networks, and this one is {net.dtype}; net.astype('float32')."
        if why := part_of_its_own(net, cost, optimizer):
            return why
        why_not: str | None = _devices().lacking(self.device)
        return why_not

    def device_name(self) -> str:
        """Returns the name of the device: "the CPU", or that of a GPU."""
        name: str = _devices().name_of(self.device)
        return name

    def bundle_kind(self, problem: Problem) -> BundleKind | None:
        """Returns a kind for networks of one shape on a GPU, which one step trains together.

        They may have other rows, and a few rows more or less, but as many steps in an epoch.
        """
        if problem.X is None or not self.trains_together:
            return None
        net = problem.net
        structure = [
            (layer.sigma, dict(layer.sigma.parameters), layer.dropout, layer.rate, layer.decay) for layer in net.layers
        ]  # the representation of σ rounds its parameters
        settings = (problem.cost, problem.optimizer, problem.epochs, problem.shuffle, problem.steps_per_epoch)
        sets = [form_of(problem.data), form_of(problem.validation)]
        key = repr((net.layout, net.dtype, structure, settings, sets, self))
        if isinstance(problem.X, SparseRows):
            fitting = self._sparse_networks(problem.X, problem.batch_size)
        else:
            fitting = int(SHARE_OF_MEMORY * _devices().free_bytes(self.device) / Workload(problem).own_bytes)
        most = min(MOST_NETWORKS, fitting)
        return BundleKind(key, 2, most, imported("chainrule.engines.torch.run").advance_together) if most > 1 else None

    def start(self, problem: Problem, state: TrainingState | None) -> TrainingRun:
        """Returns a training run that starts from the network's θ, or from ``state``.

        Raises EngineDeclined for rows that are read in windows, and for a sparse X if a minibatch of dense rows does
        not fit into the memory.
        """
        problem.refuse_windows(self.name)
        if isinstance(problem.X, SparseRows):
            self._require_memory(problem.X, problem.batch_size, "a smaller batch_size")
        if state is None:
            first = TrainingState.start(problem, problem.optimizer.start(problem.net.theta))
        else:
            first = state.copy()
            first.order = problem.order
        run: TrainingRun = imported("chainrule.engines.torch.run").TorchRun(problem, first, *self._where(problem.net))
        return run

    def outputs(self, net: Network, X: Rows, threads: int | None = None) -> Array | None:
        """Computes N(x) for each row of X: (t, n) → (t, m), or returns None if X is not finite."""
        outputs: Array | None = imported("chainrule.engines.torch.once").outputs(net, X, *self._where(net), threads)
        return outputs

    def gradient(
        self,
        net: Network,
        cost: Cost,
        X: Rows,
        Y: Array,
        weights: Array | None,
        penalty_scale: float | None = None,
        threads: int | None = None,
    ) -> Gradient:
        """Computes ∇J(θ), J(θ) and every δ[i]. Raises EngineDeclined if a sparse X is too large as a dense one."""
        if isinstance(X, SparseRows):
            self._require_memory(X, len(X), "fewer rows")
        g: Gradient = imported("chainrule.engines.torch.once").gradient(
            net, cost, X, Y, weights, penalty_scale, *self._where(net), threads
        )
        return g

    def _sparse_networks(self, X: SparseRows, rows: int) -> int:
        """Returns for how many networks this many dense rows of a sparse X fit into the memory."""
        needed = imported("chainrule.engines.torch.parts.sparse").bytes_of_rows(X, rows)
        return int(SHARE_OF_MEMORY * _devices().free_bytes(self.device) / needed)

    def _require_memory(self, X: SparseRows, rows: int, remedy: str) -> None:
        if not self._sparse_networks(X, rows):
            raise EngineDeclined(
                f"the engine torch cannot run this: it makes {rows} rows of the sparse X with {X.shape[1]} columns "
                f"dense at a time, which do not fit into the memory of {self.device_name()}. Use {remedy}, or "
                "engine='auto', which keeps X sparse."
            )

    def _where(self, net: Network) -> tuple[Any, str, Any]:
        """Returns PyTorch's device, the precision, and PyTorch's number type of the products."""
        where: tuple[Any, str, Any] = _devices().where(self.device, self.precision, net.dtype)
        return where


def form_of(data: Any) -> tuple[bool, bool] | None:
    """Returns whether X is sparse, and whether the examples have weights; None if there are none."""
    whole = data.of if isinstance(data, Subset) else data
    return None if whole is None else (isinstance(whole.X, SparseRows), whole.weights is not None)


def _devices() -> Any:
    return imported("chainrule.engines.torch.devices")


ENGINE = Torch()

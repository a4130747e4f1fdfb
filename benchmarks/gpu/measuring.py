"""The measurements of one workload, each of which is a line of the report."""

from __future__ import annotations

import functools
import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import torch

from benchmarks.gpu import jax_peer, own, timing, torch_peers
from benchmarks.gpu.ensembles import Fit
from benchmarks.gpu.report import Report
from benchmarks.gpu.workloads import Workload
from chainrule.engines.torch.session import session

Maker: TypeAlias = Callable[[], Callable[[], object]]

LENGTHS = (1, 8, 32)  # steps of a graph
NETWORKS = 8
PRECISIONS = {"highest": "highest", "high": "tensorfloat32", "bf16": "bfloat16"}  # ours, and JAX's names
COMPARED = ("highest", "high")  # float32 and TF32
COMPILED = ("reduce-overhead", "max-autotune")


@dataclass(frozen=True)
class Bench:
    """One workload on one device; each measurement takes about this many seconds."""

    report: Report
    work: Workload
    device: Any
    seconds: float

    def measure_own(self) -> None:
        """Measures the engine torch: its gradient, its bits, and its steps."""
        work, device = self.work, self.device
        for precision in PRECISIONS:

            def error(precision: str = precision) -> Mapping[str, object]:
                return {"relative error": own.gradient_error(work, device, precision)}

            self._add(f"gradient, {precision}", error)
        self._add("4 + 4 steps are 8, twice", lambda: {"bitwise": own.repeats_its_bits(work, device, "highest")})
        for precision in PRECISIONS:
            for length in LENGTHS if precision == "high" else LENGTHS[-1:]:
                make = self._maker(own.steps, precision, length)
                self._time(f"torch engine, {length} steps a graph, {precision}", make, precision, length)
        length = LENGTHS[-1]
        make = self._maker(own.steps, "high", length, NETWORKS)
        self._time(f"torch engine, {NETWORKS} networks in a step, high", make, "high", length)
        epochs, steps = self._maker(own.epoch, "high"), work.rows // work.batch_size
        self._time("torch engine, whole epochs with their shuffle, high", epochs, "high", steps)

    def measure_eager(self) -> None:
        """Measures PyTorch by itself, step by step and in a CUDA graph."""
        for precision in COMPARED:
            self._time(f"PyTorch, eager, {precision}", self._maker(torch_peers.step), precision, 1, gradients=True)
            if self.device.type == "cuda":
                make = self._maker(torch_peers.captured)
                self._time(f"PyTorch, autograd in a CUDA graph, {precision}", make, precision, 1, gradients=True)

    def measure_jax(self) -> None:
        """Measures JAX, if it is installed."""
        for precision in COMPARED if importlib.util.find_spec("jax") is not None else ():

            def of_jax(precision: str = precision) -> Mapping[str, object]:
                call, steps = jax_peer.scan(self.work, PRECISIONS[precision])
                return timing.timed(call, steps, self.seconds, lambda: None)._asdict()

            self._add(f"JAX, lax.scan, {precision}", of_jax)

    def measure_compiled(self, mode: str) -> None:
        """Measures ``torch.compile`` in one mode."""
        for precision in COMPARED:
            make = self._maker(torch_peers.step, mode)
            self._time(f"PyTorch, torch.compile {mode}, {precision}", make, precision, 1, gradients=True)

    def measure_ceilings(self) -> None:
        """Measures a copy and a product on the device, whatever the workload."""
        wait = timing.waiting_for(self.device)
        for precision in PRECISIONS:

            def ceilings(precision: str = precision) -> Mapping[str, object]:
                with session(self.device, precision, 1):
                    copy, product, size, flop = torch_peers.copy_and_product(self.device, precision)
                    one, other = (timing.timed(call, 1, self.seconds / 2, wait) for call in (copy, product))
                return {"TB/s of a copy": size / one.median / 1e6, "TFLOP/s of a product": flop / other.median / 1e6}

            self.report.measure("–", f"the device, {precision}", ceilings)

    def measure_ensemble(self, fit: Fit) -> None:
        """Measures the fit of an estimator with two networks, one of each kind, with eight, and on the CPU."""
        for engine in (own.engine(self.device, "highest"), "native"):
            for networks in (2, NETWORKS):
                name = "torch" if engine != "native" else "native, on the CPU"
                what = f"fit, {networks} networks of the preset default, {name}"
                self.report.measure("–", what, functools.partial(fit.seconds, engine, networks))

    def _add(self, what: str, measurement: Callable[[], Mapping[str, object]]) -> None:
        self.report.measure(self.work.name, what, measurement)

    def _maker(self, make: Callable[..., Callable[[], object]], *arguments: Any) -> Maker:
        return lambda: make(self.work, self.device, *arguments)

    def _time(
        self,
        what: str,
        make: Maker,
        precision: str,
        steps: int,
        *,
        gradients: bool = False,
    ) -> None:
        """Adds the time of the calls of ``make()``, each of which makes some steps, in this precision."""

        def measure() -> Mapping[str, object]:
            with session(self.device, precision, 1), torch.set_grad_enabled(gradients):
                found = timing.timed(make(), steps, self.seconds, timing.waiting_for(self.device))
            return {**found._asdict(), "TFLOP/s": self.work.flop / found.median / 1e6}

        self._add(what, measure)


def name_of(device: Any) -> str:
    """Returns the name of the device."""
    return str(torch.cuda.get_device_name(device)) if device.type == "cuda" else "CPU (a rehearsal)"

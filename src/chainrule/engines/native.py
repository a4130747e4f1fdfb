"""The native engine, the default on CPUs: training, prediction and gradients in compiled code (native/)."""

from __future__ import annotations

import os
from array import array
from collections.abc import Callable, Mapping, MutableSequence, Sequence
from dataclasses import fields
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from chainrule._internal.by_layer import ByLayer
from chainrule._internal.checks import Array
from chainrule._internal.sparse_rows import Rows, SparseRows, like
from chainrule.activations import ACTIVATIONS, without_kappa
from chainrule.backprop import Gradient
from chainrule.costs import COSTS, Cost, TrainingSet
from chainrule.engines.bundle import BundleKind, fewest_bundled
from chainrule.engines.problem import Problem
from chainrule.engines.state import RECORDS, TrainingState
from chainrule.engines.thread_counts import LEAST_TRIED, first_threads, step_flop, thread_count
from chainrule.network import Network
from chainrule.network.theta import parameter_views
from chainrule.optimizers import OPTIMIZERS, AdamW, Optimizer
from chainrule.optimizers.schedules import SCHEDULES, Schedule

try:
    from chainrule import _native as _native
except ImportError:  # a pure-Python wheel, or a source tree
    _native = None  # type: ignore[assignment]

PRODUCTS_OF_A_CALL = 3e9  # about a tenth of a second, between two of which Ctrl-C is heard
ROWS_OF_A_MICRO_BATCH = 256  # calls of a multiple of it change no sum
_evaluators: WeakKeyDictionary[Network, Any] = WeakKeyDictionary()  # each holds the buffers of a forward pass
_csr_evaluators: WeakKeyDictionary[Network, Any] = WeakKeyDictionary()  # the same for sparse rows
_predictors: WeakKeyDictionary[Network, Callable[[object], Array | None]] = WeakKeyDictionary()  # fast for a few rows


def _forget_prediction() -> None:
    """Forgets the predictors of a forked process: another thread may have been using one when the process forked."""
    for kept in (_evaluators, _csr_evaluators, _predictors):
        kept.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_prediction)


class NativeEngine:
    """An engine for the built-in activations, costs, optimizers and schedules, in float32 and float64."""

    name = "native"
    releases_gil = True

    def declines(
        self,
        net: Network,
        cost: Cost | None,
        optimizer: Optimizer | None,
        shuffle: bool = True,
        X: Rows | None = None,
        jacobian: bool = False,
    ) -> str | None:
        """Returns the reason why it cannot run this (a user's own part, complex θ, no compiled core), or None."""
        if _native is None:
            return "its compiled core (chainrule._native) is not installed."
        if net.dtype.kind == "c":
            return "θ is complex."
        if isinstance(X, SparseRows) and net.layout[0].runs is not None:
            return "X is sparse, and W[1] is block-diagonal."
        if jacobian and (why := _declines_jacobian(net, X)):
            return why
        for i, (sigma, p) in enumerate(zip(net.sigma, net.dropout, strict=True), 1):
            inner = without_kappa(sigma)
            if not (inner.builtin and inner.name in ACTIVATIONS):
                return f"sigma[{i}] = {sigma.name} is not built in."
            if optimizer is not None and not _is_built_in(p):
                return f"the schedule {p!r} is not built in."
        if cost is not None and type(cost) is not COSTS.get(cost.name):
            return f"the cost {cost!r} is not built in."
        if optimizer is not None:
            if type(optimizer) is not OPTIMIZERS.get(optimizer.name):
                return f"the optimizer {optimizer!r} is not built in."
            for schedule in (optimizer.learning_rate, _weight_decay(optimizer)):
                if schedule is not None and not _is_built_in(schedule):
                    return f"the schedule {schedule!r} is not built in."
        return None

    def outputs(self, net: Network, X: Rows) -> Array | None:
        """Computes N(x) for each row of X: (t, n) → (t, m), or None; the same pass checks that X is finite."""
        if (few := self.shortcut(net)(X)) is not None:  # few rows take the shortcut here too, for the same results
            return few
        if isinstance(X, SparseRows):
            return self._outputs_of_sparse(net, X)
        evaluator = _evaluators.get(net)
        if evaluator is None:
            kind = _native.Evaluator32 if net.dtype == np.float32 else _native.Evaluator64
            evaluator = _evaluators.setdefault(net, kind(_network(net)))
        out = np.empty((len(X), net.m[-1]), net.dtype)
        finite: bool = evaluator.outputs(net.theta, X, out, thread_count(step_flop(net, len(X), X) / 3, None))
        return out if finite else None

    def _outputs_of_sparse(self, net: Network, X: SparseRows) -> Array:
        evaluator = _csr_evaluators.get(net)
        if evaluator is None:
            kind = _native.CsrEvaluator32 if net.dtype == np.float32 else _native.CsrEvaluator64
            evaluator = _csr_evaluators.setdefault(net, kind(_network(net)))
        out = np.empty((len(X), net.m[-1]), net.dtype)
        evaluator.outputs(net.theta, _rows(X), out, thread_count(step_flop(net, len(X), X) / 3, None))
        return out

    def shortcut(self, net: Network, reuse: bool = False) -> Callable[[object], Array | None]:
        """Returns a function that computes N(x) for up to three rows, and returns None for any other input.

        The rows must be a contiguous array of the dtype of θ, or sparse ones in compressed rows (CSR).
        """
        quick = None if reuse else _predictors.get(net)
        if quick is None:
            kind = _native.Predictor32 if net.dtype == np.float32 else _native.Predictor64
            quick = kind(_network(net), net.theta, reuse)
            if not reuse:
                _predictors[net] = quick
        return quick

    def joint_shortcut(self, nets: Sequence[Network]) -> Callable[[object], Array | None]:
        """Returns the shortcut of networks with the same inputs, outputs and number type: x (t, n) ↦ (k, t, m)."""
        kind = _native.JointPredictor32 if nets[0].dtype == np.float32 else _native.JointPredictor64
        quick: Callable[[object], Array | None] = kind([self.shortcut(net) for net in nets])
        return quick

    def gradient(self, net: Network, cost: Cost, X: Rows, Y: Array, weights: Array | None) -> Gradient:
        """Computes ∇J(θ), J(θ) and every δ[i]."""
        theta = np.empty_like(net.theta)
        deltas = [np.empty((len(X), m), net.dtype) for m in net.m[1:]]
        penalty_scale = cost.penalty_scale(weights, len(X))
        gradient = _native.gradient32 if net.dtype == np.float32 else _native.gradient64
        threads = thread_count(step_flop(net, len(X), X), None)
        penalised, rows = _cost(cost, penalty_scale), _rows(X)
        J = gradient(_network(net), penalised, rows, Y, weights, net.theta, theta, deltas, threads)
        return Gradient(J, theta, *parameter_views(theta, net.layout), ByLayer(deltas))

    def normal_equations(
        self, net: Network, X: Rows, Y: Array, factors: Array, check: Callable[[], None]
    ) -> Callable[[], tuple[Array, Array]]:
        """Returns a function that computes AᵀA and Aᵀr as sums of products of pairs, in float64."""
        dense: Any = X  # a sparse one is declined
        products = net.d * net.d / 2  # of an example, at most
        rows = max(1, int(PRODUCTS_OF_A_CALL / products) // ROWS_OF_A_MICRO_BATCH) * ROWS_OF_A_MICRO_BATCH
        sums = _native.NormalEquations(_network(net), thread_count(2 * products * len(Y), None))

        def compute() -> tuple[Array, Array]:
            AtA, Atr = np.empty((net.d, net.d)), np.empty(net.d)
            sums.begin()
            for first in range(0, len(Y), rows):
                check()
                some = slice(first, first + rows)
                sums.add(net.theta, dense[some], Y[some], factors[some])
            sums.get(AtA, Atr)
            return AtA.T, Atr

        return compute

    def start(self, problem: Problem, state: TrainingState | None) -> NativeRun:
        """Returns a training run that starts from the network's θ, or from ``state``."""
        return NativeRun(problem, TrainingState.start(problem, _first_moments(problem)) if state is None else state)

    def bundle_kind(self, problem: Problem) -> BundleKind | None:
        """Returns a kind for tiny networks with minibatches of a few rows."""
        net, cost, rows = problem.net, problem.cost, problem.batch_size
        run = _native.TrainingRun32 if net.dtype == np.float32 else _native.TrainingRun64
        if rows > run.bundle_rows or isinstance(problem.data.X, SparseRows):
            return None
        network, lanes = _network(net), run.bundle_networks
        least = fewest_bundled(net.d, rows)
        if lanes < least or not run.suits_bundle(network):
            return None

        def advance(runs: Sequence[NativeRun], epochs: int, seconds: float) -> None:
            run.advance_bundle([each._run for each in runs], epochs, seconds)

        key = repr((net.dtype, network, _cost(cost)[:2], problem.optimizer.name))
        return BundleKind(key, least, lanes, advance)


class NativeRun:
    """A training run in compiled code, which proceeds in slices; the network's θ is current after each."""

    def __init__(self, problem: Problem, state: TrainingState) -> None:
        self._d, self._dtype, self._has_patience = problem.net.d, problem.net.dtype, problem.patience is not None
        problem.net.theta = state.theta  # from now on the compiled run updates it
        self._moments = tuple(problem.optimizer.moments)
        self._first_step = state.first_step
        flop = step_flop(problem.net, problem.batch_size, problem.data.X)
        run = _native.TrainingRun32 if problem.net.dtype == np.float32 else _native.TrainingRun64
        self._run = run(
            net=_network(problem.net),
            cost=_cost(problem.cost),
            optimizer=_optimizer(problem.optimizer),
            data=_arrays(problem.data),
            validation=_held_out(problem),
            batch_size=problem.batch_size,
            shuffle=problem.shuffle,
            epochs=problem.epochs,
            tol=-1.0 if problem.tolerance is None else problem.tolerance,
            tol_epochs=problem.tol_epochs,
            patience=problem.patience or 0,
            threads=thread_count(flop / LEAST_TRIED, problem.threads),
            first_threads=first_threads(flop, problem.threads),
            theta=problem.net.theta,
            moments=[np.ascontiguousarray(state.moments[name]) for name in self._moments if state.moments],
            progress={
                **{
                    name: getattr(state, name)
                    for name in ("step", "first_step", "epoch", "batch", "partial_J", "partial_seconds")
                },
                **{name: getattr(state, name) for name in ("best_J", "best_epoch", "best_theta")},
                "stream": tuple(half for number in state.stream for half in (number >> 64, number & (2**64 - 1))),
                "records": dict(state.records),
            },
        )
        self._records = {name: array("d", state.records[name]) for name in RECORDS}

    @property
    def stopped(self) -> str | None:
        """The reason why the run has ended, or None."""
        reason: str | None = self._run.stopped
        return reason

    @property
    def records(self) -> Mapping[str, MutableSequence[float]]:
        """The records, one number per finished epoch under each name."""
        for name, values in self._run.records_since(len(self._records["J"])).items():
            self._records[name].frombytes(values)
        return self._records

    def advance(self, epochs: int, seconds: float) -> None:
        """Takes steps until ``epochs`` more epochs are finished, ``seconds`` have passed, or the run has stopped."""
        self._run.advance(epochs, seconds)

    def take_theta(self) -> None:
        """Continues from the network's θ, which may have been changed since ``advance`` returned."""
        self._run.take_theta()

    def limit_threads(self, limit: int) -> None:
        """Makes later steps use at most ``limit`` threads."""
        self._run.limit_threads(limit)

    def interrupt(self) -> None:
        """Makes ``advance`` return soon; an unfinished step is abandoned."""
        self._run.interrupt()

    def state(self) -> TrainingState:
        """Returns a copy of the complete state."""
        theta = np.empty(self._d, self._dtype)
        moments = {name: np.empty_like(theta) for name in self._moments}
        self._run.get(theta, list(moments.values()))
        best: Array | None = np.empty_like(theta) if self._has_patience else None
        if best is not None and not self._run.best_theta(best):
            best = None
        progress = self._run.progress()
        high, low, increment_high, increment_low = progress.pop("stream")
        stream = (high << 64 | low, increment_high << 64 | increment_low)
        records: Any = {name: values[:] for name, values in self.records.items()}
        return TrainingState(
            theta, moments, stream, first_step=self._first_step, best_theta=best, records=records,
            **progress,
        )  # fmt: skip

    def finish(self) -> Callable[[], TrainingState]:
        """Ends the run, as `TrainingRun.finish` says; only the last θ and the moments are kept for the state."""
        self._run.finish()
        return self.state


def _declines_jacobian(net: Network, X: Rows | None) -> str | None:
    """Returns the reason why it has no Jacobians of these, or None."""
    if isinstance(X, SparseRows):
        return "X is sparse, and Levenberg–Marquardt needs its Jacobian."
    for i, part in enumerate(net.layout, 1):
        if part.parametric:
            return f"sigma[{i}] is parametric, and Levenberg–Marquardt needs its Jacobian."
        if part.runs is not None:
            return f"W[{i}] is block-diagonal, and Levenberg–Marquardt needs its Jacobian."
    return None


def _first_moments(problem: Problem) -> dict[str, Array]:
    """Returns the initial moments, or an empty dict if all are zero, since a compiled run starts with zeros."""
    start, theta = problem.optimizer.start, problem.net.theta
    return start(theta) if any(map(np.any, start(theta[:1]).values())) else {}


def _network(net: Network) -> tuple[Any, ...]:
    layers = [
        (
            without_kappa(layer.sigma).name,
            float(next(iter(layer.sigma.parameters.values()), 0.0)),
            _schedule(layer.dropout),
            part.runs or (),
            part.parametric,
            layer.rate.numbers,
            layer.decay.numbers,
        )
        for layer, part in zip(net.layers, net.layout, strict=True)
    ]
    return list(net.m), layers


def _cost(cost: Cost, penalty_scale: float = 1.0) -> tuple[Any, ...]:
    mean = 2 if cost.mean_penalty else cost.mean
    return (
        cost.name,
        _settings(cost, "mean", "l1", "l2", "mean_penalty")[0],
        mean,
        penalty_scale * cost.l1,
        penalty_scale * cost.l2,
    )


def _optimizer(optimizer: Optimizer) -> tuple[Any, ...]:
    clip = np.inf if optimizer.clip_norm is None else optimizer.clip_norm
    hyper = _settings(optimizer, "learning_rate", "clip_norm", "weight_decay")
    return optimizer.name, hyper, clip, _schedule(optimizer.schedule), _schedule(_weight_decay(optimizer))


def _weight_decay(optimizer: Optimizer) -> float | Schedule:
    """Returns λ, which is 0 for optimizers without a weight decay."""
    return optimizer.weight_decay if isinstance(optimizer, AdamW) else 0.0


def _is_built_in(value: float | Schedule) -> bool:
    """Returns True for a number and for a schedule of the catalogue."""
    return not isinstance(value, Schedule) or type(value) is SCHEDULES.get(value.name)


def _schedule(value: float | Schedule) -> tuple[str, float, list[float]]:
    """Returns name, rate and further settings of a schedule; a number becomes a constant one."""
    if not isinstance(value, Schedule):
        return "constant", float(value), [0.0]
    return value.name, value.rate, _settings(value, "rate")


def _settings(value: Any, *excluded: str) -> list[float]:
    """Returns the numbers of a frozen value in the order of its fields, or [0.0] if it has no others."""
    return [float(getattr(value, f.name)) for f in fields(value) if f.name not in excluded] or [0.0]


def _held_out(problem: Problem) -> tuple[Any, ...] | None:
    """Returns the validation set, with an X that is sparse if that of the training set is, as one run needs it."""
    held_out = problem.validation
    return None if held_out is None else _arrays(held_out._replace(X=like(problem.data.X, held_out.X)))


def _arrays(data: TrainingSet) -> tuple[Any, ...]:
    return _rows(data.X), data.Y, data.weights


def _rows(X: Rows) -> Any:
    """Returns a dense X itself; of a sparse one indptr, the indices as int32 or as int64, and the data."""
    if not isinstance(X, SparseRows):
        return X
    is_narrow = X.indices.dtype == np.int32
    return X.indptr, X.indices if is_narrow else None, None if is_narrow else X.indices, X.data


ENGINE = NativeEngine()

"""The native engine, the default on CPUs: training, prediction and gradients in compiled code (native/)."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from chainrule._internal.by_layer import ByLayer
from chainrule._internal.checks import Array
from chainrule._internal.sparse_rows import Rows, SparseRows
from chainrule.backprop import Gradient
from chainrule.costs import Cost
from chainrule.engines.built_in import part_of_its_own
from chainrule.engines.bundle import BundleKind, fewest_bundled
from chainrule.engines.native.core import native
from chainrule.engines.native.description import cost_of, network, rows_of
from chainrule.engines.native.hessian import native_hessian
from chainrule.engines.native.run import NativeRun, advance_bundle
from chainrule.engines.native.run_in_parts import NativeRunInParts
from chainrule.engines.problem import Problem
from chainrule.engines.seam import Product
from chainrule.engines.state import TrainingState
from chainrule.engines.thread_counts import step_flop, thread_count
from chainrule.network import Network
from chainrule.network.theta import parameter_views
from chainrule.optimizers import Optimizer

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
    trains_together = False

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
        if native is None:
            return "its compiled core (chainrule._native) is not installed."
        if net.dtype.kind == "c":
            return "θ is complex."
        if isinstance(X, SparseRows) and net.layout[0].runs is not None:
            return "X is sparse, and W[1] is block-diagonal."
        if jacobian and (why := _declines_jacobian(net, X)):
            return why
        return part_of_its_own(net, cost, optimizer)

    def outputs(self, net: Network, X: Rows, threads: int | None = None) -> Array | None:
        """Computes N(x) for each row of X: (t, n) → (t, m), or None; the same pass checks that X is finite."""
        if (few := self.shortcut(net)(X)) is not None:  # few rows take the shortcut here too, for the same results
            return few
        if isinstance(X, SparseRows):
            return self._outputs_of_sparse(net, X, threads)
        evaluator = _evaluators.get(net)
        if evaluator is None:
            kind = native.Evaluator32 if net.dtype == np.float32 else native.Evaluator64
            evaluator = _evaluators.setdefault(net, kind(network(net)))
        out = np.empty((len(X), net.m[-1]), net.dtype)
        finite: bool = evaluator.outputs(net.theta, X, out, thread_count(step_flop(net, len(X), X) / 3, threads))
        return out if finite else None

    def _outputs_of_sparse(self, net: Network, X: SparseRows, threads: int | None) -> Array:
        evaluator = _csr_evaluators.get(net)
        if evaluator is None:
            kind = native.CsrEvaluator32 if net.dtype == np.float32 else native.CsrEvaluator64
            evaluator = _csr_evaluators.setdefault(net, kind(network(net)))
        out = np.empty((len(X), net.m[-1]), net.dtype)
        evaluator.outputs(net.theta, rows_of(X), out, thread_count(step_flop(net, len(X), X) / 3, threads))
        return out

    def shortcut(self, net: Network, reuse: bool = False) -> Callable[[object], Array | None]:
        """Returns a function that computes N(x) for up to three rows, and returns None for any other input.

        The rows must be a contiguous array of the dtype of θ, or sparse ones in compressed rows (CSR).
        """
        quick = None if reuse else _predictors.get(net)
        if quick is None:
            kind = native.Predictor32 if net.dtype == np.float32 else native.Predictor64
            quick = kind(network(net), net.theta, reuse)
            if not reuse:
                _predictors[net] = quick
        return quick

    def joint_shortcut(self, nets: Sequence[Network]) -> Callable[[object], Array | None]:
        """Returns the shortcut of networks with the same inputs, outputs and number type: x (t, n) ↦ (k, t, m)."""
        kind = native.JointPredictor32 if nets[0].dtype == np.float32 else native.JointPredictor64
        quick: Callable[[object], Array | None] = kind([self.shortcut(net) for net in nets])
        return quick

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
        """Computes ∇J(θ), J(θ) and every δ[i]."""
        theta = np.empty_like(net.theta)
        deltas = [np.empty((len(X), m), net.dtype) for m in net.m[1:]]
        if penalty_scale is None:
            penalty_scale = cost.penalty_scale(weights, len(X))
        gradient = native.gradient32 if net.dtype == np.float32 else native.gradient64
        threads = thread_count(step_flop(net, len(X), X), threads)
        penalised, rows = cost_of(cost, penalty_scale), rows_of(X)
        J = gradient(network(net), penalised, rows, Y, weights, net.theta, theta, deltas, threads)
        return Gradient(J, theta, *parameter_views(theta, net.layout), ByLayer(deltas))

    def hessian(
        self,
        net: Network,
        cost: Cost,
        X: Rows,
        Y: Array,
        weights: Array | None,
        check: Callable[[], None],
        penalty_scale: float | None = None,
        threads: int | None = None,
    ) -> Callable[[], Product]:
        """Returns a function that makes ∇²J(θ) an operator by the R-operator."""
        return native_hessian(net, cost, X, Y, weights, check, penalty_scale, threads)

    def normal_equations(
        self,
        net: Network,
        X: Rows,
        Y: Array,
        factors: Array,
        check: Callable[[], None],
        threads: int | None = None,
    ) -> Callable[[], tuple[Array, Array]]:
        """Returns a function that computes AᵀA and Aᵀr as sums of products of pairs, in float64."""
        dense: Any = X  # a sparse one is declined
        products = net.d * net.d / 2  # of an example, at most
        rows = max(1, int(PRODUCTS_OF_A_CALL / products) // ROWS_OF_A_MICRO_BATCH) * ROWS_OF_A_MICRO_BATCH
        sums = native.NormalEquations(network(net), thread_count(2 * products * len(Y), threads))

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

    def in_parts(self, problem: Problem, state: TrainingState, blocks: int) -> NativeRunInParts | None:
        """Returns a run whose steps are made in parts, or None for a problem that it declines, or a sparse X."""
        why = self.declines(problem.net, problem.cost, problem.optimizer, problem.shuffle, problem.X)
        if why or isinstance(problem.X, SparseRows):
            return None
        return NativeRunInParts(problem, state, blocks)

    def bundle_kind(self, problem: Problem) -> BundleKind | None:
        """Returns a kind for tiny networks with minibatches of a few rows."""
        net, cost, rows = problem.net, problem.cost, problem.batch_size
        run = native.TrainingRun32 if net.dtype == np.float32 else native.TrainingRun64
        if rows > run.bundle_rows or problem.X is None or isinstance(problem.X, SparseRows):
            return None
        described, lanes = network(net), run.bundle_networks
        least = fewest_bundled(net.d, rows)
        if lanes < least or not run.suits_bundle(described):
            return None
        key = repr((net.dtype, described, cost_of(cost)[:2], problem.optimizer.name))
        return BundleKind(key, least, lanes, partial(advance_bundle, run))


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


ENGINE = NativeEngine()

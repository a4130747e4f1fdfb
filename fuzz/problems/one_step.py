"""One training step of the native engine lies within the bounds of its roundings, from any state."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from support.engines.gradient_bounds import assert_within
from support.rounding import U, difference_bounds, gamma

import chainrule as cr
from chainrule._internal.by_layer import ByLayer
from chainrule._internal.checks import Array
from chainrule.backprop import backpropagate
from chainrule.costs.training_set import TrainingSet
from chainrule.engines.minibatches import dropout_masks
from chainrule.engines.problem import Problem
from chainrule.engines.stopping import EXPLODED
from chainrule.network.forward import forward
from chainrule.network.theta import at_every_parameter
from chainrule.rows.order import shuffled, stream_at
from fuzz.problems.plans import dense
from fuzz.problems.runs import started

ROUNDINGS = 40.0  # in an optimizer's step, of the sizes of its terms
SAMPLES = np.linspace(-1.0, 1.0, 9)


class Step(NamedTuple):
    """The share of a step in an epoch, and J and g of its minibatch with bounds of their errors."""

    share: float
    J: float
    J_error: float
    g: Array
    g_error: Array


def assert_last_step(problem: Problem, state: cr.TrainingState) -> bool:
    """Asserts the bounds of θ, the moments and the records after the last step of an epoch, which begins at ``state``.

    Returns False if there are no bounds, as near a pole or at a kink, or if native diverges there.
    """
    step = step_at(problem, state)
    norm, distance = float(np.linalg.norm(step.g)), float(np.linalg.norm(step.g_error))
    if not (distance <= 0.1 * norm < np.inf and np.isfinite(step.J_error)):  # infinite, or too loose to sample
        return False
    run = started(problem, "native", state)
    run.advance(1, np.inf)
    after = run.state()
    if run.stopped == "diverged":
        return False
    u, u64 = U[problem.net.dtype], U[np.dtype(np.float64)]
    norm_error = distance + gamma(problem.net.d + 4, u64) * norm
    assert_within("‖∇J‖", after.records["gradient_norm"][-1], norm, norm_error)
    part = step.share * step.J
    rounding = 8 * u64 * (abs(part) + abs(state.partial_J))
    assert_within("J", after.records["J"][-1], state.partial_J + part, step.share * step.J_error + rounding)
    _assert_moved(problem, state, after, *_clipped(problem.optimizer.clip_norm, step, norm, norm_error, u))
    if (data := problem.validation_set) is not None:
        value, error = _validation(problem, data, after.theta)
        if np.isfinite(error) and abs(value) + error < 1e-3 * np.finfo(problem.net.dtype).max:  # else it may overflow
            assert_within("validation J", after.records["validation_J"][-1], value, error)
    return True


class Minibatch(NamedTuple):
    """The network and the examples of a step, its dropout, and its share of the training set's weight."""

    net: cr.Network
    X: Array
    Y: Array
    weights: Array | None
    masks: ByLayer[Array | None] | None
    share: float


def minibatch(problem: Problem, state: cr.TrainingState) -> Minibatch:
    """Returns the examples of the step that begins at ``state``, with factors of dropout in float64."""
    net, data = problem.net.copy(), problem.examples
    net.theta = state.theta
    stream = stream_at(*state.stream)
    order = np.arange(data.t) if problem.in_order else shuffled(stream, data.t)
    rows = order[state.batch * problem.batch_size :][: problem.batch_size]
    masks = None
    if problem.has_dropout:
        key = int(np.atleast_1d(stream.random_raw(state.batch + 1))[-1])
        masks = dropout_masks(key, net.astype(np.float64), len(rows), problem.dropout(state.run_step))
    weights = None if data.weights is None else data.weights[rows]
    total = data.t if data.weights is None else float(data.weights.sum(dtype=np.float64))
    share = (len(rows) if weights is None else float(weights.sum(dtype=np.float64))) / total
    return Minibatch(net, dense(data.X)[rows], data.Y[rows], weights, masks, share)


def step_at(problem: Problem, state: cr.TrainingState) -> Step:
    """Returns the next step's share, J and ∇J by the reference in float64, with bounds of an engine's difference."""
    net, X, Y, weights, masks, share = minibatch(problem, state)
    cost = problem.cost
    if not cost.mean:  # J is a sum, and each minibatch has its share of the penalties
        cost = replace(cost, l1=share * cost.l1, l2=share * cost.l2)
    bounds = difference_bounds(net, cost, X, Y, weights, masks)
    wide, x, y = net.astype(np.float64), X.astype(np.float64), Y.astype(np.float64)
    w = None if weights is None else weights.astype(np.float64)
    truth = backpropagate(wide, cost, forward(wide, x, masks), y, w, masks=masks)
    return Step(share if cost.mean else 1.0, truth.J, bounds.J, truth.theta, bounds.theta)


def is_determined(problem: Problem, state: cr.TrainingState) -> bool:
    """Returns False if the verdict on the next step depends on the order of sums, or on a cancellation.

    It does if z or δ overflows, since ∞ or NaN is then a matter of the order; and if κ is so large that (1 − κ) z and
    κ σ(z) cancel to nothing.
    """
    net, X, Y, weights, masks, _ = minibatch(problem, state)
    most = float(np.finfo(net.dtype).max)
    run = forward(net, X, masks)
    g = backpropagate(net, problem.cost, run, Y, weights, masks=masks)
    for sigma, z, delta in zip(net.sigma, run.z, g.delta, strict=True):
        limit = np.sqrt(most) if sigma.name == "layer_norm" else most  # it squares z
        if not (abs(z) < 1e-3 * limit).all() or not (abs(delta) < 1e-3 * most).all():
            return False
        if isinstance(sigma, cr.Parametric) and abs(np.asarray(sigma.kappa)).max() > 1e3:
            return False
    return True


def is_near_explosion(problem: Problem, state: cr.TrainingState) -> bool:
    """Returns True if roundings decide whether J explodes after the step that begins at ``state``."""
    step, J = step_at(problem, state), state.records["J"]
    distance = abs(state.partial_J + step.share * step.J - max(EXPLODED * abs(J[0]), 1.0))
    return not distance > step.share * step.J_error  # which may be infinite or NaN


def _clipped(clip_norm: float | None, step: Step, norm: float, norm_error: float, u: float) -> tuple[Array, Array]:
    """Returns g scaled to at most this norm, and a bound of its error."""
    if clip_norm is None or norm + norm_error <= clip_norm:
        return step.g, step.g_error
    low = min(1.0, clip_norm / (norm + norm_error))
    high = min(1.0, clip_norm / (norm - norm_error)) if norm > norm_error else 1.0
    return step.g * high, high * step.g_error + (high - low + 4 * u * high) * abs(step.g)


def _assert_moved(problem: Problem, state: cr.TrainingState, after: cr.TrainingState, g: Array, error: Array) -> None:
    """Asserts that θ and the moments are those that the optimizer makes of some gradient within the bound.

    An optimizer is entrywise. Its step is sampled over the range of g, with a margin of a quarter for what lies between
    the samples, and its roundings are bounded by the same step with all terms positive.
    """
    u, tiny = U[problem.net.dtype], float(np.finfo(problem.net.dtype).tiny)
    if (alpha := problem.alpha(state.run_step)) > 0.0:
        error = error + tiny / alpha  # α g may be subnormal, and then 0, before it is divided by a small √ν
    ways = [_stepped(problem, state, g + s * error) for s in SAMPLES]
    sizes = _stepped(problem, state, abs(g) + error, is_of_sizes=True)
    found = {"theta": after.theta, **after.moments}
    for name, values in found.items():
        low, high = (edge([way[name] for way in ways], axis=0) for edge in (np.min, np.max))
        before = state.theta if name == "theta" else state.moments[name]
        rounding = ROUNDINGS * u * (abs(before.astype(np.float64)) + sizes[name] + abs(high)) + 4 * tiny
        margin = (high - low) / 4 + rounding
        assert_within(name, values, (low + high) / 2, (high - low) / 2 + margin)
    frozen = _rates(problem) == 0.0
    assert (after.theta[frozen] == state.theta[frozen]).all(), "θ moved where its rate is 0"


def _stepped(problem: Problem, state: cr.TrainingState, g: Array, is_of_sizes: bool = False) -> dict[str, Array]:
    """Returns θ and the moments after a step in float64; with ``is_of_sizes`` |Δθ| and moments of positive terms."""
    theta = state.theta.astype(np.float64)
    moments = {name: moment.astype(np.float64) for name, moment in state.moments.items()}
    if is_of_sizes:
        moments = {name: abs(moment) for name, moment in moments.items()}
    start = theta.copy()
    optimizer = problem.optimizer_at(state.run_step)
    alpha = problem.alpha(state.run_step) * _rates(problem)
    decayed = at_every_parameter(problem.net.layout, (layer.decay for layer in problem.net.layers), np.float64)
    optimizer.step(theta, g, moments, alpha, state.step + 1, decayed)
    return {"theta": abs(theta - start) if is_of_sizes else theta, **moments}


def _rates(problem: Problem) -> Array:
    return at_every_parameter(problem.net.layout, (layer.rate for layer in problem.net.layers), np.float64)


def _validation(problem: Problem, held_out: TrainingSet, theta: Array) -> tuple[float, float]:
    """Returns J over the validation set without penalties, and a bound of an engine's difference."""
    net, cost = problem.net.copy(), replace(problem.cost, l1=0.0, l2=0.0)
    net.theta = theta
    X, Y, weights = dense(held_out.X), held_out.Y, held_out.weights
    bounds = difference_bounds(net, cost, X, Y, weights)
    wide = net.astype(np.float64)
    w = None if weights is None else weights.astype(np.float64)
    run = forward(wide, X.astype(np.float64))
    return float(cost.total(wide, run, Y.astype(np.float64), w)), bounds.J

"""Hypothesis strategies, one for each axis, and random networks with examples that suit a cost."""

from __future__ import annotations

import zlib
from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st

import chainrule as cr
from chainrule._internal.checks import Array
from chainrule.activations import ACTIVATIONS, Sigma
from chainrule.backprop import backpropagate
from chainrule.network.forward import Forward, forward

layer_counts = st.integers(1, 5)  # r
layer_sizes = st.integers(1, 6)  # each mᵢ
example_counts = st.integers(1, 7)  # t
seeds = st.integers(0, 2**32 - 1)

HIDDEN = sorted(set(ACTIVATIONS) - {"exp"})  # e^z of e^z of e^z overflows
MARGIN = 0.02  # the least distance of examples from kinks of σ and of the cost, and from log 0


def smallest_size(name: str) -> int:
    """The least m at which the derivative of a σ is not almost 0, as that of a layer norm of two entries is."""
    return 3 if name == "layer_norm" else 1


def sigma_names(m: int) -> st.SearchStrategy[str]:
    """Activations for a layer of output size m."""
    return st.sampled_from([name for name in HIDDEN if smallest_size(name) <= m])


class Case(NamedTuple):
    """A network with examples X (t, n), labels Y (t, m) and a cost."""

    net: cr.Network
    cost: cr.Cost
    X: Array
    Y: Array


def fits(cost: cr.Cost, sigma: Sigma, m: int = 3) -> bool:
    """Returns True if ``cost`` accepts a network with the output activation ``sigma``."""
    try:
        cost.check_output(sigma, m)
    except cr.InputError:
        return False
    return True


def random_network(rng: np.random.Generator, m: list[int], sigmas: list[Sigma]) -> cr.Network:
    """Sizes m₀ … m_r with normal W[i] of variance 1/mᵢ₋₁ and normal b[i] of variance 1/4, so that z is about 1."""
    return cr.Network(
        cr.Layer(rng.normal(size=(m_i, n_i)) / np.sqrt(n_i), 0.5 * rng.normal(size=m_i), sigma)
        for n_i, m_i, sigma in zip(m, m[1:], sigmas, strict=False)
    )


def random_labels(rng: np.random.Generator, cost: cr.Cost, t: int, m: int) -> Array:
    """Labels (t, m) in the cost's domain, its ends included."""
    if isinstance(cost, cr.CrossEntropy):
        return cost.targets(rng.dirichlet(np.ones(m), size=t), m)
    if isinstance(cost, cr.LogLikelihood):
        return np.asarray(np.clip(rng.uniform(-0.5, 1.5, size=(t, m)), 0.0, 1.0))
    if isinstance(cost, cr.Poisson):
        return rng.poisson(1.5, size=(t, m)).astype(np.float64)
    return rng.normal(size=(t, m))


def random_case(sigma: Sigma, cost: cr.Cost, r: int, t: int = 3) -> Case | None:
    """A network of r layers with ``sigma`` in one of them, and in the output layer where it fits; the others are drawn.

    The draw is repeated until no z[i] or a[r] lies near a kink or near log 0, no z[i] is beyond ±10, and ∇J is not so
    near 0 that a relative error is meaningless. Returns None if r = 1 and ``sigma`` does not fit the cost.
    """
    in_output = fits(cost, sigma)
    if r == 1 and not in_output:
        return None
    outputs = [sigma] if in_output else [s for s in ACTIVATIONS.values() if fits(cost, s)]
    for attempt in range(10_000):
        rng = np.random.default_rng([zlib.crc32(f"{sigma.name} {cost.name} {r}".encode()), attempt])
        sigmas = [ACTIVATIONS[name] for name in rng.choice(HIDDEN, size=r - 1)]
        if sigmas:
            sigmas[rng.integers(r - 1)] = sigma
        sigmas.append(outputs[rng.integers(len(outputs))])
        m = [int(rng.integers(max(2, smallest_size(name)), 5)) for name in ("the input", *(s.name for s in sigmas))]
        net = random_network(rng, m, sigmas)
        X, Y = rng.normal(size=(t, m[0])), random_labels(rng, cost, t, m[-1])
        run = forward(net, X)
        too_large = any(abs(z).max() > 10.0 for z in run.z)  # e^z is a hidden σ too
        flat = np.linalg.norm(backpropagate(net, cost, run, Y).theta) < MARGIN
        if not too_large and not flat and margin(net, cost, run, Y) > MARGIN:
            return Case(net, cost, X, Y)
    raise AssertionError(f"no case for {sigma.name}, {cost.name}, r = {r}")


def margin(net: cr.Network, cost: cr.Cost, run: Forward, Y: Array) -> float:
    """The distance of a forward pass from the kinks of each σ[i] and of the cost, and from a cost's log 0."""
    distances = [abs(z - kink).min() for z, sigma in zip(run.z, net.sigma, strict=True) for kink in sigma.kinks]
    a, e = run.a[net.r], abs(run.a[net.r] - Y)
    if isinstance(cost, cr.AbsoluteError | cr.Quantile):
        distances.append(e.min())
    if isinstance(cost, cr.Huber):
        distances.append(abs(e - cost.threshold).min())
    if cost.canonical is not None and not cost.closed_form(net.sigma[net.r]):
        distances += [abs(a - end).min() for end in cost.outputs]
    return float(min(distances, default=np.inf))


def relative_error(g: Array, truth: Array) -> float:
    """‖g − g*‖ / ‖g*‖ in the Euclidean norm; 0 if both are 0."""
    difference = float(np.linalg.norm(g - truth))
    return difference / float(np.linalg.norm(truth)) if difference else 0.0

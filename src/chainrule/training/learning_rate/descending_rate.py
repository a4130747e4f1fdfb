"""The learning rate of gradient descent where none is given: a step that descends, from the curvature of J (L12)."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.checks import Array
from chainrule.engines import Engine
from chainrule.engines.problem import Problem
from chainrule.engines.seam import Product
from chainrule.errors import InputError
from chainrule.network import Network
from chainrule.network.forward import silent
from chainrule.network.theta import at_every_parameter

MOST_ROWS = 1000  # of a sample of the examples
MOST_SAMPLES = 8  # of the minibatches
MOST_PRODUCTS = 20  # Hessian-vector products of a power iteration
CHANGE = 0.01  # of L, relative, at which the power iteration ends
MOST_HALVINGS = 200


@silent
def descending_rate(engine: Engine, problem: Problem, theta: Array) -> float:
    """Returns the α with which the first step from θ (d,) makes J smaller, with two digits.

    α = 1/L, where L is the largest curvature of J at θ: the largest |eigenvalue| of its Hessian H, by power iteration,
    v := Hv / ‖Hv‖, L = ‖Hv‖. If ∇J had the Lipschitz constant L, then J(θ − ∇J/L) ≤ J(θ) − ‖∇J‖²/2L. Since L holds
    near θ alone, α is halved until the step makes J smaller. Of many examples J is that of 1,000 random ones, scaled
    to all. With minibatches J is the cost of one, and α the smallest of eight random ones. Where J has no curvature, α
    is 1.

    Source: Y. Nesterov, Introductory lectures on convex optimization, 2004, §1.2.3; Y. LeCun, P. Simard &
    B. Pearlmutter, Automatic learning rate maximization by on-line estimation of the Hessian's eigenvectors, 1993.
    """
    net, rng = problem.net.copy(), np.random.default_rng(0)
    net.theta = theta
    factors = at_every_parameter(net.layout, (layer.rate for layer in net.layers), net.dtype)
    scale = 1.0 if problem.cost.mean else problem.batch_size / _rows(problem)
    steps = [_descending_step(net, J, factors, rng, problem.rounding) for J in _samples(engine, problem, rng)]
    return float(f"{min(steps) / scale:.1e}")


def _rows(problem: Problem) -> int:
    """Returns the number of examples in a sample of a minibatch."""
    return min(problem.batch_size, MOST_ROWS)


class _Sample:
    """J over some of the examples, which have their share of the penalties; its derivatives in double precision."""

    def __init__(self, engine: Engine, problem: Problem, rows: NDArray[np.intp] | slice) -> None:
        X, Y, weights = problem.examples
        self._engine, self._cost, self._threads = engine, problem.cost, problem.threads
        self._data = X[rows], Y[rows], None if weights is None else weights[rows]
        self._penalty_scale = None if problem.cost.mean else len(self._data[1]) / problem.data.t

    def J_and_gradient(self, net: Network) -> tuple[float, Array]:
        """Computes J(θ) and ∇J(θ) (d,)."""
        g = self._engine.gradient(net, self._cost, *self._data, self._penalty_scale, self._threads)
        return float(g.J), _wide(g.theta)

    def products(self, net: Network) -> Product:
        """Returns v ↦ ∇²J(θ) v, (d,) → (d,).

        It takes differences of ∇J if a σ or a cost of the user's own has no second derivative.
        """
        try:
            product = self._engine.hessian(
                net, self._cost, *self._data, _no_check, self._penalty_scale, self._threads
            )()
            product(np.zeros_like(net.theta))
        except InputError:
            return lambda v: self._by_differences(net, v)
        return lambda v: _wide(product(v.astype(net.dtype)))

    def _by_differences(self, net: Network, v: Array) -> Array:
        """Computes (∇J(θ + εv) − ∇J(θ − εv)) / 2ε, with an ε between rounding and the change of the Hessian."""
        theta = net.theta.copy()
        epsilon = float(np.finfo(net.dtype).eps) ** (1 / 3) * (1.0 + float(abs(theta).max())) / _norm(v)
        ends = []
        for sign in (1.0, -1.0):
            net.theta[...] = theta + sign * epsilon * v
            ends.append(self.J_and_gradient(net)[1])
        net.theta[...] = theta
        return _wide((ends[0] - ends[1]) / (2.0 * epsilon))


def _no_check() -> None:
    """Lets a product run to its end."""


def _norm(v: Array) -> float:
    """Computes ‖v‖ without NumPy's BLAS library, beside which no process can fork."""
    return math.sqrt(float((v * v).sum()))


def _wide(vector: Array) -> Array:
    wide: Array = vector.astype(np.float64)
    return wide


def _samples(engine: Engine, problem: Problem, rng: np.random.Generator) -> Iterator[_Sample]:
    """Draws a few random minibatches, or samples of them."""
    t, count = problem.data.t, _rows(problem)
    for _ in range(min(problem.steps_per_epoch, MOST_SAMPLES)):
        yield _Sample(engine, problem, slice(None) if count == t else np.sort(rng.choice(t, count, replace=False)))


def _descending_step(net: Network, sample: _Sample, factors: Array, rng: np.random.Generator, rounding: float) -> float:
    """Returns 1/L at the network's θ, halved until a step of gradient descent makes J smaller.

    ``factors`` (d,) multiply the step of each parameter. L is then the curvature of J in the coordinates θ/√factors,
    in which such a step is one of gradient descent.
    """
    (J, g), theta, root = sample.J_and_gradient(net), net.theta.copy(), np.sqrt(factors)
    product = sample.products(net)
    L = largest_curvature(lambda v: root * product(root * v), rng.normal(size=net.d))
    alpha = 1.0 / L if 0.0 < L < math.inf else 1.0
    for _ in range(MOST_HALVINGS if math.isfinite(J) else 0):
        net.theta[...] = theta - alpha * factors * g
        if sample.J_and_gradient(net)[0] <= J + rounding * abs(J):
            break
        alpha /= 2.0
    net.theta[...] = theta
    return alpha


def largest_curvature(product: Product, v: Array) -> float:
    """Returns the largest |eigenvalue| of a symmetric matrix H, given v ↦ Hv, by power iteration from v.

    >>> round(largest_curvature(lambda v: np.array([3.0, -1.0]) * v, np.array([1.0, 1.0])), 2)
    3.0
    """
    L = 0.0
    for _ in range(MOST_PRODUCTS):
        v = product(v / _norm(v))
        last, L = L, _norm(v)
        if not 0.0 < L < math.inf or abs(L - last) <= CHANGE * L:
            break
    return L

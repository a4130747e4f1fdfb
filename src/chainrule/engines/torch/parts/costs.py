"""The built-in costs in PyTorch: the loss of each example beside δ[r] (Lecture, L9 – L11, L14).

The formulas are those of `chainrule.costs`. A, Z and Y are (…, t, m), losses (…, t), derivatives (…, t, m).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch

from chainrule import costs
from chainrule.activations import Sigma
from chainrule.costs import Cost
from chainrule.engines.torch.parts.sigmas import Tensor, softmax_parts


class TorchCost(NamedTuple):
    """A cost behind a σ[r]: in closed form over z[r] if ``is_closed``, else over a[r].

    ``losses(x, Y)`` and ``derivative(x, Y)``, which is δ[r] or ∂ℓ/∂a[r], take that z[r] or a[r].
    """

    is_closed: bool
    losses: Callable[[Tensor, Tensor], Tensor]
    derivative: Callable[[Tensor, Tensor], Tensor]


def torch_cost(cost: Cost, sigma: Sigma) -> TorchCost:
    """Returns a built-in cost for outputs of this σ[r]."""
    is_closed = cost.closed_form(sigma)
    losses, derivative = (_CLOSED if is_closed else _OPEN)[type(cost)]
    return TorchCost(is_closed, lambda x, Y: losses(cost, x, Y), lambda x, Y: derivative(cost, x, Y))


def _times(y: Tensor, x: Tensor) -> Tensor:
    """Returns y x, with 0 · x = 0 even if x is infinite or NaN."""
    return (y * x).masked_fill(y == 0, 0.0)


def _squares(cost: Any, A: Tensor, Y: Tensor) -> Tensor:
    e = A - Y
    return 0.5 * (e * e).sum(-1)


def _squares_slope(cost: Any, A: Tensor, Y: Tensor) -> Tensor:
    return A - Y


def _absolute(cost: Any, A: Tensor, Y: Tensor) -> Tensor:
    return (A - Y).abs().sum(-1)


def _absolute_slope(cost: Any, A: Tensor, Y: Tensor) -> Tensor:
    return torch.sign(A - Y)


def _huber(cost: Any, A: Tensor, Y: Tensor) -> Tensor:
    e = A - Y
    c = e.clamp(-cost.threshold, cost.threshold)
    return (c * (e - 0.5 * c)).sum(-1)


def _huber_slope(cost: Any, A: Tensor, Y: Tensor) -> Tensor:
    return (A - Y).clamp(-cost.threshold, cost.threshold)


def _quantile(cost: Any, A: Tensor, Y: Tensor) -> Tensor:
    e, q = Y - A, _levels(cost, A)
    return torch.where(e < 0, (q - 1.0) * e, q * e).sum(-1)


def _quantile_slope(cost: Any, A: Tensor, Y: Tensor) -> Tensor:
    e, q = Y - A, _levels(cost, A)
    return (1.0 - q) * (e < 0).to(e.dtype) - q * (e > 0).to(e.dtype)


def _levels(cost: Any, A: Tensor) -> Any:
    """Returns q, or the q of each output (m,)."""
    return A.new_tensor(cost.q) if isinstance(cost.q, tuple) else cost.q


def _poisson(cost: Any, A: Tensor, Y: Tensor) -> Tensor:
    return (A - _times(Y, torch.log(A))).sum(-1)


def _poisson_slope(cost: Any, A: Tensor, Y: Tensor) -> Tensor:
    return 1.0 - (Y / A).masked_fill(Y == 0, 0.0)


def _poisson_of_z(cost: Any, Z: Tensor, Y: Tensor) -> Tensor:
    return (torch.exp(Z) - Y * Z).sum(-1)


def _poisson_delta(cost: Any, Z: Tensor, Y: Tensor) -> Tensor:
    return torch.exp(Z) - Y


def _likelihood(cost: Any, A: Tensor, Y: Tensor) -> Tensor:
    return -(_times(Y, torch.log(A)) + _times(1.0 - Y, torch.log1p(-A))).sum(-1)


def _likelihood_slope(cost: Any, A: Tensor, Y: Tensor) -> Tensor:
    return _times(1.0 - Y, 1.0 / (1.0 - A)) - _times(Y, 1.0 / A)


def _likelihood_of_z(cost: Any, Z: Tensor, Y: Tensor) -> Tensor:
    """Σ y softplus(−z) + (1 − y) softplus(z), with softplus(±z) = max(±z, 0) + log1p(e^{−|z|})."""
    rest = torch.log1p(torch.exp(-Z.abs()))
    return (Y * (-Z).clamp(min=0.0) + (1.0 - Y) * Z.clamp(min=0.0) + rest).sum(-1)


def _likelihood_delta(cost: Any, Z: Tensor, Y: Tensor) -> Tensor:
    """(1 − y) σ(z) − y σ(−z), which is σ(z) − y without cancellation."""
    return (1.0 - Y) * torch.sigmoid(Z) - Y * torch.sigmoid(-Z)


def _smoothed(cost: Any, Y: Tensor) -> Tensor:
    """y′ = (1 − ε) y + ε/m."""
    epsilon: float = cost.label_smoothing
    return (1.0 - epsilon) * Y + epsilon / Y.shape[-1] if epsilon else Y


def _entropy(cost: Any, A: Tensor, Y: Tensor) -> Tensor:
    return -_times(_smoothed(cost, Y), torch.log(A)).sum(-1)


def _entropy_slope(cost: Any, A: Tensor, Y: Tensor) -> Tensor:
    return -_times(_smoothed(cost, Y), 1.0 / A)


def _entropy_of_z(cost: Any, Z: Tensor, Y: Tensor) -> Tensor:
    below, rest = softmax_parts(Z)
    return _times(_smoothed(cost, Y), torch.log1p(rest) - below).sum(-1)


def _entropy_delta(cost: Any, Z: Tensor, Y: Tensor) -> Tensor:
    """(1 − y′) a − y′ (1 − a), where 1 − a is computed without cancellation for the largest entry of a row."""
    below, rest = softmax_parts(Z)
    a = torch.exp(below) / (1.0 + rest)
    one_minus_a = torch.where(below == 0, rest / (1.0 + rest), 1.0 - a)
    y = _smoothed(cost, Y)
    return (1.0 - y) * a - y * one_minus_a


Formulas = dict[type[Cost], tuple[Callable[..., Tensor], Callable[..., Tensor]]]
_OPEN: Formulas = {
    costs.SumOfSquares: (_squares, _squares_slope),
    costs.AbsoluteError: (_absolute, _absolute_slope),
    costs.Huber: (_huber, _huber_slope),
    costs.Quantile: (_quantile, _quantile_slope),
    costs.Poisson: (_poisson, _poisson_slope),
    costs.LogLikelihood: (_likelihood, _likelihood_slope),
    costs.CrossEntropy: (_entropy, _entropy_slope),
}
_CLOSED: Formulas = {
    costs.Poisson: (_poisson_of_z, _poisson_delta),
    costs.LogLikelihood: (_likelihood_of_z, _likelihood_delta),
    costs.CrossEntropy: (_entropy_of_z, _entropy_delta),
}

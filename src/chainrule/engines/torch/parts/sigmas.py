"""The built-in activations in PyTorch, each map beside its pullback (Lecture, Def. 4.1); z, a and g are (…, t, m).

The formulas are those of `chainrule.activations`, evaluated in the number type of z. A map that PyTorch has as one
kernel of the same accuracy is that kernel, since each kernel of a step costs about as much as a small layer.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import torch

from chainrule.activations import Sigma, without_kappa

Tensor: TypeAlias = Any
aten = torch.ops.aten

_ROOT_HALF = math.sqrt(0.5)
_ROOT_2PI = math.sqrt(2.0 * math.pi)
_SELU_SCALE, _SELU_ALPHA = 1.0507009873554804934, 1.6732632423543772848


class TorchSigma(NamedTuple):
    """σ: ``value(z)`` is a = σ(z), and ``pullback(z, a, g)`` is (∂σ/∂z)ᵀ g, row by row."""

    value: Callable[[Tensor], Tensor]
    pullback: Callable[[Tensor, Tensor, Tensor], Tensor]


def torch_sigma(sigma: Sigma) -> TorchSigma:
    """Returns the built-in σ with its parameters; of a parametric σ_κ the σ without κ."""
    inner = without_kappa(sigma)
    value, pullback = _CATALOGUE[inner.name]
    numbers = tuple(inner.parameters.values())
    return TorchSigma(lambda z: value(z, *numbers), lambda z, a, g: pullback(z, a, g, *numbers))


def _decay(z: Tensor) -> Tensor:
    """e^{−|z|} ∈ [0, 1]."""
    return torch.exp(-z.abs())


def _identity(z: Tensor) -> Tensor:
    return z


def _identity_pullback(z: Tensor, a: Tensor, g: Tensor) -> Tensor:
    return g


def _relu_pullback(z: Tensor, a: Tensor, g: Tensor) -> Tensor:
    """g where a > 0, else 0; it needs no z, which the product with ReLU in one kernel does not keep."""
    return aten.threshold_backward(g, a, 0.0)


def _leaky_relu(z: Tensor, slope: float) -> Tensor:
    return aten.leaky_relu(z, slope)


def _leaky_relu_pullback(z: Tensor, a: Tensor, g: Tensor, slope: float) -> Tensor:
    return aten.leaky_relu_backward(g, z, slope, False)


def _elu(z: Tensor, alpha: float) -> Tensor:
    return torch.where(z > 0, z, alpha * torch.expm1(z))


def _elu_pullback(z: Tensor, a: Tensor, g: Tensor, alpha: float) -> Tensor:
    return torch.where(z > 0, g, alpha * torch.exp(z) * g)


def _selu(z: Tensor) -> Tensor:
    return _SELU_SCALE * _elu(z, _SELU_ALPHA)


def _selu_pullback(z: Tensor, a: Tensor, g: Tensor) -> Tensor:
    return _SELU_SCALE * _elu_pullback(z, a, g, _SELU_ALPHA)


def _hard_tanh(z: Tensor) -> Tensor:
    return aten.hardtanh(z, -1.0, 1.0)


def _hard_tanh_pullback(z: Tensor, a: Tensor, g: Tensor) -> Tensor:
    return aten.hardtanh_backward(g, z, -1.0, 1.0)


def _sigmoid_pullback(z: Tensor, a: Tensor, g: Tensor) -> Tensor:
    """S(z) S(−z) g = e/(1 + e)² g with e = e^{−|z|}, and not S(1 − S), which is 0 from z = 37 on."""
    e = _decay(z)
    return g * e / (1.0 + e) ** 2


def _tanh_pullback(z: Tensor, a: Tensor, g: Tensor) -> Tensor:
    """4 S(2z) S(−2z) g; tanh′ and S′ have the same form."""
    e = torch.exp(-2.0 * z.abs())
    return g * (4.0 * e) / (1.0 + e) ** 2


def _softplus(z: Tensor) -> Tensor:
    return z.clamp(min=0.0) + torch.log1p(_decay(z))


def _softplus_pullback(z: Tensor, a: Tensor, g: Tensor) -> Tensor:
    return g * torch.sigmoid(z)


def _softsign(z: Tensor) -> Tensor:
    return z / (1.0 + z.abs())


def _softsign_pullback(z: Tensor, a: Tensor, g: Tensor) -> Tensor:
    return g * (1.0 / (1.0 + z.abs())) ** 2


def _gaussian(z: Tensor) -> Tensor:
    return torch.exp(-(z * z))


def _gaussian_pullback(z: Tensor, a: Tensor, g: Tensor) -> Tensor:
    return g * (-2.0 * (z * a))


def _sine_pullback(z: Tensor, a: Tensor, g: Tensor) -> Tensor:
    return g * torch.cos(z)


def _exp_pullback(z: Tensor, a: Tensor, g: Tensor) -> Tensor:
    return g * a


def _normal_cdf(z: Tensor) -> Tensor:
    """Φ(z) = ½ erfc(−z/√2): with erf, 1 + erf would cancel in the left tail."""
    return 0.5 * torch.erfc(-_ROOT_HALF * z)


def _gelu(z: Tensor) -> Tensor:
    return z * _normal_cdf(z)


def _gelu_pullback(z: Tensor, a: Tensor, g: Tensor) -> Tensor:
    return g * (_normal_cdf(z) + z * torch.exp(-0.5 * (z * z)) / _ROOT_2PI)


def _silu(z: Tensor) -> Tensor:
    return z * torch.sigmoid(z)


def _silu_pullback(z: Tensor, a: Tensor, g: Tensor) -> Tensor:
    return g * (torch.sigmoid(z) * (1.0 + z * torch.sigmoid(-z)))


def _mish_parts(z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """T = tanh(softplus(z)) = n/(n + 2), n = eᶻ(eᶻ + 2), and T′ = 4eᶻ(1 + eᶻ)/(n + 2)², in powers of e^{−|z|}."""
    e = _decay(z)
    n = torch.where(z < 0, e * (e + 2.0), 1.0 + 2.0 * e)
    denominator = n + 2.0 * torch.where(z < 0, torch.ones_like(e), e * e)
    return n, denominator, 4.0 * torch.where(z < 0, e, e * e) * (1.0 + e)


def _mish(z: Tensor) -> Tensor:
    n, denominator, _ = _mish_parts(z)
    return z * (n / denominator)


def _mish_pullback(z: Tensor, a: Tensor, g: Tensor) -> Tensor:
    n, denominator, slope = _mish_parts(z)
    return g * ((n + z * (slope / denominator)) / denominator)


def _softmax(z: Tensor) -> Tensor:
    return torch.softmax(z, -1)


def _softmax_pullback(z: Tensor, a: Tensor, g: Tensor) -> Tensor:
    return a * (g - (a * g).sum(-1, keepdim=True))


def _log_softmax(z: Tensor) -> Tensor:
    """(zₖ − z_top) − log(1 + Σ e^{zₗ − z_top}), the sum without l = top, which keeps a near-certain class exact."""
    below, rest = softmax_parts(z)
    return below - torch.log1p(rest)


def _log_softmax_pullback(z: Tensor, a: Tensor, g: Tensor) -> Tensor:
    return g - torch.softmax(z, -1) * g.sum(-1, keepdim=True)


def softmax_parts(z: Tensor) -> tuple[Tensor, Tensor]:
    """Returns z − z_top (…, t, m), and Σ e^{zₗ − z_top} over l ≠ top (…, t, 1)."""
    z_top, top = z.max(-1, keepdim=True)
    below = z - z_top
    return below, torch.exp(below).scatter(-1, top, 0.0).sum(-1, keepdim=True)


def _layer_norm_parts(z: Tensor, epsilon: float) -> tuple[Tensor, Tensor]:
    """y = (z − z̄)/S and 1/S (…, t, 1), with S = √(mean (z − z̄)² + ε)."""
    centred = z - z.mean(-1, keepdim=True)
    inverse = torch.rsqrt((centred * centred).mean(-1, keepdim=True) + epsilon)
    return centred * inverse, inverse


def _layer_norm(z: Tensor, epsilon: float) -> Tensor:
    return _layer_norm_parts(z, epsilon)[0]


def _layer_norm_pullback(z: Tensor, a: Tensor, g: Tensor, epsilon: float) -> Tensor:
    """((I − 11ᵀ/m − aaᵀ/m)/S) g."""
    _, inverse = _layer_norm_parts(z, epsilon)
    centred = g - g.mean(-1, keepdim=True)
    return (centred - a * (a * g).mean(-1, keepdim=True)) * inverse


_CATALOGUE: dict[str, tuple[Callable[..., Tensor], Callable[..., Tensor]]] = {
    "identity": (_identity, _identity_pullback),
    "relu": (torch.relu, _relu_pullback),
    "leaky_relu": (_leaky_relu, _leaky_relu_pullback),
    "elu": (_elu, _elu_pullback),
    "selu": (_selu, _selu_pullback),
    "hard_tanh": (_hard_tanh, _hard_tanh_pullback),
    "sigmoid": (torch.sigmoid, _sigmoid_pullback),
    "tanh": (torch.tanh, _tanh_pullback),
    "softplus": (_softplus, _softplus_pullback),
    "softsign": (_softsign, _softsign_pullback),
    "gaussian": (_gaussian, _gaussian_pullback),
    "sine": (torch.sin, _sine_pullback),
    "exp": (torch.exp, _exp_pullback),
    "gelu": (_gelu, _gelu_pullback),
    "silu": (_silu, _silu_pullback),
    "mish": (_mish, _mish_pullback),
    "softmax": (_softmax, _softmax_pullback),
    "log_softmax": (_log_softmax, _log_softmax_pullback),
    "layer_norm": (_layer_norm, _layer_norm_pullback),
}

"""The forward pass and backpropagation of k networks of one shape in PyTorch (Lecture, L7, L14, L15)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch

from chainrule.activations import Parametric
from chainrule.costs import Cost
from chainrule.engines.torch.parts.costs import torch_cost
from chainrule.engines.torch.parts.matrices import layer_views
from chainrule.engines.torch.parts.sigmas import Tensor, torch_sigma
from chainrule.network import Network

Masks = Sequence[Tensor | None]  # the factors (k, t, mᵢ) of a[i], from layer 1 on


class TorchForward(NamedTuple):
    """z[1] … z[r] and a[0] … a[r], each (k, t, mᵢ); ``masked`` are the a[i] after dropout, which the layer above takes.

    z[i] is None where a hidden layer has ReLU, whose pullback needs a[i] alone.
    """

    z: list[Tensor | None]
    a: list[Tensor]
    masked: list[Tensor]


class Passes:
    """Both passes of k networks with the structure of ``net``, over θ (k, d).

    Products and hidden layers are computed in the number type ``compute``, costs and ∇J in that of θ.
    """

    def __init__(self, net: Network, cost: Cost | None, theta: Tensor, compute: Any) -> None:
        self._r, self._theta, self.compute = net.r, theta, compute
        self._low = theta if compute == theta.dtype else torch.empty_like(theta, dtype=compute)
        self._layers = layer_views(self._low, net.layout)
        self._sigmas = [torch_sigma(sigma) for sigma in net.sigma]
        self._is_parametric = [isinstance(sigma, Parametric) for sigma in net.sigma]
        self._keeps_z = [i == net.r or sigma.name != "relu" for i, sigma in enumerate(net.sigma, 1)]
        self._cost = None if cost is None else torch_cost(cost, net.sigma[net.r])
        self._layout = net.layout

    def forward(self, x: Tensor, masks: Masks | None = None) -> TorchForward:
        """Computes z[i] = W[i] a[i−1] + b[i] and a[i] = σ[i](z[i]) for x (k, t, n)."""
        if self._low is not self._theta:
            self._low.copy_(self._theta)
        z: list[Tensor | None] = []
        a, masked = [x], [x]
        for i, layer in enumerate(self._layers):
            if not self._keeps_z[i]:
                z.append(None)
                a.append(layer.W.linear(masked[-1], layer.b, with_relu=True))
            else:
                sums = layer.W.linear(masked[-1], layer.b, with_relu=False)
                if i == self._r - 1:
                    sums = sums.to(self._theta.dtype)
                z.append(sums)
                a.append(self._sigma(i, sums))
            mask = None if masks is None else masks[i]
            masked.append(a[-1] if mask is None else a[-1] * mask)
        return TorchForward(z, a, masked)

    def losses(self, run: TorchForward, Y: Tensor) -> Tensor:
        """Computes ℓ of each example, (k, t)."""
        assert self._cost is not None
        return self._cost.losses(run.z[-1] if self._cost.is_closed else run.a[-1], Y)

    def backward(self, run: TorchForward, Y: Tensor, scale: Any, gradient: Tensor, masks: Masks | None) -> list[Tensor]:
        """Sets ``gradient`` (k, d) to ∇J(θ) without penalties, and returns δ[1] … δ[r].

        ``scale``, a number or (k, t, 1), is the factor of each example's loss.
        """
        assert self._cost is not None
        parts = layer_views(gradient, self._layout)
        last = self._r - 1
        if self._cost.is_closed:
            delta = self._cost.derivative(run.z[last], Y) * scale
        else:
            delta = self._pullback(last, run, self._cost.derivative(run.a[-1], Y) * scale, parts[last].kappa)
        deltas = [delta]
        for i in range(last, -1, -1):
            torch.sum(delta, 1, dtype=gradient.dtype, out=parts[i].b)  # ∂J/∂b[i] = Σ δ[i]
            low = delta.to(self.compute)
            parts[i].W.set_to_product(low, run.masked[i])  # ∂J/∂W[i] = Σ δ[i] a[i−1]ᵀ
            if i:
                da = self._layers[i].W.pulled_back(low)  # ∂J/∂a[i−1] = W[i]ᵀ δ[i]
                mask = None if masks is None else masks[i - 1]
                delta = self._pullback(i - 1, run, da if mask is None else da * mask, parts[i - 1].kappa)
                deltas.append(delta)
        return deltas[::-1]

    def _sigma(self, i: int, z: Tensor) -> Tensor:
        a = self._sigmas[i].value(z)
        if not self._is_parametric[i]:
            return a
        kappa = self._kappa(i)
        return (1.0 - kappa) * z + kappa * a

    def _pullback(self, i: int, run: TorchForward, g: Tensor, kappa_gradient: Tensor) -> Tensor:
        """Returns δ[i] = (∂σ[i]/∂z[i])ᵀ g, and sets ∂J/∂κ[i]."""
        z, sigma = run.z[i], self._sigmas[i]
        if not self._is_parametric[i]:
            return sigma.pullback(z, run.a[i + 1], g)
        a = sigma.value(z)  # without κ
        torch.sum((a - z) * g, 1, dtype=kappa_gradient.dtype, out=kappa_gradient)  # ∂J/∂κ[i] = Σ (σ(z) − z) ⊙ ∂J/∂a
        kappa = self._kappa(i)
        return (1.0 - kappa) * g + kappa * sigma.pullback(z, a, g)

    def _kappa(self, i: int) -> Tensor:
        """Returns κ[i] (k, 1, m)."""
        kappa = self._layers[i].kappa
        assert kappa is not None
        return kappa.unsqueeze(1)

"""∇J of each example alone: the gradient over a training set is their sum (Lecture, L9, L15)."""

from __future__ import annotations

import numpy as np

from chainrule._internal.by_layer import ByLayer
from chainrule._internal.checks import Array
from chainrule.activations import Parametric
from chainrule.backprop.set_to_product import set_to_product
from chainrule.network import Network
from chainrule.network.forward import Forward
from chainrule.network.theta import parameter_views


def gradient_of_each(net: Network, run: Forward, delta: ByLayer[Array], da: ByLayer[Array]) -> Array:
    """Returns the part of ∇J(θ) that comes from each example (t, d), given its δ[i] and ∂J/∂a[i], each (t, mᵢ)."""
    each = np.empty((len(run.z[1]), net.d), net.dtype)
    for j, theta in enumerate(each):
        row = slice(j, j + 1)
        W, b, kappa = parameter_views(theta, net.layout)
        for i in range(1, net.r + 1):
            set_to_product(W[i], delta[i][row], run.a[i - 1][row])  # ∂J/∂W[i] = δ[i] a[i−1]ᵀ
            b[i][...] = delta[i][j]  # ∂J/∂b[i] = δ[i]
            if isinstance(sigma := net.sigma[i], Parametric):
                kappa[i][...] = sigma.kappa_gradient(run.z[i][row], da[i][row])
    return each

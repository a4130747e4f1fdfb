"""Backpropagation (Lecture, L14 – L17): ∇J(θ) by the chain rule, layer by layer."""

from chainrule.backprop.backpropagate import backpropagate, network_jacobian, with_outputs
from chainrule.backprop.gradient import Gradient
from chainrule.backprop.jacobians import parameter_jacobian
from chainrule.backprop.r_operator import hessian_vector

__all__ = [
    "Gradient",
    "backpropagate",
    "hessian_vector",
    "network_jacobian",
    "parameter_jacobian",
    "with_outputs",
]

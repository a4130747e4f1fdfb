"""Backpropagation (Lecture, L14 – L17): ∇J(θ) by the chain rule, layer by layer."""

from chainrule.backprop.backpropagate import backpropagate, network_jacobian, with_outputs
from chainrule.backprop.gradient import Gradient
from chainrule.backprop.jacobians import parameter_jacobian
from chainrule.backprop.normal_equations import normal_equations
from chainrule.backprop.r_operator import Hessian, hessian

__all__ = [
    "Gradient",
    "Hessian",
    "backpropagate",
    "hessian",
    "network_jacobian",
    "normal_equations",
    "parameter_jacobian",
    "with_outputs",
]

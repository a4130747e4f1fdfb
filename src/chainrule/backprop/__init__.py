"""Backpropagation (Lecture, L14 – L17): ∇J(θ) by the chain rule, layer by layer."""

from chainrule.backprop.backpropagate import backpropagate, network_jacobian, set_to_product, with_outputs
from chainrule.backprop.gradient import Gradient

__all__ = ["Gradient", "backpropagate", "network_jacobian", "set_to_product", "with_outputs"]

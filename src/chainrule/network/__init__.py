"""Layers and networks (Lecture, Def. 4.2 – 4.4): (W, b, σ), N = (L[1], …, L[r]), θ, and the forward pass."""

from chainrule.network.arguments import as_sizes
from chainrule.network.block_diagonal import BlockDiagonal, Diagonal, Matrix
from chainrule.network.check import check_network, check_trainable
from chainrule.network.forward import Forward
from chainrule.network.layer import Layer
from chainrule.network.network import Network, few_outputs
from chainrule.network.rates import Factors

__all__ = [
    "BlockDiagonal",
    "Diagonal",
    "Factors",
    "Forward",
    "Layer",
    "Matrix",
    "Network",
    "check_network",
    "check_trainable",
    "as_sizes",
    "few_outputs",
]

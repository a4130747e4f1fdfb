"""Activation functions (Lecture, Def. 4.1): the catalogue, a user's own, and the check of a derivative."""

from chainrule.activations.activation import Activation, VectorActivation
from chainrule.activations.catalogue import ACTIVATIONS, get
from chainrule.activations.certify import Certificate, check_activation
from chainrule.activations.gated import gelu, mish, silu
from chainrule.activations.parametric import Parametric, without_kappa
from chainrule.activations.piecewise import elu, hard_tanh, identity, leaky_relu, relu, selu
from chainrule.activations.sigma import Sigma
from chainrule.activations.smooth import exp, gaussian, sigmoid, sine, softplus, softsign, tanh
from chainrule.activations.vector_valued import layer_norm, log_softmax, softmax

__all__ = [
    "ACTIVATIONS",
    "Activation",
    "Certificate",
    "Parametric",
    "Sigma",
    "VectorActivation",
    "check_activation",
    "elu",
    "exp",
    "gaussian",
    "gelu",
    "get",
    "hard_tanh",
    "identity",
    "layer_norm",
    "leaky_relu",
    "log_softmax",
    "mish",
    "relu",
    "selu",
    "sigmoid",
    "silu",
    "sine",
    "softmax",
    "softplus",
    "softsign",
    "tanh",
    "without_kappa",
]

"""Chainrule: feed-forward neural networks as a university lecture defines them, executable, exact and fast."""

from importlib.metadata import version as _version

from chainrule import engines
from chainrule.activations import (
    Activation,
    VectorActivation,
    check_activation,
    elu,
    exp,
    gaussian,
    gelu,
    hard_tanh,
    identity,
    layer_norm,
    leaky_relu,
    log_softmax,
    mish,
    relu,
    selu,
    sigmoid,
    silu,
    sine,
    softmax,
    softplus,
    softsign,
    tanh,
)
from chainrule.backprop import Gradient, gradient
from chainrule.costs import (
    AbsoluteError,
    Cost,
    CrossEntropy,
    CustomCost,
    Huber,
    LogLikelihood,
    Poisson,
    Quantile,
    SumOfSquares,
)
from chainrule.errors import (
    ActivationRefused,
    ChainruleError,
    DivergenceError,
    EngineDeclined,
    FileFormatError,
    InputError,
    TrainingInterrupted,
    UnknownName,
)
from chainrule.files import load
from chainrule.forward import Forward
from chainrule.initial import Glorot, He, Initial, LeCun, Normal, Orthogonal, Uniform, Zeros
from chainrule.network import ByLayer, Layer, Network
from chainrule.optimizers import (
    RPROP,
    AdaGrad,
    Adam,
    AdamW,
    GradientDescent,
    Momentum,
    Nesterov,
    Optimizer,
    RMSProp,
)
from chainrule.schedules import (
    Constant,
    CosLog4,
    Cosine,
    Exponential,
    InverseTime,
    OneCycle,
    Schedule,
    Step,
)
from chainrule.training import History, TrainingState, train

__version__ = _version("chainrule")

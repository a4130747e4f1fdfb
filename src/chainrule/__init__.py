"""Feed-forward neural networks as a university lecture defines them: executable, exact and fast."""

from importlib import import_module as _import_module
from typing import TYPE_CHECKING as _TYPE_CHECKING

import numpy as _numpy  # noqa: F401 - first: after dataclasses and inspect, loading NumPy takes a quarter longer

from chainrule import engines
from chainrule._internal.by_layer import ByLayer
from chainrule._internal.version import __version__ as __version__
from chainrule.activations import (
    Activation,
    Parametric,
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
from chainrule.backprop import Gradient
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
    TrainingSet,
)
from chainrule.diagnosis import Diagnosis, Finding, diagnose
from chainrule.engines.check_gradient import GradientCheck, check_gradient
from chainrule.engines.gradient import gradient
from chainrule.engines.hessian_vector_product import hessian_vector_product
from chainrule.engines.objective import Objective
from chainrule.engines.state import TrainingState
from chainrule.errors import (
    ActivationRefused,
    ChainruleError,
    EngineDeclined,
    FileFormatError,
    GradientRefused,
    InputError,
    ProcessLost,
    RowsError,
    UnknownName,
)
from chainrule.files import load, parse
from chainrule.initial import Glorot, He, Initial, LeCun, Normal, Orthogonal, Uniform, Zeros
from chainrule.network import BlockDiagonal, Diagonal, Factors, Forward, Layer, Network
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
from chainrule.optimizers.schedules import (
    Constant,
    Cosine,
    CosLog4,
    Exponential,
    FlatCosine,
    InverseTime,
    OneCycle,
    Schedule,
    Step,
)
from chainrule.training import (
    Checkpoint,
    Deadline,
    DescentStep,
    DivergenceError,
    Each,
    Forecast,
    History,
    LearningRateTest,
    TrainingInterrupted,
    descend,
    find_learning_rate,
    minimize,
    train,
    train_many,
)

if _TYPE_CHECKING:
    from chainrule import callbacks, data, plot
    from chainrule.conversion import import_model, to_torch
    from chainrule.exports import export, verify
    from chainrule.rows.rows import Rows
    from chainrule.symbolic import derive
    from chainrule.teaching import check_backprop, exercise

__all__ = [
    "AbsoluteError",
    "Activation",
    "ActivationRefused",
    "AdaGrad",
    "Adam",
    "AdamW",
    "BlockDiagonal",
    "ByLayer",
    "ChainruleError",
    "Checkpoint",
    "Constant",
    "CosLog4",
    "Cosine",
    "Cost",
    "CrossEntropy",
    "CustomCost",
    "Deadline",
    "DescentStep",
    "Diagnosis",
    "Diagonal",
    "DivergenceError",
    "Each",
    "EngineDeclined",
    "Exponential",
    "Factors",
    "FileFormatError",
    "Finding",
    "FlatCosine",
    "Forecast",
    "Forward",
    "Glorot",
    "Gradient",
    "GradientCheck",
    "GradientDescent",
    "GradientRefused",
    "He",
    "History",
    "Huber",
    "Initial",
    "InputError",
    "InverseTime",
    "Layer",
    "LeCun",
    "LearningRateTest",
    "LogLikelihood",
    "Momentum",
    "Nesterov",
    "Network",
    "Normal",
    "Objective",
    "OneCycle",
    "Optimizer",
    "Orthogonal",
    "Parametric",
    "Poisson",
    "ProcessLost",
    "Quantile",
    "RMSProp",
    "RPROP",
    "Rows",
    "RowsError",
    "Schedule",
    "Step",
    "SumOfSquares",
    "TrainingInterrupted",
    "TrainingSet",
    "TrainingState",
    "Uniform",
    "UnknownName",
    "VectorActivation",
    "Zeros",
    "callbacks",
    "check_activation",
    "check_backprop",
    "check_gradient",
    "data",
    "derive",
    "descend",
    "diagnose",
    "elu",
    "engines",
    "exercise",
    "exp",
    "export",
    "find_learning_rate",
    "gaussian",
    "gelu",
    "gradient",
    "hard_tanh",
    "hessian_vector_product",
    "identity",
    "import_model",
    "layer_norm",
    "leaky_relu",
    "load",
    "log_softmax",
    "minimize",
    "mish",
    "parse",
    "plot",
    "relu",
    "selu",
    "sigmoid",
    "silu",
    "sine",
    "softmax",
    "softplus",
    "softsign",
    "tanh",
    "to_torch",
    "train",
    "train_many",
    "verify",
]


_AT_FIRST_USE = {
    "check_backprop": "chainrule.teaching",
    "derive": "chainrule.symbolic",
    "exercise": "chainrule.teaching",
    "Rows": "chainrule.rows.rows",
    "export": "chainrule.exports",
    "import_model": "chainrule.conversion",
    "to_torch": "chainrule.conversion",
    "verify": "chainrule.exports",
}


def __getattr__(name: str) -> object:
    """Loads `callbacks`, `data` and `plot`, and the names of `_AT_FIRST_USE`, when they are first used."""
    if name in ("callbacks", "data", "plot"):
        return _import_module(f"chainrule.{name}")
    if name in _AT_FIRST_USE:
        return getattr(_import_module(_AT_FIRST_USE[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

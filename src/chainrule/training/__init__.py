"""Training (Lecture, L12): gradient descent and related optimizers, L-BFGS, and the history of a run."""

from chainrule.training.checkpoint import Checkpoint
from chainrule.training.descend import DescentStep, descend
from chainrule.training.errors import DivergenceError, TrainingInterrupted
from chainrule.training.history import History
from chainrule.training.lbfgs import Minimum, train_lbfgs
from chainrule.training.train import train

__all__ = [
    "Checkpoint",
    "DescentStep",
    "descend",
    "DivergenceError",
    "History",
    "Minimum",
    "TrainingInterrupted",
    "train",
    "train_lbfgs",
]

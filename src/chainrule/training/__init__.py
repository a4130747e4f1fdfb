"""Training (Lecture, L12): gradient descent and its kin, L-BFGS, the history of a run, and Ctrl-C."""

from chainrule.training.errors import DivergenceError, TrainingInterrupted
from chainrule.training.history import History
from chainrule.training.lbfgs import Minimum, train_lbfgs
from chainrule.training.train import train

__all__ = ["DivergenceError", "History", "Minimum", "TrainingInterrupted", "train", "train_lbfgs"]

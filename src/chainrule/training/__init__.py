"""Training: the problem, its minibatches, its state, when it stops, and what it tells."""

from chainrule.training.history import History
from chainrule.training.lbfgs import Minimum, train_lbfgs
from chainrule.training.problem import Problem, TrainingSet
from chainrule.training.state import TrainingState
from chainrule.training.train import train

__all__ = ["History", "Minimum", "Problem", "TrainingSet", "TrainingState", "train", "train_lbfgs"]

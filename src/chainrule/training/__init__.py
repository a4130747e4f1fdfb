"""Training (Lecture, L12): gradient descent and related optimizers, second-order methods, and their history."""

from chainrule.training.checkpoint import Checkpoint
from chainrule.training.descend import DescentStep, descend
from chainrule.training.errors import DivergenceError, TrainingInterrupted
from chainrule.training.history import History
from chainrule.training.learning_rate.range_test import LearningRateTest, find_learning_rate
from chainrule.training.minimize import minimize
from chainrule.training.several import Each, train_many
from chainrule.training.time_limit.deadline import Deadline
from chainrule.training.time_limit.forecast import Forecast
from chainrule.training.train import train

__all__ = [
    "Checkpoint",
    "Deadline",
    "DescentStep",
    "DivergenceError",
    "Forecast",
    "Each",
    "History",
    "LearningRateTest",
    "TrainingInterrupted",
    "descend",
    "find_learning_rate",
    "minimize",
    "train",
    "train_many",
]

"""Callbacks for `train`, `minimize` and the estimators: they watch a training, and may end it.

A callback is a function of the `History`, or one of these. Each has its own interval, so that it costs little, and none
changes the steps of a training. Packages of others are imported when a training begins that needs them.
"""

from chainrule.training.callbacks.callback import RunCallback, WatchedRun
from chainrule.training.callbacks.early_stopping import EarlyStopping, MetricCourse
from chainrule.training.callbacks.epoch_lines import EpochLines
from chainrule.training.callbacks.logs import CSVLogger, ParquetLogger
from chainrule.training.callbacks.mlflow_run import MLflow
from chainrule.training.callbacks.optuna_pruning import OptunaPruning
from chainrule.training.callbacks.progress import Progress
from chainrule.training.callbacks.stop_request import StopRequest
from chainrule.training.callbacks.tensorboard import TensorBoard

__all__ = [
    "CSVLogger",
    "EarlyStopping",
    "EpochLines",
    "MLflow",
    "MetricCourse",
    "OptunaPruning",
    "ParquetLogger",
    "Progress",
    "RunCallback",
    "StopRequest",
    "TensorBoard",
    "WatchedRun",
]

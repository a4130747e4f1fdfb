"""Messages of the MLP pair about its training: printed as scikit-learn's, and sent to the logger."""

from __future__ import annotations

from typing import Any

from chainrule._internal.logger import DEBUG, INFO, logger_at


def say(mlp: Any, message: str) -> None:
    """Prints a message if the estimator is verbose, as scikit-learn does, and sends it to the logger at level DEBUG."""
    if mlp.verbose:
        print(message)
    if (logger := logger_at(DEBUG)) is not None:
        logger.log(DEBUG, "%s: %s", type(mlp).__name__, message)


def log_end(mlp: Any) -> None:
    """Sends a record of a fit that has ended to the logger at level INFO."""
    if (logger := logger_at(INFO)) is not None:
        logger.log(INFO, "%s: %d iterations, loss = %.8f", type(mlp).__name__, mlp.n_iter_, mlp.loss_)

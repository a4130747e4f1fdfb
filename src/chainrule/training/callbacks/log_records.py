"""Records of training for Python's ``logging``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainrule._internal.logger import DEBUG, INFO
from chainrule.training.callbacks.epoch_lines import RunLines

if TYPE_CHECKING:
    from logging import Logger


class LogRecords(RunLines):
    """Sends a record of level INFO to a logger when a run ends, and one of level DEBUG after each epoch.

    If nobody wants those of epochs, training does not return to Python after each of them.
    """

    def __init__(self, logger: Logger) -> None:
        self.epochs = 1 if logger.isEnabledFor(DEBUG) else None
        self._logger = logger

    def __repr__(self) -> str:
        return "LogRecords()"

    def write_epoch(self, line: str) -> None:
        """Sends the record of an epoch."""
        self._logger.log(DEBUG, "%s", line)

    def write_end(self, line: str) -> None:
        """Sends the record of a run that has ended."""
        self._logger.log(INFO, "%s", line)

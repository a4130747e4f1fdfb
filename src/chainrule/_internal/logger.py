"""The logger "chainrule" of Python's ``logging``, which says nothing unless a program asks it to."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from logging import Logger

NAME = "chainrule"
DEBUG, INFO = 10, 20  # as logging numbers them


def logger_at(level: int) -> Logger | None:
    """Returns the logger if it takes records of this level, else None.

    That takes a call such as ``logging.basicConfig(level="INFO")``. ``logging`` is not imported for this, which would
    take longer than a small training: as long as nobody has imported it, there is no handler.
    """
    logging = sys.modules.get("logging")
    if logging is None:
        return None
    logger: Logger = logging.getLogger(NAME)
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
    return logger if logger.isEnabledFor(level) else None

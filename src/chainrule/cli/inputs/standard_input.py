"""Standard input as a file."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chainrule.cli.errors import WrongUsage
from chainrule.errors import ChainruleError
from chainrule.tables.reading.file_kinds import ending_of, first_bytes

NAME, ORIGIN = "-", "standard input"


@contextmanager
def standard_input() -> Iterator[Path]:
    """Yields a temporary file that holds all of stdin; its first bytes decide the ending of its name.

    Raises WrongUsage if stdin is closed. An error of the block names standard input instead of the file.
    """
    if sys.stdin is None:
        raise WrongUsage("standard input is closed; give the name of a file instead of -.")
    with tempfile.TemporaryDirectory(prefix="chainrule-") as folder:
        received = Path(folder, "rows")
        with received.open("wb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file)
        path = received.rename(received.with_suffix(ending_of(first_bytes(received))))
        try:
            yield path
        except ChainruleError as error:
            raise type(error)(str(error).replace(str(path), ORIGIN)) from None

"""The records of the epochs as a table in a file."""

from __future__ import annotations

import csv
import io
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from chainrule import files
from chainrule._internal.user_warnings import warn
from chainrule.engines.state import RECORDS
from chainrule.errors import MissingExtra, TrainingWarning
from chainrule.files.atomic import as_path
from chainrule.files.refused import unwritable
from chainrule.training.callbacks.callback import Function, RunCallback, WatchedRun
from chainrule.training.history import History


class CSVLogger(RunCallback):
    """Writes one line per epoch to a CSV file during training: the columns of `History.to_dict`.

    New lines come about ten times a second, and at the end. A record that does not exist, such as the validation cost
    without a validation set, is empty. An older file is replaced; that of a resumed run begins with all its epochs. The
    networks of an estimator have a file each: log-1.csv, log-2.csv, …

    If a write fails later, the log ends with a TrainingWarning, and training continues. Raises InputError for a path
    that names no file, OSError if it cannot be opened.

    >>> import chainrule as cr, tempfile, os
    >>> net = cr.Network.dense([1, 1], initial="zeros")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "log.csv")
    ...     history = cr.train(net, [[1.0]], [[2.0]], epochs=2, callbacks=[cr.callbacks.CSVLogger(path)])
    ...     with open(path) as file:
    ...         print(file.readline())
    epoch,J,validation_J,learning_rate,seconds,gradient_norm
    <BLANKLINE>
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = as_path(path)

    def __repr__(self) -> str:
        return f"CSVLogger({self.path!r})"

    @contextmanager
    def watch(self, run: WatchedRun) -> Iterator[Function]:
        """Writes the epochs of the run."""
        path, written, has_failed = _of_network(self.path, run), 0, False
        try:
            file = open(path, "w", newline="", encoding="utf-8")  # noqa: SIM115 - closing it may fail, as a write may
        except OSError as error:
            raise unwritable(error, path) from None
        lines = csv.writer(file, lineterminator="\n")
        lines.writerow(("epoch", *RECORDS))

        def write(history: History) -> None:
            nonlocal written, has_failed
            if has_failed:
                return
            columns = [column.tolist() for column in history.to_dict(after=written).values()]
            try:
                lines.writerows(
                    ["" if math.isnan(value) else value for value in row] for row in zip(*columns, strict=True)
                )
                file.flush()
            except OSError as error:
                has_failed = True
                _warn_of(path, error)
            written = history.epochs

        try:
            yield write
        finally:
            write(run.history)
            with suppress(OSError):  # of lines that could not be written before
                file.close()


class ParquetLogger(RunCallback):
    """Writes a Parquet file with one row per epoch when training ends: the columns of `History.to_dict`.

    The file is written atomically, whatever ends the training but the end of the process; `CSVLogger` writes during
    training. The networks of an estimator have a file each: log-1.parquet, log-2.parquet, …

    If it cannot be written, there is a TrainingWarning. Raises InputError for a path that names no file, OSError if it
    cannot be written before training, MissingExtra without pyarrow.

    >>> import chainrule as cr, tempfile, os
    >>> net = cr.Network.dense([1, 1], initial="zeros")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "log.parquet")
    ...     history = cr.train(net, [[1.0]], [[2.0]], epochs=2, callbacks=[cr.callbacks.ParquetLogger(path)])
    ...     os.listdir(folder)
    ['log.parquet']
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = as_path(path)

    def __repr__(self) -> str:
        return f"ParquetLogger({self.path!r})"

    @contextmanager
    def watch(self, run: WatchedRun) -> Iterator[None]:
        """Writes the epochs of the run at its end."""
        try:
            import pyarrow
            import pyarrow.parquet
        except ImportError as error:
            raise MissingExtra(
                "ParquetLogger needs pyarrow; install it with: pip install pyarrow", name="pyarrow"
            ) from error
        path = _of_network(self.path, run)
        files.require_writable(path)
        try:
            yield
        finally:
            if run.history.epochs:
                buffer = io.BytesIO()
                pyarrow.parquet.write_table(pyarrow.table(run.history.to_dict()), buffer)
                try:
                    files.write_bytes(path, buffer.getvalue())
                except OSError as error:
                    _warn_of(path, error)


def _of_network(path: str, run: WatchedRun) -> str:
    """Returns the path of a network's own file, which is the path itself if it is the only network."""
    beginning, ending = os.path.splitext(path)
    return f"{beginning}-{run.number}{ending}" if run.networks > 1 else path


def _warn_of(path: str, error: OSError) -> None:
    warn(f"the log {path} could not be written: {error.strerror or error}. Training continues.", TrainingWarning)

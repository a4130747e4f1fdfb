"""Event files for TensorBoard."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from chainrule.errors import MissingExtra
from chainrule.files.atomic import as_path
from chainrule.training.callbacks.callback import Function, RunCallback, WatchedRun
from chainrule.training.callbacks.thinned import thinned, to_the_end
from chainrule.training.history import History

ALL_OF = 100  # epochs; later ones are thinned, since the four numbers of each take about 1 ms to write
MOST = 1  # of the later epochs in a call
FLUSH_SECONDS = 5


class TensorBoard(RunCallback):
    """Writes J, validation J, learning rate and the norm of ∇J to a folder of event files, which TensorBoard shows.

    After a hundred epochs at most one of each tenth of a second is written; the last one is, whatever ends the run.
    The networks of an estimator have a subfolder each: network-1, network-2, … ``tensorboard --logdir FOLDER`` shows
    them during training.

    Raises InputError for a path that names no folder, MissingExtra without tensorboardX, OSError if the folder cannot
    be made.

    >>> import chainrule as cr
    >>> cr.callbacks.TensorBoard("runs/first")
    TensorBoard('runs/first')

    Source: https://www.tensorflow.org/tensorboard, written by https://github.com/lanpa/tensorboardX.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = as_path(folder)

    def __repr__(self) -> str:
        return f"TensorBoard({self.folder!r})"

    @contextmanager
    def watch(self, run: WatchedRun) -> Iterator[Function]:
        """Writes the epochs of the run."""
        try:
            from tensorboardX import SummaryWriter
        except ImportError as error:
            raise MissingExtra(
                "TensorBoard needs tensorboardX; install it with: pip install 'chainrule[tracking]'",
                name="tensorboardX",
            ) from error
        written, points = run.first_epoch, 0
        writer = SummaryWriter(os.path.join(self.folder, run.name("network")), flush_secs=FLUSH_SECONDS)

        def write(history: History) -> None:
            nonlocal written, points
            epochs = thinned(history, written, max(MOST, ALL_OF - points))
            for epoch, values in epochs:
                for name, value in values.items():
                    writer.add_scalar(name, value, epoch)
            written, points = history.epochs, points + len(epochs)

        try:
            with to_the_end(write, run):
                yield write
        finally:
            writer.close()

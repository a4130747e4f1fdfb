"""Errors that Chainrule raises, each with one meaning; `chainrule.training.errors` has those of a training run."""

from __future__ import annotations

from typing import Self


class ChainruleError(Exception):
    """The base class of every error that Chainrule raises on purpose.

    >>> import chainrule as cr
    >>> try:
    ...     cr.load("missing.txt", activations=3)
    ... except (cr.ChainruleError, OSError) as error:
    ...     print(isinstance(error, cr.ChainruleError))
    True
    """


class InputError(ChainruleError, ValueError):
    """A wrong argument: the message names the symbol, what was expected, what was passed, and what to do.

    >>> import chainrule as cr
    >>> cr.Layer([[1.0], [2.0]], [0.0], "relu")
    Traceback (most recent call last):
    chainrule.errors.InputError: b must have shape (2,), one entry per row of W; got (1,).
    """


class UnknownName(InputError):
    """A name that is in no catalogue; the message gives the nearest known one.

    >>> import chainrule as cr
    >>> try:
    ...     cr.Network.dense([2, 1], output="sigmoide")
    ... except cr.UnknownName as error:
    ...     print(str(error)[:54])
    unknown activation 'sigmoide'; did you mean 'sigmoid'?
    """


class ActivationRefused(InputError):
    """An activation whose derivative is not that of its map; ``z`` is the counterexample, if there is one.

    >>> import chainrule as cr, numpy as np
    >>> try:
    ...     cr.check_activation(cr.Activation(np.sin, np.sin, name="wrong"))
    ... except cr.ActivationRefused as error:
    ...     print(error.z)
    5.5
    """

    def __init__(self, message: str, z: object = None) -> None:
        super().__init__(message)
        self.z = z

    def __reduce__(self) -> tuple[type[Self], tuple[str, object]]:
        return type(self), (str(self), self.z)  # pickles the counterexample too


class GradientRefused(InputError):
    """A gradient that is not that of J; ``check`` is the whole comparison, a table of every array.

    >>> import chainrule as cr, numpy as np
    >>> wrong = cr.Activation(np.sin, np.sin, name="wrong")
    >>> try:
    ...     cr.check_gradient(cr.Network.dense([1, 1], output=wrong), "sum_of_squares", [[1.0]], [[0.0]])
    ... except cr.GradientRefused as error:
    ...     print(type(error.check).__name__)
    GradientCheck
    """

    def __init__(self, message: str, check: object = None) -> None:
        super().__init__(message)
        self.check = check

    def __reduce__(self) -> tuple[type[Self], tuple[str, object]]:
        return type(self), (str(self), self.check)


class EngineDeclined(InputError):
    """An engine that was requested by name and cannot run the problem; the message says why and names one that can.

    >>> import chainrule as cr
    >>> try:
    ...     cr.engines.chosen(cr.Network.dense([2, 1]).astype(complex), engine="native")
    ... except cr.EngineDeclined as error:
    ...     print("Use engine='auto' or 'reference'." in str(error))
    True
    """


class MissingExtra(ChainruleError, ImportError):
    """A required optional package that is not installed; the message says what to install.

    >>> from chainrule.errors import MissingExtra
    >>> issubclass(MissingExtra, ImportError)
    True
    """


class ProcessLost(ChainruleError):
    """Another process of this training has ended, or does not answer; the message names it.

    >>> import chainrule as cr
    >>> issubclass(cr.ProcessLost, cr.ChainruleError)
    True
    """


class DataWarning(UserWarning):
    """Data in a table that were ignored or reinterpreted; the message names the column and a remedy.

    >>> import warnings
    >>> from chainrule.errors import DataWarning
    >>> warnings.simplefilter("error", DataWarning)  # stops at such a table
    >>> warnings.simplefilter("default", DataWarning)
    """


class TrainingWarning(UserWarning):
    """A problem with training that the user should know; the message names the cause and a remedy.

    >>> import chainrule as cr, warnings
    >>> from chainrule.errors import TrainingWarning
    >>> net = cr.Network.dense([1, 1], initial="zeros")
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always", TrainingWarning)
    ...     history = cr.train(net, [[1.0], [3.0]], [[2.0], [4.0]], optimizer=cr.GradientDescent(0.2), epochs=3)
    >>> str(caught[0].message)[:20]
    'J rose from 10 to 31'
    """


class FileFormatError(ChainruleError, ValueError):
    """A file that is truncated, malformed, of another format or of a later version.

    >>> import chainrule as cr, tempfile, os
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "net.safetensors")
    ...     with open(path, "wb") as file:
    ...         size = file.write(b"not a network")
    ...     try:
    ...         cr.load(path)
    ...     except cr.FileFormatError as error:
    ...         print("net.safetensors" in str(error))
    True
    """


class RowsError(ChainruleError, OSError):
    """Rows that cannot be read any more, since their file has changed, has vanished or is damaged; θ is intact.

    >>> import chainrule as cr, tempfile, os
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "train.rows")
    ...     rows = cr.Rows.pack(path, [[1.0], [2.0]], [[3.0], [5.0]])
    ...     os.remove(path)
    ...     try:
    ...         rows.in_memory()
    ...     except cr.RowsError as error:
    ...         print("Put the file back." in str(error))
    True
    """

"""The record of a training run: its numbers per epoch, the reason why it stopped, and its state."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.checks import Array
from chainrule._internal.html_table import html_table
from chainrule.costs.training_set import evenly_spaced
from chainrule.engines.state import RECORDS, Kept, TrainingState
from chainrule.errors import InputError
from chainrule.training.path import Path
from chainrule.training.time_limit.forecast import Forecast

if TYPE_CHECKING:
    import pandas


SHOWN_EPOCHS = 10  # of a table in a notebook


class RecordedRun(Protocol):
    """The part of a training run, or of a search, that its History reads; see `TrainingRun`."""

    @property
    def records(self) -> Mapping[str, Sequence[float]]:
        """The records, one number per finished epoch under each name."""

    def state(self) -> TrainingState:
        """Returns a copy of the complete state."""

    def finish(self) -> Callable[[], TrainingState]:
        """Ends the run, and returns a function that builds the final state."""


class FinishedRun:
    """The records of a finished run, and its last state, which is copied on first access; None if it was not kept.

    With 6 million parameters and Adam the copy takes 20 to 250 ms, depending on how long its memory was unused.
    """

    def __init__(self, records: Mapping[str, Sequence[float]], state: Callable[[], TrainingState] | None) -> None:
        self.records = records
        self._state: TrainingState | Callable[[], TrainingState] | None = state

    def state(self) -> TrainingState:
        """Returns the last state, the same object each time. Raises InputError if it was not kept."""
        if self._state is None:
            raise InputError("the state of this run was not kept, only its records. Save the model with its state.")
        if not isinstance(self._state, TrainingState):
            self._state = self._state()
        return self._state

    def __getstate__(self) -> dict[str, object]:
        records = {name: np.array(values) for name, values in self.records.items()}
        return {"records": records, "_state": None if self._state is None else self.state()}


def _with(
    state: Callable[[], TrainingState], kept: Callable[[], dict[str, Kept]] | None
) -> Callable[[], TrainingState]:
    """Returns a function that builds a state with what callbacks keep now."""
    if kept is None or not (arrays := kept()):
        return state

    def complete() -> TrainingState:
        built = state()
        built.kept = arrays
        return built

    return complete


class History:
    """The course of a training run, with one number per epoch in each record.

    ``J`` is the cost of an epoch: the sum over its minibatches of their share of J(θ), each at the θ of its step. For a
    full batch it is J(θ) *before* the epoch's step: ``J[0]`` is J(θ₀), and ``cost(net, X, Y)`` after training is one
    step further than ``J[-1]``.

    ``validation_J`` is the cost over the validation set after the epoch, without penalties (NaN without a validation
    set); ``learning_rate`` is α of the last step; ``seconds`` is the duration; ``gradient_norm`` is ‖∇J‖ of the last
    minibatch, before clipping. ``stopped`` is the reason why training ended: "epochs", "tol", "patience", "time_limit",
    "callback", "interrupted" or "diverged", and of `minimize` also "gradient_tol" and "rounding". ``planned_epochs``
    is how many there were to be, which a time limit may change during training, and ``forecast`` what fits into such a
    limit (`Forecast`; None without one, and before the first). ``engine`` is the name of the engine, ``engine_reason``
    the reason for its choice. ``state`` is the state of the run: pass it to ``cr.train(resume=…)`` to continue.
    ``best_epoch`` counts from 1.

    >>> import chainrule as cr
    >>> history = cr.train(cr.Network.dense([1, 1]), [[1.0], [2.0]], [[2.0], [4.0]], epochs=3)
    >>> len(history.J), history.stopped
    (3, 'epochs')
    >>> sorted(history.to_dict())
    ['J', 'epoch', 'gradient_norm', 'learning_rate', 'seconds', 'validation_J']

    Source: Lecture, L12.
    """

    def __init__(
        self,
        run: RecordedRun,
        planned_epochs: int,
        engine: str,
        engine_reason: str,
        path: Path | None = None,
        kept: Callable[[], dict[str, Kept]] | None = None,
    ) -> None:
        self._run: RecordedRun | FinishedRun = run
        self._path = path
        self._kept = kept  # by callbacks, as long as the run is not finished
        self.planned_epochs = planned_epochs
        self.forecast: Forecast | None = None
        self.stopped: str | None = None
        self.engine = engine
        self.engine_reason = engine_reason

    @property
    def state(self) -> TrainingState:
        """The state of the run; during training (in a callback) a copy of the current one."""
        state = self._run.state()
        if self._kept is not None:
            state.kept = self._kept()
        return state

    def finish(self) -> None:
        """Ends the run; with ``patience`` the network then holds the best θ."""
        if not isinstance(self._run, FinishedRun):
            self._run = FinishedRun(self._run.records, _with(self._run.finish(), self._kept))
            self._kept = None
            if self._path is not None:
                self._path.finish()

    def _record(self, name: str, after: int = 0) -> NDArray[np.float64]:
        return np.array(self._run.records[name][after:], dtype=np.float64)

    @property
    def J(self) -> NDArray[np.float64]:
        """The cost J of each epoch."""
        return self._record("J")

    @property
    def validation_J(self) -> NDArray[np.float64]:
        """The validation cost after each epoch, NaN without a validation set."""
        return self._record("validation_J")

    @property
    def learning_rate(self) -> NDArray[np.float64]:
        """The learning rate α of each epoch's last step."""
        return self._record("learning_rate")

    @property
    def seconds(self) -> NDArray[np.float64]:
        """The duration of each epoch, in seconds."""
        return self._record("seconds")

    @property
    def gradient_norm(self) -> NDArray[np.float64]:
        """The norm ‖∇J(θ)‖ of each epoch's last minibatch."""
        return self._record("gradient_norm")

    @property
    def theta(self) -> Array:
        """θ before the first epoch and after each, (epochs + 1, d), if ``record`` holds "theta"."""
        return self._recorded_path.recorded("theta")

    @property
    def gradient(self) -> Array:
        """∇J(θ) over all examples at each of these θ, (epochs + 1, d), if ``record`` holds "gradient"."""
        return self._recorded_path.recorded("gradient")

    @property
    def layer_gradient_norms(self) -> NDArray[np.float64]:
        """‖∂J/∂W[i]‖ at each of these θ and of each layer i, (epochs + 1, r), if ``record`` holds "gradient".

        >>> import chainrule as cr
        >>> net = cr.Network([cr.Layer(0.0, 0.0, "identity")])
        >>> run = cr.train(net, [[2.0]], [3.0], optimizer=cr.GradientDescent(0.125), epochs=1, record=["gradient"])
        >>> run.layer_gradient_norms
        array([[6.  ],
               [2.25]])
        """
        return self._recorded_path.norms_by_layer()

    def rewind(self, k: int = 0) -> None:
        """Takes the network back to its θ after k epochs of the recorded path, bit by bit; 0 is the start.

        Raises InputError if ``record`` did not hold "theta", or if the path is shorter.

        >>> import chainrule as cr
        >>> net = cr.Network([cr.Layer([[0.0]], [0.0], "identity")])
        >>> history = cr.train(net, [[1.0]], [[1.0]], optimizer=cr.GradientDescent(0.25), epochs=3, record=["theta"])
        >>> history.theta[:, 0], net.theta
        (array([0.    , 0.25  , 0.375 , 0.4375]), array([0.4375, 0.4375]))
        >>> history.rewind(1); history.forward(); net.theta
        array([0.375, 0.375])
        """
        self._recorded_path.go_to(k)

    def forward(self, n: int = 1) -> None:
        """Takes the network n epochs on along the recorded path, from where it was taken last.

        Raises InputError as `rewind` does.
        """
        self._recorded_path.go_on(n)

    @property
    def _recorded_path(self) -> Path:
        if self._path is None:
            raise InputError('θ was not recorded; pass record=["theta"] to cr.train.')
        return self._path

    @property
    def epochs(self) -> int:
        """The number of finished epochs."""
        return len(self._run.records["J"])

    @property
    def best_epoch(self) -> int | None:
        """The epoch, counted from 1, after which the validation cost was lowest; None without a validation set."""
        validation_J = self.validation_J
        return None if np.isnan(validation_J).all() else int(np.nanargmin(validation_J)) + 1

    def to_dict(self, after: int = 0) -> dict[str, NDArray[np.generic]]:
        """Returns every record by name, and under "epoch" the epochs, counted from 1: those after epoch ``after``."""
        records = {name: self._record(name, after) for name in RECORDS}
        return {"epoch": np.arange(after + 1, after + 1 + len(records["J"])), **records}

    def to_frame(self) -> pandas.DataFrame:
        """Returns ``to_dict`` as a pandas DataFrame with one row per epoch (needs pandas)."""
        import pandas

        return pandas.DataFrame(self.to_dict())

    def records_alone(self, dtype: type[np.floating[Any]] = np.float64) -> History:
        """Returns the records so far, in this precision, and why training stopped, without the run and its state.

        They can be sent to another process during training.
        """
        records = {name: self._record(name).astype(dtype) for name in RECORDS}
        return History.of_records(
            records, planned_epochs=self.planned_epochs, stopped=self.stopped, engine=self.engine,
            engine_reason=self.engine_reason,
        )  # fmt: skip

    @classmethod
    def before(cls, planned_epochs: int) -> History:
        """Returns the history of a run that has finished no epoch."""
        none: dict[str, list[float]] = {name: [] for name in RECORDS}
        return cls.of_records(none, planned_epochs=planned_epochs, stopped=None, engine="", engine_reason="")

    @classmethod
    def of_records(
        cls,
        records: Mapping[str, Any],
        *,
        planned_epochs: int,
        stopped: str | None,
        engine: str,
        engine_reason: str,
        state: TrainingState | None = None,
    ) -> History:
        """Returns the history of a finished run with these records, each (epochs,), as a file holds them."""
        run: Any = FinishedRun(records, None if state is None else lambda: state)
        history = cls(run, planned_epochs, engine, engine_reason)
        history.stopped = stopped
        return history

    def __len__(self) -> int:
        return self.epochs

    def __repr__(self) -> str:
        last = f", J={self.J[-1]:.6g}" if self.epochs else ""
        return f"History({self.epochs} epochs{last}, stopped={self.stopped!r}, engine={self.engine!r})"

    def _repr_html_(self) -> str:
        records = {name: values for name, values in self.to_dict().items() if not np.isnan(values).all()}
        shown = evenly_spaced(self.epochs, SHOWN_EPOCHS)
        rows = [[f"{values[k]:.6g}" for values in records.values()] for k in shown]
        return html_table(repr(self), list(records), rows)

"""Saving and loading of the estimators for tables: by file, and by pickle."""

from __future__ import annotations

import copy
import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Self

import numpy as np
from sklearn.utils.validation import check_is_fitted

from chainrule import activations as catalogue
from chainrule._internal.checks import shown
from chainrule.activations import Sigma
from chainrule.errors import InputError
from chainrule.estimators.network.saved.record import record_of, restored
from chainrule.tables.model import TableModel


class SavingMixin:
    """``save``, ``load`` and pickles of an estimator with ``model_``, ``histories_`` and ``states_``."""

    model_: TableModel
    warm_start: bool

    def save(self, path: str | os.PathLike[str], *, training_state: bool | None = None) -> None:
        """Writes encoder, networks, decoder, parameters and curves to one file, for ``load`` of this class.

        `chainrule.tables.load` reads the same file without scikit-learn, and predicts. With ``training_state`` the file
        also holds all that training continues from: the moments of the optimizer, and up to 1,000 encoded rows that
        were held out. It has five times the size and more; None means as ``warm_start``.

        Raises NotFittedError before ``fit``, OSError if the file cannot be written.
        """
        check_is_fitted(self, "model_")
        self.complete_model(training_state).save(path)

    def complete_model(self, training_state: bool | None = None) -> TableModel:
        """Returns ``model_`` together with the record of this estimator, as ``save`` writes it."""
        if training_state not in (None, True, False):
            raise InputError(f"training_state must be True, False or None; got {shown(training_state)}.")
        with_state = bool(self.warm_start) if training_state is None else training_state
        return replace(self.model_, estimator=record_of(self, with_state))

    @classmethod
    def load(cls, path: str | os.PathLike[str], *, activations: Mapping[str, Sigma] | None = None) -> Self:
        """Reads the fitted estimator that ``save`` wrote: parameters, predictions, curves, and all methods.

        ``activations`` supplies your own σ, by name: a file holds no code, and none is executed. A TrainingWarning
        names settings that the file does not hold, such as callbacks, or those of a file of an earlier version.

        Raises OSError if the file cannot be read, FileFormatError if it does not hold a model for this class.
        """
        model = TableModel.load(path, activations=activations)
        own = {name: catalogue.get(sigma) for name, sigma in (activations or {}).items()}
        estimator: Self = restored(cls, os.fsdecode(path), model, own)
        estimator.model_ = replace(model, estimator=None)
        return estimator

    def __getstate__(self) -> dict[str, Any]:
        """Returns what a pickle holds: without the state of training, unless ``warm_start`` needs it."""
        given: Any = super().__getstate__()
        state: dict[str, Any] = {**given}
        if "model_" not in state:
            return state
        if not self.warm_start:
            state["states_"], state["_recent"], state["_first_rows"] = (), None, None
            state["histories_"] = tuple(history.records_alone(np.float32) for history in state["histories_"])
            state.pop("_splits", None)
        return state

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Returns a copy in memory, which continues training as the original does."""
        new = type(self).__new__(type(self))
        memo[id(self)] = new
        vars(new).update(copy.deepcopy(vars(self), memo))
        return new

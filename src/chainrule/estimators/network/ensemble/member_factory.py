"""The making of networks for one fit: initial values, training rows and held-out rows of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chainrule._internal.checks import RowNumbers
from chainrule._internal.sparse_rows import SparseRows
from chainrule.costs import TrainingSet
from chainrule.costs.training_set import Subset
from chainrule.engines.state import TrainingState
from chainrule.estimators.examples import Examples
from chainrule.estimators.network.ensemble.member import Member
from chainrule.estimators.network.initial_network import Shape, network
from chainrule.estimators.network.recipe import Recipe
from chainrule.estimators.network.validation_split import ValidationSplit
from chainrule.network import Network
from chainrule.rows.rows import Rows
from chainrule.tables.columns import Task


@dataclass(frozen=True, eq=False)
class MemberFactory:
    """Makes a network of an estimator by its number and its recipe.

    A network holds out the rows of its split, or ``validation`` rows that the user has given. All networks share one
    array of dense rows, and those with the same split copies of sparse ones. Training may continue from ``states``, and
    with copies of ``networks``.
    """

    task: Task
    dtype: str
    shape: Shape
    examples: Examples
    splits: Mapping[Recipe, Sequence[ValidationSplit]]  # the networks of a recipe take them in turn
    seeds: Sequence[int]
    validation: Examples | None = None
    states: Sequence[TrainingState] | None = None
    networks: Sequence[Network] | None = None
    initial: Examples | None = None  # for initial values that depend on data; None: all examples
    first: int = 0  # the number of the first network
    _training: dict[int, Subset | Rows] = field(default_factory=dict)  # by split

    def __call__(self, j: int, recipe: Recipe) -> Member:
        """Makes network j, counted from 0; several threads may call this at once."""
        split = self.splits[recipe][j % len(self.splits[recipe])]
        if self.networks is None:
            net = network(recipe, self.shape, self.task, self.initial or self.examples, self.seeds[j], self.dtype)
        else:
            net = self.networks[j].copy()
        if id(split) not in self._training:
            given: Any = self.examples.X  # packed rows in files are trained on as a whole
            self._training[id(split)] = given if isinstance(given, Rows) else self._rows(split.training)
        held_out, at = self._rows(split.held_out) if len(split.held_out) else None, split.held_out
        if self.validation is not None:
            held_out = Subset(TrainingSet(*self.validation))
            at = np.arange(held_out.t, dtype=np.uint32)
        state = None if self.states is None else self.states[j]
        return Member(self.first + j, net, recipe, self.seeds[j], split, self._training[id(split)], held_out, at, state)

    def _rows(self, rows: RowNumbers) -> Subset:
        """Returns these examples."""
        if isinstance(self.examples.X, SparseRows):
            return Subset(TrainingSet(*self.examples.at(rows)))
        return Subset(TrainingSet(*self.examples)).at(rows)

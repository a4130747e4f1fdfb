"""The preparation of rows for the networks of an estimator: table and labels, encoder, target, and examples."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.checks import Array, Floats
from chainrule._internal.sparse_rows import SparseRows
from chainrule.errors import InputError
from chainrule.estimators.examples import Examples
from chainrule.estimators.label_counts import require_label_per_row
from chainrule.estimators.network import settings
from chainrule.estimators.network.incremental.fitted_networks import require_same_networks
from chainrule.estimators.network.initial_network import Shape
from chainrule.estimators.network.recipe import Recipe
from chainrule.estimators.network.training_rows import (
    Data,
    TrainingRows,
    as_groups,
    as_table_and_labels,
    names_of,
    prepared,
    sparse_features,
)
from chainrule.estimators.target_columns import known_targets, new_targets, notations
from chainrule.estimators.weights import as_row_weights
from chainrule.tables.columns import Task
from chainrule.tables.encoding.categories.training_rows import (
    encoding_folds,
    fit_target_encodings,
    has_many_levels,
    write_held_out_effects,
)
from chainrule.tables.encoding.encoder import TableEncoder
from chainrule.tables.encoding.fit_steps import as_weighted
from chainrule.tables.intervals.quantile_labels import QuantileLabels
from chainrule.tables.model import TableModel
from chainrule.tables.reading.read import AnyTable
from chainrule.tables.target_decoder import NumericLabels
from chainrule.tables.targets.decoders import Target
from chainrule.tables.targets.target_columns import TargetColumns
from chainrule.tables.text.notation import AS_RECOGNISED, Writing


class PreparationMixin:
    """Prepares the rows of a `NetworkBase`, whose subclasses define the labels and their encoding."""

    _task: ClassVar[Task]
    encoder_: TableEncoder
    target_: Any  # a Target
    dtype: Any
    categories: Any
    max_levels: int
    decimal: Any
    thousands: Any
    missing: Any
    model_: TableModel
    validation_order: str
    _n_sparse: int
    get_params: Any

    # ---- defined by the subclasses -----------------------------------------------------------------------------------

    def _task_of(self, labels: NDArray[Any]) -> Task:
        """Returns the task for labels (t,) or (t, m)."""
        return self._task

    @abstractmethod
    def _as_labels(self, y: Any, symbol: str = "y") -> NDArray[Any]:
        """Returns the labels (t,) or (t, m), checked."""

    @abstractmethod
    def _learn_target(
        self, labels: NDArray[Any], weights: Floats | None, recipe: Recipe, names: tuple[str, ...]
    ) -> Target:
        """Fits the decoder of the labels, with the ``names`` of their columns if they have some."""

    @abstractmethod
    def _encode_labels(self, labels: NDArray[Any], recipe: Recipe) -> tuple[Array, NDArray[np.intp] | None]:
        """Returns the targets Y (t, m) of the cost, and for one class a row the class numbers (t,)."""

    @abstractmethod
    def _weighted(self, weights: Floats | None, labels: NDArray[Any], knows_classes: bool) -> Floats | None:
        """Returns the weights of the rows, multiplied by those of their classes, which may be known from training."""

    # ---- preparation -------------------------------------------------------------------------------------------------

    @prepared
    def _prepare(
        self, X: Any, y: Any, sample_weight: Any, continues: bool, incremental: bool = False, groups: Any = None
    ) -> tuple[Data, tuple[Recipe, ...]]:
        """Encodes the rows and chooses the recipes; fits the encoder first, unless training continues.

        Rows of ``incremental`` training are encoded like new rows, since later calls may contain them again.
        """
        self._names = names_of(X, y, self.model_.about if continues else {})
        read_targets = partial(known_targets if continues else new_targets, self)
        is_plain = Writing.of(self.decimal, self.thousands, self.missing) == AS_RECOGNISED and self.categories is None
        table, y = as_table_and_labels(
            X, y, read_targets=read_targets, weights=sample_weight, numbers_at_once=is_plain and not continues
        )
        labels = self._as_labels(y)
        require_label_per_row(table, labels)
        rows = self._rows(table, labels, sample_weight, "sample_weight", continues)
        if not continues:
            self._n_sparse = sparse_features(rows.table)
        task = self.target_.task if continues else self._task_of(labels)
        recipes = settings.as_recipes(self.get_params(deep=False), task, len(rows.at), self._n_sparse)
        if continues and hasattr(self, "recipes_"):  # a student has the teacher's encoder, but no networks yet
            require_same_networks(self, recipes)
        if not continues:
            if incremental and len(rows.at) == 1:
                raise InputError(
                    "the first call of partial_fit learns the columns from its rows, and needs more than one; got 1. "
                    "Give more rows first, or use fit."
                )
            encoder = TableEncoder(
                recipes[0].numbers, self.categories, self.max_levels, recipes[0].max_values, dtype=self.dtype,
                decimal=self.decimal, thousands=self.thousands, missing=self.missing,
            )  # fmt: skip
            rows = rows._replace(table=encoder.recognised(rows.table))
            self.encoder_ = encoder.fit(as_weighted(rows.table, rows.row_weights))
            names = y.names if isinstance(y, TargetColumns) else ()
            self.target_ = self._learn_target(rows.labels, rows.weights, recipes[0], names)
            if isinstance(self.target_, NumericLabels):
                self.target_ = replace(self.target_, notations=notations(y))
            self.n_features_in_ = len(table.names)
            self.__dict__.pop("feature_names_in_", None)
            if table.has_names:
                self.feature_names_in_ = np.array(table.names, dtype=object)
        if incremental or self._n_sparse or not has_many_levels(self.encoder_):
            return self._data(X, labels, rows, recipes[0]), recipes
        of = None if groups is None else as_groups(groups, len(table), rows.at)
        folds = encoding_folds(len(rows.at), self.validation_order, of)
        Y = self._targets_of_levels(rows.labels, recipes[0])
        if not continues:
            fit_target_encodings(self.encoder_, rows.table, Y, rows.weights)
        data = self._data(X, labels, rows, recipes[0])
        assert isinstance(data.examples.X, np.ndarray)  # as `_n_sparse` is 0
        write_held_out_effects(self.encoder_, rows.table, Y, rows.weights, folds, data.examples.X)
        return data, recipes

    def _targets_of_levels(self, labels: NDArray[Any], recipe: Recipe) -> Floats:
        """Returns the targets Y (t, m) that levels are encoded by: one for two classes, and one for all quantiles."""
        labels_of_cost, class_numbers = self._encode_labels(labels, recipe)
        Y = labels_of_cost.astype(np.float64)
        if isinstance(self.target_, QuantileLabels):
            return Y[:, :1]
        return Y[:, 1:] if class_numbers is not None and Y.shape[1] == 2 else Y

    def _rows(
        self, table: AnyTable, labels: NDArray[Any], weights: Any, symbol: str, knows_classes: bool
    ) -> TrainingRows:
        """Returns the rows of positive weight."""
        row_weights = as_row_weights(weights, len(table), symbol)
        of_classes = self._weighted(row_weights, labels, knows_classes)
        single = self.dtype == "float32"  # any other name than "float64" is refused by the encoder
        return TrainingRows.of(table, labels, row_weights, of_classes, np.float32 if single else np.float64)

    def _data(self, X: Any, y: NDArray[Any], rows: TrainingRows, recipe: Recipe) -> Data:
        Y, class_numbers = self._encode_labels(rows.labels, recipe)
        encoded = self.encoder_.encode(rows.table)
        if isinstance(encoded, SparseRows) and not self._n_sparse:
            encoded = encoded.toarray()
        examples = Examples(
            encoded if isinstance(encoded, SparseRows) else np.ascontiguousarray(encoded),
            np.ascontiguousarray(Y, dtype=self.dtype),
            None if rows.weights is None else rows.weights.astype(self.dtype),
        )
        return Data(X, y, rows.at, rows.table, examples, rows.labels, class_numbers)

    def _shape(self, data: Data) -> Shape:
        """Returns the shape of the networks."""
        return Shape(self.encoder_.n_features_out_, self.encoder_.n_numbers_, data.examples.Y.shape[1])

    def _validation(self, X_val: Any, y_val: Any, sample_weight_val: Any, named: Any, recipe: Recipe) -> Data | None:
        """Returns the validation rows given by the user, if any; ``named`` are the names of their target columns."""
        if X_val is None:
            if y_val is not None or sample_weight_val is not None:
                raise InputError("y_val and sample_weight_val need X_val; got no X_val.")
            return None
        y_val = named if y_val is None else y_val
        table, labels = as_table_and_labels(
            X_val, y_val, "X_val", read_targets=partial(known_targets, self), weights=sample_weight_val,
            weights_symbol="sample_weight_val",
        )  # fmt: skip
        labels = self._as_labels(labels, "y_val")
        rows = self._rows(table, labels, sample_weight_val, "sample_weight_val", True)
        return self._data(X_val, labels, rows, recipe)

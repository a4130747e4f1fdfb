"""The common base of NetworkClassifier and NetworkRegressor."""

from __future__ import annotations

import math
import time
from abc import abstractmethod
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from chainrule._internal.checks import Array, Floats, as_integer, as_real
from chainrule._internal.sparse_rows import SparseRows
from chainrule.engines.state import TrainingState
from chainrule.errors import InputError
from chainrule.estimators.diagnosis.mixin import DiagnosisMixin
from chainrule.estimators.examples import Examples
from chainrule.estimators.feature_names import require_feature_names
from chainrule.estimators.network import settings
from chainrule.estimators.network.checkpoints import checkpoint_folder
from chainrule.estimators.network.competition import winners
from chainrule.estimators.network.ensemble import Member, MemberFactory, Outcome, Training, TrainingPlan, usable
from chainrule.estimators.network.held_out_predictions import HeldOutPredictions
from chainrule.estimators.network.incremental.calibration import calibrated, recalibrated
from chainrule.estimators.network.incremental.training import LARGEST_DRAWN_SEED, train_one_epoch
from chainrule.estimators.network.initial_network import Shape
from chainrule.estimators.network.inspection.held_out_rows import held_out_rows
from chainrule.estimators.network.inspection.mixin import InspectionMixin, noting_warnings
from chainrule.estimators.network.recipe import Recipe
from chainrule.estimators.network.saved.saving import SavingMixin
from chainrule.estimators.network.scoring import as_metric, scoring_parts
from chainrule.estimators.network.shrinking.mixin import ShrinkingMixin
from chainrule.estimators.network.training_rows import (
    Data,
    TrainingRows,
    as_groups,
    as_table_and_labels,
    fit_encoder,
    names_of,
    sparse_features,
)
from chainrule.estimators.network.training_warnings import (
    no_usable_network,
    warn_about_training,
    warn_about_untrained_classes,
)
from chainrule.estimators.network.validation_split import ValidationSplit, splits_by_recipe
from chainrule.estimators.sklearn_callbacks import CallbackSupportMixin, Hooks, has_callbacks
from chainrule.estimators.target_columns import known_targets, new_targets, notations
from chainrule.estimators.weights import as_row_weights
from chainrule.network import Network
from chainrule.processes.pool import beside
from chainrule.tables.columns import Task
from chainrule.tables.encoding.encoder import TableEncoder
from chainrule.tables.model import TableModel
from chainrule.tables.reading.read import AnyTable, read
from chainrule.tables.target_decoder import NumericLabels
from chainrule.tables.targets.decoders import Target
from chainrule.tables.targets.given_targets import frame_of_targets
from chainrule.tables.targets.target_columns import TargetColumns
from chainrule.training.callbacks.calls import all_runs, with_displays


def _one_network(encoder: TableEncoder, target: Target, net: Network) -> TableModel:
    return TableModel(encoder, target, (net,))


class NetworkBase(
    SavingMixin, InspectionMixin, DiagnosisMixin, ShrinkingMixin, CallbackSupportMixin, BaseEstimator  # type: ignore[misc]  # scikit-learn has no types
):  # fmt: skip
    """Trains networks on a table; subclasses define the labels, their encoding and the score."""

    _task: ClassVar[Task]
    encoder_: TableEncoder
    target_: Any  # a Target
    validation_score_: float | None
    states_: tuple[TrainingState, ...]  # of the networks; () in a model that was saved without
    _has_short_recipes = False  # those for a time limit

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

    def _learn_spread(self, held_out: HeldOutPredictions, data: Data) -> tuple[Network | None, HeldOutPredictions]:
        """Returns a network for the spread of y, if one is wanted, and the held-out rows with their spreads."""
        return None, held_out

    @abstractmethod
    def _calibrate(
        self, model: TableModel, labels: NDArray[Any], held_out: HeldOutPredictions
    ) -> tuple[TableModel, float]:
        """Calibrates the model on held-out predictions, and scores it on them."""

    # ---- training ----------------------------------------------------------------------------------------------------

    @noting_warnings
    def _fit(
        self, X: Any, y: Any, sample_weight: Any, X_val: Any, y_val: Any, sample_weight_val: Any, groups: Any
    ) -> Self:
        began = time.perf_counter()
        folder = checkpoint_folder(self.get_params(deep=False))
        continues = bool(self.warm_start) and hasattr(self, "model_")
        if continues and not self.states_:
            raise InputError(
                "warm_start continues from the state of training, which this model was shrunk or saved without. Save "
                "it with training_state=True, train new rows by partial_fit, or set warm_start=False."
            )
        data, recipes = self._prepare(X, y, sample_weight, continues)
        is_named = isinstance(y, str) or (isinstance(y, (list, tuple)) and len(y) != len(data.y))
        validation = self._validation(X_val, y_val, sample_weight_val, y if is_named else None, recipes[0])
        seeds = check_random_state(self.random_state)
        params, task = self.get_params(deep=False), self.target_.task
        short = settings.as_short_recipes(params, task, len(data.examples.X), self._n_sparse)
        splits = self._make_splits(data, recipes, short, validation is not None, groups, seeds, continues)
        if not continues:
            self._recipe_numbers = [j % len(recipes) for j in range(len(splits[recipes[0]]))]
        drawn = [int(seed) for seed in seeds.randint(LARGEST_DRAWN_SEED, size=len(self._recipe_numbers))]
        make = MemberFactory(
            task, self.dtype, self._shape(data), data.examples, splits, drawn,
            None if validation is None else validation.examples, self.states_ if continues else None,
        )  # fmt: skip
        plan = self._plan(recipes, self._recipe_numbers, began, continues)
        metric = as_metric(self.scoring, self.target_, (validation or data).labels)
        if metric is not None:
            if validation is None and not any(len(split.held_out) for split in splits[recipes[0]]):
                raise InputError("scoring needs held-out rows: validation_fraction > 0 and 10 rows or more, or X_val.")
            plan, self._metric_name = replace(plan, stopping_of=metric.stopping), metric.name
        if continues and self._has_short_recipes:
            plan = replace(plan, recipes=short)
        elif not continues:
            plan = replace(plan, short_recipes=short, checkpoint=folder, resumes=self.resume)
        self._train(make, plan, data, validation or data)
        self._has_short_recipes = self.recipe_ in short
        return self

    def _prepare(
        self, X: Any, y: Any, sample_weight: Any, continues: bool, incremental: bool = False
    ) -> tuple[Data, tuple[Recipe, ...]]:
        """Encodes the rows and chooses the recipes; fits the encoder first, unless training continues."""
        self._names = names_of(X, y, self.model_.about if continues else {})
        read_targets = partial(known_targets if continues else new_targets, self)
        table, y = as_table_and_labels(X, y, read_targets=read_targets, weights=sample_weight)
        labels = self._as_labels(y)
        if len(labels) != len(table):
            raise InputError(
                f"Found input variables with inconsistent numbers of samples: {len(table)} rows, {len(labels)} labels."
            )
        rows = self._rows(table, labels, sample_weight, "sample_weight", continues)
        if not continues:
            self._n_sparse = sparse_features(rows.table)
        task = self.target_.task if continues else self._task_of(labels)
        recipes = settings.as_recipes(self.get_params(deep=False), task, len(rows.at), self._n_sparse)
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
            self.encoder_ = fit_encoder(encoder, rows.table, rows.row_weights)
            names = y.names if isinstance(y, TargetColumns) else ()
            self.target_ = self._learn_target(rows.labels, rows.weights, recipes[0], names)
            if isinstance(self.target_, NumericLabels):
                self.target_ = replace(self.target_, notations=notations(y))
            self.n_features_in_ = len(table.names)
            self.__dict__.pop("feature_names_in_", None)
            if table.has_names:
                self.feature_names_in_ = np.array(table.names, dtype=object)
        return self._data(X, labels, rows, recipes[0]), recipes

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

    def _make_splits(
        self, data: Data, recipes: Sequence[Recipe], short: Sequence[Recipe], has_validation: bool, groups: Any,
        seeds: np.random.RandomState, continues: bool,
    ) -> dict[Recipe, list[ValidationSplit]]:  # fmt: skip
        """Returns the rows of the networks of each recipe; the same rows again if training continues."""
        t, seed = len(data.examples.X), seeds.randint(LARGEST_DRAWN_SEED)
        if continues:
            if t != self._n_rows:
                raise InputError(
                    f"warm_start continues with the rows of the last fit; got a table of {t} rows. "
                    "Use partial_fit for new rows, or warm_start=False."
                )
            return dict.fromkeys((*recipes, *short), self._splits)
        of = None if groups is None else as_groups(groups, len(data.y), data.rows)
        made = splits_by_recipe(
            t, recipes, short if self.time_limit is not None else (), has_validation, self.validation_order, seed,
            data.class_numbers, of, data.examples.weights,
        )  # fmt: skip
        if data.class_numbers is not None:
            warn_about_untrained_classes(self.target_, data.class_numbers, made[recipes[0]])
        return made

    def _plan(self, recipes: Sequence[Recipe], numbers: Sequence[int], began: float, continues: bool) -> TrainingPlan:
        """Returns the plan for networks with these recipes, and checks the parameters that belong to it."""
        limit = math.inf if self.time_limit is None else as_real(self.time_limit, "time_limit", 0.0, open_minimum=True)
        every = None if self.callback_epochs is None else as_integer(self.callback_epochs, "callback_epochs", 1)
        return TrainingPlan(
            recipes, numbers, self.engine, self.threads, began + limit,
            continues=continues, callbacks=with_displays(self.callbacks or (), self.verbose), callback_epochs=every,
            model_of=partial(_one_network, self.encoder_, self.target_),
        )  # fmt: skip

    def _train(
        self, make: MemberFactory, plan: TrainingPlan, data: Data, validation: Data, is_incremental: bool = False
    ) -> None:
        """Trains networks by the plan, and sets the fitted attributes."""
        hooks = Hooks(self, plan.n_networks, plan.recipes[0].epochs, data.X, data.y) if has_callbacks(self) else None
        if hooks is not None:
            report = hooks.epoch
            plan = replace(
                plan, on_epoch=lambda member, epochs: report(member.number, epochs, lambda: self._as_fitted(member))
            )
        with ExitStack() as watching:
            workers, others = (None, 0) if is_incremental else (self.workers, plan.n_networks - 1)
            peers, threads = watching.enter_context(beside(workers, others, plan.all_threads, [__name__]))
            plan = replace(plan, peers=peers, threads=threads)
            callbacks = watching.enter_context(all_runs(plan.callbacks, plan.n_networks))
            training = Training(make, replace(plan, callbacks=callbacks))
            try:
                outcome = training.run()
                watching.close()
                self._finish(self._usable(outcome, plan, hooks), data, validation, is_incremental)
            except KeyboardInterrupt:
                if training.was_interrupted:  # a second Ctrl-C, or there is no usable network
                    raise
                watching.close()
                self._finish(self._usable(training.end(), plan, hooks), data, validation, is_incremental)

    def _usable(self, outcome: Outcome, plan: TrainingPlan, hooks: Hooks | None) -> list[Member]:
        """Issues warnings about the outcome, and returns the networks that are usable."""
        kept = usable(outcome.members)
        if not kept:
            raise no_usable_network(outcome, self.time_limit)
        reasons = {member.history.stopped for member in kept if member.history is not None}
        self.stopped_ = reasons.pop() if len(reasons) == 1 else "epochs"
        if outcome.was_cut:
            self.stopped_ = "time_limit"
        if outcome.was_interrupted:
            self.stopped_ = "interrupted"
        warn_about_training(outcome, kept, plan, self.time_limit)
        if hooks is not None:
            hooks.end(lambda: self._as_fitted(*kept))
        return kept

    def _as_fitted(self, *members: Member) -> dict[str, Any]:
        """Returns the attributes that an estimator fitted with these networks would have."""
        names = ("encoder_", "target_", "n_features_in_", "feature_names_in_")
        model = TableModel(self.encoder_, self.target_, tuple(member.net.copy() for member in members))
        return {name: getattr(self, name) for name in names if hasattr(self, name)} | {"model_": model}

    def _finish(self, members: Sequence[Member], data: Data, validation: Data, is_incremental: bool) -> None:
        """Sets the fitted attributes, from the networks that are usable and the rows that ``validation`` holds out."""
        kept = list(members) if is_incremental else winners(members, self.target_, validation.labels)
        self.recipe_, self._n_rows = kept[0].recipe, len(data.examples.X)
        self.recipes_, self._splits = tuple(member.recipe for member in kept), [member.split for member in kept]
        self._recipe_numbers = [self._recipe_numbers[member.number] for member in kept]
        self.histories_ = tuple(member.history for member in kept if member.history is not None)
        self.states_ = tuple(history.state for history in self.histories_)
        self.n_iter_ = max(state.epoch for state in self.states_)
        model = TableModel(self.encoder_, self.target_, tuple(member.net for member in kept))
        model = (recalibrated if is_incremental else calibrated)(self, model, kept, validation)
        rows = len(data.labels)
        about: dict[str, Any] = {"estimator": type(self).__name__, "preset": str(self.preset), "rows": rows}
        about |= self._names
        if kept[0].course is not None:
            about["scoring"] = scoring_parts(self._metric_name, [m.course for m in kept if m.course is not None])
        if self.validation_score_ is not None and math.isfinite(self.validation_score_):
            about["validation_score"] = self.validation_score_
        self.model_ = replace(model, about=about)
        self._held_out_rows = held_out_rows(kept, self.model_, validation.table, validation.labels)

    @noting_warnings
    def _partial_fit(self, X: Any, y: Any, sample_weight: Any) -> Self:
        """Trains one more epoch on these rows, at a constant learning rate."""
        train_one_epoch(self, X, y, sample_weight)
        return self

    # ---- predicting --------------------------------------------------------------------------------------------------

    def _model_and_rows(self, X: Any) -> tuple[TableModel, Any]:
        """Returns the model, and X as a table, whose names are checked, or as it is if it is a dict or several."""
        if not hasattr(self, "model_"):  # the check itself takes longer than a network
            check_is_fitted(self, "model_")
        if type(X) is dict or (type(X) is list and X and type(X[0]) is dict):
            return self.model_, X
        table = read(X)
        if hasattr(self, "feature_names_in_") or hasattr(X, "columns"):
            require_feature_names(self, X, table)
        model: TableModel = self.model_
        return model, table

    def predict(self, X: Any) -> NDArray[Any]:
        """Predicts the labels of rows X (t, n): (t,), or (t, m) for m targets. A dict is a row, by its columns' names.

        Raises NotFittedError before ``fit``, InputError for rows that are incompatible with the training rows.
        """
        model, table = self._model_and_rows(X)
        return model.predict(table)

    def _rows_to_score(self, X: Any, y: Any, weights: Any) -> tuple[Any, Any]:
        """Returns X and its labels; y may name columns of X, and rows of weight 0 may lack their label."""
        check_is_fitted(self, "model_")
        if weights is None and not isinstance(y, (str, list, tuple)) and frame_of_targets(y) is None:
            return X, y
        _, rows = self._model_and_rows(X)
        return as_table_and_labels(rows, y, read_targets=partial(known_targets, self), weights=weights)

    # ---- inspecting --------------------------------------------------------------------------------------------------

    @property
    def networks_(self) -> tuple[Any, ...]:
        """The networks whose outputs are averaged."""
        check_is_fitted(self, "model_")
        return self.model_.networks

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "model_")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.sparse = True
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        tags.non_deterministic = False
        return tags

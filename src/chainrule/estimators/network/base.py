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
from sklearn.utils.validation import check_is_fitted

from chainrule._internal.checks import as_integer, as_real
from chainrule.costs.training_set import Subset
from chainrule.engines.state import TrainingState
from chainrule.errors import InputError
from chainrule.estimators.diagnosis.mixin import DiagnosisMixin
from chainrule.estimators.feature_names import require_feature_names
from chainrule.estimators.network import settings
from chainrule.estimators.network.checkpoints import checkpoint_folder
from chainrule.estimators.network.competition import Comparison, finalists, held_out_loss, winners
from chainrule.estimators.network.ensemble import Member, MemberFactory, Outcome, Training, TrainingPlan, usable
from chainrule.estimators.network.held_out_predictions import HeldOutPredictions
from chainrule.estimators.network.incremental.calibration import calibrated, recalibrated
from chainrule.estimators.network.incremental.earlier_runs import EarlierRuns
from chainrule.estimators.network.incremental.later_rows import LaterRows
from chainrule.estimators.network.incremental.training import train_one_epoch
from chainrule.estimators.network.inspection.held_out_rows import held_out_rows
from chainrule.estimators.network.inspection.mixin import InspectionMixin, noting_warnings
from chainrule.estimators.network.packed.fitting import fit_to_rows
from chainrule.estimators.network.preparation import PreparationMixin
from chainrule.estimators.network.recipe import Recipe
from chainrule.estimators.network.saved.saving import SavingMixin
from chainrule.estimators.network.saved.splits import PackedSplits
from chainrule.estimators.network.scoring import as_metric, scoring_parts
from chainrule.estimators.network.search.halving import SuccessiveHalving, networks_in_all, require_held_out
from chainrule.estimators.network.shrinking.mixin import ShrinkingMixin
from chainrule.estimators.network.training_rows import (
    Data,
    as_groups,
    as_table_and_labels,
)
from chainrule.estimators.network.training_warnings import (
    no_usable_network,
    warn_about_training,
    warn_about_untrained_classes,
)
from chainrule.estimators.network.validation_split import ValidationSplit, splits_by_recipe
from chainrule.estimators.parameter_names import ParameterNamesMixin
from chainrule.estimators.random_states import LARGEST_DRAWN_SEED, as_random_state
from chainrule.estimators.sklearn_callbacks import CallbackSupportMixin, Hooks, has_callbacks
from chainrule.estimators.target_columns import known_targets
from chainrule.network import Network
from chainrule.processes.pool import worker_processes
from chainrule.rows.rows import Rows
from chainrule.tables.columns import Task
from chainrule.tables.encoding.encoder import TableEncoder
from chainrule.tables.model import TableModel
from chainrule.tables.reading.read import read
from chainrule.tables.targets.decoders import Target
from chainrule.tables.targets.given_targets import frame_of_targets
from chainrule.training.callbacks.calls import all_runs, with_displays

NONE = EarlierRuns()


def _one_network(encoder: TableEncoder, target: Target, net: Network) -> TableModel:
    return TableModel(encoder, target, (net,))


class NetworkBase(
    PreparationMixin, SavingMixin, InspectionMixin, DiagnosisMixin, ShrinkingMixin,
    CallbackSupportMixin, ParameterNamesMixin, BaseEstimator,  # type: ignore[misc]  # scikit-learn has no types
):  # fmt: skip
    """Trains networks on a table; subclasses define the labels, their encoding and the score."""

    _task: ClassVar[Task]
    encoder_: TableEncoder
    target_: Any  # a Target
    validation_score_: float | None
    states_: tuple[TrainingState, ...]  # of the networks; () in a model that was saved without
    _has_short_recipes = False  # those for a time limit
    _later: LaterRows | None = None  # since the last fit

    # ---- defined by the subclasses -----------------------------------------------------------------------------------

    def _learn_spread(
        self, held_out: HeldOutPredictions, validation: Data, members: Sequence[Member], data: Data
    ) -> tuple[Network | None, HeldOutPredictions]:
        """Returns a network for the spread of y, if one is wanted, and the rows held out from ``validation`` with it.

        The members were trained on ``data``.
        """
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
        if isinstance(X, Rows):
            given = {
                "y": y, "sample_weight": sample_weight, "X_val": X_val, "y_val": y_val,
                "sample_weight_val": sample_weight_val, "groups": groups,
            }  # fmt: skip
            fit_to_rows(self, X, given, began, folder)
            return self
        continues = bool(self.warm_start) and hasattr(self, "model_")
        if continues and not self.states_:
            raise InputError(
                "warm_start continues from the state of training, which this model was shrunk or saved without. Save "
                "it with training_state=True, train new rows by partial_fit, or set warm_start=False."
            )
        data, recipes = self._prepare(X, y, sample_weight, continues, groups=groups)
        is_named = isinstance(y, str) or (isinstance(y, (list, tuple)) and len(y) != len(data.y))
        validation = self._validation(X_val, y_val, sample_weight_val, y if is_named else None, recipes[0])
        self._fit_to(data, recipes, validation, groups, began, folder, continues)
        return self

    def _fit_to(
        self, data: Data, recipes: tuple[Recipe, ...], validation: Data | None, groups: Any, began: float, folder: Any,
        continues: bool,
    ) -> None:  # fmt: skip
        """Trains networks on rows in memory, those of a table or of a packed file."""
        seeds = as_random_state(self.random_state)
        params, task = self.get_params(deep=False), self.target_.task
        short = settings.as_short_recipes(params, task, len(data.examples.X), self._n_sparse)
        splits = self._make_splits(data, recipes, short, validation is not None, groups, seeds, continues)
        folds: Sequence[ValidationSplit] = ()
        if continues:
            pass
        elif settings.searches(params, self._n_sparse):
            folds = splits[recipes[0]][:: len(recipes)]  # a network of each recipe has the same
            require_held_out(folds, validation is not None)
            self._recipe_numbers = [0] * networks_in_all(recipes, folds, len(data.labels))  # until they are chosen
        else:
            self._recipe_numbers = [j % len(recipes) for j in range(len(splits[recipes[0]]))]
        drawn = [int(seed) for seed in seeds.randint(LARGEST_DRAWN_SEED, size=len(self._recipe_numbers))]
        make = MemberFactory(
            task, self.dtype, self._shape(data), data.examples, splits, drawn,
            None if validation is None else validation.examples,
            states=self.states_ if continues else None, networks=self.networks_ if continues else None,
        )  # fmt: skip
        plan = replace(self._plan(recipes, self._recipe_numbers, began, continues), folds=folds)
        holds_out = validation is not None or any(len(split.held_out) for split in splits[recipes[0]])
        plan = self._by_metric(plan, (validation or data).labels, holds_out)
        if continues and self._has_short_recipes:
            plan = replace(plan, recipes=short)
        elif not continues:
            plan = replace(plan, short_recipes=short, checkpoint=folder, resumes=self.resume)
        earlier = EarlierRuns.of_continued_fit(self) if continues else NONE
        self._train(make, plan, data, validation or data, earlier)
        self._has_short_recipes = self.recipe_ in short

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
            return dict.fromkeys((*recipes, *short), self._splits.splits())
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

    def _by_metric(self, plan: TrainingPlan, labels: NDArray[Any], holds_out: bool) -> TrainingPlan:
        """Returns the plan by which the best epoch is kept by the metric of ``scoring``, if there is one."""
        metric = as_metric(self.scoring, self.target_, labels)
        if metric is None:
            return plan
        if not holds_out:
            raise InputError("scoring needs held-out rows: validation_fraction > 0 and 10 rows or more, or X_val.")
        self._metric_name = metric.name
        return replace(plan, stopping_of=metric.stopping)

    def _train(
        self, make: MemberFactory, plan: TrainingPlan, data: Data, validation: Data, earlier: EarlierRuns = NONE
    ) -> None:
        """Trains networks by the plan, as a run after ``earlier`` ones, and sets the fitted attributes."""
        hooks = Hooks(self, plan.n_networks, plan.recipes[0].epochs, data.X, data.y) if has_callbacks(self) else None
        if hooks is not None:
            report = hooks.epoch
            plan = replace(
                plan, on_epoch=lambda member, epochs: report(member.number, epochs, lambda: self._as_fitted(member))
            )
        with ExitStack() as watching:
            workers, others = (None, 0) if earlier.is_one_pass else (self.workers, plan.n_networks - 1)
            peers, threads = watching.enter_context(worker_processes(workers, others, plan.all_threads, [__name__]))
            plan = replace(plan, peers=peers, threads=threads)
            callbacks = watching.enter_context(all_runs(plan.callbacks, plan.n_networks))
            training = self._training(make, replace(plan, callbacks=callbacks), validation)
            try:
                outcome = training.run()
                watching.close()
                self._finish(self._usable(outcome, plan, hooks), plan, data, validation, earlier)
            except KeyboardInterrupt:
                if training.was_interrupted:  # a second Ctrl-C, or there is no usable network
                    raise
                watching.close()
                self._finish(self._usable(training.end(), plan, hooks), plan, data, validation, earlier)

    def _training(self, make: MemberFactory, plan: TrainingPlan, validation: Data) -> Training | SuccessiveHalving:
        """Returns the training by the plan, or the search for recipes that it is for."""
        if not plan.folds:
            if not plan.continues:
                self.__dict__.pop("trials_", None)  # of an earlier search
                if plan.recipes[0].competes == "together":
                    plan = replace(plan, finalists=partial(finalists, target=self.target_, labels=validation.labels))
            return Training(make, plan)
        loss = partial(held_out_loss, target=self.target_, labels=validation.labels)
        compare = partial(Comparison.of, target=self.target_, labels=validation.labels)
        search = SuccessiveHalving(make, plan, loss, compare)
        self.trials_, self._recipe_numbers = search.trials, search.recipe_numbers  # which it fills
        return search

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

    def _finish(
        self, members: Sequence[Member], plan: TrainingPlan, data: Data, validation: Data, earlier: EarlierRuns
    ) -> None:
        """Sets the fitted attributes, from the networks that are usable and the rows that ``validation`` holds out."""
        kept = list(members) if plan.continues else winners(members, self.target_, validation.labels)
        self.recipe_, self._n_rows = kept[0].recipe, len(data.examples.X)
        self.recipes_, training = tuple(member.recipe for member in kept), kept[0].training
        drawn = training.of.t if isinstance(training, Subset) else 0  # a student has drawn rows besides
        t = max(len(data.labels), drawn)
        self._splits = PackedSplits.of([member.split for member in kept], t)
        self._recipe_numbers = [self._recipe_numbers[member.number] for member in kept]
        self.histories_, self._later = earlier.followed_by(kept), earlier.later_rows(kept)
        self.states_ = tuple(history.state for history in self.histories_)
        self.n_iter_ = max(history.epochs for history in self.histories_)
        model = TableModel(self.encoder_, self.target_, tuple(member.net for member in kept))
        model = (recalibrated if earlier.is_one_pass else calibrated)(self, model, kept, validation, data)
        rows = self._n_rows if self._later is None else self._later.total
        about: dict[str, Any] = {"estimator": type(self).__name__, "preset": str(self.preset), "rows": rows}
        about |= self._names
        if kept[0].course is not None:
            about["scoring"] = scoring_parts(self._metric_name, [m.course for m in kept if m.course is not None])
        if self.validation_score_ is not None and math.isfinite(self.validation_score_):
            about["validation_score"] = self.validation_score_
        self.model_ = replace(model, about=about)
        self._held_out_rows = None
        if validation.table is not None:
            X, labels = validation.examples.X, validation.labels
            self._held_out_rows = held_out_rows(kept, self.model_, validation.table, X, labels)

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
        return self.model_, table

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

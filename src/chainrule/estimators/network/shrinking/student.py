"""The training of a student: one small network, on the averaged outputs of a fitted estimator."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import numpy as np

from chainrule._internal.checks import Array
from chainrule._internal.sparse_rows import Rows
from chainrule.costs import CrossEntropy
from chainrule.errors import InputError
from chainrule.estimators.examples import Examples
from chainrule.estimators.network.ensemble import MemberFactory
from chainrule.estimators.network.inspection.mixin import noting_warnings
from chainrule.estimators.network.recipe import Recipe
from chainrule.estimators.network.saved.splits import PackedSplits
from chainrule.estimators.network.shrinking.drawn_rows import drawn_rows, repeated
from chainrule.estimators.network.shrinking.inherited import with_calibration
from chainrule.estimators.network.validation_split import ValidationSplit
from chainrule.estimators.random_states import LARGEST_DRAWN_SEED, as_random_state
from chainrule.tables.calibration import calibrated
from chainrule.tables.intervals.quantile_labels import QuantileLabels
from chainrule.tables.model import TableModel
from chainrule.tables.target_decoder import ClassLabels
from chainrule.tables.targets.indicator_labels import IndicatorLabels

# Parameters that say what the rows, the labels and the machine are; those of training are the preset's.
KEPT = (
    "calibrate", "categories", "class_weight", "cost", "decimal", "dtype", "engine", "interval", "max_levels",
    "missing", "numbers", "random_state", "scale_y", "thousands", "threads", "validation_fraction", "validation_order",
)  # fmt: skip


def require_shrinkable(teacher: Any) -> None:
    """Raises InputError for a model of which there is no student."""
    target = teacher.target_
    if isinstance(target, IndicatorLabels):
        raise InputError(
            "shrink is for one class a row; this model has several labels. Train a NetworkClassifier for each label, "
            "and shrink each, or train a small one: NetworkClassifier(hidden_layer_sizes=(32, 16), n_networks=1)."
        )
    if isinstance(target, QuantileLabels):
        raise InputError(
            "shrink is for the prediction of a number; this model has quantiles. Train a small one: "
            "NetworkRegressor(quantiles=…, hidden_layer_sizes=(32, 16), n_networks=1)."
        )
    if teacher._n_sparse:
        raise InputError(
            f"shrink is for dense rows; this model was trained on {teacher._n_sparse:,} sparse features, and the first "
            "layer has most of its parameters. Choose fewer columns, and train again."
        )


def small_estimator(teacher: Any, hidden: Any, epochs: int | None) -> Any:
    """Returns an estimator for rows like the teacher's, of one network with these hidden layers, before training."""
    known = teacher.get_params(deep=False)
    kept = {name: known[name] for name in KEPT if name in known}
    return type(teacher)(**kept, hidden_layer_sizes=hidden, n_networks=1, epochs=epochs)


@noting_warnings
def train(small: Any, teacher: Any, X: Any, y: Any, sample_weight: Any, groups: Any, *, as_student: bool) -> None:
    """Trains a small estimator on rows X (t, n): on the teacher's predictions, or directly on the labels y.

    Both ways it has the teacher's encoder and target, and with equal seeds holds out the same rows.
    """
    began = time.perf_counter()
    for name in ("encoder_", "target_", "model_", "n_features_in_", "feature_names_in_", "_n_sparse"):
        if hasattr(teacher, name):
            setattr(small, name, getattr(teacher, name))
    data, (recipe, *_) = small._prepare(X, y, sample_weight, continues=True)
    seeds = as_random_state(small.random_state)
    splits = small._make_splits(data, [recipe], (), False, groups, seeds, False)[recipe]
    network_seed, rows_seed = (int(seed) for seed in seeds.randint(LARGEST_DRAWN_SEED, size=2))
    examples, split = data.examples, splits[0]
    if as_student:
        recipe = of_soft_labels(recipe)
        examples, split = taught_examples(teacher.model_, examples, split, rows_seed)
    make = MemberFactory(
        small.target_.task, small.dtype, small._shape(data), examples, {recipe: [split]}, [network_seed]
    )
    small._recipe_numbers = [0]
    small._train(make, small._plan([recipe], [0], began, continues=False), data, data)
    small._splits = PackedSplits.of(splits, small._n_rows)  # without the drawn rows
    if as_student:
        held_out = data.examples.X[splits[0].held_out]
        small.model_ = without_scores(with_calibration(small.model_, teacher.model_, held_out))
        small.validation_score_, small._recent, small._first_rows, small._held_out_rows = None, None, None, None
        small.states_ = ()  # of a training on other rows


def without_scores(model: TableModel) -> TableModel:
    """Returns the model without its score on held-out rows, most of which the teacher was trained on."""
    return replace(model, about={name: value for name, value in model.about.items() if name != "validation_score"})


def taught_examples(
    model: TableModel, given: Examples, split: ValidationSplit, seed: int
) -> tuple[Examples, ValidationSplit]:
    """Returns the examples with the teacher's predictions as targets, and drawn ones after them, to be trained on."""
    X, base = np.asarray(given.X), repeated(split.training)  # dense rows
    Z = np.concatenate([X, drawn_rows(X, base, model.encoder, seed)])
    weights = None if given.weights is None else np.concatenate([given.weights, given.weights[base]])
    further = np.arange(len(X), len(Z))
    examples = Examples(Z, taught(model, Z, given.Y), weights)
    return examples, ValidationSplit(np.concatenate([split.training, further]), split.held_out)


def of_soft_labels(recipe: Recipe) -> Recipe:
    """Returns the recipe without smoothing of labels: those of a teacher are smooth."""
    cost = recipe.cost
    return replace(recipe, cost=replace(cost, label_smoothing=0.0)) if isinstance(cost, CrossEntropy) else recipe


def taught(model: TableModel, Z: Rows, Y: Array) -> Array:
    """Returns the targets of encoded rows Z (t, n) by the teacher, in the form of Y: what the model predicts."""
    A = model.outputs_of(Z)
    if isinstance(model.target, ClassLabels):
        A = calibrated(A, model.calibration)
        A = A[:, 1:] if Y.shape[1] == 1 else A
    return np.ascontiguousarray(A, dtype=Y.dtype)

"""Fitting an estimator to packed rows.

Rows of up to 512 MiB are read once, and trained on as those of a table in memory: each network holds out a fold of its
own. Of more rows, which stay in their file, all networks hold out the same random blocks, up to 100,000 rows, and each
reads the others window by window. Packed rows are in random order, so that blocks of them are a fair sample; and since
no network has seen the held-out rows, temperatures, residuals and scores on them are those of the whole ensemble.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from chainrule.costs import TrainingSet
from chainrule.errors import InputError
from chainrule.estimators.examples import Examples
from chainrule.estimators.network import settings
from chainrule.estimators.network.ensemble import MemberFactory
from chainrule.estimators.network.initial_network import ROWS_FOR_BINS, ROWS_FOR_INITIAL, Shape
from chainrule.estimators.network.packed.label_encoding import LabelEncoding, class_factors
from chainrule.estimators.network.packed.refusals import require_suited, require_suited_recipes
from chainrule.estimators.network.recipe import Recipe, planned_networks
from chainrule.estimators.network.recipes.presets import smoothing_of_labels
from chainrule.estimators.network.training_rows import Data
from chainrule.estimators.network.validation_split import ValidationSplit
from chainrule.estimators.random_states import LARGEST_DRAWN_SEED, as_random_state
from chainrule.estimators.weights import counted_rows
from chainrule.rows.rows import Rows
from chainrule.tables.packing.packed_table import PackedTable
from chainrule.tables.packing.streamed_target import Decoder
from chainrule.tables.target_decoder import ClassLabels, NumericLabels
from chainrule.tables.targets.decoders import decoded
from chainrule.training.checkpoint import Checkpoint

FIRST_ROWS = max(ROWS_FOR_INITIAL, ROWS_FOR_BINS)  # which initial values are fitted to
MOST_HELD_OUT = 100_000  # rows, which measure a coverage of 90 % to within 0.1 %
NO_ROWS = np.zeros(0, np.intp)


def fit_to_rows(estimator: Any, rows: Rows, given: Mapping[str, Any], began: float, folder: Checkpoint | None) -> None:
    """Fits a `NetworkBase` to packed rows; ``given`` are the other arguments of ``fit``, by name.

    Raises InputError for rows that carry no encoder, and for what does not go with them.
    """
    require_suited(estimator, given)
    packed = PackedTable.of(rows)
    _take_over(estimator, packed)
    recipes = settings.as_recipes(estimator.get_params(deep=False), packed.target.task, rows.t)
    in_windows = rows.windows(None, recipes[0].batch_size or 1) > 1
    require_suited_recipes(estimator, recipes, packed.target.task, in_windows=in_windows)
    if in_windows:
        _fit_in_windows(estimator, packed, recipes, given, began, folder)
        return
    data = _data(estimator, rows, packed.target, recipes[0], learns=True)
    validation = _given_validation(estimator, given, recipes[0])
    estimator._fit_to(data, recipes, validation, None, began, folder, False)


def _given_validation(estimator: Any, given: Mapping[str, Any], recipe: Recipe) -> Data | None:
    found: Data | None = estimator._validation(given["X_val"], given["y_val"], given["sample_weight_val"], None, recipe)
    return found


def _fit_in_windows(
    estimator: Any, packed: PackedTable, recipes: tuple[Recipe, ...], given: Mapping[str, Any], began: float,
    folder: Checkpoint | None,
) -> None:  # fmt: skip
    rows, task = packed.rows, packed.target.task
    seeds = as_random_state(estimator.random_state)
    seed = seeds.randint(LARGEST_DRAWN_SEED)
    encoding = _encoding(estimator, packed.target, rows.first_rows(FIRST_ROWS).in_memory())
    validation, training = _given_validation(estimator, given, recipes[0]), rows
    if validation is None:
        training, validation = _held_out(estimator, packed, recipes[0], seed)
    first = _data(estimator, training.first_rows(FIRST_ROWS), packed.target, recipes[0], learns=False).examples
    m = estimator.target_.width
    if encoding != LabelEncoding(packed.target):
        shape = () if task == "classification" else (m,)
        training = training.relabelled(encoding, shape, training.has_weights or bool(encoding.factors))
    estimator._recipe_numbers = [j % len(recipes) for j in range(planned_networks(recipes))]
    splits = dict.fromkeys(recipes, [ValidationSplit(NO_ROWS, NO_ROWS)] * len(estimator._recipe_numbers))
    stored: Any = training
    unread: Any = None
    data = Data(rows, unread, NO_ROWS, None, Examples(stored, unread, None), NO_ROWS, None)
    drawn = [int(seed) for seed in seeds.randint(LARGEST_DRAWN_SEED, size=len(estimator._recipe_numbers))]
    make = MemberFactory(
        task, estimator.dtype, Shape(rows.n, packed.encoder.n_numbers_, m), data.examples, splits, drawn,
        validation.examples, initial=first,
    )  # fmt: skip
    plan = estimator._plan(recipes, estimator._recipe_numbers, began, False)
    plan = replace(estimator._by_metric(plan, validation.labels, True), checkpoint=folder, resumes=estimator.resume)
    estimator._train(make, plan, data, validation)
    estimator._has_short_recipes = False
    estimator._n_rows = 0  # no table has the same rows


def _take_over(estimator: Any, packed: PackedTable) -> None:
    """Gives the estimator the encoder and the target of packed rows. Raises InputError for those of another task."""
    if (packed.target.task == "regression") != (estimator._task == "regression"):
        other = "NetworkRegressor" if packed.target.task == "regression" else "NetworkClassifier"
        raise InputError(f"{packed.rows.name} was packed for {packed.target.task}. Use {other}, or pack it again.")
    packed.encoder.set_params(dtype=estimator.dtype)
    estimator.encoder_, estimator.target_, estimator._n_sparse = packed.encoder, packed.target, 0
    targets = packed.about["targets"]
    estimator._names = {"source": packed.about["source"], **({"column": targets[0]} if len(targets) == 1 else {})}
    estimator.n_features_in_ = packed.encoder.n_features_in_
    estimator.__dict__.pop("feature_names_in_", None)
    if hasattr(packed.encoder, "feature_names_in_"):
        estimator.feature_names_in_ = packed.encoder.feature_names_in_


def _data(estimator: Any, rows: Rows, stored: Decoder, recipe: Recipe, *, learns: bool) -> Data:
    """Returns rows in memory, those of positive weight, with their labels in the values of y.

    The estimator ``learns`` its target from them, where the decoder of the file is not the one that it has for a table.
    """
    found = rows.in_memory()
    labels = decoded(stored, found.Y)
    given = None if found.weights is None else found.weights.astype(np.float64)
    weights = estimator._weighted(given, labels, not learns)
    at = counted_rows(weights, len(labels), estimator.dtype)
    X: Any = found.X
    if len(at) < len(labels):
        X, labels, weights = X[at], labels[at], weights[at]
    if learns and (not isinstance(stored, NumericLabels) or estimator.quantiles is not None):
        estimator.target_ = estimator._learn_target(labels, weights, recipe, getattr(stored, "names", ()))
    Y, class_numbers = estimator._encode_labels(labels, recipe)
    examples = Examples(
        X.astype(estimator.dtype, copy=False), np.ascontiguousarray(Y, estimator.dtype),
        None if weights is None else weights.astype(estimator.dtype),
    )  # fmt: skip
    return Data(rows, labels, np.arange(len(labels)), None, examples, labels, class_numbers)


def _encoding(estimator: Any, stored: Decoder, first: TrainingSet) -> LabelEncoding:
    """Returns the encoding of labels in windows, and gives the estimator its decoder.

    Quantiles are those of the ``first`` rows: held-out rows correct them.
    """
    if isinstance(stored, NumericLabels):
        if estimator.quantiles is None:
            return LabelEncoding(stored)
        estimator.target_ = estimator._learn_target(decoded(stored, first.Y), first.weights, None, ())
        return LabelEncoding(stored, quantiles=estimator.target_)
    factors = class_factors(estimator.class_weight, stored)
    if isinstance(stored, ClassLabels):
        if factors:
            shares = stored.shares * np.array(factors[0])
            estimator.target_ = replace(stored, shares=shares / shares.sum())
        return LabelEncoding(stored, factors=factors)
    smoothing = smoothing_of_labels(estimator.preset, 0) if estimator.cost is None else 0.0
    return LabelEncoding(stored, smoothing=smoothing, factors=factors)


def _held_out(estimator: Any, packed: PackedTable, recipe: Recipe, seed: int) -> tuple[Rows, Data]:
    """Returns the rows of most blocks, and those of some random blocks in memory, for validation."""
    if not recipe.validation_fraction:
        raise InputError("rows that are read in windows need held-out rows. Give validation_fraction > 0, or X_val.")
    rows = packed.rows
    training, held_out = rows.split(min(recipe.validation_fraction, MOST_HELD_OUT / rows.t), seed)
    return training, _data(estimator, held_out, packed.target, recipe, learns=False)

"""Fitting an estimator to packed rows.

Rows of up to 512 MiB are read once, and trained on as those of a table in memory: each network holds out a fold of its
own. Of more rows, which stay in their file, all networks hold out the same random blocks, up to 100,000 rows, and each
reads the others window by window. Packed rows are in random order, so that blocks of them are a fair sample; and since
no network has seen the held-out rows, temperatures, residuals and scores on them are those of the whole ensemble.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from chainrule.costs import TrainingSet
from chainrule.errors import InputError
from chainrule.estimators.examples import Examples
from chainrule.estimators.network import settings
from chainrule.estimators.network.checkpoints import checkpoint_folder
from chainrule.estimators.network.ensemble import MemberFactory
from chainrule.estimators.network.incremental.training import LARGEST_DRAWN_SEED
from chainrule.estimators.network.initial_network import ROWS_FOR_BINS, ROWS_FOR_INITIAL, Shape
from chainrule.estimators.network.packed.refusals import require_suited, require_suited_recipes
from chainrule.estimators.network.recipe import Recipe
from chainrule.estimators.network.training_rows import Data
from chainrule.estimators.network.validation_split import ValidationSplit
from chainrule.rows.rows import Rows
from chainrule.tables.packing.packed_table import PackedTable
from chainrule.tables.target_decoder import ClassLabels
from chainrule.tables.targets.decoders import decoded

MOST_HELD_OUT = 100_000  # rows, which tell a coverage of 90 % to 0.1 %
NO_ROWS = np.zeros(0, np.intp)


def fit_to_rows(estimator: Any, rows: Rows, given: Mapping[str, Any]) -> None:
    """Fits a `NetworkBase` to packed rows; ``given`` are the other arguments of ``fit``, by name.

    Raises InputError for rows that carry no encoder, and for what does not go with them.
    """
    began = time.perf_counter()
    require_suited(estimator, given)
    packed = PackedTable.of(rows)
    _take_over(estimator, packed)
    params, task = estimator.get_params(deep=False), packed.target.task
    recipes = settings.as_recipes(params, task, rows.t)
    in_windows = rows.windows(None, recipes[0].batch_size or 1) > 1
    require_suited_recipes(recipes, are_classes=task == "classification", in_windows=in_windows)
    validation: Data | None = estimator._validation(
        given["X_val"], given["y_val"], given["sample_weight_val"], None, recipes[0]
    )
    seeds = check_random_state(estimator.random_state)
    if in_windows:
        seed = seeds.randint(LARGEST_DRAWN_SEED)
        training, validation = (rows, validation) if validation else _held_out(estimator, rows, recipes[0], seed)
        some = _first_rows(training, max(ROWS_FOR_INITIAL, ROWS_FOR_BINS))
        first = _data(estimator, training, some, recipes[0]).examples
        no_rows = [ValidationSplit(NO_ROWS, NO_ROWS)] * recipes[0].n_networks
        splits = dict.fromkeys(recipes, no_rows)
        stored: Any = training
        unread: Any = None
        data = Data(rows, unread, NO_ROWS, None, Examples(stored, unread, None), NO_ROWS, None)
    else:
        data, first = _data(estimator, rows, rows.in_memory(), recipes[0]), None
        splits = estimator._make_splits(data, recipes, (), validation is not None, None, seeds, False)
    estimator._recipe_numbers = [j % len(recipes) for j in range(len(splits[recipes[0]]))]
    drawn = [int(seed) for seed in seeds.randint(LARGEST_DRAWN_SEED, size=len(estimator._recipe_numbers))]
    m = len(packed.target) if isinstance(packed.target, ClassLabels) else packed.target.m
    m = m if in_windows else data.examples.Y.shape[1]
    make = MemberFactory(
        task, estimator.dtype, Shape(rows.n, packed.encoder.n_numbers_, m), data.examples, splits, drawn,
        None if validation is None else validation.examples, initial=first,
    )  # fmt: skip
    plan = estimator._plan(recipes, estimator._recipe_numbers, began, False)
    plan = estimator._by_metric(plan, (validation or data).labels, validation is not None or _holds_out(splits))
    plan = replace(plan, checkpoint=checkpoint_folder(params), resumes=estimator.resume)
    estimator._train(make, plan, data, validation or data)
    estimator._has_short_recipes = False
    if in_windows:
        estimator._n_rows = 0  # no table has the same rows


def _holds_out(splits: Mapping[Recipe, list[ValidationSplit]]) -> bool:
    return any(len(split.held_out) for of_recipe in splits.values() for split in of_recipe)


def _take_over(estimator: Any, packed: PackedTable) -> None:
    """Gives the estimator the encoder and the target of packed rows. Raises InputError for those of another task."""
    if packed.target.task != estimator._task:
        other = "NetworkClassifier" if packed.target.task == "classification" else "NetworkRegressor"
        raise InputError(f"{packed.rows.name} was packed for {packed.target.task}. Use {other}, or pack it again.")
    packed.encoder.set_params(dtype=estimator.dtype)
    estimator.encoder_, estimator.target_, estimator._n_sparse = packed.encoder, packed.target, 0
    targets = packed.about["targets"]
    estimator._names = {"source": packed.about["source"], **({"column": targets[0]} if len(targets) == 1 else {})}
    estimator.n_features_in_ = packed.encoder.n_features_in_
    estimator.__dict__.pop("feature_names_in_", None)
    if hasattr(packed.encoder, "feature_names_in_"):
        estimator.feature_names_in_ = packed.encoder.feature_names_in_


def _first_rows(rows: Rows, count: int) -> TrainingSet:
    """Reads the rows of the first blocks, at least ``count`` of them, or all."""
    blocks = 1 + int(np.searchsorted(np.cumsum(rows.sizes[:-1]), count))
    ends = np.cumsum(rows.sizes[:blocks]).tolist()
    X = np.empty((ends[-1], rows.n), np.float32)
    Y = np.concatenate([rows.read(block, X[a:b]).Y for block, (a, b) in enumerate(pairwise([0, *ends]))])
    return TrainingSet(X, Y)


def _data(estimator: Any, rows: Rows, encoded: TrainingSet, recipe: Recipe) -> Data:
    """Returns rows in memory, with their labels in the values of y."""
    labels = decoded(estimator.target_, encoded.Y)
    Y, class_numbers = estimator._encode_labels(labels, recipe)
    X: Any = encoded.X
    examples = Examples(X.astype(estimator.dtype, copy=False), np.ascontiguousarray(Y, estimator.dtype), None)
    return Data(rows, labels, np.arange(len(labels)), None, examples, labels, class_numbers)


def _held_out(estimator: Any, rows: Rows, recipe: Recipe, seed: int) -> tuple[Rows, Data]:
    """Returns the rows of most blocks, and those of some random blocks in memory, for validation."""
    if not recipe.validation_fraction:
        raise InputError("rows that are read in windows need held-out rows. Give validation_fraction > 0, or X_val.")
    training, held_out = rows.split(min(recipe.validation_fraction, MOST_HELD_OUT / rows.t), seed)
    return training, _data(estimator, held_out, held_out.in_memory(), recipe)

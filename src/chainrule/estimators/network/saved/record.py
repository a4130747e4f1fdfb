"""The record of a fitted estimator in a file, and the estimator restored from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chainrule._internal.user_warnings import warn
from chainrule.activations import Sigma
from chainrule.errors import FileFormatError, TrainingWarning
from chainrule.estimators.network import settings
from chainrule.estimators.network.hidden import Hidden
from chainrule.estimators.network.incremental.later_rows import LaterRows
from chainrule.estimators.network.incremental.recent_rows import RecentRows
from chainrule.estimators.network.recipe import Recipe
from chainrule.estimators.network.saved.course import histories_from_parts, history_parts
from chainrule.estimators.network.saved.splits import PackedSplits
from chainrule.estimators.saving.settings import (
    COMMON,
    Kinds,
    NotStorable,
    as_json,
    from_json,
    settings_parts,
    with_settings,
)
from chainrule.estimators.saving.states import state_from_parts, state_parts
from chainrule.files import field
from chainrule.tables.columns import Task
from chainrule.tables.estimator_record import EstimatorRecord
from chainrule.tables.model import TableModel

KINDS: Kinds = {**COMMON, "Hidden": Hidden, "Recipe": Recipe}
PLAIN = ("stopped_", "validation_score_", "n_iter_", "_n_rows", "_n_sparse", "_recipe_numbers", "_has_short_recipes")


def record_of(estimator: Any, with_state: bool) -> EstimatorRecord:
    """Returns the record of a fitted estimator, with the state of its training if that is to be kept and is here."""
    kept, lacking = settings_parts(estimator.get_params(deep=False), KINDS)
    histories, tensors = history_parts(estimator.histories_)
    header: dict[str, Any] = {
        "class": type(estimator).__name__,
        "parameters": kept,
        **({"lacking": lacking} if lacking else {}),
        "fitted": {name: as_json(getattr(estimator, name)) for name in PLAIN if hasattr(estimator, name)},
        "histories": histories,
        **_recipe_parts(estimator.recipes_),
    }
    if estimator._later is not None:
        header["later"], sums = estimator._later.parts()
        tensors |= sums
    if with_state and estimator.states_:
        if (recent := getattr(estimator, "_recent", None)) is not None:
            tensors |= recent.parts()
        parts = [
            state_parts(state, net, j)
            for j, (state, net) in enumerate(zip(estimator.states_, estimator.networks_, strict=True), 1)
        ]
        header["states"] = [part for part, _ in parts]
        header["splits"], more = estimator._splits.parts()
        for _, own in parts:
            more |= own
        tensors |= more
    return EstimatorRecord(header, tensors)


def _recipe_parts(recipes: tuple[Recipe, ...]) -> dict[str, Any]:
    """Returns the distinct recipes and the number of each network's, unless one holds a user's own code."""
    place = {recipe: k for k, recipe in enumerate(dict.fromkeys(recipes))}
    try:
        return {
            "recipes": [as_json(recipe, KINDS) for recipe in place],
            "recipe_of_network": [place[recipe] for recipe in recipes],
        }
    except NotStorable:
        return {}


def restored(kind: type[Any], name: str, model: TableModel, own: Mapping[str, Sigma]) -> Any:
    """Returns the estimator of this class that made a model, as it was when it was saved.

    ``name`` is that of the file, and ``own`` has the user's own σ. Issues a TrainingWarning for settings that the file
    does not hold. Raises FileFormatError.
    """
    task: Task = "regression" if model.target.task == "regression" else "classification"
    if task != kind._task:
        made_by = "NetworkClassifier" if task == "classification" else "NetworkRegressor"
        raise FileFormatError(
            f"{name} holds a model for {task}; expected one for {kind._task}. Read it by {made_by}.load."
        )
    try:
        if model.estimator is None:
            estimator = _of_model_alone(kind, name, model)
        else:
            estimator = _of_record(kind, name, model.estimator, model, own)
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError, OverflowError) as error:
        raise FileFormatError(f"{name} does not describe a complete estimator: {str(error).rstrip('.')}.") from None
    estimator.model_ = model
    estimator.encoder_, estimator.target_ = model.encoder, model.target
    estimator.n_features_in_ = model.encoder.n_features_in_
    if hasattr(model.encoder, "feature_names_in_"):
        estimator.feature_names_in_ = model.encoder.feature_names_in_
    estimator.recipe_ = estimator.recipes_[0]
    return estimator


def _of_record(kind: type[Any], name: str, record: EstimatorRecord, model: TableModel, own: Mapping[str, Sigma]) -> Any:
    header, tensors, count = record.header, record.tensors, len(model.networks)
    estimator = with_settings(kind, name, header, own, KINDS)
    fitted = field(header, "fitted", dict)
    vars(estimator).update({key: from_json(entry, own) for key, entry in fitted.items() if key in PLAIN})
    histories = field(header, "histories", list)
    if len(histories) != count:
        raise ValueError(f"it must have {count} histories, one for each network; got {len(histories)}")
    entries = field(header, "states", list) if "states" in header else []
    if entries and len(entries) != count:
        raise ValueError(f"it must have {count} states, one for each network; got {len(entries)}")
    numbered = enumerate(zip(entries, model.networks, strict=True), 1) if entries else ()
    estimator.states_ = tuple(state_from_parts(entry, tensors, net, j) for j, (entry, net) in numbered)
    estimator.histories_ = histories_from_parts(histories, tensors, estimator.states_)
    if entries:
        estimator._splits = PackedSplits.from_parts(header["splits"], tensors)
    estimator._recent = RecentRows.from_parts(tensors, model.target, model.networks)
    if "later" in header:
        epochs = [history.epochs for history in estimator.histories_]
        estimator._later = LaterRows.from_parts(field(header, "later", dict), tensors, epochs)
    estimator.recipes_ = _recipes(estimator, model.target.task, header, own, count)
    return estimator


def _recipes(
    estimator: Any, task: Task, header: Mapping[str, Any], own: Mapping[str, Sigma], count: int
) -> tuple[Recipe, ...]:
    """Returns the recipe of each network; by the settings, if the file lacks it for a user's own code."""
    if "recipes" in header:
        made = [from_json(entry, own, KINDS) for entry in field(header, "recipes", list)]
        return tuple(made[k] for k in field(header, "recipe_of_network", list))
    params = estimator.get_params(deep=False)
    made = list(settings.as_recipes(params, task, estimator._n_rows, estimator._n_sparse))
    return tuple(made[j % len(made)] for j in range(count))


def _of_model_alone(kind: type[Any], name: str, model: TableModel) -> Any:
    """Returns an estimator for a model whose file holds no settings, as files of before did."""
    about = model.about
    preset = about.get("preset")
    estimator = kind(preset=preset) if isinstance(preset, str) else kind()
    rows = about.get("rows")
    estimator._n_rows = rows if isinstance(rows, int) else 1_000
    estimator._n_sparse = 0
    score = about.get("validation_score")
    estimator.validation_score_ = score if isinstance(score, float) else None
    estimator.histories_, estimator.states_ = (), ()
    recipes = settings.as_recipes(estimator.get_params(deep=False), model.target.task, estimator._n_rows)
    count = len(model.networks)
    estimator._recipe_numbers = [j % len(recipes) for j in range(count)]
    estimator.recipes_ = tuple(recipes[k] for k in estimator._recipe_numbers)
    warn(
        f"{name} holds encoder, networks and predictions, but neither the settings of its estimator nor the course of "
        f"its training: the parameters are those of preset {estimator.preset!r}, and history_ is empty. Set others by "
        "set_params before training continues.",
        TrainingWarning,
    )
    return estimator

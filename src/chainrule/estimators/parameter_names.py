"""Parameters under names that an estimator does not have: an error that names the parameter that is meant."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, Self, TypeVar

from chainrule._internal.naming import nearest
from chainrule.errors import InputError

P = ParamSpec("P")
R = TypeVar("R")

ELSEWHERE = {  # the names that other libraries give to each parameter
    "activation": ("nonlinearity", "act", "sigma", "activation_function"),
    "batch_size": ("batch", "minibatch_size", "bs"),
    "callbacks": ("callback",),
    "categories": ("cat_features", "categorical_features", "categorical_feature", "cat_cols"),
    "checkpoint": ("model_dir", "checkpoint_dir", "snapshot_file"),
    "class_weight": ("class_weights",),
    "cost": ("loss", "loss_function", "criterion", "objective", "loss_fn"),
    "engine": ("device", "backend", "task_type"),
    "epochs": ("max_iter", "n_epochs", "num_epochs", "max_epochs", "nb_epoch", "iterations", "n_iter"),
    "hidden_layer_sizes": ("hidden_layers", "hidden_sizes", "hidden_units", "layers", "n_units"),
    "learning_rate": ("lr", "eta", "learning_rate_init", "step_size"),
    "n_networks": ("n_estimators", "n_ens", "ensemble_size", "n_models"),
    "optimizer": ("solver", "optimiser", "optim"),
    "patience": ("n_iter_no_change", "early_stopping", "early_stopping_rounds", "early_stopping_patience"),
    "random_state": ("seed", "random_seed"),
    "sample_weight": ("weight", "weights", "sample_weights"),
    "scoring": ("eval_metric", "metric", "metrics"),
    "threads": ("n_jobs", "num_threads", "n_threads", "nthread", "thread_count"),
    "time_limit": ("max_time", "time_budget", "timeout", "max_runtime_secs"),
    "validation_fraction": ("validation_split", "test_size", "val_fraction"),
    "weight_decay": ("alpha", "l2", "wd", "reg_lambda", "l2_regularization"),
    "X_val": ("eval_set", "validation_data", "validation_set", "X_valid"),
    "y_val": ("y_valid",),
}


def suggesting_names(function: Callable[P, R]) -> Callable[P, R]:
    """Lets a function answer a keyword that it does not have by naming the parameter that is meant.

    >>> @suggesting_names
    ... def fit(*, learning_rate=0.1):
    ...     return learning_rate
    >>> fit(lr=0.2)
    Traceback (most recent call last):
    TypeError: fit has no parameter 'lr'; did you mean 'learning_rate'?
    """
    known = tuple(name for name in inspect.signature(function).parameters if name != "self")
    called = function.__qualname__.removesuffix(".__init__")

    @wraps(function)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        for given in kwargs:
            if given not in known:
                raise TypeError(f"{called} has no parameter {given!r}{_suggestion(given, known)}")
        return function(*args, **kwargs)

    return checked


class ParameterNamesMixin:
    """An estimator, before scikit-learn's base class, whose `set_params` names the parameter that is meant."""

    def set_params(self, **params: Any) -> Self:
        """Sets parameters, which hold from the next `fit` on.

        An optimizer, a cost or σ is a value, whose own fields are not set: another one replaces it.

        Raises InputError for a name that the estimator does not have.

        >>> from chainrule.estimators import NetworkRegressor
        >>> NetworkRegressor().set_params(epochs=20)
        NetworkRegressor(epochs=20)
        >>> NetworkRegressor().set_params(optimizer__lr=0.1)
        Traceback (most recent call last):
        chainrule.errors.InputError: NetworkRegressor has no parameter 'optimizer__lr'; did you mean 'learning_rate'?
        """
        known = tuple(inspect.signature(type(self)).parameters)
        for given in params:
            if given not in known:
                suggestion = _suggestion(given.rpartition("__")[2], known)
                raise InputError(f"{type(self).__name__} has no parameter {given!r}{suggestion}")
        base: Any = super()
        base.set_params(**params)
        return self


def _suggestion(given: str, known: tuple[str, ...]) -> str:
    for ours, others in ELSEWHERE.items():
        names = (*others, ours)  # an estimator may have the name that another library gives
        if given in names and (meant := [name for name in names if name in known]):
            return f"; did you mean {meant[0]!r}?"
    return nearest(given, known) or f". It has: {', '.join(known)}."

"""Settings of MLPClassifier and MLPRegressor: scikit-learn's names and ranges, checked when training begins."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from numbers import Integral
from typing import Any

import numpy as np

from chainrule import activations
from chainrule._internal.checks import as_integer, as_real, shown
from chainrule.activations import ACTIVATIONS, Sigma
from chainrule.errors import InputError
from chainrule.training.callbacks.calls import as_callbacks

STOCHASTIC = ("sgd", "adam")


def as_sigma(activation: object) -> Sigma:
    """Returns the σ of the hidden layers, given as an activation or its name ("logistic" is the sigmoid)."""
    name = "sigmoid" if activation == "logistic" else activation
    if isinstance(name, (str, Sigma)):
        return activations.get(name)
    raise InputError(
        f"activation must be an activation, such as cr.relu, or the name of one (logistic, "
        f"{', '.join(sorted(ACTIVATIONS))}); got {shown(activation)}."
    )


def as_hidden_sizes(sizes: object) -> list[int]:
    """Returns the sizes of the hidden layers, given as a number or a list of numbers, each ≥ 1."""
    several = isinstance(sizes, Iterable) and not isinstance(sizes, (str, bytes))
    given: list[Any] = list(sizes) if several else [sizes]  # type: ignore[call-overload]
    if not all(isinstance(m, Integral) and not isinstance(m, bool) and int(m) > 0 for m in given):
        raise InputError(f"hidden_layer_sizes must be > 0, got {given}.")
    return [int(m) for m in given]


def _among(*names: str) -> Callable[[Any, str], None]:
    def check(value: Any, symbol: str) -> None:
        if not isinstance(value, str) or value not in names:
            raise InputError(f"{symbol} must be one of {', '.join(map(repr, names))}; got {shown(value)}.")

    return check


def _real(minimum: float, maximum: float = math.inf, *, open_minimum: bool = False, below: bool = False) -> Any:
    def check(value: Any, symbol: str) -> None:
        number = as_real(value, symbol, minimum, maximum, open_minimum=open_minimum)
        if below and number == maximum:
            raise InputError(f"{symbol} must be < {maximum:g}; got {shown(value)}.")

    return check


def _count(value: Any, symbol: str) -> None:
    as_integer(value, symbol, 1)


def _flag(value: Any, symbol: str) -> None:
    if not isinstance(value, (bool, np.bool_)):
        raise InputError(f"{symbol} must be True or False; got {shown(value)}.")


def _none_or(check: Callable[[Any, str], None]) -> Callable[[Any, str], None]:
    return lambda value, symbol: None if value is None else check(value, symbol)


def _verbose(value: Any, symbol: str) -> None:
    if not isinstance(value, (bool, np.bool_)):
        as_integer(value, symbol, 0)


def _class_weight(value: Any, symbol: str) -> None:
    if not (value is None or value == "balanced" or isinstance(value, (Mapping, list))):
        raise InputError(f"{symbol} must be None, 'balanced' or a dict from classes to weights; got {shown(value)}.")


CHECKS: dict[str, Callable[[Any, str], object]] = {
    "loss": _among("squared_error", "poisson"),
    "hidden_layer_sizes": lambda value, _: as_hidden_sizes(value),
    "activation": lambda value, _: as_sigma(value),
    "solver": _among("lbfgs", *STOCHASTIC),
    "alpha": _real(0.0),
    "batch_size": lambda value, symbol: None if isinstance(value, str) and value == "auto" else _count(value, symbol),
    "learning_rate": _among("constant", "invscaling", "adaptive"),
    "learning_rate_init": _real(0.0, open_minimum=True),
    "power_t": _real(0.0),
    "max_iter": _count,
    "shuffle": _flag,
    "tol": _real(0.0),
    "verbose": _verbose,
    "warm_start": _flag,
    "momentum": _real(0.0, 1.0),
    "nesterovs_momentum": _flag,
    "early_stopping": _flag,
    "validation_fraction": _real(0.0, 1.0, below=True),
    "beta_1": _real(0.0, 1.0, below=True),
    "beta_2": _real(0.0, 1.0, below=True),
    "epsilon": _real(0.0, open_minimum=True),
    "n_iter_no_change": lambda value, symbol: None if value == math.inf else _count(value, symbol),
    "max_fun": _count,
    "class_weight": _class_weight,
    "precision": _among("auto", "single", "double"),
    "threads": _none_or(_count),
    "callbacks": lambda value, _: as_callbacks(value),
    "callback_epochs": _none_or(_count),
}


def require_valid_settings(settings: Mapping[str, Any]) -> None:
    """Raises InputError for the first setting that is out of range."""
    for symbol, value in settings.items():
        if symbol in CHECKS:
            CHECKS[symbol](value, symbol)
    if settings["callbacks"] and (settings["solver"] == "lbfgs" or _changes_rate(settings)):
        raise InputError(
            'callbacks watch one History, that of solver="adam", or of "sgd" with learning_rate="constant"; got '
            f"solver={settings['solver']!r} with learning_rate={settings['learning_rate']!r}. Choose one of these, or "
            "scikit-learn's own callbacks (set_callbacks)."
        )


def _changes_rate(settings: Mapping[str, Any]) -> bool:
    """Returns True if the learning rate is changed between stages, which have histories of their own."""
    return bool(settings["solver"] == "sgd" and settings["learning_rate"] != "constant")

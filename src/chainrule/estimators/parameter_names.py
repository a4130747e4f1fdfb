"""Parameters under names that an estimator does not have: an error that names the parameter that is meant."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, Self, TypeVar, cast

from chainrule._internal.naming import nearest
from chainrule.errors import InputError
from chainrule.estimators.names_elsewhere import ELSEWHERE, INSTEAD

P = ParamSpec("P")
R = TypeVar("R")


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
                place, others = _other_place(function, cast("tuple[Any, ...]", args))
                raise TypeError(f"{called} has no parameter {given!r}{_suggestion(given, known, place, others)}")
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
                suggestion = _suggestion(given.rpartition("__")[2], known, *_other_place(type(self).__init__, (self,)))
                raise InputError(f"{type(self).__name__} has no parameter {given!r}{suggestion}")
        base: Any = super()
        base.set_params(**params)
        return self


def _other_place(function: Callable[..., Any], args: tuple[Any, ...]) -> tuple[str, tuple[str, ...]]:
    """Returns where an estimator has other parameters, and their names: `fit` beside the constructor, and the reverse.

    A function that is no method has none.
    """
    if not args:
        return "", ()
    kind = type(args[0])
    if function.__name__ == "__init__":
        return "fit", tuple(inspect.signature(kind.fit).parameters)[1:]
    return kind.__name__, tuple(inspect.signature(kind).parameters)


def _suggestion(given: str, known: tuple[str, ...], place: str, others: tuple[str, ...]) -> str:
    """Returns the end of the message: the parameter that is meant, here or in another place, or what stands for it."""
    names: tuple[str, ...] = (given,)  # under which the parameter may be known
    for ours, elsewhere in ELSEWHERE.items():
        if given == ours or given in elsewhere:
            names = (given, *elsewhere, ours)  # an estimator may have the name that another library gives
    if meant := [name for name in names if name in known]:
        return f"; did you mean {meant[0]!r}?"
    if meant := [name for name in names if name in others]:
        return f"; {place} has it: {place}({meant[0]}=…)"
    for instead, needed, sentence in INSTEAD:
        if given in instead and (needed in known or needed in others):
            return f": {sentence}."
    near = nearest(given, known) if len(names) == 1 else ""  # what looks like a name of the table means something else
    return near or f". It has: {', '.join(known)}."

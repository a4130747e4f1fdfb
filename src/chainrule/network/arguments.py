"""Checks of the arguments that describe a network: sizes, number types, and one value for each hidden layer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import DTypeLike

from chainrule import activations
from chainrule._internal.checks import LARGEST, as_integer, shown
from chainrule.activations import Sigma
from chainrule.errors import InputError
from chainrule.network.theta import dense_layout, parameter_count

T = TypeVar("T")

FLOATS = (np.dtype(np.float32), np.dtype(np.float64), np.dtype(np.complex128))  # complex θ is for complex-step checks


def as_sizes(sizes: object) -> tuple[int, ...]:
    """Returns ``sizes`` as m₀ … m_r, each ≥ 1, for a network with at least one layer."""
    in_order = isinstance(sizes, Iterable) and not isinstance(sizes, (str, bytes, Set, Mapping))
    given = tuple(cast("Iterable[object]", sizes)) if in_order else ()
    if len(given) < 2:
        raise InputError(f"sizes must be a list m₀ … m_r of at least an input and an output size; got {shown(sizes)}.")
    m = tuple(as_integer(m_i, f"sizes[{i}]", 1) for i, m_i in enumerate(given))
    if (d := parameter_count(dense_layout(m))) > LARGEST // 16:  # beyond this an array cannot be addressed
        raise InputError(f"sizes must give a θ that fits in memory; got {shown(m)}, which has d = {d:.0e} parameters.")
    return m


def as_dtype(dtype: DTypeLike) -> np.dtype[Any]:
    """Returns ``dtype`` as a number type that θ may have."""
    try:
        kind = None if dtype is None else np.dtype(dtype)
    except (TypeError, ValueError, SyntaxError):  # NumPy parses strings as types and may raise any of these
        kind = None
    if kind is None or kind not in FLOATS:
        raise InputError(f"dtype must be float32 or float64; got {shown(dtype)}.")
    return kind


def one_each(value: Any, count: int, symbol: str, checked: Callable[[Any], T]) -> list[T]:
    """Returns one checked value per hidden layer: the entries of a list, or ``count`` times a single value."""
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        if len(value) != count:
            raise InputError(
                f"{symbol} must be one value or a list of {count}, one per hidden layer; got {len(value)}."
            )
        return [checked(one) for one in value]
    return [checked(value)] * count  # the value is checked even if there is no hidden layer


def as_sigmas(sigmas: object, count: int) -> list[Sigma]:
    """Returns a list of one σ, or the name of one, for each of ``count`` layers as activations."""
    if isinstance(sigmas, str) or not isinstance(sigmas, Sequence) or len(sigmas) != count:
        raise InputError(
            f"sigmas must be a list of one σ per layer, {count} for {count + 1} sizes; got {shown(sigmas)}."
        )
    return [activations.get(sigma) for sigma in sigmas]

"""Faults of X: constant and unscaled inputs, and an input that gives the target away."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.checks import Array
from chainrule._internal.naming import listed
from chainrule.diagnosis.case import Case
from chainrule.diagnosis.finding import Finding

LARGE = 30.0  # the root mean square above which an input counts as unscaled
SMALL = 1e-3  # and below which all of them do
ENOUGH = 50  # rows, for a rule that holds in every row to be no chance
SAME = 0.9999  # the correlation at which an input is the target


def constant_inputs(case: Case) -> Iterator[Finding]:
    """Finds inputs that are the same in every row."""
    X = case.data.X
    if len(X) > 1 and (constant := np.flatnonzero(np.ptp(X, axis=0) == 0.0)).size:
        yield Finding(
            "constant inputs",
            f"{_inputs(case, constant)} the same in every row.",
            "Leave them out: b[1] can do what they do.",
        )


def unscaled_inputs(case: Case) -> Iterator[Finding]:
    """Finds inputs that are far from 1 in size."""
    X = case.data.X
    size = np.sqrt((X.astype(np.float64) ** 2).mean(axis=0))
    large = np.flatnonzero(size > LARGE)
    if large.size:
        k = int(size.argmax())
        yield Finding(
            "unscaled inputs",
            f"{_inputs(case, large)} large: the root mean square of input {_name(case, k)!r} is {size[k]:.3g}.",
            "Subtract the mean of each input, and divide by its standard deviation.",
        )
    elif size.max() < SMALL and size.max() > 0:
        yield Finding(
            "unscaled inputs",
            f"all inputs are small: the largest root mean square is {size.max():.3g}.",
            "Divide each input by its standard deviation.",
        )


def leaks(case: Case) -> Iterator[Finding]:
    """Finds an input that determines the label alone, which a table for training should not hold."""
    X, Y = case.data.X, case.data.Y
    if X.shape[1] == 1 or len(X) < ENOUGH:
        return
    if case.is_classification:
        classes = case.classes(Y)
        found = [k for k, x in enumerate(X.T) if separates_classes(x, classes)]
    else:
        found = [k for k, x in enumerate(X.T) if is_the_target(x, Y)]
    if found:
        yield Finding(
            "a leak of the target",
            f"{_inputs(case, np.array(found))} enough to know the label in every one of {len(X)} rows.",
            "Leave out what is known only when the label is known.",
        )


def is_the_target(x: Array, Y: Array) -> bool:
    """Returns True if x (t,) is a linear function of a column of Y (t, m), almost exactly."""
    if x.std() == 0.0:
        return False
    return any(abs(np.corrcoef(x, y)[0, 1]) > SAME for y in Y.T if y.std() > 0.0)


def separates_classes(x: Array, classes: NDArray[Any]) -> bool:
    """Returns True if the classes lie in intervals of x, or if each of few values of x has one class."""
    order = np.argsort(x, kind="stable")
    values, labels = x[order], classes[order]
    starts = np.flatnonzero(np.diff(values, prepend=-np.inf))
    ends = np.append(starts[1:], len(values))
    if any((labels[first:end] != labels[first]).any() for first, end in zip(starts, ends, strict=True)):
        return False
    changes, present = np.count_nonzero(np.diff(labels)), len(np.unique(labels))
    return present > 1 and (changes == present - 1 or len(starts) <= len(values) / 10)


def _inputs(case: Case, places: NDArray[np.intp]) -> str:
    names = listed([_name(case, int(k)) for k in places], 5)
    return f"input {names} is" if len(places) == 1 else f"inputs {names} are"


def _name(case: Case, k: int) -> int | str:
    """Returns the name of an input, or its number."""
    return k if case.names is None else case.names[k]

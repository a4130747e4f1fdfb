"""What a network is to tell: classes or numbers, with the cost and the output σ that belong to them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainrule.checks import Array
from chainrule.cli.table import Column, listed
from chainrule.costs import Cost, CrossEntropy, LogLikelihood, SumOfSquares
from chainrule.errors import InputError

Value = str | bool | int | float
Task = Literal["classes", "numbers"]

MOST_WHOLE_CLASSES = 30
ROWS_PER_CLASS = 5


class Score(NamedTuple):
    """One measure over rows, of the network and of a guess that knows no inputs."""

    name: str
    network: float
    baseline: float


@dataclass(frozen=True)
class Classes:
    """Classes: two are told by one sigmoid output and the log-likelihood (L11), more by softmax and the cross-entropy.

    ``values`` are the classes in order; ``shares`` (k,) their part of the training rows.
    """

    column: str
    values: tuple[Value, ...]
    shares: Array

    kind: ClassVar[Task] = "classes"
    baseline: ClassVar[str] = "always the most frequent class (cross-entropy: the classes' shares of the training rows)"

    @property
    def m(self) -> int:
        """The number of outputs of the network."""
        return 1 if len(self.values) == 2 else len(self.values)

    @property
    def sigma(self) -> str:
        """σ of the output layer."""
        return "sigmoid" if self.m == 1 else "softmax"

    @property
    def cost(self) -> Cost:
        """J: a mean over the examples, so that the learning rate does not depend on their number."""
        return LogLikelihood(mean=True) if self.m == 1 else CrossEntropy(mean=True)

    def labels(self, column: Column) -> NDArray[Any]:
        """Y for the cost: (t, 1) of 0 and 1, or class numbers (t,)."""
        numbers = self.numbers(column)
        return numbers[:, None].astype(np.float64) if self.m == 1 else numbers

    def numbers(self, column: Column) -> NDArray[np.intp]:
        """The number of each row's class (t,). Raises InputError with the first row whose class is not known."""
        number = {value: k for k, value in enumerate(self.values)}
        as_text = all(isinstance(value, str) for value in self.values) and column.kind == "numbers"
        answers = np.empty(len(column.values), dtype=np.intp)
        for j, value in enumerate(column.values.tolist()):
            k = number.get(str(value) if as_text else value)
            if k is None:
                raise InputError(
                    f"{self.column!r} has the class {value!r} in row {j + 1}, which the network was not trained on; "
                    f"it knows {listed(self.values)}."
                )
            answers[j] = k
        return answers

    def probabilities(self, A: Array) -> Array:
        """P(class) (t, k) from the network's outputs (t, m)."""
        return np.hstack([1.0 - A, A]) if self.m == 1 else A

    def predictions(self, A: Array) -> dict[str, list[Any]]:
        """The likeliest class of each row, and the probability of every class, as columns."""
        P = self.probabilities(A)
        columns: dict[str, list[Any]] = {"prediction": [self.values[k] for k in P.argmax(axis=1)]}
        return columns | {f"probability_{value}": P[:, k].tolist() for k, value in enumerate(self.values)}

    def scores(self, A: Array, J: float, column: Column) -> list[Score]:
        """Accuracy and cross-entropy (in nats) over rows with outputs A (t, m) and cost J."""
        k = self.numbers(column)
        with np.errstate(divide="ignore"):
            surprise = -np.log(self.shares[k])
        return [
            Score(
                "accuracy",
                float((self.probabilities(A).argmax(axis=1) == k).mean()),
                float((k == self.shares.argmax()).mean()),
            ),
            Score("cross-entropy", J, float(surprise.mean())),
        ]


@dataclass(frozen=True)
class Numbers:
    """Numbers: an identity output and the sum of squares (L10), over the target standardised by the training rows."""

    column: str
    mean: float
    deviation: float

    kind: ClassVar[Task] = "numbers"
    baseline: ClassVar[str] = "always the mean of the training rows"
    m: ClassVar[int] = 1
    sigma: ClassVar[str] = "identity"

    @property
    def cost(self) -> Cost:
        """J: a mean over the examples, so that the learning rate does not depend on their number."""
        return SumOfSquares(mean=True)

    def labels(self, column: Column) -> NDArray[Any]:
        """Y for the cost (t, 1), standardised."""
        return (_finite(self.column, column)[:, None] - self.mean) / self.deviation

    def predictions(self, A: Array) -> dict[str, list[Any]]:
        """The number that the network tells for each row, in the target's own unit."""
        return {"prediction": self._unscaled(A).tolist()}

    def scores(self, A: Array, J: float, column: Column) -> list[Score]:
        """RMSE and MAE in the target's unit, and R², over rows with outputs A (t, 1)."""
        y = _finite(self.column, column)
        errors, guess, spread = y - self._unscaled(A), y - self.mean, y - y.mean()
        total = float(spread @ spread)

        def r_squared(e: Array) -> float:
            return 1.0 - float(e @ e) / total if total > 0.0 else math.nan

        return [
            Score("RMSE", math.sqrt(float((errors**2).mean())), math.sqrt(float((guess**2).mean()))),
            Score("MAE", float(np.abs(errors).mean()), float(np.abs(guess).mean())),
            Score("R²", r_squared(errors), r_squared(guess)),
        ]

    def _unscaled(self, A: Array) -> Array:
        return self.mean + self.deviation * A[:, 0]


Target = Classes | Numbers


def decide(name: str, column: Column, task: Task | None) -> tuple[Task, str]:
    """Whether a column holds classes or numbers, and why.

    Texts and yes-or-no values are classes. Whole numbers are classes if there are at most 30 different ones and, on
    average, five rows of each; other numbers are numbers. ``task`` overrules that. Raises InputError where it cannot.
    """
    values = column.values
    if column.kind not in ("numbers", "text"):
        raise InputError(f"target {name!r} must hold classes or numbers; got {column.kind}.")
    if column.kind == "text" or values.dtype.kind == "b":
        what = "text" if column.kind == "text" else "yes or no"
        if task == "numbers" and column.kind == "text":
            raise InputError(f"target {name!r} cannot be numbers: it holds text, such as {values[0]!r}.")
        return (task, "as asked for") if task else ("classes", what)
    distinct = len(np.unique(values))
    if task:
        return task, "as asked for"
    if (values == np.round(values)).all() and distinct <= min(MOST_WHOLE_CLASSES, len(values) / ROWS_PER_CLASS):
        return "classes", f"whole numbers, {distinct} different ones"
    return "numbers", f"{distinct} different ones"


def classes(name: str, column: Column) -> tuple[Value, ...]:
    """The different values of a column in order. Raises InputError if it has only one."""
    values = np.unique(column.values)
    if values.dtype.kind == "f" and np.abs(values).max() < 2**53 and (values == np.round(values)).all():
        values = values.astype(np.int64)  # 1.0 is written 1
    if len(values) < 2:
        raise InputError(f"target {name!r} must have two classes or more; every row has {values[0]!r}.")
    return tuple(values.tolist())


def fit(name: str, column: Column, training: NDArray[np.intp], task: Task) -> Target:
    """The target of these training rows. Raises InputError if it is the same in all of them."""
    if task == "classes":
        values = classes(name, column)
        numbers = Classes(name, values, np.empty(0)).numbers(column)[training]
        return Classes(name, values, np.bincount(numbers, minlength=len(values)) / len(training))
    y = _finite(name, column)[training]
    if y.max() == y.min():
        raise InputError(f"target {name!r} is {y[0]:g} in every training row; there is nothing to learn.")
    size = float(np.abs(y).max())  # so that no square overflows
    return Numbers(name, float((y / size).mean() * size), float((y / size).std() * size))


def parts(target: Target) -> tuple[dict[str, Any], dict[str, Array]]:
    """A target as JSON and tensors."""
    if isinstance(target, Classes):
        return {"kind": "classes", "column": target.column, "values": list(target.values)}, {
            "target.shares": target.shares
        }
    numbers = np.array([target.mean, target.deviation])
    return {"kind": "numbers", "column": target.column}, {"target.mean_deviation": numbers}


def from_parts(header: Mapping[str, Any], tensors: Mapping[str, Array]) -> Target:
    """The target that ``parts`` described. Raises KeyError, TypeError or ValueError where it is not a whole one."""
    column = header["column"]
    if not isinstance(column, str):
        raise ValueError(f"the target's column must be a text; got {column!r}")
    if header["kind"] == "numbers":
        mean, deviation = tensors["target.mean_deviation"].astype(np.float64).tolist()
        if not (math.isfinite(mean) and math.isfinite(deviation) and deviation > 0.0):
            raise ValueError(f"the target's mean and deviation must be finite; got {mean} and {deviation}")
        return Numbers(column, mean, deviation)
    if header["kind"] != "classes":
        raise ValueError(f"the target must be classes or numbers; got {header['kind']!r}")
    values, shares = tuple(header["values"]), tensors["target.shares"].astype(np.float64)
    if (
        len(values) < 2
        or len(set(values)) < len(values)
        or not all(isinstance(v, (str, bool, int, float)) for v in values)
    ):
        raise ValueError("the classes must be two or more different texts or numbers")
    if shares.shape != (len(values),) or not np.isfinite(shares).all():
        raise ValueError(f"the classes' shares must have shape ({len(values)},); got {shares.shape}")
    return Classes(column, values, shares)


def _finite(name: str, column: Column) -> Array:
    """A numeric target as float64."""
    if column.kind != "numbers":
        raise InputError(f"target {name!r} must hold numbers; got {column.kind}.")
    y = column.values.astype(np.float64)
    infinite = np.flatnonzero(np.isinf(y))
    if len(infinite):
        raise InputError(f"target {name!r} is infinite in row {infinite[0] + 1}.")
    return y

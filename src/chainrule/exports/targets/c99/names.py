"""The names and the constants of one model in C."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule._internal.checks import Floats
from chainrule.exports.plan import CategoryFeatures, InputColumn, Plan
from chainrule.exports.result import Classes
from chainrule.exports.single import as_single
from chainrule.exports.targets.identifiers import identifiers
from chainrule.exports.targets.printing import Syntax

MISSING_TIME = "INT64_MIN"
A_LINE = 6  # numbers in one line of an array


class Names:
    """Identifiers of a plan's columns and levels, and numbers in the syntax of C."""

    def __init__(self, plan: Plan, name: str, real: str) -> None:
        self.plan, self.real = plan, real
        (self.name,) = identifiers([name], prefix="model")
        columns = [column.name for column in plan.columns]
        self.fields = dict(zip(columns, identifiers(columns), strict=True))
        self.categories = {category.column: category for category in plan.categories}
        self.suffix = "f" if real == "float" else ""  # of constants and functions
        self.weight = "real" if plan.weights is None else f"{plan.weights}_t"  # the type of W

    @property
    def dense(self) -> int:
        """Number of features that are numbers, indicators of gaps, or single values."""
        return self.plan.n_numeric

    @property
    def outputs(self) -> str:
        """The constant that is the number of results."""
        return f"{self.name.upper()}_OUTPUTS"

    def number(self, value: float) -> str:
        """Returns a constant of the number type, in hexadecimal where six digits are not exact.

        A negative one has parentheses. Raises InputError for one that is too large for it.
        """
        text = self._written(self._rounded(value).item())
        return f"({text})" if value < 0 else text

    def array(self, values: Floats) -> str:
        """Returns the initialiser of an array. Raises InputError as `number` does."""
        return self._array([self._written(value) for value in np.ravel(self._rounded(values)).tolist()])

    def weights(self, values: Floats) -> str:
        """Returns the initialiser of entries of W, or of its integers."""
        if self.plan.weights is None:
            return self.array(values)
        return self._array([str(int(value)) for value in np.ravel(values).tolist()])

    def _rounded(self, values: ArrayLike) -> NDArray[np.floating[Any]]:
        """Returns numbers in the number type."""
        return as_single(values) if self.real == "float" else np.asarray(values, dtype=np.float64)

    def _written(self, rounded: float) -> str:
        """Returns a constant of the number type, which holds this number."""
        if math.isnan(rounded):
            return "NAN"
        text = f"{rounded:.6g}"
        if float(text) != rounded:
            text = re.sub("[.]?0*p", "p", rounded.hex())
        elif text.lstrip("-").isdigit():
            text += ".0"
        return text + self.suffix

    def _array(self, texts: list[str]) -> str:
        lines = [", ".join(texts[k : k + A_LINE]) for k in range(0, len(texts), A_LINE)]
        return "{\n    " + ",\n    ".join(lines) + "\n}"

    def syntax(self) -> Syntax:
        """Returns the forms of C."""
        f = self.suffix
        return Syntax(
            operations={
                "neg": "-{0}", "add": "{0} + {1}", "sub": "{0} - {1}", "mul": "{0} * {1}", "div": "{0} / {1}",
                "exp": f"exp{f}({{0}})", "log": f"log{f}({{0}})", "sqrt": f"sqrt{f}({{0}})", "sin": f"sin{f}({{0}})",
                "tanh": f"tanh{f}({{0}})", "abs": f"fabs{f}({{0}})", "less": "{0} < {1}", "where": "{0} ? {1} : {2}",
            },
            constant=self.number,
            statement="    const real {name} = {value};",
            condition="    const int {name} = {value};",
        )  # fmt: skip

    def type_of(self, column: InputColumn) -> str:
        """Returns the type of a column's field."""
        if column.name in self.categories:
            return "int"
        return "int64_t" if column.kind == "datetime" else f"{self.name}_real"

    def level_function(self, category: CategoryFeatures) -> str:
        """Returns the declaration of the function from a text or a number to the level's code."""
        given = "const char *text" if isinstance(category.levels[0], str) else f"{self.name}_real value"
        return f"int {self.name}_{self.fields[category.column]}_of({given})"

    def predict_function(self) -> str:
        """Returns the declaration of the function that predicts."""
        kind = "int" if isinstance(self.plan.result, Classes) else "void"
        return f"{kind} {self.name}_predict(const {self.name}_row *row, {self.name}_real result[{self.outputs}])"


def comment(text: str) -> str:
    """Returns a text for a comment."""
    return " ".join(text.split()).replace("*/", "* /").replace("/*", "/ *").replace("\\", "/")


def quoted(text: str) -> str:
    """Returns a text as a string of C, byte by byte in octal where it is not plain ASCII."""
    plain = set(range(32, 127)) - {ord('"'), ord("\\"), ord("?")}
    return '"' + "".join(chr(byte) if byte in plain else f"\\{byte:03o}" for byte in text.encode()) + '"'

"""The encoder of tables: a chain of small maps that can be fitted, inspected and saved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Literal, Self, get_args

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.checks import Array, as_integer, shown
from chainrule._internal.naming import listed, nearest, resolve
from chainrule.errors import FileFormatError, InputError
from chainrule.tables.columns import Column, Feature
from chainrule.tables.encoding import encoder_file
from chainrule.tables.encoding.column_statistics import Scaling
from chainrule.tables.encoding.compatibility import refuse_infinite, require_kind
from chainrule.tables.encoding.description import describe
from chainrule.tables.encoding.encoder_state import EncoderState
from chainrule.tables.encoding.fit_steps import fit_category_steps, fit_numeric_steps, warn_about_columns
from chainrule.tables.encoding.numeric_columns import numeric_names, numeric_values
from chainrule.tables.encoding.numeric_steps import NumericSteps
from chainrule.tables.encoding.steps import SmoothClip
from chainrule.tables.numeric_table import NumericTable
from chainrule.tables.reading.read import AnyTable, read
from chainrule.tables.table import Table

MAX_LEVELS = 100


class TableEncoder(EncoderState):
    """Encodes the rows of a table as x ∈ ℝⁿ, by steps fitted to training rows.

    The features x are, in this order:

    1. **Numbers**: one feature per number or duration (in seconds), seven per datetime (``Calendar``). A missing value
       is replaced by the median of the training rows (``Fill``); then z = (x − center) · factor (``Scale``), and for
       "robust" z / √(1 + (z/3)²) (``SmoothClip``), which lies between −3 and 3 for every input.
    2. **Indicators**: 1 if a number is missing, else 0, for each column with missing values in the training rows.
    3. **Categories** (texts, categoricals, booleans, and the columns in ``categories``), in the order of the table. Two
       levels become −1 and 1, a missing value 0 (``Sign``). More levels are one-hot, a missing value all zeros
       (``OneHot``). An unseen level is encoded like a missing value. A column with more than ``max_levels`` levels
       keeps the most frequent ones that occur in several rows; all others, unseen ones too, share the level "other".

    A column that is constant or empty in the training rows, or holds more than ``max_levels`` texts that all differ, is
    left out with a DataWarning. If a column mixes numbers and texts, its numbers become texts. Empty texts are missing.

    Args:
        numbers: "robust" (median and quartiles), "standard" (mean and standard deviation) or "none".
        categories: names of columns (positions, for arrays) whose numbers are categories.
        max_levels: the largest number of features per category column, ≥ 2.
        dtype: "float64" or "float32", the number type that ``transform`` returns.

    Attributes, once fitted: ``n_features_in_``, ``names_`` and (if the table has names) ``feature_names_in_`` of the
    table; ``features_``; ``dropped_``, the reason for each column left out; ``n_numbers_`` and ``n_features_out_``;
    the steps ``fill_``, ``scale_``, ``clip_``, ``indicator_`` and ``categories_`` by column.

    Raises InputError for a table that cannot be encoded (an infinite number, a column of lists, no column that varies),
    and in ``transform`` for rows without the columns of the training rows, or with columns of another kind.

    >>> import numpy as np
    >>> encoder = TableEncoder().fit([[1.0, "red"], [2.0, "blue"], [None, "green"], [4.0, "red"]])
    >>> encoder.get_feature_names_out().tolist()
    ['x0', 'x0_missing', 'x1_blue', 'x1_green', 'x1_red']
    >>> encoder.transform([[2.0, "green"], [None, "pink"]]).tolist()
    [[0.0, 0.0, 0.0, 1.0, 0.0], [0.0, 1.0, 0.0, 0.0, 0.0]]

    Source: RealMLP (Holzmüller et al., 2024, arXiv 2407.04491), Table A.1.
    """

    def __init__(
        self,
        numbers: Scaling = "robust",
        categories: Iterable[str | int] | None = None,
        max_levels: int = MAX_LEVELS,
        dtype: Literal["float32", "float64"] = "float64",
    ) -> None:
        self.numbers: Scaling = numbers
        self.categories = categories
        self.max_levels = max_levels
        self.dtype: Literal["float32", "float64"] = dtype

    # ---- fitting -----------------------------------------------------------------------------------------------------

    def fit(self, X: Any, y: object = None) -> Self:
        """Fits the steps of each column to the training rows X (t, n); ``y`` is ignored."""
        resolve("scaling of numbers", self.numbers, dict.fromkeys(get_args(Scaling)))
        resolve("dtype", self.dtype, dict.fromkeys(("float32", "float64")))
        as_integer(self.max_levels, "max_levels", 2)
        table = read(X)
        columns = _columns(table, self._category_names(table))
        features = [_feature(name, columns.get(name), table.origin) for name in table.names]
        kinds = {feature.name: feature.kind for feature in features}
        R, owners = numeric_values(table, kinds), numeric_names(kinds)[1]
        refuse_infinite(R, owners, table.origin)
        used, fill, scale, indicator, dropped = fit_numeric_steps(R, owners, self.numbers)
        categories, more = fit_category_steps(columns, self.max_levels)
        dropped |= more
        if not len(used) and not len(indicator.of) and not categories:
            raise InputError(
                f"{table.origin} must have a column that varies; got none in {table.t} rows"
                + (" (n_samples = 1)." if table.t == 1 else ".")
            )
        self.used_, self.fill_, self.scale_, self.indicator_ = used, fill, scale, indicator
        self.categories_ = categories
        self.clip_ = SmoothClip() if self.numbers == "robust" else None
        self.features_ = tuple(replace(f, dropped=dropped.get(f.name, "")) for f in features)
        self.n_features_in_, self.names_ = len(table.names), table.names
        if table.has_names:
            self.feature_names_in_ = np.array(table.names, dtype=object)
        else:
            self.__dict__.pop("feature_names_in_", None)
        warn_about_columns(self.features_, columns, self.max_levels)
        return self

    def _category_names(self, table: AnyTable) -> set[str]:
        """Returns the names of the columns given in ``categories``."""
        if isinstance(self.categories, str):
            raise InputError(f"categories must be a list of columns; got the text {self.categories!r}.")
        names = set()
        for wanted in self.categories or ():
            if isinstance(wanted, (int, np.integer)) and 0 <= wanted < len(table.names):
                wanted = table.names[wanted]
            if wanted not in table.names:
                hint = nearest(str(wanted), table.names) or "."
                raise InputError(f"categories: {table.origin} has no column {shown(wanted)}{hint}")
            names.add(str(wanted))
        return names

    # ---- encoding ----------------------------------------------------------------------------------------------------

    def transform(self, X: Any) -> Array:
        """Encodes rows as (t, n_features_out_). Columns are matched by name, or for arrays by position."""
        self._require_fitted()
        table = self._matched(X)
        out = np.empty((table.t, self.n_features_out_), dtype=self.dtype)
        kinds = self._kinds()
        R, k = numeric_values(table, kinds), self.n_numbers_
        steps = NumericSteps(self.used_, self.fill_, self.scale_, self.clip_, self.indicator_)
        if not steps.write(R, out[:, : k + len(self.indicator_.of)]):
            refuse_infinite(R, numeric_names(self._kinds())[1], table.origin)
        if self.clip_ is None and not np.isfinite(out[:, :k]).all():
            row, place = np.argwhere(~np.isfinite(out[:, :k]))[0].tolist()
            name = self.get_feature_names_out()[place]
            raise InputError(
                f"{name!r} of {table.origin} is too far from the training rows in row {row + 1} for {self.dtype}. "
                "Correct it, or use numbers='robust', which bounds it."
            )
        k += len(self.indicator_.of)
        for name, category in self.categories_.items():
            codes, _ = category.codes(table.column(name))
            category.write(codes, out[:, k : k + category.width])
            k += category.width
        return out

    def fit_transform(self, X: Any, y: object = None) -> Array:
        """Fits the steps to the rows and encodes them."""
        table = read(X)
        return self.fit(table).transform(table)

    def unseen(self, X: Any) -> dict[str, int]:
        """Counts the values of each category column that are present but unknown; columns without any are omitted."""
        self._require_fitted()
        table = self._matched(X)
        counts = {name: step.codes(table.column(name))[1] for name, step in self.categories_.items()}
        return {name: count for name, count in counts.items() if count}

    def _matched(self, X: Any) -> AnyTable:
        """Returns the rows as a table with the training columns, under their names and of compatible kinds."""
        table = read(X)
        by_name = table.has_names and hasattr(self, "feature_names_in_")
        if by_name:
            missing = [name for name in self._needed() if name not in table.columns]  # type: ignore[union-attr]
            if missing:
                hint = nearest(missing[0], table.names) or "."
                raise InputError(f"{table.origin} has no column {listed(missing)}{hint} It has: {listed(table.names)}.")
        elif len(table.names) != self.n_features_in_:
            raise InputError(
                f"{table.origin} has {len(table.names)} features, but {type(self).__name__} is expecting "
                f"{self.n_features_in_} features as input."
            )
        kinds = self._kinds()
        if isinstance(table, NumericTable):
            if all(kind == "numbers" for kind in kinds.values()):
                return table
            found = {name: table.column(other) for name, other in zip(self.names_, table.names, strict=True)}
        elif by_name:
            found = {name: table.columns[name] for name in self.names_ if name in table.columns}
        else:
            found = dict(zip(self.names_, table.columns.values(), strict=True))
        needed = self._needed()
        for name in needed:
            levels = self.categories_.get(name)
            require_kind(found[name], kinds[name], name, table.origin, known_texts=levels is None or levels.are_texts)
        gap = Column("empty", np.full(table.t, np.nan), np.ones(table.t, dtype=bool))
        return Table(table.origin, {name: found[name] if name in needed else gap for name in self.names_})

    # ---- inspection -------------------------------------------------------------------------------------------------

    def get_feature_names_out(self, input_features: object = None) -> NDArray[np.object_]:
        """Returns the names of the features (n_features_out_,)."""
        self._require_fitted()
        names, owners = numeric_names(self._kinds())
        out = [names[k] for k in self.used_] + [f"{owners[k]}_missing" for k in self.indicator_.of]
        for name, category in self.categories_.items():
            out += [name + suffix for suffix in category.suffixes]
        return np.array(out, dtype=object)

    def describe(self) -> list[tuple[str, str, str]]:
        """Returns the name, the kind and the encoding of each column of the table.

        >>> for line in TableEncoder().fit([[1.0, "red"], [2.0, "blue"], [None, "green"], [4.0, "red"]]).describe():
        ...     print(*line, sep=" | ")
        x0 | numbers | (x − 2) · 0.6667, clipped smoothly to ±3; missing: 2, and an indicator
        x1 | categories | one-hot: 'blue', 'green', 'red'; otherwise zeros
        """
        self._require_fitted()
        return describe(self, numeric_names(self._kinds())[1])

    def __repr__(self) -> str:
        chosen = ", ".join(f"{name}={value!r}" for name, value in self.get_params().items())
        if not hasattr(self, "features_"):
            return f"TableEncoder({chosen})"
        return f"<TableEncoder({chosen}): {self.n_features_in_} columns become {self.n_features_out_} features>"

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Returns the arguments by name."""
        return {name: getattr(self, name) for name in ("numbers", "categories", "max_levels", "dtype")}

    def set_params(self, **params: Any) -> Self:
        """Sets arguments by name."""
        for name, value in params.items():
            resolve("parameter", name, self.get_params())
            setattr(self, name, value)
        return self

    def parts(self) -> tuple[dict[str, Any], dict[str, Array]]:
        """Returns the fitted encoder as a file stores it: JSON, and tensors whose names begin with ``encoder.``."""
        self._require_fitted()
        return encoder_file.parts(self)

    @classmethod
    def from_parts(cls, header: object, tensors: Mapping[str, Array]) -> Self:
        """Builds the encoder that ``parts`` described. Raises FileFormatError if the description is incomplete."""
        encoder = cls()
        try:
            if not isinstance(header, Mapping):
                raise TypeError("it must be an object")
            encoder_file.restore(encoder, header, tensors)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise FileFormatError(f"the file does not describe a complete encoder: {error}.") from None
        return encoder

    def _require_fitted(self) -> None:
        if not hasattr(self, "features_"):
            raise InputError("this encoder is not fitted yet. Call fit(X) first.")


def _columns(table: AnyTable, category_names: set[str]) -> dict[str, Column]:
    """Returns the columns by name; of a `NumericTable` only those that are categories."""
    if isinstance(table, NumericTable):
        return {name: table.column(name).as_categories() for name in table.names if name in category_names}
    return {name: c.as_categories() if name in category_names else c for name, c in table.columns.items()}


def _feature(name: str, column: Column | None, origin: str) -> Feature:
    """Returns the kind and type of a column; None is a column of a `NumericTable`. Raises InputError."""
    if column is None:
        return Feature(name, "numbers", "numbers")
    if column.kind == "unreadable":
        raise InputError(
            f"column {name!r} of {origin} must hold numbers, categories, booleans or times; "
            f"got {column.type}. Leave it out, or convert it."
        )
    return Feature(name, column.kind, column.type)

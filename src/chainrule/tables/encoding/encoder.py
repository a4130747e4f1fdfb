"""From a table to ℝⁿ: a fitted, inspectable, saved chain of small maps."""

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
from chainrule.tables.reading import AnyTable, read
from chainrule.tables.table import Table

MAX_LEVELS = 100


class TableEncoder(EncoderState):
    """A map from the rows of a table to x ∈ ℝⁿ, learned from training rows.

    The columns of x are, in this order:

    1. **Numbers**: of each number or duration (in seconds) one, of each datetime seven (``Calendar``). A missing one is
       filled with the median of the training rows (``Fill``); then z = (x − center) · factor (``Scale``), and for
       "robust" z / √(1 + (z/3)²) (``SmoothClip``): between −3 and 3, whatever comes.
    2. **Indicators**: 1 where a number is missing, else 0, for each column that has a gap in the training rows.
    3. **Categories** (texts, categoricals, booleans, and what ``categories`` names), in the order of the table: two
       levels give −1 and 1, a missing value 0 (``Sign``); more give a 1 among zeros, a missing value zeros
       (``OneHot``). An unseen level is told by zeros too. Of more than ``max_levels`` levels the most frequent ones are
       kept, if they are in more than one row; all others, unseen ones too, share the level "other".

    A column that is constant or empty in the training rows, or of texts that differ in every row, is left out with a
    DataWarning. Numbers beside texts in one column are categories by their text. An empty text is a missing one.

    Args:
        numbers: "robust" (median and quartiles), "standard" (mean and standard deviation) or "none".
        categories: names of columns (positions, for arrays) whose numbers are to be taken as categories.
        max_levels: the most features that a column of categories gives, ≥ 2.
        dtype: "float64" or "float32", the type of what ``transform`` gives.

    Attributes, once fitted: ``n_features_in_``, ``names_`` and (where the table has names) ``feature_names_in_`` of the
    table; ``features_``; ``dropped_``, the reason for each column left out; ``n_numbers_`` and ``n_features_out_``;
    the steps ``fill_``, ``scale_``, ``clip_``, ``indicator_`` and ``categories_`` by column.

    Raises InputError for a table that cannot be encoded (an infinite number, a column of lists, no column that varies),
    and in ``transform`` for one that does not have the columns or the kinds of the training rows.

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

    # ---- learning ----------------------------------------------------------------------------------------------------

    def fit(self, X: Any, y: object = None) -> Self:
        """Learn what becomes of each column of the training rows X (t, n); ``y`` is not looked at."""
        resolve("scaling of numbers", self.numbers, dict.fromkeys(get_args(Scaling)))
        resolve("dtype", self.dtype, dict.fromkeys(("float32", "float64")))
        as_integer(self.max_levels, "max_levels", 2)
        table = read(X)
        columns = _columns(table, self._forced(table))
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
        self.used_, self.fill_, self.scale_, self.indicator_, self.categories_ = (
            used,
            fill,
            scale,
            indicator,
            categories,
        )
        self.clip_ = SmoothClip() if self.numbers == "robust" else None
        self.features_ = tuple(replace(f, dropped=dropped.get(f.name, "")) for f in features)
        self.n_features_in_, self.names_ = len(table.names), table.names
        if table.has_names:
            self.feature_names_in_ = np.array(table.names, dtype=object)
        else:
            self.__dict__.pop("feature_names_in_", None)
        warn_about_columns(self.features_, columns, self.max_levels)
        return self

    def _forced(self, table: AnyTable) -> set[str]:
        """The names of the columns that are to be categories."""
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
        """Encoded rows (t, n_features_out_). A data frame's columns are found by name, an array's by position."""
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
                f"{name!r} of {table.origin} is too far from the training rows in row {row + 1} to be a {self.dtype}. "
                "Correct it, or take numbers='robust', which bounds it."
            )
        k += len(self.indicator_.of)
        for name, category in self.categories_.items():
            codes, _ = category.codes(table.column(name))
            category.write(codes, out[:, k : k + category.width])
            k += category.width
        return out

    def fit_transform(self, X: Any, y: object = None) -> Array:
        """Learn from the rows and encode them."""
        table = read(X)
        return self.fit(table).transform(table)

    def unseen(self, X: Any) -> dict[str, int]:
        """How many values of each column of categories are neither missing nor known; columns with none left out."""
        self._require_fitted()
        table = self._matched(X)
        counts = {name: step.codes(table.column(name))[1] for name, step in self.categories_.items()}
        return {name: count for name, count in counts.items() if count}

    def _matched(self, X: Any) -> AnyTable:
        """The table with the columns of training under their names, of their kinds."""
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
            theirs = {name: table.column(other) for name, other in zip(self.names_, table.names, strict=True)}
        elif by_name:
            theirs = {name: table.columns[name] for name in self.names_ if name in table.columns}
        else:
            theirs = dict(zip(self.names_, table.columns.values(), strict=True))
        needed = self._needed()
        for name in needed:
            levels = self.categories_.get(name)
            require_kind(theirs[name], kinds[name], name, table.origin, known_texts=levels is None or levels.are_texts)
        gap = Column("empty", np.full(table.t, np.nan), np.ones(table.t, dtype=bool))
        return Table(table.origin, {name: theirs[name] if name in needed else gap for name in self.names_})

    # ---- looking at it -----------------------------------------------------------------------------------------------

    def get_feature_names_out(self, input_features: object = None) -> NDArray[np.object_]:
        """The names of the features (n_features_out_,)."""
        self._require_fitted()
        names, owners = numeric_names(self._kinds())
        out = [names[k] for k in self.used_] + [f"{owners[k]}_missing" for k in self.indicator_.of]
        for name, category in self.categories_.items():
            out += [name + suffix for suffix in category.suffixes]
        return np.array(out, dtype=object)

    def describe(self) -> list[tuple[str, str, str]]:
        """Of each column of the table its name, its kind, and what becomes of it.

        >>> for line in TableEncoder().fit([[1.0, "red"], [2.0, "blue"], [None, "green"], [4.0, "red"]]).describe():
        ...     print(*line, sep=" | ")
        x0 | numbers | (x − 2) · 0.6667, clipped smoothly to ±3; missing: 2, and an indicator
        x1 | categories | one of 'blue', 'green', 'red'; else zeros
        """
        self._require_fitted()
        return describe(self, numeric_names(self._kinds())[1])

    def __repr__(self) -> str:
        chosen = ", ".join(f"{name}={value!r}" for name, value in self.get_params().items())
        if not hasattr(self, "features_"):
            return f"TableEncoder({chosen})"
        return f"<TableEncoder({chosen}): {self.n_features_in_} columns become {self.n_features_out_} features>"

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The arguments, by name."""
        return {name: getattr(self, name) for name in ("numbers", "categories", "max_levels", "dtype")}

    def set_params(self, **params: Any) -> Self:
        """Set arguments by name."""
        for name, value in params.items():
            resolve("parameter", name, self.get_params())
            setattr(self, name, value)
        return self

    def parts(self) -> tuple[dict[str, Any], dict[str, Array]]:
        """The fitted encoder as JSON and tensors, whose names begin with ``encoder.``: what a file holds of it."""
        self._require_fitted()
        return encoder_file.parts(self)

    @classmethod
    def from_parts(cls, header: object, tensors: Mapping[str, Array]) -> Self:
        """The encoder that ``parts`` described. Raises FileFormatError where they do not make up a whole one."""
        encoder = cls()
        try:
            if not isinstance(header, Mapping):
                raise TypeError("it must be an object")
            encoder_file.restore(encoder, header, tensors)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise FileFormatError(f"the file does not describe a whole encoder: {error}.") from None
        return encoder

    def _require_fitted(self) -> None:
        if not hasattr(self, "features_"):
            raise InputError("this encoder has not learned from rows yet. Call fit(X) first.")


def _columns(table: AnyTable, forced: set[str]) -> dict[str, Column]:
    """The columns by name, of a matrix only those that are to be categories."""
    if isinstance(table, NumericTable):
        return {name: table.column(name).as_categories() for name in table.names if name in forced}
    return {name: c.as_categories() if name in forced else c for name, c in table.columns.items()}


def _feature(name: str, column: Column | None, origin: str) -> Feature:
    """The kind and the type of a column; None stands for one of a matrix of numbers. Raises InputError."""
    if column is None:
        return Feature(name, "numbers", "numbers")
    if column.kind == "unreadable":
        raise InputError(
            f"column {name!r} of {origin} must hold numbers, categories, booleans or times; "
            f"got {column.type}. Leave it out, or turn it into one of these."
        )
    return Feature(name, column.kind, column.type)

"""The encoder of tables: a chain of small maps that can be fitted, inspected and saved."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, Self, get_args

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.checks import Array, as_integer, shown
from chainrule._internal.naming import nearest, resolve, spellings
from chainrule._internal.sparse_rows import Rows, SparseRows
from chainrule.errors import FileFormatError, InputError
from chainrule.tables.column_set import Holder
from chainrule.tables.columns import ChosenRows, Column, Feature
from chainrule.tables.encoding import encoder_file
from chainrule.tables.encoding.categories.fit_categories import fit_category_steps
from chainrule.tables.encoding.compatibility import refuse_infinite
from chainrule.tables.encoding.description import describe
from chainrule.tables.encoding.encoder_state import EncoderState
from chainrule.tables.encoding.fit_steps import (
    fit_few_values,
    fit_numeric_steps,
    warn_about_columns,
    words_about_texts,
)
from chainrule.tables.encoding.gathered import is_sparse
from chainrule.tables.encoding.matching import matched
from chainrule.tables.encoding.number_features import NumberFeatures, with_reasons
from chainrule.tables.encoding.numeric_columns import numeric_names, numeric_values, owner_names, owners
from chainrule.tables.encoding.numeric_steps import Entries, merged
from chainrule.tables.encoding.output_frames import as_library, framed
from chainrule.tables.encoding.statistics.column_statistics import ENTRIES_PER_BLOCK, Scaling, column_statistics
from chainrule.tables.encoding.statistics.identifiers import warn_about_identifiers
from chainrule.tables.encoding.steps import SmoothClip
from chainrule.tables.numeric_table import NumericTable
from chainrule.tables.reading.read import AnyTable, read
from chainrule.tables.rounding import rounded_integers, warn_about_rounding
from chainrule.tables.text.notation import DecimalMark
from chainrule.tables.text.recognition import recognised
from chainrule.tables.work import each, parts_of

MAX_LEVELS = 100
PARAMETERS = ("numbers", "categories", "max_levels", "max_values", "dtype", "decimal", "thousands", "missing")


class TableEncoder(EncoderState):
    """Encodes the rows of a table as x ∈ ℝⁿ, by steps fitted to training rows.

    The features x are, in this order:

    1. **Numbers**: one feature per number or duration (in seconds), seven per datetime (``Calendar``). A missing value
       is replaced by the median of the training rows (``Fill``); then z = (x − center) · factor (``Scale``), and for
       "robust" z / √(1 + (z/3)²) (``SmoothClip``), which lies between −3 and 3 for every input. In a sparse table, a
       column that is 0 in more than half of the training rows has center 0.
    2. **Indicators**: 1 if a number is missing, else 0, for each column with missing values in the training rows.
    3. **Few values**: 1 if a number is v, else 0, for each v of a column of more than two and at most ``max_values``
       values that are consecutive integers: they may be codes of categories. There are none in a sparse table, nor if
       these features were more than 512.
    4. **Categories** (texts, categoricals, booleans, and the columns in ``categories``), in the order of the table. Two
       levels become −1 and 1, a missing value 0 (``Sign``). More levels are one-hot, a missing value all zeros
       (``OneHot``). An unseen level is encoded like a missing value. A column with more than ``max_levels`` levels
       keeps the most frequent ones that occur in several rows; all others, unseen ones too, share the level "other".
       The estimators add to such a column the effects of its levels on the targets (`TargetEncoding`).

    A column that is constant or empty in the training rows, or holds more than ``max_levels`` texts that all differ, is
    left out with a DataWarning; a column of a sparse table that has no entry, without one. If a column mixes numbers
    and texts, its numbers become texts. Empty texts are missing.

    A column of texts, as a CSV file or a frame may have it, is one of numbers, booleans, dates or times of day if all
    of its texts read so in the training rows, except usual gaps such as NA and ?. Decimal commas, thousands, a
    currency or %, and dates such as 31.12.2020 are recognised. New rows are read in the same way; if one cannot be, it
    is refused. All other columns of texts are categories.

    Args:
        numbers: "robust" (median and quartiles), "standard" (mean and standard deviation), "joint" (one factor for all
            columns, after those of a root mean square above 1 are divided by it: the rows' mean ‖x‖² becomes 1; for
            TF-IDF, counts and other sparse features) or "none".
        categories: names of columns (positions, for arrays) whose numbers are categories.
        max_levels: the largest number of one-hot features per category column, ≥ 2.
        max_values: the largest number of values of such a column; 0: none has these features.
        dtype: "float64" or "float32", the number type that ``transform`` returns.
        decimal: the decimal mark of numbers in texts, "." or ","; None: each column decides.
        thousands: the mark between thousands in such numbers, or "" for none; None: each column decides.
        missing: texts that are missing values in every column.

    Attributes, once fitted: ``n_features_in_``, ``names_`` and (if the table has names) ``feature_names_in_`` of the
    table; ``features_``; ``dropped_``, the reason for each column left out; ``n_numbers_`` and ``n_features_out_``;
    the steps ``fill_``, ``scale_``, ``clip_``, ``indicator_``, ``few_values_`` and ``categories_`` by column.

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
        max_values: int = 0,
        dtype: Literal["float32", "float64"] = "float64",
        decimal: DecimalMark | None = None,
        thousands: str | None = None,
        missing: Sequence[str] = (),
    ) -> None:
        self.numbers: Scaling = numbers
        self.categories = categories
        self.max_levels = max_levels
        self.max_values = max_values
        self.dtype: Literal["float32", "float64"] = dtype
        self.decimal: DecimalMark | None = decimal
        self.thousands = thousands
        self.missing: Sequence[str] = missing
        self._sklearn_output_config = {"transform": "default"}  # under the name by which scikit-learn's clone copies it

    # ---- fitting -----------------------------------------------------------------------------------------------------

    def fit(self, X: Any, y: object = None) -> Self:
        """Fits the steps of each column to the training rows X (t, n); ``y`` is ignored."""
        resolve("scaling of numbers", self.numbers, dict.fromkeys(get_args(Scaling)))
        resolve("dtype", self.dtype, dict.fromkeys(("float32", "float64")))
        as_integer(self.max_levels, "max_levels", 2)
        as_integer(self.max_values, "max_values", 0)
        self.writing()  # raises InputError for a setting that only columns of texts would need
        table = self.recognised(read(X))
        columns = _columns(table, self._category_names(table))
        features = _features(table, columns)
        R, of = numeric_values(table, features), owners(features)
        statistics = column_statistics(R.tocsc() if is_sparse(R) else R, self.numbers)
        if statistics.has_infinite:
            refuse_infinite(R, owner_names(features), table.origin)
        used, fill, scale, indicator, reasons = fit_numeric_steps(statistics, of, table.t, is_sparse=is_sparse(R))
        categories, dropped = fit_category_steps(columns, self.max_levels)
        if not len(used) and not len(indicator.of) and not categories:
            raise InputError(
                f"{table.origin} must have a column that varies; got none in {table.t} rows"
                + (" (n_samples = 1)." if table.t == 1 else ".")
                + words_about_texts(dropped)
            )
        self.used_, self.fill_, self.scale_, self.indicator_ = used, fill, scale, indicator
        self.few_values_, self.categories_ = fit_few_values(R, used, self.max_values), categories
        self.clip_ = SmoothClip() if self.numbers == "robust" else None
        self.features_ = with_reasons(features, reasons, dropped)
        self.notations_ = {n: c.notation for n, c in columns.items() if c.notation and c.kind == c.notation.kind}
        self.__dict__.pop("_steps", None)
        self.n_features_in_, self.names_ = len(table.names), table.names
        if table.has_names:
            self.feature_names_in_ = np.array(table.names, dtype=object)
        else:
            self.__dict__.pop("feature_names_in_", None)
        warn_about_columns(self.features_, columns)
        warn_about_rounding(_integers(table, columns))
        warn_about_identifiers(table, {*categories, *dropped})
        return self

    def recognised(self, table: AnyTable) -> AnyTable:
        """Returns the table with each column of texts as what it holds, as ``fit`` does first (``recognised``)."""
        if isinstance(table, NumericTable):
            return table
        return replace(table, columns=recognised(table.columns, self.writing(), self._category_names(table)))

    def _category_names(self, table: AnyTable) -> set[str]:
        """Returns the names of the columns given in ``categories``."""
        if isinstance(self.categories, str) or not isinstance(self.categories, (Iterable, type(None))):
            kind = "the text " if isinstance(self.categories, str) else ""
            raise InputError(f"categories must be a list of columns; got {kind}{shown(self.categories)}.")
        names = set()
        for wanted in self.categories or ():
            if isinstance(wanted, (int, np.integer)) and 0 <= wanted < len(table.names):
                wanted = table.names[wanted]
            spelling = spellings([str(wanted)], table.names).get(str(wanted))
            if spelling is None:
                hint = nearest(str(wanted), table.names) or "."
                raise InputError(f"categories: {table.origin} has no column {shown(wanted)}{hint}")
            names.add(spelling)
        return names

    # ---- encoding ----------------------------------------------------------------------------------------------------

    def transform(self, X: Any) -> Any:
        """Encodes rows as (t, n_features_out_). Columns are matched by name, or for arrays by position.

        Sparse rows give a sparse matrix in compressed rows (CSR), of the kind that came, if 0 is encoded as 0 for at
        least nine tenths of the numbers; otherwise, and for all other tables, the result is an array.
        """
        return self._as_output(self.encode(table := read(X)), table, X)

    def _as_output(self, rows: Rows, table: AnyTable, X: Any) -> Any:
        """Returns encoded rows in the form that ``set_output`` chose."""
        if isinstance(rows, np.ndarray):
            return framed(rows, self.get_feature_names_out().tolist(), X, self._sklearn_output_config["transform"])
        if (library := self._sklearn_output_config["transform"]) != "default":
            raise InputError(f'sparse features cannot be a frame of {library}. Use set_output(transform="default").')
        Z = type(table.values)((rows.data, rows.indices, rows.indptr), shape=rows.shape)  # type: ignore[union-attr]
        Z.has_canonical_format = True
        return Z

    def encode(self, X: Any) -> Rows:
        """Encodes rows as `transform` does; the features of sparse rows have the form that networks compute with."""
        self._require_fitted()
        table = matched(self, read(X))
        R = numeric_values(table, self.features_)
        return self._sparse(table, R) if is_sparse(R) and self._steps.keeps_sparse else self._dense(table, R)

    def _dense(self, table: AnyTable, R: Any) -> Array:
        out = np.empty((table.t, self.n_features_out_), dtype=self.dtype)
        k = self.n_numbers_
        steps = self._steps
        if not is_sparse(R):
            parts = parts_of(table.t)
            is_finite = all(each("encoding", out.size, lambda rows: steps.write(R, out[rows], rows.start), parts))
        else:
            step = max(1, ENTRIES_PER_BLOCK // max(1, R.shape[1]))
            parts = parts_of(table.t, step)
            is_finite = all(steps.write(R[rows].toarray(), out[rows]) for rows in parts)
        if not is_finite:
            refuse_infinite(R, owner_names(self.features_), table.origin)
        if self.clip_ is None and not np.isfinite(out[:, :k]).all():
            self._refuse_far(table, *np.argwhere(~np.isfinite(out[:, :k]))[0].tolist())
        self._write_categories(table, out[:, self.n_numeric_features :])
        return out

    def _sparse(self, table: AnyTable, R: Any) -> SparseRows:
        values, indices, indptr, more = self._steps.entries(R)
        if self.categories_:
            k = self.n_numeric_features
            Z = np.empty((table.t, self.n_features_out_ - k))
            self._write_categories(table, Z)
            rows, columns = np.nonzero(Z)
            more.append(Entries(rows, k + columns, Z[rows, columns]))
        if more:
            values, indices, indptr = merged(values, indices, indptr, more)
        data = values.astype(self.dtype)
        if not np.isfinite(data).all():
            refuse_infinite(R, owner_names(self.features_), table.origin)
            at = int(np.flatnonzero(~np.isfinite(data))[0])
            self._refuse_far(table, int(np.searchsorted(indptr, at, side="right")) - 1, int(indices[at]))
        return SparseRows(indptr, indices, data, (table.t, self.n_features_out_))

    def _refuse_far(self, table: AnyTable, row: int, place: int) -> None:
        raise InputError(
            f"{self.get_feature_names_out()[place]!r} of {table.origin} is too far from the training rows in row "
            f"{row + 1} for {self.dtype}. Correct it, or use numbers='robust', which bounds it."
        )

    def _write_categories(self, table: AnyTable, out: Array) -> None:
        ends = np.cumsum([category.width for category in self.categories_.values()]).tolist()

        def write(name: str, end: int) -> None:
            category = self.categories_[name]
            category.write(category.codes(table.typed(name))[0], out[:, end - category.width : end])

        columns = list(zip(self.categories_, ends, strict=True))
        each("encoding categories", table.t * len(columns), lambda column: write(*column), columns)

    def fit_transform(self, X: Any, y: object = None) -> Any:
        """Fits the steps to the rows and encodes them."""
        table = self.recognised(read(X))
        return self._as_output(self.fit(table).encode(table), table, X)

    def set_output(self, *, transform: str | None = None) -> Self:
        """Chooses what ``transform`` returns: "default" (an array) or a frame of "pandas" or "polars"; None: as before.

        Raises UnknownName for another name.
        """
        if transform is not None:
            self._sklearn_output_config = {"transform": as_library(transform)}
        return self

    def unseen(self, X: Any) -> dict[str, int]:
        """Counts the values of each category column that are present but unknown; columns without any are omitted."""
        self._require_fitted()
        table = matched(self, read(X))
        counts = {name: step.codes(table.typed(name))[1] for name, step in self.categories_.items()}
        return {name: count for name, count in counts.items() if count}

    # ---- inspection -------------------------------------------------------------------------------------------------

    def get_feature_names_out(self, input_features: object = None) -> NDArray[np.object_]:
        """Returns the names of the features (n_features_out_,)."""
        self._require_fitted()
        names = numeric_names(self.features_)
        columns = owner_names(self.features_)
        out = [names[k] for k in self.used_.tolist()] + [f"{columns[k]}_missing" for k in self.indicator_.of.tolist()]
        out += [f"{names[k]}_{v:g}" for k, v in zip(self.few_values_.of, self.few_values_.values, strict=True)]
        for name, category in self.categories_.items():
            out += [name + suffix for suffix in category.suffixes]
        return np.array(out, dtype=object)

    def describe(self, most: int | None = None) -> list[tuple[str, str, str]]:
        """Returns the name, the kind and the encoding of each column of the table, or of the first ``most`` columns.

        >>> for line in TableEncoder().fit([[1.0, "red"], [2.0, "blue"], [None, "green"], [4.0, "red"]]).describe():
        ...     print(*line, sep=" | ")
        x0 | numbers | (x − 2) · 0.6667, clipped smoothly to ±3; missing: 2, and an indicator
        x1 | categories | one-hot: 'blue', 'green', 'red'; otherwise zeros
        """
        self._require_fitted()
        return describe(self, most)

    def __repr__(self) -> str:
        chosen = ", ".join(f"{name}={value!r}" for name, value in self.get_params().items())
        if not hasattr(self, "features_"):
            return f"TableEncoder({chosen})"
        return f"<TableEncoder({chosen}): {self.n_features_in_} columns become {self.n_features_out_} features>"

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Returns the arguments by name."""
        return {name: getattr(self, name) for name in PARAMETERS}

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


def _columns(table: AnyTable, category_names: set[str]) -> dict[str, Holder]:
    """Returns the columns by name, or the block of numbers that holds one; of a `NumericTable` only the categories.

    Raises InputError for times that are to be categories, whose texts differ from library to library.
    """
    if isinstance(table, NumericTable):
        return {name: table.typed(name).as_categories() for name in table.names if name in category_names}
    blocks = {n: block for n, block in table.columns.held_numbers.items() if n not in category_names}
    single = {name: table.typed(name) for name in table.names if name not in blocks}
    for name in category_names:
        if single[name].kind in ("datetimes", "durations", "unreadable"):
            wanted = "must hold numbers, booleans or texts, which can be categories"
            raise InputError(f"column {name!r} of {table.origin} {wanted}; got {single[name].type}. Make texts of it.")
    single |= {name: column.as_categories() for name, column in single.items() if name in category_names}
    return {name: blocks[name] if name in blocks else single[name] for name in table.names}


def _integers(table: AnyTable, columns: Mapping[str, Holder]) -> Iterator[tuple[str, NDArray[Any]]]:
    """Yields the columns of integers, by name: the stored entries of a sparse one."""
    if isinstance(table, NumericTable) and table.values.dtype.kind in "iu" and table.values.dtype.itemsize == 8:
        places = rounded_integers(table.values.data if table.is_sparse else table.values)
        of = table.values.indices[places] if table.is_sparse else places % len(table.names)
        names = (table.names[k] for k in np.unique(of).tolist())
        yield from ((name, table.typed(name).values) for name in names if name not in columns)
    for name, column in columns.items():
        if column.kind != "numbers" or column.notation is not None:  # that of texts is noted when they are recognised
            continue
        whole = column.whole if isinstance(column, ChosenRows) else column
        if whole.values.dtype.kind in "iu" or (isinstance(whole, Column) and whole.exact is not None):
            single = column if isinstance(column, Column) else table.typed(name)
            yield name, single.unrounded[~single.missing]


def _features(table: AnyTable, columns: Mapping[str, Holder]) -> Sequence[Feature]:
    """Returns the kind and type of each column of the table. Raises InputError for one that no network can use."""
    if isinstance(table, NumericTable) and not columns:
        return NumberFeatures(table.names)
    return [_feature(name, columns.get(name), table.origin) for name in table.names]


def _feature(name: str, column: Holder | None, origin: str) -> Feature:
    """Returns the kind and type of a column; None is a column of a `NumericTable`. Raises InputError."""
    if column is None:
        return Feature(name, "numbers", "numbers")
    if column.kind == "unreadable":
        raise InputError(
            f"column {name!r} of {origin} must hold numbers, categories, booleans or times; "
            f"got {column.type}. Leave it out, or convert it."
        )
    return Feature(name, column.kind, column.type)

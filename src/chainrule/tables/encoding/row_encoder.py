"""Encoding of single rows in plain Python: the features of `TableEncoder.encode`, without a table and its arrays."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from chainrule.tables.column_set import Columns
from chainrule.tables.columns import MISSING, Feature
from chainrule.tables.encoding.encoder_state import CategoryStep, EncoderState
from chainrule.tables.encoding.matching import of_training_kind
from chainrule.tables.encoding.numeric_columns import NUMERIC, numeric_values, owners
from chainrule.tables.encoding.steps import SATURATED
from chainrule.tables.reading.array_columns import as_column
from chainrule.tables.reading.array_likes import as_objects
from chainrule.tables.table import Table
from chainrule.tables.text.conversion import reader
from chainrule.tables.text.notation import is_usual_gap

Row = Mapping[str, Any] | Sequence[Any]
LARGEST_INTEGER = 2**63
REFUSED = -2  # the code of a number that is no boolean
LARGEST_SINGLE = float(np.finfo(np.float32).max)


class NeedsTable(Exception):  # not an error: another way is taken
    """A row that only the encoding of whole tables can read, or refuse in words."""


class _Number(NamedTuple):
    """A raw number: the key of its column, and the places of its features; ``values`` has those of single values."""

    key: Any
    place: int
    half_center: float
    double_factor: float
    gap: int
    read: Callable[[str], float | None]
    values: dict[float, int]


class _Category(NamedTuple):
    """A category: the key of its column, how a value becomes the code of a level, and its features."""

    key: Any
    step: CategoryStep
    codes: dict[Any, int]
    elsewhere: int  # the code of an unseen level; of a boolean, no number may be one
    features: list[list[tuple[int, float]]]  # of each code, those that are not 0; the last are those of a gap, code −1
    gaps: frozenset[str]
    is_gap: Callable[[str], bool] | None  # besides ``gaps``
    reads_texts: bool


class RowEncoder:
    """Encodes rows by the steps of a fitted encoder: (n_features_out_,) numbers, those of `TableEncoder.encode`.

    They are in double precision: for ``dtype`` "float32" they have yet to be rounded. Rows are dicts, or with
    ``by_name`` False lists in the order of the columns.

    >>> from chainrule.tables import TableEncoder
    >>> encoder = TableEncoder().fit([[1.0, "red"], [2.0, "blue"], [None, "green"], [4.0, "red"]])
    >>> RowEncoder(encoder, by_name=False)([2.0, "green"])
    [0.0, 0.0, 0.0, 1.0, 0.0]
    """

    def __init__(self, encoder: EncoderState, by_name: bool) -> None:
        self._encoder, self._n = encoder, encoder.n_features_out_
        self._length = None if by_name else encoder.n_features_in_
        self._lacks_names = by_name and not hasattr(encoder, "feature_names_in_")  # a table is matched by position
        self._limit = None if encoder.clip_ is None else encoder.clip_.limit
        self._largest = LARGEST_SINGLE if encoder.dtype == "float32" else math.inf
        filled = encoder.scale_(encoder.fill_.values)
        filled = filled if encoder.clip_ is None else encoder.clip_(filled)
        self._blank = [*filled.tolist(), *[0.0] * (self._n - len(filled)), 0.0]  # the last entry is nobody's feature
        keys = dict(zip(encoder.names_, encoder.names_ if by_name else range(encoder.n_features_in_), strict=True))
        self._numbers: list[_Number] = []
        self._times: list[tuple[Any, Feature, list[_Number]]] = []
        for feature, parts in self._by_feature(keys):
            if feature.kind == "numbers":
                self._numbers += parts
            else:
                self._times.append((keys[feature.name], feature, parts))
        self._categories = list(self._each_category(keys))

    def __call__(self, row: Row) -> list[float]:
        """Returns the features of a row. Raises NeedsTable, or InputError for a time that cannot be read."""
        if self._lacks_names or (self._length is not None and len(row) != self._length):
            raise NeedsTable
        x, limit, sqrt = self._blank.copy(), self._limit, math.sqrt
        get: Any = row
        try:
            for key, place, half_center, double_factor, gap, read, values in self._numbers:
                v = get[key]
                if v.__class__ is not float:
                    v = _as_float(v, read)
                if values:
                    x[values.get(v, -1)] = 1.0
                if v - v != 0.0:
                    if v == v:
                        raise NeedsTable  # which names the infinite number
                    x[gap] = 1.0
                elif limit is None:
                    x[place] = self._unclipped((0.5 * v - half_center) * double_factor)
                else:
                    y = (0.5 * v - half_center) * double_factor / limit
                    y = SATURATED if y > SATURATED else -SATURATED if y < -SATURATED else y
                    x[place] = limit * (y / sqrt(1.0 + y * y))
            for key, step, codes, elsewhere, features, gaps, is_gap, reads_texts in self._categories:
                v = get[key]
                if v.__class__ is str:
                    if v in gaps or (is_gap is not None and is_gap(v)):
                        continue
                    if not reads_texts:
                        raise NeedsTable
                    code = codes.get(v, elsewhere)
                else:
                    code = _code(v, step, codes, elsewhere)
                for place, value in features[code]:
                    x[place] = value
            for key, feature, parts in self._times:
                self._write_time(get[key], feature, parts, x)
        except KeyError:  # the table's names may be spelt otherwise, or one is missing
            raise NeedsTable from None
        x.pop()
        return x

    def _unclipped(self, z: float) -> float:
        if not -self._largest <= z <= self._largest:
            raise NeedsTable  # which names the number that is too far from the training rows
        return z

    def _write_time(self, value: Any, feature: Feature, parts: list[_Number], x: list[float]) -> None:
        """Writes the features of a datetime or a duration, read as a column of one value."""
        column = of_training_kind(self._encoder, as_column(as_objects([value])), feature, "X")
        raw = numeric_values(Table("X", Columns({feature.name: column})), [feature])[:1][0].tolist()
        for v, (_, place, half_center, double_factor, gap, _, values) in zip(raw, parts, strict=True):
            x[values.get(v, -1)] = 1.0
            if v != v:
                x[gap] = 1.0
            else:
                z = (0.5 * v - half_center) * double_factor
                x[place] = self._unclipped(z) if self._limit is None else self._clipped(z)

    def _clipped(self, z: float) -> float:
        limit: Any = self._limit
        y = max(-SATURATED, min(SATURATED, z / limit))
        return float(limit * (y / math.sqrt(1.0 + y * y)))

    def _by_feature(self, keys: Mapping[str, Any]) -> Iterator[tuple[Feature, list[_Number]]]:
        """Yields the columns of numbers, durations and datetimes in use, with their raw numbers."""
        encoder = self._encoder
        of, usual = owners(encoder.features_), encoder.writing().number_notation()
        place = {raw: k for k, raw in enumerate(encoder.used_.tolist())}
        gap = {raw: len(place) + k for k, raw in enumerate(encoder.indicator_.of.tolist())}
        few, first = encoder.few_values_, len(place) + len(gap)
        values: dict[int, dict[float, int]] = {}
        for j, (raw, value) in enumerate(zip(few.of.tolist(), few.values.tolist(), strict=True), first):
            values.setdefault(raw, {})[value] = j
        missing = frozenset(encoder.writing().missing)
        parts: dict[int, list[_Number]] = {}
        for raw, owner in enumerate(of.tolist()):
            feature = encoder.features_[owner]
            k, notation = place.get(raw), encoder.notations_.get(feature.name, usual)
            half_center = 0.0 if k is None else 0.5 * float(encoder.scale_.center[k])
            double_factor = 0.0 if k is None else 2.0 * float(encoder.scale_.factor[k])
            read = _number_reader(reader(notation), missing)
            parts.setdefault(owner, []).append(
                _Number(
                    keys[feature.name],
                    self._n if k is None else k,
                    half_center,
                    double_factor,
                    gap.get(raw, self._n),
                    read,
                    values.get(raw, {}),
                )
            )
        for owner, numbers in parts.items():
            feature = encoder.features_[owner]
            if not feature.dropped and feature.kind in NUMERIC:
                yield feature, numbers

    def _each_category(self, keys: Mapping[str, Any]) -> Iterator[_Category]:
        encoder = self._encoder
        kinds = {feature.name: feature.kind for feature in encoder.features_ if feature.name in encoder.categories_}
        start, gaps = encoder.n_numeric_features, frozenset(("", *encoder.writing().missing))
        for name, step in encoder.categories_.items():
            codes: dict[Any, int] = {level: k for k, level in enumerate(step.levels)}
            elsewhere = len(step.levels) if step.has_other else MISSING
            if kinds[name] == "booleans":
                codes, elsewhere = {False: MISSING, True: MISSING} | codes, REFUSED
            yield _Category(
                keys[name], step, codes, elsewhere, _features(step, start), gaps,
                is_usual_gap if name in encoder.notations_ or not step.are_texts else None,
                step.are_texts and kinds[name] == "categories",
            )  # fmt: skip
            start += step.width


def _features(step: CategoryStep, start: int) -> list[list[tuple[int, float]]]:
    """Returns place and value of the features of each code, from ``start`` on, that are not 0; none of a gap."""
    codes = np.arange(len(step.levels) + step.has_other)
    Z = np.empty((len(codes), step.width))
    step.write(codes, Z)
    return [[(start + j, float(z[j])) for j in np.flatnonzero(z).tolist()] for z in Z] + [[]]


def _number_reader(read: Callable[[str], Any], missing: frozenset[str]) -> Callable[[str], float | None]:
    """Returns a function from a text to its number, NaN for a gap, or None if it holds none."""

    def number(text: str) -> float | None:
        if not text or text in missing or is_usual_gap(text):
            return math.nan
        found: float | None = read(text)
        return found

    return number


def _as_float(value: Any, read: Callable[[str], float | None]) -> float:
    """Returns the number that a value of another type than float holds, NaN if it is missing."""
    if value is None:
        return math.nan
    if isinstance(value, np.generic):
        value = value.item()
    if value.__class__ is float:
        return float(value)
    if isinstance(value, int) and -LARGEST_INTEGER < value < LARGEST_INTEGER:  # booleans are integers
        return float(value)
    found = read(value) if value.__class__ is str else None
    if found is None:
        raise NeedsTable
    return float(found)


def _code(value: Any, step: CategoryStep, codes: dict[Any, int], elsewhere: int) -> int:
    """Returns the code of a value that is no text."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None:
        return MISSING
    if value.__class__ not in (int, float, bool):
        raise NeedsTable
    code = MISSING if value != value else codes.get(step.comparable(value, codes), elsewhere)
    if code == REFUSED:
        raise NeedsTable  # which names the number that is no boolean
    return code

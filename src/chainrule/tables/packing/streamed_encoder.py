"""The encoder of a table that is larger than memory: fitted to a sample of its rows, and to all levels.

Medians, quartiles, gaps and the kinds of columns are those of a uniform sample, in whose ranks `rank_error` is the
standard error. The levels of categories are counted in all rows, except in columns with more than ``max_levels`` in
the sample already: their most frequent levels are those of the sample, and all others share one. So the counts need
little memory: a column with few levels in a million rows has few further ones.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np

from chainrule._internal.checks import Floats
from chainrule.errors import InputError
from chainrule.tables.column_set import Columns
from chainrule.tables.columns import Column, Feature, Level, rows_by_code
from chainrule.tables.encoding.categories.fit_categories import category_step
from chainrule.tables.encoding.categories.levels import OneHot, Sign
from chainrule.tables.encoding.compatibility import OtherKind, as_trained
from chainrule.tables.encoding.encoder import TableEncoder
from chainrule.tables.encoding.fit_steps import CONSTANT, EMPTY, as_weighted
from chainrule.tables.encoding.matching import of_training_kind
from chainrule.tables.packing.table_stream import TableStream
from chainrule.tables.table import Table
from chainrule.tables.text.notation import Notation, Writing
from chainrule.tables.text.recognition import recognised
from chainrule.tables.text.text_column import AnyColumn, TextColumn


def fit_to_stream(encoder: TableEncoder, sample: Table, stream: TableStream, weights: Floats | None) -> None:
    """Fits the encoder to a sample with the input columns of a stream, and weights (t,); to all rows if it has all.

    Levels are counted without weights in more rows than the sample has.
    """
    encoder.fit(as_weighted(sample, weights))
    if sample.t == stream.t:
        return
    counted = {feature.name: _Levels() for feature in encoder.features_ if _has_few(encoder, feature)}
    if counted:
        with of_sample(sample.t, stream.t):
            _count(encoder, counted, stream)
        _use(encoder, counted)


@contextmanager
def of_sample(sampled: int, t: int) -> Iterator[None]:
    """Says of a text that is not of the kind of its column that ``sampled`` rows of t have decided the kind."""
    try:
        yield
    except OtherKind as error:
        if sampled == t:
            raise
        raise InputError(
            f"{error} {sampled} random rows have decided the kinds of the columns. Leave this one out (drop, --drop), "
            "make categories of it (categories, --category), or name what is a gap (missing, --na)."
        ) from None


def require_empty(encoder: TableEncoder, piece: Table) -> None:
    """Raises InputError for a value in a column that held no text in the sample: its kind is not known."""
    for feature in encoder.features_:
        if feature.kind != "empty":
            continue
        column = piece.column(feature.name)
        if isinstance(column, TextColumn):
            column = as_trained(column.without(encoder.missing), feature, Notation("categories"), piece.origin)
        if len(rows := np.flatnonzero(~column.missing)):
            raise InputError(
                f"column {feature.name!r} of {piece.origin} has a value in row {rows[0] + 1}, and none in the random "
                "rows that have decided the kinds of the columns. Leave it out (drop, --drop)."
            )


class _Levels:
    """The levels of a column with their numbers of rows."""

    def __init__(self) -> None:
        self.counts: Counter[Level] = Counter()
        self.has_gaps = False

    def read(self, writing: Writing) -> None:
        """Makes numbers or booleans of texts that are categories by choice, if all hold such, as for rows in memory.

        Texts of another column do not: it would have the kind of what they hold.
        """
        if not all(isinstance(level, str) for level in self.counts):
            return
        texts = TextColumn(np.array(list(self.counts), dtype=object))
        column = recognised(Columns({"": texts}), writing, chosen=("",)).typed("")
        if not any(isinstance(level, str) for level in column.levels):
            counts = np.array(list(self.counts.values()), np.intp)
            of_level = np.bincount(column.values[~column.missing], counts[~column.missing], len(column.levels))
            self.counts = Counter(dict(zip(column.levels, of_level.astype(np.intp).tolist(), strict=True)))
            self.has_gaps = self.has_gaps or bool(column.missing.any())

    def step(self, max_levels: int) -> Sign | OneHot | str:
        """Returns the step of these levels, or the reason to leave the column out."""
        levels = tuple(sorted(self.counts))
        counts = np.array([self.counts[level] for level in levels], np.intp)
        return category_step(levels, counts, self.has_gaps, max_levels)


def _has_few(encoder: TableEncoder, feature: Feature) -> bool:
    """True if the sample has no more levels of this column than are kept."""
    if feature.kind not in ("categories", "booleans"):
        return False
    step = encoder.categories_.get(feature.name)
    return feature.dropped in (CONSTANT, EMPTY) if step is None else not step.has_other


def _count(encoder: TableEncoder, counted: dict[str, _Levels], stream: TableStream) -> None:
    features = {feature.name: feature for feature in encoder.features_ if feature.name in counted}
    for piece in stream.pieces(list(counted)):
        for name, levels in counted.items():
            column = _as_recognised(encoder, piece.column(name), features[name], piece.origin).as_categories()
            of_level = rows_by_code(column.values, len(column.levels))
            levels.counts.update(dict(zip(column.levels, of_level.tolist(), strict=True)))
            levels.has_gaps = levels.has_gaps or bool(column.missing.any())


def _as_recognised(encoder: TableEncoder, column: AnyColumn, feature: Feature, origin: str) -> Column:
    """Returns a column of training rows of the kind of the sample: beside true and false, 0 and 1 are no booleans."""
    if feature.kind == "booleans" and isinstance(column, TextColumn):
        return as_trained(column.without(encoder.missing), feature, Notation("booleans"), origin)
    return of_training_kind(encoder, column, feature, origin)


def _use(encoder: TableEncoder, counted: dict[str, _Levels]) -> None:
    """Gives the encoder the steps of all levels."""
    for levels in counted.values():
        levels.read(encoder.writing())
    steps = {name: levels.step(encoder.max_levels) for name, levels in counted.items()}
    kept = {**encoder.categories_, **{name: step for name, step in steps.items() if not isinstance(step, str)}}
    features = []
    for feature in encoder.features_:
        step = steps.get(feature.name)
        dropped = feature.dropped if step is None else step if isinstance(step, str) else ""
        features.append(replace(feature, dropped=dropped))
    encoder.features_ = tuple(features)
    encoder.categories_ = {feature.name: kept[feature.name] for feature in features if feature.name in kept}

"""Matching of new rows with the training columns: by name or position, and by kind."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from chainrule._internal.naming import listed, nearest, spellings
from chainrule.errors import InputError
from chainrule.tables.column_set import Columns, NumberBlock
from chainrule.tables.columns import Column, Feature, nothing
from chainrule.tables.encoding.compatibility import ACCEPTED, USUAL_NOTATIONS, as_trained, of_kind
from chainrule.tables.encoding.encoder_state import EncoderState
from chainrule.tables.encoding.number_features import NumberFeatures
from chainrule.tables.numeric_table import NumericTable
from chainrule.tables.reading.read import AnyTable
from chainrule.tables.table import Table
from chainrule.tables.text.conversion import boolean_or_bit
from chainrule.tables.text.notation import DecimalMark
from chainrule.tables.text.text_column import AnyColumn


def matched(encoder: EncoderState, table: AnyTable) -> AnyTable:
    """Returns new rows as a table with the training columns, under their names and of compatible kinds.

    Raises InputError for a missing column, another number of columns without names, or a column of another kind.
    """
    by_name = table.has_names and _has_training_names(encoder, table)
    table = _with_training_names(encoder, table) if by_name else table
    if not by_name and len(table.names) != encoder.n_features_in_:
        raise InputError(
            f"{table.origin} has {len(table.names)} features, but {type(encoder).__name__} is expecting "
            f"{encoder.n_features_in_} features as input."
        )
    names = encoder.names_
    if isinstance(table, NumericTable):
        table = table.aligned(names) if by_name else table
        if isinstance(encoder.features_, NumberFeatures):
            return table  # its columns are used by their position
        table = replace(table, names=names)
        if all(feature.kind != "datetimes" for feature in encoder.features_):
            _require_kinds(encoder, table)
            return table
        columns = Columns({name: table.column(name) for name in names})
    else:
        columns = table.columns if by_name else table.columns.renamed(dict(zip(table.names, names, strict=True)))
    gap = nothing(table.t)
    if blocks := list(_plain_numbers(encoder, columns)):
        columns = columns.replaced({}, blocks)
    ready = columns.held_numbers
    checked = {
        f.name: gap if f.dropped else of_training_kind(encoder, columns[f.name], f, table.origin)
        for f in encoder.features_
        if f.dropped or f.kind != "numbers" or f.name not in ready
    }
    return Table(table.origin, columns.replaced(checked, names=names))


def _has_training_names(encoder: EncoderState, table: AnyTable) -> bool:
    """True if the training rows had names, or if the table has the names x0, x1, … of all their columns in use.

    Such a table has either no other columns or those that were left out, too: x1, x2, … may be names of its own.
    """
    if hasattr(encoder, "feature_names_in_"):
        return True
    own, given = set(encoder.names_), set(table.names)
    return encoder.needed().keys() <= given and (given <= own or own <= given)


def _plain_numbers(encoder: EncoderState, columns: Columns) -> Iterator[tuple[list[str], NumberBlock]]:
    """Yields blocks of the columns of texts that can be read as numbers at once, each by the notation of training."""
    if not (names := columns.in_text_blocks):
        return
    numbers = {f.name for f in encoder.features_ if f.kind == "numbers" and not f.dropped}
    usual, missing = encoder.writing().number_notation(), encoder.writing().missing
    of_decimal: dict[DecimalMark, list[str]] = {}
    for name in filter(numbers.__contains__, names):
        notation = encoder.notations_.get(name, usual)
        if not notation.unit:
            of_decimal.setdefault(notation.decimal, []).append(name)
    for decimal, some in of_decimal.items():
        for of_block, found in columns.plain_numbers(some, decimal, missing):
            yield of_block, NumberBlock(found.values.T)


def _with_training_names(encoder: EncoderState, table: AnyTable) -> AnyTable:
    """Returns the table with the training's spelling of its names. Raises InputError if a column in use is missing."""
    found_as = given_spellings(encoder, table.names, table.origin)
    other = {theirs: ours for ours, theirs in found_as.items() if ours != theirs}
    return table.renamed(other) if other else table


def given_spellings(encoder: EncoderState, names: Collection[str], origin: str) -> dict[str, str]:
    """Returns for each column in use its spelling among ``names``. Raises InputError, with the nearest, for others."""
    needed = encoder.needed()
    found_as = spellings(needed, set(names))
    missing = [name for name in needed if name not in found_as]
    if missing:
        hint = nearest(missing[0], names) or "."
        raise InputError(f"{origin} has no column {listed(missing)}{hint} It has: {listed(names)}.")
    return found_as


def _require_kinds(encoder: EncoderState, table: NumericTable) -> None:
    """Raises InputError for a column in use whose values cannot be these numbers; every number can be a category."""
    for feature in encoder.features_:
        if not feature.dropped and (feature.kind == "booleans" or "numbers" not in ACCEPTED[feature.kind]):
            of_training_kind(encoder, table.column(feature.name), feature, table.origin)


def of_training_kind(encoder: EncoderState, column: AnyColumn, feature: Feature, origin: str) -> Column:
    """Returns a column of new rows of the kind of this feature. Raises InputError."""
    step = encoder.categories_.get(feature.name)
    has_text_levels = step is None or step.are_texts
    if isinstance(column, Column):
        return of_kind(column, feature.kind, feature.name, origin, known_texts=has_text_levels)
    notation, writing = encoder.notations_.get(feature.name), encoder.writing()
    if notation is None and not (feature.kind == "categories" and has_text_levels):
        notation = writing.number_notation() if feature.kind == "numbers" else USUAL_NOTATIONS[feature.kind]
    read = boolean_or_bit if feature.kind == "booleans" else None
    return as_trained(column.without(writing.missing), feature, notation, origin, read)

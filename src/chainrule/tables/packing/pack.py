"""The packing of a table of any size: encoded once, shuffled once, and written as a file of rows."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from chainrule._internal.checks import as_seed
from chainrule._internal.naming import listed
from chainrule.errors import InputError
from chainrule.rows.packing import Form, write_packed
from chainrule.rows.rows import Rows
from chainrule.rows.source import Piece
from chainrule.tables.columns import Column, Task
from chainrule.tables.encoding.encoder import MAX_LEVELS, TableEncoder
from chainrule.tables.packing import streamed_encoder, streamed_target
from chainrule.tables.packing.counted_rows import CountedRows
from chainrule.tables.packing.packed_table import PackedTable, record
from chainrule.tables.packing.sources import as_stream
from chainrule.tables.packing.streamed_target import Decoder, Labelled, Weights
from chainrule.tables.packing.table_stream import TableStream
from chainrule.tables.table import Table, known_column, require_complete
from chainrule.tables.target_decoder import ClassLabels
from chainrule.tables.targets.decoders import encoded, known_labels
from chainrule.tables.targets.task import REQUESTED, decide_tasks
from chainrule.tables.text.notation import DecimalMark, Writing
from chainrule.tables.text.recognition import recognised_target

TASKS = ("classification", "regression")
CODES = 10  # the most values of whole numbers that may be codes of categories, as NetworkClassifier has it


def pack(
    source: str | os.PathLike[str] | Table | TableStream,
    path: str | os.PathLike[str],
    *,
    target: str | Sequence[str],
    task: Task | None = None,
    weights: str | None = None,
    drop: Sequence[str] = (),
    categories: Iterable[str] | None = None,
    max_levels: int = MAX_LEVELS,
    decimal: DecimalMark | None = None,
    thousands: str | None = None,
    missing: Sequence[str] = (),
    seed: int = 0,
    replace: bool = True,
) -> PackedTable:
    """Encodes a table, shuffles its rows, and writes them in float32 as a file that `chainrule.Rows.open` reads.

    A Parquet file, a text file such as CSV, or a folder of either may be larger than memory: it is read three or four
    times, in pieces, and the rows are shuffled by files beside ``path``, which together take as much room as it. Every
    other table is read into memory.

    The encoder is a `TableEncoder` for "robust" numbers. Of a file with more than 1,048,576 rows (fewer with more than
    32 columns) its medians and quartiles are those of a uniform sample of as many rows: the standard error of their
    ranks is at most 0.05 % of the rows. All levels of categories are counted, except in columns that have more than
    ``max_levels`` in the sample, whose most frequent ones are those of the sample. Mean and deviation of a numeric
    target, and all classes, are those of all rows. The sample decides what the texts of a CSV file are; a row that
    differs is refused.

    Args:
        source: the path of a file, or of a folder of Parquet files or of text files, or a table.
        path: the file to write, by custom with the ending .rows.
        target: the column to predict, or several columns: of numbers, or of two values each, which are labels that do
            not exclude each other.
        task: "classification" or "regression"; None: classification for texts, booleans, and whole numbers of which at
            most 30 are distinct in the sample; otherwise regression.
        weights: a column of weights ≥ 0 of the rows, which is no input. A row of weight 2 counts twice, and one of
            weight 0 is left out, whatever it holds.
        drop: columns to leave out.
        categories: columns whose numbers are categories.
        max_levels: the most levels of a category that are kept.
        decimal: as for `TableEncoder`, like ``thousands`` and ``missing``.
        seed: the sample and the order of the rows.
        replace: whether an older file is replaced.

    Raises InputError for a table that cannot be encoded or a target without a value in some row, RowsError if a file
    changes meanwhile, OSError if one cannot be read or written.

    >>> import pyarrow as pa, pyarrow.parquet as pq, tempfile, os
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     table = pa.table({"size": [1.0, 2.0, 3.0, None], "colour": list("rgbr"), "price": [2.0, 4.0, 6.0, 8.0]})
    ...     pq.write_table(table, os.path.join(folder, "part.parquet"))
    ...     packed = pack(folder, os.path.join(folder, "train.rows"), target="price")
    >>> packed.rows.columns
    ('size', 'size_missing', 'colour_b', 'colour_g', 'colour_r')
    """
    rng = np.random.default_rng([as_seed(seed), 1])  # another stream than that of the order
    stream, writing = as_stream(source), Writing.of(decimal, thousands, missing)
    names = _known([target] if isinstance(target, str) else target, stream, "target")
    left_out, weight = _known(drop, stream, "drop"), _known([] if weights is None else [weights], stream, "weights")
    if taken := {*names} & {*left_out, *weight}:
        raise InputError(f"{listed(sorted(taken))} cannot be the target, and left out or the weights.")
    inputs = [name for name in stream.names if name not in {*names, *left_out, *weight}]
    if not inputs:
        raise InputError(f"{stream.origin} has no column besides the target {listed(names)}; nothing predicts it.")
    weights_of: Weights | None = None
    if weight:
        stream = counted = CountedRows(stream, weight[0], writing)
        weights_of = counted.weights
    sample = stream.sample(rng)
    columns = {name: recognised_target(name, sample.column(name), writing, task) for name in names}
    for name in names if sample.t == stream.t else ():  # a gap in a part of the rows is found with its place
        require_complete(columns[name], name, sample.origin)
    chosen, reason = _task(columns, task)
    is_sampled = sample.t < stream.t and reason != REQUESTED
    encoder = TableEncoder(
        categories=categories, max_levels=max_levels, max_values=CODES if chosen == "classification" else 0,
        dtype="float32", decimal=decimal, thousands=thousands, missing=missing,
    )  # fmt: skip
    of_sample = None if weights_of is None else weights_of(sample)
    streamed_encoder.fit_to_stream(encoder, _chosen(sample, inputs), stream, of_sample)
    decoder = streamed_target.fit_to_stream(chosen, Labelled(columns, of_sample), stream, missing, weights_of)
    if is_sampled and isinstance(decoder, ClassLabels):
        streamed_target.require_few_whole_numbers(names[0], columns[names[0]], decoder)
    about: dict[str, Any] = {
        "source": os.path.basename(stream.origin.rstrip("/")), "targets": names, "task": chosen,
        "reason": f"{reason} in a sample" if is_sampled else reason, "sampled": sample.t,
    }  # fmt: skip
    sampled = sample.t
    del sample
    label_shape = () if isinstance(decoder, ClassLabels) else (decoder.m,)
    form = Form(stream.t, encoder.n_features_out_, label_shape, has_weights=weights_of is not None)
    write_packed(
        path, form, _encoded(stream, [*inputs, *names], encoder, decoder, names, sampled, weights_of),
        columns=encoder.get_feature_names_out().tolist(), seed=seed, record=record(encoder, decoder, about),
        replace=replace,
    )  # fmt: skip
    return PackedTable.of(Rows.open(path))


def _known(names: Sequence[str], stream: TableStream, what: str) -> list[str]:
    """Returns the spellings of columns. Raises InputError for one that is unknown or given twice."""
    found = [known_column(name, stream.names, stream.origin) for name in names]
    if len(set(found)) < len(found) or (what == "target" and not found):
        raise InputError(f"{what} must name different columns; got {listed(names)}.")
    return found


def _chosen(table: Table, names: Sequence[str]) -> Table:
    return replace(table, columns=table.columns.chosen(names))


def _task(columns: Mapping[str, Column], task: Task | None) -> tuple[Task, str]:
    """Returns the task and its reason. Raises InputError if the columns do not suit it."""
    if task not in (None, *TASKS):
        raise InputError(f"task must be {' or '.join(TASKS)}; got {task!r}.")
    return decide_tasks(columns, task)


def _encoded(
    stream: TableStream, names: Sequence[str], encoder: TableEncoder, target: Decoder,
    targets: Sequence[str], sampled: int, weights_of: Weights | None,
) -> Iterator[Piece]:  # fmt: skip
    """Yields the rows of a stream with their labels as networks are trained on them."""
    for table in stream.pieces(names):
        if sampled < stream.t:
            streamed_encoder.require_empty(encoder, table)
        for name in targets:
            require_complete(table.column(name), name, table.origin)
        y = known_labels(target, {name: table.column(name) for name in targets}, encoder.missing)
        with streamed_encoder.of_sample(sampled, stream.t):
            X: Any = encoder.encode(table)
        weights: Any = None if weights_of is None else weights_of(table)
        yield Piece(X, encoded(target, y), weights)

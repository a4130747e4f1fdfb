"""``chainrule pack``: a table of any size as packed, shuffled rows."""

from __future__ import annotations

from typing import Any

from chainrule._internal.naming import listed
from chainrule.cli import options, outputs
from chainrule.cli.errors import WrongUsage, option_errors
from chainrule.cli.inputs.columns import known_name, known_names, require_columns, require_targets
from chainrule.cli.inputs.sources import path_in_pieces, read_source, text_options
from chainrule.cli.packed.lines import ENDING
from chainrule.cli.terminal import printable, remarks, warnings_as_notes
from chainrule.cli.train.command import require_task_and_seed
from chainrule.tables.text.notation import Writing


def pack(
    source: options.Dataset,
    out: options.RowsOut,
    target_column: options.Target = None,
    task: options.Task = None,
    weights: options.RowWeights = None,
    drop: options.Drop = None,
    category: options.Category = None,
    sep: options.Sep = None,
    header: options.Header = None,
    encoding: options.Encoding = None,
    decimal: options.Decimal = None,
    thousands: options.Thousands = None,
    na: options.Na = None,
    seed: options.Seed = 0,
    force: options.Force = False,
    quiet: options.Quiet = False,
) -> None:
    """Encode and shuffle a table once, for training on more rows than memory holds.

    Parquet or CSV files, or a folder of them, may have any size; they are read three or four times. Beside FILE there
    must be room for a second one while the rows are shuffled.

    \b
    chainrule pack big/ --target y --out train.rows
    chainrule train train.rows
    """
    with option_errors("--decimal, --thousands"):
        writing = Writing.of(decimal, thousands, na or ())
    require_task_and_seed(task, seed)
    text = text_options(sep, header, encoding)
    path = outputs.of_file(out, (ENDING,), force=force)
    require_columns(source, text, target_column or [], drop or [], category or [])
    # Only now, so that a wrong command line is answered at once.
    from chainrule.tables.packing.pack import pack as packed_table
    from chainrule.tables.packing.sources import as_stream

    path_of_files = path_in_pieces(source, text)
    stream = as_stream(path_of_files, text) if path_of_files else as_stream(read_source(source, text))
    targets = require_targets(stream.names, stream.origin, target_column or [], stream.target)
    chosen: Any = task  # one of TASKS, as was required
    dropped, categories = (
        known_names(stream.names, stream.origin, option, given or [])
        for option, given in (("--drop", drop), ("--category", category))
    )
    weighted_by = None if weights is None else known_name(stream.names, stream.origin, "--weights", weights)
    if taken := {*targets}.intersection((*dropped, *categories, weighted_by)):
        raise WrongUsage(f"{listed(sorted(taken))} cannot be the target, and in --drop, --category or --weights.")
    console = remarks()
    console.quiet = quiet
    with warnings_as_notes(console):
        packed = packed_table(
            stream, path, target=targets, task=chosen, weights=weighted_by,
            drop=dropped, categories=categories or None,
            decimal=writing.decimal, thousands=writing.thousands, missing=writing.missing, seed=seed, replace=force,
        )  # fmt: skip
    for line in (*packed.descriptions(), f"Saved {path}. `chainrule train {path}` trains on it."):
        console.print(printable(line))

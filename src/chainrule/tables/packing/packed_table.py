"""Packed rows that carry the encoder and the target of the table they were encoded from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chainrule._internal.naming import listed
from chainrule.errors import FileFormatError, InputError
from chainrule.rows.rows import Rows
from chainrule.rows.source import Record
from chainrule.tables.encoding.encoder import TableEncoder
from chainrule.tables.intervals.quantile_labels import QuantileLabels
from chainrule.tables.packing.streamed_target import Decoder
from chainrule.tables.packing.table_stream import rank_error
from chainrule.tables.target_decoder import ClassLabels
from chainrule.tables.targets import decoders

DESCRIBED = {"source", "targets", "task", "reason", "sampled"}


@dataclass(frozen=True, eq=False, repr=False)
class PackedTable:
    """A table as packed rows: ``rows`` of features x and encoded labels, the ``encoder`` and the decoder ``target``.

    ``about`` is JSON that describes the table: "source", the name of its file; "targets", the names of its target
    columns; "task" and the "reason" for it; "sampled", the number of rows to which the encoder was fitted.
    """

    rows: Rows
    encoder: TableEncoder
    target: Decoder
    about: Mapping[str, Any]

    def __repr__(self) -> str:
        return f"PackedTable({self.rows!r}, {self.encoder!r})"

    @classmethod
    def of(cls, rows: Rows) -> PackedTable:
        """Returns the table that rows were encoded from. Raises InputError if they are of no table."""
        if rows.record is None:
            raise InputError(
                f"{rows.name} holds rows without an encoder, which a model of tables needs. Pack the table "
                "itself by chainrule.tables.pack; or train a network by chainrule.train."
            )
        header, tensors = rows.record
        encoder = TableEncoder.from_parts(header.get("encoder"), tensors)
        target = decoders.from_parts(header.get("target"), tensors)
        shape = rows.label_shape
        is_known = shape == (() if isinstance(target, ClassLabels) else (target.m,))
        if encoder.n_features_out_ != rows.n or isinstance(target, QuantileLabels) or not is_known:
            raise FileFormatError(f"{rows.name}: the encoder and the target do not fit its rows.")
        about = header.get("about")
        if not isinstance(about, Mapping) or not about.keys() >= DESCRIBED:
            raise FileFormatError(f"{rows.name} does not describe its table. Pack the table again.")
        return cls(rows, encoder, target, about)

    def descriptions(self) -> list[str]:
        """Returns a line about the rows, and if the encoder was fitted to a part of them, one about its error."""
        t, sampled = self.rows.t, self.about["sampled"]
        lines = [
            f"{self.about['source']}: {t} rows, {self.encoder.n_features_in_} input columns as {self.rows.n} features; "
            f"target {listed(self.about['targets'])}: {self.about['task']}, {self.about['reason']}."
        ]
        if sampled < t:
            lines.append(
                f"Medians and quartiles are those of {sampled} random rows: the standard error of their ranks is "
                f"{rank_error(sampled, t):.2%} of the rows."
            )
        return lines


def record(encoder: TableEncoder, target: Decoder, about: Mapping[str, Any]) -> Record:
    """Returns what a file says of a table."""
    of_encoder, of_target = encoder.parts(), target.parts()
    header = {"encoder": of_encoder[0], "target": of_target[0], "about": dict(about)}
    return Record(header, {**of_encoder[1], **of_target[1]})

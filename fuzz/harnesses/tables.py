"""Random tables: every form of a table gives the same encoding and the same model, or the same refusal.

- A typed table as Arrow, polars, pandas, Parquet and Feather; a table of texts as pandas, polars, Arrow and CSV.
- Each row alone is encoded as in the whole table, and every feature and prediction is finite.
- A model of weighted rows is that of the rows whose weight is not 0.
- The damaged bytes of a file are refused, or give a table whose features are finite.
"""

from __future__ import annotations

import functools
import gzip
import io
import tempfile
import warnings
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow
from pyarrow import feather, parquet

import chainrule as cr
from chainrule._internal.checks import Array
from chainrule.estimators import NetworkClassifier, NetworkRegressor
from chainrule.tables import TableEncoder
from chainrule.tables.reading.read import read
from fuzz.damage import damaged_bytes
from fuzz.drawing import Random, happens, pick
from fuzz.tables.columns import text_column, typed_column
from fuzz.tables.forms import csv_bytes, text_forms, typed_forms

CASE_SECONDS = 20.0
SIZES = (1, 2, 3, 10, 40)
WEIGHTS = (0.0, 0.5, 1.0, 1.0, 3.0)
SECOND = "target 2"
QUICK: dict[str, Any] = {"epochs": 2, "hidden_layer_sizes": 4, "n_networks": 1, "random_state": 0}


def check(rng: Random) -> str:
    """Makes one table, or one damaged file."""
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        kind = rng.random()
        if kind < 0.35:
            return f"typed, {same_everywhere(rng, typed_forms(random_typed(rng), Path(folder)))}"
        if kind < 0.7:
            return f"texts, {same_everywhere(rng, text_forms(random_texts(rng), Path(folder)))}"
        return f"damaged, {read_damaged(rng, Path(folder))}"


def random_typed(rng: Random) -> Any:
    """Returns an Arrow table of one to five columns and one target or two, classes or numbers."""
    t, is_class = pick(rng, SIZES), happens(rng, 0.5)
    columns = {f"c{k}": typed_column(rng, t) for k in range(rng.integers(1, 6))}
    for name in target_names(rng):
        target = [str(pick(rng, "pq")) for _ in range(t)] if is_class else rng.normal(size=t)
        columns[name] = pyarrow.array(target)
    return pyarrow.table(columns)


def random_texts(rng: Random) -> dict[str, list[str | None]]:
    """Returns one to five columns of texts and one target or two, classes or numbers."""
    t, is_class = pick(rng, SIZES), happens(rng, 0.5)
    columns = {f"c{k}": text_column(rng, t) for k in range(rng.integers(1, 6))}
    for name in target_names(rng):
        columns[name] = [pick(rng, "pq") if is_class else f"{rng.normal():.3f}" for _ in range(t)]
    return columns


def target_names(rng: Random) -> tuple[str, ...]:
    """Returns the names of the targets of a table."""
    return ("target", SECOND) if happens(rng, 0.3) else ("target",)


class Read(NamedTuple):
    """All that a table has led to; an error is one of Chainrule's."""

    columns: list[tuple[str, str, str]] | str  # name, kind, and why the column was left out; or the error
    features: bytes
    predictions: list[Any] | str


def same_everywhere(rng: Random, forms: Iterable[tuple[str, Any]]) -> str:
    """Asserts that all forms of a table have the same encoding and the same model, or the same refusal."""
    fits = happens(rng, 0.3)
    weights: Array | None = None
    first: Read | None = None
    for name, table in forms:
        if first is None and fits and happens(rng, 0.5):
            weights = rng.choice(WEIGHTS, size=len(table))
        found = everything(table, fits, weights)
        if first is None:
            first, first_name = found, name
            assert_rows_alone(table)
            if weights is not None:
                assert_rows_of_weight_zero_do_not_count(table, weights)
        for part, ours, others in zip(Read._fields, found, first, strict=True):
            assert ours == others, f"{part} of {name} and {first_name}: {str(ours)[:400]} and {str(others)[:400]}"
    assert first is not None
    if isinstance(first.columns, str):
        return "refused"
    return "encoded" if not fits else "fitted" if weights is None else "fitted with weights"


def everything(table: Any, fits: bool, weights: Array | None = None) -> Read:
    """Encodes a table and, if requested, fits a model to it: a regressor if the target is a column of numbers."""
    try:
        encoder = TableEncoder().fit(table)
        Z = np.asarray(encoder.transform(table))
    except cr.ChainruleError as error:
        return Read(type(error).__name__, b"", "")
    assert np.isfinite(Z).all(), "a feature is not finite"
    answers = predictions(kind_of_model(encoder), table, weights, table) if fits else ""
    # pandas has no type for a column of gaps alone.
    columns: Any = [(f.name, "" if f.dropped.startswith("no values") else f.kind, f.dropped) for f in encoder.features_]
    return Read(columns, Z.tobytes(), answers)


def kind_of_model(encoder: TableEncoder) -> Any:
    """Returns the class of an estimator for the column "target"."""
    kinds = {feature.name: feature.kind for feature in encoder.features_}
    return NetworkRegressor if kinds.get("target") == "numbers" else NetworkClassifier


def predictions(kind: Any, table: Any, weights: Array | None, rows: Any) -> list[Any] | str:
    """Fits a model to a table, and returns its predictions of rows, or the name of an error of Chainrule."""
    try:
        targets = ["target", SECOND] if SECOND in read(table).names else "target"
        answers: list[Any] = kind(**QUICK).fit(table, targets, sample_weight=weights).predict(rows).tolist()
    except cr.ChainruleError as error:
        return type(error).__name__
    assert kind is NetworkClassifier or np.isfinite(answers).all(), "a prediction is not finite"
    return answers


def assert_rows_of_weight_zero_do_not_count(table: Any, weights: Array) -> None:
    """Asserts that a model of the weighted rows is the same without the rows of weight 0."""
    try:
        kind = kind_of_model(TableEncoder().fit(table))
    except cr.ChainruleError:
        return
    counts = weights > 0.0
    used = table[counts] if hasattr(table, "iloc") else table.filter(pyarrow.array(counts))
    ours = predictions(kind, table, weights, table)
    others = predictions(kind, used, weights[counts], table)
    assert ours == others, f"with rows of weight 0, and without: {str(ours)[:400]} and {str(others)[:400]}"


def assert_rows_alone(table: Any) -> None:
    """Asserts that up to three rows of a table are encoded alone as in the whole table."""
    whole = read(table)
    try:
        encoder = TableEncoder().fit(table)
    except cr.ChainruleError:
        return
    Z = np.asarray(encoder.transform(table))
    for k in range(min(3, len(Z))):
        alone = table.iloc[k : k + 1] if hasattr(table, "iloc") else table[k : k + 1]
        z = np.asarray(encoder.transform(alone))
        assert np.array_equal(z, Z[k : k + 1]), f"row {k} alone: {z} and {Z[k : k + 1]} of {whole}"


# ---- damaged files ---------------------------------------------------------------------------------------------------


def read_damaged(rng: Random, folder: Path) -> str:
    """Damages one file, and asserts that it is refused, or read and encoded."""
    whole = originals()
    name = pick(rng, sorted(whole))
    path = folder / f"t{name}"
    path.write_bytes(damaged_bytes(rng, whole[name], whole[pick(rng, sorted(whole))]))
    try:
        read(path)
        found = everything(path, fits=happens(rng, 0.1))
    except cr.ChainruleError:
        return "refused"
    return "read" if isinstance(found.columns, list) else "read, not usable"


@functools.cache
def originals() -> dict[str, bytes]:
    """Returns a whole file of each kind, under its ending."""
    rng = np.random.default_rng(0)
    columns: dict[str, list[str | None]] = {
        "n": [None if k % 7 == 0 else f"{rng.normal():.3f}" for k in range(40)],
        "c": ["uvw"[k % 3] for k in range(40)],
        "when": [f"2024-{1 + k % 12:02}-01" for k in range(40)],
        "target": ["pq"[k % 2] for k in range(40)],
    }
    text = csv_bytes(columns)
    table = pyarrow.table(columns).append_column("x", pyarrow.array(rng.normal(size=40)))

    def written(write: Callable[[Any], object]) -> bytes:
        stream = io.BytesIO()
        write(stream)
        return stream.getvalue()

    def zipped(name: str) -> bytes:
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(name, text)
        return stream.getvalue()

    X, y = rng.normal(size=(40, 3)), rng.integers(0, 2, 40)
    return {
        ".csv": text,
        ".tsv": csv_bytes(columns, "\t"),
        ".csv.gz": gzip.compress(text),
        ".zip": zipped("t.csv"),
        ".xlsx.csv": zipped("xl/workbook.xml"),
        ".parquet": written(lambda file: parquet.write_table(table, file)),
        ".pq": written(lambda file: parquet.write_table(table, file, compression="none", use_dictionary=False)),
        ".feather": written(lambda file: feather.write_feather(table, file)),
        ".arrow": written(lambda file: feather.write_feather(table, file, compression="uncompressed")),
        ".npz": written(lambda file: np.savez_compressed(file, X=X, y=y)),
        ".plain.npz": written(lambda file: np.savez(file, X=X, y=y)),
    }

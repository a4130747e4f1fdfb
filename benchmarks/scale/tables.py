"""Memory and time of a large table: ``python -m benchmarks.scale.tables memory|csv|parquet [--rows N]``.

``memory`` fits a network regressor to N × 30 random numbers, in a process of its own, and divides the largest memory
that belongs to no file, without that of the libraries, by the size of the data; the goal is 2.5.

``csv`` and ``parquet`` write a table of N rows, read it by pyarrow alone and as ``chainrule train`` does, with all that
comes before the first step (recognition, checks, split, encoder), and divide the seconds; the goal is 1.3.
"""

from __future__ import annotations

import argparse
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.scale.rows import PeakMemory, anonymous

COLUMNS = 30
PIECE = 1 << 18
MOST_MEMORY, MOST_TIME = 2.5, 1.3


def memory(t: int, dtype: str) -> None:
    """Fits to t rows, and prints the memory in multiples of the data."""
    from chainrule.estimators import NetworkRegressor

    model = NetworkRegressor(epochs=1, hidden_layer_sizes=16, random_state=0)

    def data(rows: int) -> Any:
        X = np.random.default_rng(0).standard_normal((rows, COLUMNS), np.float32).astype(dtype, copy=False)
        return X, X[:, 0] - X[:, 1]

    model.fit(*data(2_000))  # loads the libraries
    libraries = anonymous()
    X, y = data(t)
    watch = PeakMemory()
    watch.start()
    model.fit(X, y)
    peak, after = watch.end() - libraries, anonymous() - libraries
    print(f"{t:,} × {COLUMNS} {dtype}, {X.nbytes / 1e6:,.0f} MB, in multiples of that, the data included:")
    print(f"at most {peak / X.nbytes:.2f} (goal {MOST_MEMORY}), after the fit {after / X.nbytes:.2f}")


def write(path: Path, t: int) -> None:
    """Writes t rows, some at a time, as a CSV file or as a folder of Parquet files."""
    import pyarrow
    from pyarrow import csv, parquet

    rng, writer = np.random.default_rng(0), None
    for number, first in enumerate(range(0, t, PIECE)):
        rows = min(PIECE, t - first)
        columns: dict[str, Any] = {f"x{k}": rng.standard_normal(rows).round(6) for k in range(COLUMNS)}
        columns["kind"] = np.array(["one", "two", "three", "four"])[rng.integers(0, 4, rows)]
        columns["y"] = (columns["x0"] - columns["x1"]).round(6)
        table = pyarrow.table(columns)
        if path.suffix != ".csv":
            path.mkdir(exist_ok=True)
            parquet.write_table(table, path / f"{number:04}.parquet")
            continue
        writer = writer or csv.CSVWriter(str(path), table.schema)
        writer.write_table(table)
    if writer is not None:
        writer.close()


def read_by_pyarrow(path: Path) -> None:
    """Reads the table."""
    from pyarrow import csv, parquet

    _ = csv.read_csv(path) if path.suffix == ".csv" else parquet.read_table(path)


def prepare_by_chainrule(path: Path) -> None:
    """Does what ``chainrule train`` does before the first step."""
    from chainrule.cli.inputs.sources import read_source
    from chainrule.cli.train.training_data import prepare
    from chainrule.tables.encoding.encoder import TableEncoder

    data = prepare(read_source(str(path), numbers_at_once=True), ["y"], None, [], 0.2, 0)
    rows = data.X.rows(data.split.training)
    TableEncoder(dtype="float32").fit(rows).encode(rows)


def seconds_of(work: Callable[[Path], None], path: Path) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Returns the seconds by the clock, and those of the CPUs."""
    began = time.perf_counter(), time.process_time()
    work(path)
    return np.array([time.perf_counter() - began[0], time.process_time() - began[1]])


def times(kind: str, t: int, rounds: int, folder: str | None) -> None:
    """Writes a table, reads it both ways in turn, and prints the least seconds of each, and their ratio."""
    with tempfile.TemporaryDirectory(dir=folder) as made:
        path = Path(made, "table.csv" if kind == "csv" else "table")
        write(path, t)
        size = sum(file.stat().st_size for file in (path, *path.glob("*")) if file.is_file())
        read_by_pyarrow(path)  # from the disk
        pairs = [[seconds_of(work, path) for work in (read_by_pyarrow, prepare_by_chainrule)] for _ in range(rounds)]
    alone, whole = np.min(pairs, axis=0)
    print(f"{kind}, {size / 1e9:.2f} GB, {t:,} rows: pyarrow {alone[0]:.2f} s, until the first step {whole[0]:.2f} s")
    print(f"{whole[0] / alone[0]:.2f} × by the clock, {whole[1] / alone[1]:.2f} × by the CPUs (goal {MOST_TIME})")


def main() -> None:
    """Measures, and prints the results beside the goals."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("what", choices=["memory", "csv", "parquet"])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--dtype", default="float32", help="of the numbers, for memory")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", help="where the table is written, and removed afterwards")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    if given.what == "memory":
        memory(given.rows, given.dtype)
    else:
        times(given.what, given.rows, given.rounds, given.folder)


if __name__ == "__main__":
    main()

"""Training from files and in memory: ``python -m benchmarks.scale.rows [--rows N] [--folder FOLDER]``.

Makes a packed file of N random rows, and trains an epoch from it, the first reading, which verifies checksums. Then it
trains one epoch in windows and one in memory in turn, and prints the most rows a second of each, by CPU time and by the
clock, and the median of the ratios to the training in memory of the same round; and the largest part of the memory that
belongs to no file (RssAnon). ``--parquet K`` trains from K Parquet files too, a row group each. With ``--only windows``
there is the first reading alone, and the rows are never in memory together, so that N may be 10⁸.
"""

from __future__ import annotations

import argparse
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

import chainrule as cr
from chainrule.rows.packing import Form, write_packed
from chainrule.rows.rows import SHUFFLED_WINDOW_BYTES
from chainrule.rows.source import Piece

NETWORKS = {"small": ([30, 32, 1], 256), "large": ([32, 256, 256, 1], 256)}
PIECE = 1 << 16


def pieces(t: int, n: int) -> Iterator[Piece]:
    """Yields t random rows, some at a time."""
    rng = np.random.default_rng(0)
    for first in range(0, t, PIECE):
        X = rng.standard_normal((min(PIECE, t - first), n), np.float32)
        yield Piece(X, np.tanh(X[:, :3].sum(axis=1, keepdims=True)), None)


def write_parquet(folder: Path, t: int, n: int, files: int) -> None:
    """Writes about t rows as Parquet files without compression, a row group each."""
    import pyarrow as pa
    from pyarrow import parquet

    folder.mkdir()
    for k, (X, Y, _) in enumerate(piece for _ in range(files) for piece in pieces(max(1, t // files), n)):
        columns = {f"x{j}": X[:, j] for j in range(n)}
        parquet.write_table(
            pa.table({**columns, "y": Y[:, 0]}), folder / f"{k}.parquet", use_dictionary=False, compression="none"
        )


class PeakMemory(threading.Thread):
    """The largest resident memory of this process that belongs to no file, looked at every 20 ms."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.peak, self._is_over = 0, threading.Event()

    def run(self) -> None:
        """Looks until `end`."""
        while not self._is_over.wait(0.02):
            self.peak = max(self.peak, anonymous())

    def end(self) -> int:
        """Returns the peak in bytes."""
        self._is_over.set()
        self.join()
        return max(self.peak, anonymous())


def anonymous() -> int:
    """Returns RssAnon in bytes."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("RssAnon:"):
            return 1024 * int(line.split()[1])
    return 0


def train(sizes: list[int], batch_size: int, examples: cr.Rows | cr.TrainingSet, window: int | None) -> list[float]:
    """Trains one epoch; returns its seconds of CPU and by the clock."""
    net = cr.Network.dense(sizes, hidden="relu", seed=0, dtype="float32")
    began = time.process_time(), time.perf_counter()
    cr.train(net, examples, optimizer=cr.Adam(1e-4), batch_size=batch_size, epochs=1, window=window)
    return [time.process_time() - began[0], time.perf_counter() - began[1]]


def main() -> None:
    """Measures, and prints a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--network", choices=NETWORKS, default="small")
    parser.add_argument("--window", type=int, help="rows; by default as for more than 512 MiB")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--parquet", type=int, metavar="K")
    parser.add_argument("--only", choices=["windows"])
    parser.add_argument("--folder", help="where the files are made, and removed afterwards")
    given = parser.parse_args()
    sizes, batch_size = NETWORKS[given.network]
    window = given.window or SHUFFLED_WINDOW_BYTES // (4 * (sizes[0] + 1))
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        path = Path(folder, "random.rows")
        form = Form(given.rows, sizes[0], (1,), has_weights=False)
        write_packed(path, form, pieces(given.rows, sizes[0]), seed=None, are_random=True)
        rows = cr.Rows.open(path)
        print(f"{path.stat().st_size / 1e9:.2f} GB, {given.rows:,} rows, {rows.windows(window)} windows")
        sources: dict[str, cr.Rows | cr.TrainingSet] = {"windows": rows}
        if given.parquet:
            write_parquet(Path(folder, "parquet"), given.rows, sizes[0], given.parquet)
            sources["parquet"] = cr.Rows.parquet(Path(folder, "parquet"), target="y")
        before, watch = anonymous(), PeakMemory()
        watch.start()
        first = {name: [train(sizes, batch_size, source, window)] for name, source in sources.items()}
        print(f"memory beside the page cache: {watch.end() / 1e9:.2f} GB, before training {before / 1e9:.2f}")
        report(given.rows / 1e6, {f"{name}, first reading": run for name, run in first.items()})
        if given.only is not None:
            return
        sources["in memory"] = rows.in_memory()
        runs: dict[str, list[list[float]]] = {name: [] for name in sources}
        for _ in range(given.rounds):
            for name, source in sources.items():
                runs[name].append(train(sizes, batch_size, source, None if name == "in memory" else window))
        report(given.rows / 1e6, runs)


def report(millions: float, runs: dict[str, list[list[float]]]) -> None:
    """Prints a line for each kind of rows, whose runs are seconds of CPU and by the clock (rounds, 2)."""
    for name, run in runs.items():
        seconds = np.array(run)
        cpu, clock = seconds.min(axis=0)
        ratio = ""
        if "in memory" in runs:
            ratio = f", {np.median(np.array(runs['in memory'])[:, 0] / seconds[:, 0]):.0%} of in memory"
        print(f"{name:22} {millions / cpu:7.2f} Mrows per CPU-second, {millions / clock:7.2f} by the clock{ratio}")


if __name__ == "__main__":
    main()

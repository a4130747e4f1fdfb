"""Nanoseconds of CPU time that an exported file takes for a row of its test rows; the least of several rounds."""

from __future__ import annotations

import json
import re
import runpy
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.exports.targets import target_of

ROUNDS, ROWS = 5, 1000  # of a batch
C_PROGRAM = """\
#define main test
#include "{name}_test.c"
#undef main
#include <time.h>

int main(void) {{
    static volatile double sink;
    double best = 1e300;
    int round, k, t;
    for (round = 0; round < {rounds}; round++) {{
        {name}_real result[{NAME}_OUTPUTS];
        const clock_t start = clock();
        double ns;
        for (k = 0; k < {repeats}; k++) {{
            for (t = 0; t < {count}; t++) {{
                (void){name}_predict(&rows[t], result);
                sink = (double)result[0];
            }}
        }}
        ns = 1e9 * (double)(clock() - start) / CLOCKS_PER_SEC / {repeats}.0 / {count}.0;
        best = ns < best ? ns : best;
    }}
    (void)printf("%.17g\\n", best);
    return 0;
}}
"""
NODE_PROGRAM = """\
import * as model from {url};
const {{ rows }} = JSON.parse(model.TESTS);
let best = Infinity;
for (let round = 0; round < {rounds}; round++) {{
  const start = process.cpuUsage();
  for (let k = 0; k < {repeats}; k++) rows.forEach((row) => model.predict(row));
  const {{ user, system }} = process.cpuUsage(start);
  best = Math.min(best, (1000 * (user + system)) / ({repeats} * rows.length));
}}
console.log(best);
"""


def least(work: Callable[[], Any], rows: int, repeats: int = 1) -> float:
    """Returns the nanoseconds of CPU time a row."""
    work()
    best = np.inf
    for _ in range(ROUNDS):
        start = time.process_time_ns()
        for _ in range(repeats):
            work()
        best = min(best, (time.process_time_ns() - start) / (rows * repeats))
    return float(best)


def c(path: Path, compiler: str = "cc", flags: tuple[str, ...] = ("-std=c99", "-O2")) -> float:
    """Returns the time of NAME_predict."""
    folder, name = path.parent, path.stem
    count = int(re.findall(r"_row rows\[(\d+)\]", (folder / f"{name}_test.c").read_text(encoding="utf-8"))[0])
    program = C_PROGRAM.format(name=name, NAME=name.upper(), rounds=4 * ROUNDS, count=count, repeats=20_000 // count)
    (folder / "timing.c").write_text(program, encoding="utf-8")
    command = [compiler, *flags, "-o", "timing", "timing.c", path.name, "-lm"]
    subprocess.run(command, cwd=folder, check=True)
    return float(subprocess.run([folder / "timing"], capture_output=True, check=True).stdout)


def c_bytes(path: Path, compiler: str = "cc") -> int:
    """Returns the bytes of code and constants of the model, at -Os."""
    subprocess.run([compiler, "-std=c99", "-Os", "-c", path.name, "-o", "model.o"], cwd=path.parent, check=True)
    printed = subprocess.run(["size", "model.o"], cwd=path.parent, capture_output=True, text=True, check=True).stdout
    return sum(map(int, printed.splitlines()[1].split()[:2]))


def javascript(path: Path) -> float:
    """Returns the time of predict(row)."""
    program = NODE_PROGRAM.format(url=json.dumps(path.resolve().as_uri()), rounds=3 * ROUNDS, repeats=50)
    command = ["node", "--input-type=module", "--eval", program]
    return float(subprocess.run(command, capture_output=True, check=True).stdout)


def onnx_runtime(path: Path) -> tuple[float, float]:
    """Returns the time of one row, and of a row in a batch, on one thread of ONNX Runtime."""
    import onnx
    import onnxruntime

    from chainrule.exports.targets.onnx.target import feed

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    model, rows = onnx.load(path), _repeated(path, ROWS)
    one, many = feed(model, rows[:1]), feed(model, rows)
    return least(lambda: session.run(None, one), 1, 300), least(lambda: session.run(None, many), ROWS)


def sql(path: Path) -> float:
    """Returns the time of a row in a batch, on one thread of DuckDB."""
    import duckdb

    from chainrule.exports.targets.sql.target import create_table

    with duckdb.connect(config={"threads": 1}) as connection:
        create_table(connection, _repeated(path, ROWS))
        query = path.read_text(encoding="utf-8")
        return least(lambda: connection.execute(query).fetchall(), ROWS)


def python(path: Path) -> tuple[float, float]:
    """Returns the time of one row, and of a row in a batch."""
    predict, rows = runpy.run_path(str(path))["predict"], _repeated(path, ROWS)
    return least(lambda: predict(rows[:1]), 1, 100), least(lambda: predict(rows), ROWS)


def _repeated(path: Path, count: int) -> list[Mapping[str, Any]]:
    rows = target_of(path).vectors(path).rows
    return [rows[k % len(rows)] for k in range(count)]

"""``python -m benchmarks.serving.soak --requests 1000000``: the memory of `chainrule serve` over many requests.

Eight connections send single rows, every hundredth request is refused, and every thousandth one has a thousand rows. A
line is printed ten times. The exit status is 1 if memory has grown by more than 5 % after the first tenth.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.harness.options import positive
from benchmarks.serving import client
from benchmarks.serving.rows import request, rows_of, table
from benchmarks.serving.served import Served
from chainrule.estimators import NetworkClassifier

AT_ONCE = 8
MOST_GROWTH = 1.05


def main(arguments: list[str]) -> int:
    """Sends the requests."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serving.soak", description="memory over many requests")
    parser.add_argument("--requests", type=positive, default=1_000_000)
    count: int = parser.parse_args(arguments).requests
    rows = rows_of(table(1000, seed=1)[0])
    bodies = [request("/predict", {"rows": [row]}) for row in rows]
    bodies[999] = request("/predict", {"rows": rows})
    for k in range(50, 1000, 100):
        bodies[k] = request("/predict", {"rows": [{**rows[k], "age": "old"}]})
    seen: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "customers.safetensors")
        NetworkClassifier(random_state=0).fit(*table(1000)).save(path)
        with Served("chainrule", "serve", str(path), "--port", "0") as served:
            print(f"{served.megabytes():8.1f} MB at the start", flush=True)
            connections, start = [served.connected() for _ in range(AT_ONCE)], time.perf_counter()
            for tenth in range(1, 11):
                for k in range((tenth - 1) * count // 10, tenth * count // 10, AT_ONCE):
                    for j, connection in enumerate(connections):
                        connection.sendall(bodies[(k + j) % len(bodies)])
                    for connection in connections:
                        client.answered(connection, (b"200", b"422"))
                seen.append(served.megabytes())
                seconds, done = time.perf_counter() - start, tenth * count // 10
                print(f"{seen[-1]:8.1f} MB after {done:,} requests, {done / seconds:,.0f} a second", flush=True)
            for connection in connections:
                connection.close()
    return int(seen[-1] > MOST_GROWTH * seen[0])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""A request to `chainrule serve`, however wrong, is answered without an error of the server, and others are served.

- The damaged body of a request gives predictions, or a refusal with a sentence: 400, 413 or 422, never 500.
- A damaged request, cut anywhere, in pieces or behind another one, is answered with 4xx, or its connection is closed.
- A good request after it has the predictions of the model, and the memory of the server stays where it was.
- The server writes nothing to its log.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import io
import json
import os
import socket
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow
from support.files.spoilt_files import paths_into, replaced
from support.serving.asking import Served
from support.serving.models import MODELS, ROW, ROWS

from fuzz.damage import AWKWARD, damaged_bytes
from fuzz.drawing import Random, happens, pick

REQUESTS = 10  # of a case
SECONDS = 0.05  # a request that may never be whole is given up after as long
PATIENCE = 600.0  # seconds, on a machine as busy as may be
MOST_MEGABYTES = 160.0
JSON, CSV, ARROW = "application/json", "text/csv", "application/vnd.apache.arrow.stream"
REFUSED = (400, 413, 415, 422)
NAMES = list(MODELS)


@functools.cache
def served() -> Served:
    """The server, which all cases of a process share."""
    folder = Path(tempfile.mkdtemp(prefix="chainrule-"))
    for name, model in MODELS.items():
        model().save(folder / f"{name}.safetensors")
    limits = ("--max-rows", 50, "--max-bytes", 20_000, "--timeout", PATIENCE)
    server = Served(*(f"{name}.safetensors" for name in NAMES), *limits, cwd=folder)
    atexit.register(server.process.kill)
    os.set_blocking(server.log, False)
    return server


def check(rng: Random) -> str:
    """Sends some damaged requests, and then a good one."""
    outcomes = [damaged_body(rng) if happens(rng, 0.6) else damaged_request(rng) for _ in range(REQUESTS)]
    name = pick(rng, NAMES)
    good = answered(request(f"/models/{name}/predict", JSON, json.dumps({"rows": ROWS}).encode()))
    assert good is not None, "the connection was closed before a good request was answered"
    assert good[0] == 200, good
    assert json.loads(good[1])["predictions"] == expected(name), good
    pages = int(Path(f"/proc/{served().process.pid}/statm").read_text(encoding="ascii").split()[1])
    assert pages * os.sysconf("SC_PAGESIZE") / 1e6 < MOST_MEGABYTES, "the server has grown"
    with contextlib.suppress(BlockingIOError):  # there is nothing
        raise AssertionError(os.read(served().log, 1 << 16).decode())
    return max(outcomes, key=outcomes.count)


@functools.cache
def expected(name: str) -> list[Any]:
    """The predictions of a model, of rows one by one."""
    rows = MODELS[name]().row_predictor()
    return [rows.predict(row) for row in ROWS]


# ---- damaged bodies --------------------------------------------------------------------------------------------------


def damaged_body(rng: Random) -> str:
    """Asserts that a request with a wrong body is answered or refused in words."""
    form = pick(rng, [JSON, JSON, JSON, CSV, ARROW])
    path = f"/models/{pick(rng, NAMES)}/predict{pick(rng, ['', '', '?probabilities=true', '?interval=0.9'])}"
    if form == JSON:
        is_tensors = happens(rng, 0.3)
        path = f"/v2/models/{pick(rng, NAMES)}/infer" if is_tensors else path
        body = damaged_json(rng, tensors() if is_tensors else pick(rng, [{"rows": ROWS}, {"columns": columns()}]))
    else:
        body = damaged_bytes(rng, csv_bytes() if form == CSV else arrow_bytes(), arrow_bytes())
    found = answered(request(path, form, body))
    assert found is not None, f"closed after {body[:300]!r}"
    status, answer = found
    assert status in (200, *REFUSED), f"{status} {answer[:300]!r} for {path} {body[:2000]!r}"
    if status != 200:
        assert json.loads(answer)["error"], answer
    return f"body {status}"


def damaged_json(rng: Random, document: Any) -> bytes:
    """Returns a document in which values are replaced, and sometimes bytes are."""
    for _ in range(pick(rng, [1, 1, 2, 5])):
        value: Any = pick(rng, AWKWARD)
        if happens(rng, 0.1):
            value = [value] * pick(rng, [2, 60])
        document = replaced(document, pick(rng, paths_into(document)), value) if paths_into(document) else document
    body = json.dumps(document).encode()
    return damaged_bytes(rng, body, csv_bytes()) if happens(rng, 0.4) else body


def columns() -> dict[str, list[Any]]:
    """The rows as columns."""
    return {name: [row[name] for row in ROWS] for name in ROW}


def tensors() -> dict[str, Any]:
    """The rows as tensors of the Open Inference Protocol."""
    types = ("FP64", "FP64", "BYTES", "BOOL")
    inputs = [
        {"name": name, "datatype": kind, "shape": [len(ROWS)], "data": values}
        for (name, values), kind in zip(columns().items(), types, strict=True)
    ]
    return {"id": "1", "inputs": inputs, "outputs": [{"name": "probabilities"}]}


def csv_bytes() -> bytes:
    """The rows as CSV."""
    lines = [",".join(ROW), *(",".join("" if v is None else str(v) for v in row.values()) for row in ROWS)]
    return "\n".join(lines).encode()


def arrow_bytes() -> bytes:
    """The rows as a stream of Arrow, with a dictionary."""
    table, data = pyarrow.table(columns()), io.BytesIO()
    table = table.set_column(2, "city", table["city"].dictionary_encode())
    with pyarrow.ipc.new_stream(data, table.schema) as writer:
        writer.write_table(table)
    return data.getvalue()


# ---- damaged requests ------------------------------------------------------------------------------------------------


def damaged_request(rng: Random) -> str:
    """Asserts that bytes which may be no request are refused or given up, and cause no error of the server."""
    good = request("/models/classes/predict", JSON, json.dumps({"rows": ROWS}).encode(), is_chunked=happens(rng, 0.4))
    data = damaged_bytes(rng, good * pick(rng, [1, 1, 3]), csv_bytes())
    parts = [data] if happens(rng, 0.7) else [data[:k] for k in [len(data) // 3]] + [data[len(data) // 3 :]]
    found = answered(*parts, seconds=SECONDS)
    if found is None:
        return "request closed or given up"
    assert found[0] in (200, 401, 404, 405, 408, *REFUSED), f"{found} for {data[:2000]!r}"
    return f"request {found[0]}"


def request(path: str, form: str, body: bytes, *, is_chunked: bool = False) -> bytes:
    """Returns the bytes of a request; in chunks of a hundred bytes, or with a length."""
    head = [f"POST {path} HTTP/1.1", "Host: localhost", f"Content-Type: {form}"]
    if not is_chunked:
        return "\r\n".join([*head, f"Content-Length: {len(body)}", "", ""]).encode() + body
    chunks = [body[k : k + 100] for k in range(0, len(body), 100)]
    framed = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in [*chunks, b""])
    return "\r\n".join([*head, "Transfer-Encoding: chunked", "", ""]).encode() + framed


def answered(*parts: bytes, seconds: float = PATIENCE) -> tuple[int, bytes] | None:
    """Returns the status and the body of the first answer to bytes on a new connection; None if there is none."""
    with served().connected() as connection, contextlib.suppress(ConnectionError, TimeoutError):
        for part in parts:
            connection.sendall(part)
        connection.settimeout(seconds)
        return _first_answer(connection)
    return None


def _first_answer(connection: socket.socket) -> tuple[int, bytes] | None:
    data = b""
    while b"\r\n\r\n" not in data:
        if not (part := connection.recv(1 << 16)):
            return None
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    lines: Sequence[bytes] = head.lower().split(b"\r\n")
    length = next(int(line.partition(b":")[2]) for line in lines if line.startswith(b"content-length:"))
    while len(body) < length and (part := connection.recv(1 << 16)):
        body += part
    return int(lines[0].split()[1]), body[:length]

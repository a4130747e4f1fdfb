"""The benchmark of the server: its requests, its client, and its goals."""

from __future__ import annotations

import json
import socket

import pytest

from benchmarks import goals
from benchmarks.serving import client
from benchmarks.serving.rows import request, rows_of, table


def test_a_request_has_rows_without_nan() -> None:
    """A row of the table is sent with its eight columns, and a gap as null."""
    rows = rows_of(table(200)[0])
    assert any(row["balance"] is None for row in rows)
    head, _, body = request("/predict", {"rows": rows}).partition(b"\r\n\r\n")
    assert head.split(b"\r\n")[-1] == b"Content-Length: %d" % len(body)
    assert json.loads(body) == {"rows": rows}
    assert len(rows[0]) == 8


def test_an_answer_is_read_whole() -> None:
    """The client returns the body of an answer that comes in pieces, and refuses another status and a lost end."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        for part in (b"HTTP/1.1 200 OK\r\ncontent-", b"length: 5\r\n\r\nab", b"cde"):
            theirs.sendall(part)
        assert client.answered(ours) == b"abcde"
        theirs.sendall(b"HTTP/1.1 422 No\r\ncontent-length: 0\r\n\r\n" * 2)
        theirs.shutdown(socket.SHUT_WR)
        with pytest.raises(ValueError, match="422"):
            client.answered(ours)
        with pytest.raises(ValueError, match="closed within an answer"):
            client.answered(ours)


def test_goals_are_judged() -> None:
    """The least median, the best rate, the rate by CPU time and memory are each beside their goal."""
    good = goals.of_serving([0.5e-3, 0.3e-3], [2900.0, 3100.0], [0.3e-3], 72.0)
    assert [verdict.is_reached for verdict in good] == [True] * 4
    bad = goals.of_serving([0.5e-3], [2900.0], [0.4e-3], 121.0)
    assert [verdict.is_reached for verdict in bad] == [False] * 4

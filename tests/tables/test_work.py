"""Work on large tables: in parts, on threads, with a bar."""

from __future__ import annotations

import io
import threading
import time

import numpy as np
import pytest

from chainrule.errors import InputError
from chainrule.tables import work
from chainrule.tables.work import LEAST, at_work, begin, each, parts_of


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("threads", "size", "most"), [(3, LEAST, 3), (1, LEAST, 1), (3, LEAST - 1, 1)])
def test_parts_run_on_as_many_threads_as_given(threads: int, size: int, most: int) -> None:
    """Results are in order; large work has at most ``threads`` threads, small work and one thread none of its own."""
    seen: set[int] = set()

    def double(part: int) -> int:
        seen.add(threading.get_ident())
        time.sleep(0.002)
        return 2 * part

    with at_work(threads):
        assert each("doubling", size, double, range(12)) == list(range(0, 24, 2))
    assert len(seen) <= most
    assert (threading.get_ident() in seen) == (most == 1)


def test_the_first_exception_is_raised() -> None:
    """An exception of a part reaches the caller, who sees that of the first part."""

    def fail(part: int) -> None:
        raise InputError(f"part {part}")

    with at_work(2), pytest.raises(InputError, match="part 0"):
        each("failing", LEAST, fail, [0, 1])


def test_a_wrong_number_of_threads() -> None:
    """``threads`` is checked before any work."""
    with pytest.raises(InputError, match="threads must be an integer ≥ 1"), at_work(0):
        pass


def test_parts_cover_all_rows() -> None:
    """The slices follow each other from the first row to the last."""
    t = 2 * work.ROWS_OF_A_PART + 5
    assert np.concatenate([np.arange(t)[part] for part in parts_of(t)]).tolist() == list(range(t))
    assert parts_of(0) == []


def test_work_that_lasts_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal shows which work is done once it lasts; a pipe and short work show nothing."""
    monkeypatch.setattr(work, "SHOWN_AFTER", 0.02)
    monkeypatch.setenv("TERM", "xterm")
    terminal, pipe = Terminal(), io.StringIO()
    for file in (terminal, pipe):
        with at_work(is_shown=True, file=file):
            begin("reading big.csv")
            end = time.perf_counter() + 10.0
            while file is terminal and "reading big.csv" not in terminal.getvalue() and time.perf_counter() < end:
                time.sleep(0.005)
    assert "reading big.csv" in terminal.getvalue()
    assert pipe.getvalue() == ""
    monkeypatch.setattr(work, "SHOWN_AFTER", 60.0)
    short = Terminal()
    with at_work(is_shown=True, file=short):
        begin("reading small.csv")
    assert short.getvalue() == ""

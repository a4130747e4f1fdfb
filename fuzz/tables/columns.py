"""Random columns: typed ones as Arrow has them, and texts as a CSV file has them."""

from __future__ import annotations

import datetime
import decimal
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pyarrow

from fuzz.drawing import Random, happens, pick

# Texts that look like something else, in one notation or another
LEVELS: Sequence[Sequence[str]] = [
    ["u", "v", "w"], ["007", "013", "A12"], ["TRUE", "FALSE", "maybe"], ["NA", "EU", "AS"], ["yes", "no"],
    ["é", "é", "日本"], [" a", "a", "a "], ["=1+1", "@SUM(A1)", "-2+3"], ["a,b", 'q"q', "line\nline"],
    ["1.10", "1.1", "2.x"], ["2024-01-01", "2024-13-45", "soon"], ["None", "null", "nan"], ["x" * 3000, "y"],
    ["a;b", "c\td"],    ["₁", "²", "٣"], ["only"], ["Inf", "low"], ["0x10", "1_000", "z"],
]  # fmt: skip
MOST = 2**53


def typed_column(rng: Random, t: int) -> Any:
    """Returns a column of t values of one Arrow type, often with gaps."""
    kind, draw = pick(rng, list(TYPES.items()))
    gap = pick(rng, [0.0, 0.0, 0.2, 1.0 if happens(rng, 0.2) else 0.5])
    values = [None if happens(rng, gap) else draw(rng) for _ in range(t)]
    column = pyarrow.array(values, type=kind)
    return column.dictionary_encode() if kind == pyarrow.string() and happens(rng, 0.3) else column


def _number(rng: Random) -> float:
    return float(pick(rng, [rng.normal(), rng.normal(), round(rng.normal(), 1), 0.0, 1e300, -1e-300, 1e-5]))


def _moment(rng: Random) -> datetime.datetime:
    return datetime.datetime(2000, 1, 1) + datetime.timedelta(seconds=int(rng.integers(-(10**9), 10**9)))


def _level(rng: Random) -> str:
    return str(pick(rng, [*pick(rng, LEVELS[:6]), "b"]))


TYPES: Mapping[Any, Callable[[Random], Any]] = {
    pyarrow.float64(): _number,
    pyarrow.float32(): lambda rng: float(rng.normal()),
    pyarrow.int64(): lambda rng: int(pick(rng, [rng.integers(-5, 5), rng.integers(-5, 5), MOST + 1, -(2**63)])),
    pyarrow.int8(): lambda rng: int(rng.integers(-5, 5)),
    pyarrow.uint64(): lambda rng: int(pick(rng, [rng.integers(0, 9), 2**64 - 1])),
    pyarrow.bool_(): lambda rng: bool(rng.integers(2)),
    pyarrow.string(): _level,
    pyarrow.large_string(): _level,
    pyarrow.date32(): lambda rng: _moment(rng).date(),
    pyarrow.timestamp("us"): _moment,
    pyarrow.timestamp("s", tz="Europe/Berlin"): _moment,
    pyarrow.duration("ms"): lambda rng: datetime.timedelta(seconds=int(rng.integers(-1000, 1000))),
    pyarrow.decimal128(9, 2): lambda rng: decimal.Decimal(int(rng.integers(-999, 999))) / 100,
}


def text_column(rng: Random, t: int) -> list[str | None]:
    """Returns a column of texts in one notation, with a few cells of another; None is an empty cell."""
    write = pick(rng, NOTATIONS)
    levels: Sequence[str] = pick(rng, LEVELS)
    gap, odd = pick(rng, [0.0, 0.0, 0.2]), pick(rng, [0.0, 0.0, 0.05])

    def cell() -> str | None:
        if happens(rng, gap):
            return None
        if happens(rng, odd):
            return str(pick(rng, [*pick(rng, LEVELS), "?", "-", "1e400", "1e", "--1", "9" * 40, "5e-324"]))
        return str(write(rng)) if write is not None else str(pick(rng, levels))

    return [cell() for _ in range(t)]


NOTATIONS: Sequence[Callable[[Random], str] | None] = [
    None,
    None,
    lambda rng: repr(round(float(rng.normal()), 3)),
    lambda rng: f"{rng.normal():.2f}".replace(".", ","),
    lambda rng: f"{1000 * rng.normal():,.1f}",
    lambda rng: str(rng.integers(-5, 5)),
    lambda rng: f"{rng.normal():.3e}",
    lambda rng: str(_moment(rng).date()),
    lambda rng: _moment(rng).isoformat(),
    lambda rng: f"{rng.integers(24):02}:{rng.integers(60):02}",
    lambda rng: f"{rng.integers(101)}%",
    lambda rng: pick(rng, ["true", "false"]),
    lambda rng: f"$ {rng.integers(100)}",
]

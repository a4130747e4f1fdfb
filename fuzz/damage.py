"""Damaged files: bytes, JSON headers and tensors changed at random."""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from support.files.spoilt_files import paths_into, replaced

from fuzz.drawing import Random, pick

# Numbers that break carelessly computed sizes, and texts that break carelessly read ones.
AWKWARD: Sequence[Any] = [
    None, True, False, 0, 1, -1, 2, 7, 2**31, 2**32 + 1, 2**62, 2**63, 2**64, -(2**63), 10**400, 0.5, -0.5, 1e308,
    1e-320, -0.0, math.nan, math.inf, -math.inf, "", "0", "1e5", "x", "relu", "softmax", "é", "\0", "\ud800",
    "x" * 5000, "0x1p+3", [], [1], [[]], [1, 2, 3], {}, {"x": 1}, [{}], {"": []},
]  # fmt: skip


# ---- bytes -----------------------------------------------------------------------------------------------------------


def flipped(rng: Random, data: bytes) -> bytes:
    """Flips one to eight bits, in half of the cases near the beginning."""
    changed = bytearray(data)
    end = min(len(data), 2000) if rng.random() < 0.5 else len(data)
    for where in rng.integers(end, size=pick(rng, [1, 1, 2, 8])) if data else ():
        changed[where] ^= 1 << rng.integers(8)
    return bytes(changed)


def cut(rng: Random, data: bytes) -> bytes:
    """Ends the data early."""
    return data[: rng.integers(len(data) + 1)]


def moved(rng: Random, data: bytes) -> bytes:
    """Removes, repeats, fills or overwrites a piece."""
    start, length = rng.integers(len(data) + 1), int(2 ** rng.uniform(0, 12))
    piece, rest = data[start : start + length], data[start + length :]
    filled = bytes([pick(rng, [0, 255, 32, 123])]) * len(piece)
    new: bytes = pick(rng, [b"", piece * 2, filled, rng.bytes(len(piece)), rng.bytes(9) + piece])
    return data[:start] + new + rest


def resized(rng: Random, data: bytes) -> bytes:
    """Gives the eight bytes of the header's length another value."""
    length = int.from_bytes(data[:8], "little")
    value: int = pick(rng, [0, 1, length - 1, length + 1, len(data), 2**24, 2**26 + 1, 2**31, 2**40, 2**63, 2**64 - 1])
    return (value % 2**64).to_bytes(8, "little") + data[8:]


def spliced(rng: Random, data: bytes, other: bytes) -> bytes:
    """Continues the data with another file's."""
    start = rng.integers(len(data) + 1)
    return data[:start] + other[(start if rng.random() < 0.5 else rng.integers(len(other) + 1)) :]


# ---- headers and tensors ---------------------------------------------------------------------------------------------


def parts_of(data: bytes) -> tuple[dict[str, Any], dict[str, Any], bytes]:
    """Returns the outer header of a safetensors file, Chainrule's header in it, and the bytes of the tensors.

    Chainrule's header comes without its checksum, so that a change of it is not refused for that.
    """
    end = 8 + int.from_bytes(data[:8], "little")
    outer = json.loads(data[8:end])
    header = json.loads(outer["__metadata__"]["chainrule"])
    header.pop("header_crc32", None)
    return outer, header, data[end:]


def joined(outer: dict[str, Any], text: str, tensors: bytes) -> bytes:
    """Returns a safetensors file with this text as Chainrule's header, whatever it holds."""
    outer = {**outer, "__metadata__": {"chainrule": text}}
    header = json.dumps(outer).encode("utf-8")
    return len(header).to_bytes(8, "little") + header + tensors


def as_text(rng: Random, header: object) -> str:
    """Returns the header as JSON, rarely with a repeated key or a piece that is no JSON."""
    text = json.dumps(header)
    if rng.random() < 0.05 and text.startswith("{") and len(text) > 2:
        return text[:-1] + ", " + text[1:]
    if rng.random() < 0.05:
        where = rng.integers(len(text) + 1)
        new: str = pick(rng, ["[" * 20_000, "NaN", "9" * 5000, "1e999", ",", '"', "\\ud800"])
        return text[:where] + new + text[where:]
    return text


def value_near(rng: Random, value: Any) -> Any:
    """Returns a value that is wrong in a subtle way, or any awkward one."""
    if rng.random() < 0.4:
        if isinstance(value, bool):
            return not value
        if isinstance(value, int):
            return pick(rng, [value + 1, value - 1, -value, value * 2**20, value % 7 + 0.0, str(value), value + 2**32])
        if isinstance(value, float):
            return pick(rng, [-value, value * 1e300, 0.0, int(value) if math.isfinite(value) else 0, str(value)])
        if isinstance(value, str) and value:
            return pick(rng, [value[:-1], value + "x", value.upper(), value * 2, [value]])
        if isinstance(value, list) and value:
            return pick(
                rng, [value[1:], value * 2, value[::-1], [pick(rng, value)], {str(k): v for k, v in enumerate(value)}]
            )
        if isinstance(value, dict) and value:
            return pick(rng, [dict(list(value.items())[1:]), list(value.items()), {**value, "x": 1}])
    return pick(rng, AWKWARD)


def changed_json(rng: Random, header: dict[str, Any], others: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Changes one to three values of a JSON document: others, parts of itself or of another document, or deletions."""
    for _ in range(rng.integers(1, 4)):
        path = pick(rng, paths_into(header) or [()])
        if not path:
            break
        place: Any = header
        for key in path[:-1]:
            place = place[key]
        kind = rng.random()
        if kind < 0.15 and isinstance(place, dict):
            header = replaced(header, path[:-1], {k: v for k, v in place.items() if k != path[-1]}) if path[:-1] else {
                k: v for k, v in header.items() if k != path[-1]
            }  # fmt: skip
        elif kind < 0.35:
            source: Any = pick(rng, [header, *others])
            for key in pick(rng, paths_into(source) or [()]):
                source = source[key]
            header = replaced(header, path, source)
        else:
            header = replaced(header, path, value_near(rng, place[path[-1]]))
    return header


def changed_tensors(rng: Random, outer: dict[str, Any], tensors: bytes) -> tuple[dict[str, Any], bytes]:
    """Renames, drops, reshapes or retypes a tensor, or changes its numbers."""
    names = [name for name in outer if name != "__metadata__"]
    if not names:
        return outer, tensors
    name, other = pick(rng, names), pick(rng, names)
    info = dict(outer[name])
    kind = rng.integers(6)
    if kind == 0:
        new_name = pick(rng, ["", "W[0]", "W[99]", "theta", f"{name} ", name.upper(), "\0"])
        return {**{key: value for key, value in outer.items() if key != name}, new_name: info}, tensors
    if kind == 1:
        return {key: value for key, value in outer.items() if key != name}, tensors
    if kind == 2:  # the numbers under each other's names
        return {**outer, name: outer[other], other: info}, tensors
    if kind == 3:
        shape: list[int] = info["shape"]
        info["shape"] = pick(rng, [shape[::-1], [*shape, 1], [], [0], [2**62, 4], [-1], value_near(rng, shape)])
        return {**outer, name: info}, tensors
    if kind == 4:
        info["dtype"] = pick(rng, ["F32", "F64", "F16", "BF16", "I64", "I8", "U8", "BOOL", "F8_E4M3", "C64", "x", 3])
        return {**outer, name: info}, tensors
    return outer, changed_numbers(rng, info, tensors)


def changed_numbers(rng: Random, info: dict[str, Any], tensors: bytes) -> bytes:
    """Sets some or all numbers of a tensor to one value, in a third of the cases to one that is not finite."""
    start, end = info["data_offsets"]
    dtype = {"F32": np.float32, "F64": np.float64}.get(info["dtype"], np.uint8)
    numbers = np.frombuffer(tensors[start:end], dtype).copy()
    values = [0, 1, 3, 200] if dtype is np.uint8 else [0.0, -1.0, 200.0, 1e30, 1e-45, np.nan, np.inf]
    numbers[rng.random(len(numbers)) < pick(rng, [0.01, 0.5, 1.0])] = pick(rng, values)
    return tensors[:start] + numbers.tobytes() + tensors[end:]


def with_checksums(outer: dict[str, Any], header: dict[str, Any], tensors: bytes) -> dict[str, Any]:
    """Returns the header with the checksums that fit, so that it is not refused for them."""
    checksums = {}
    for name, info in outer.items():
        try:
            start, end = info["data_offsets"]
            checksums[name] = zlib.crc32(tensors[start:end])
        except (KeyError, TypeError, ValueError):
            continue
    return {**header, "crc32": checksums}


def damaged_bytes(rng: Random, data: bytes, other: bytes) -> bytes:
    """Returns the bytes of a file with some damage that knows nothing of what they mean."""
    ways: list[Callable[[Random, bytes], bytes]] = [flipped, cut, moved, resized]
    for _ in range(rng.integers(1, 3)):
        way = rng.integers(len(ways) + 1)
        data = spliced(rng, data, other) if way == len(ways) else ways[way](rng, data)
    return data


def damaged_model(rng: Random, data: bytes, others: Sequence[bytes]) -> bytes:
    """Returns a model file damaged in its bytes, its header or its tensors; ``others`` are files to take parts from."""
    if rng.random() < 0.35:
        return damaged_bytes(rng, data, pick(rng, others))
    outer, header, tensors = parts_of(data)
    if rng.random() < 0.4:
        outer, tensors = changed_tensors(rng, outer, tensors)
    if rng.random() < 0.7:
        header = changed_json(rng, header, [parts_of(pick(rng, others))[1]])
    if rng.random() < 0.8:
        header = with_checksums(outer, header, tensors)
    return joined(outer, as_text(rng, header), tensors)

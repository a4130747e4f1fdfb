"""Spoilt model files: harmless, whatever somebody puts into one (docs/guide/files.md)."""

from __future__ import annotations

import json
import math
import os
import pickle
import re
import struct
import sys
import tracemalloc
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given
from hypothesis import strategies as st
from support.model_files import (
    IN_TMP,
    KINDS,
    Kind,
    bytes_of,
    everything,
    fresh,
    header_of,
    kinds,
    trained_state,
    write_raw,
)

import chainrule as cr
from chainrule._internal.checks import Array


def refused_or_whole(kind: Kind, path: Path, data: bytes) -> bool:
    """Load what may be spoilt: True for a whole file after all, False for FileFormatError; nothing else may come."""
    path.write_bytes(data)
    try:
        loaded = kind.load(path)
    except cr.FileFormatError:
        return False
    kind.save(loaded, path)  # whole: it can be written again
    return True


@kinds
def test_every_truncation_is_refused(kind: Kind, tmp_path: Path) -> None:
    """A file cut off anywhere, after any number of bytes, gives FileFormatError."""
    data = kind.data(tmp_path)
    step = max(1, len(data) // 400)
    for length in [*range(0, len(data), step), *range(32), *range(len(data) - 32, len(data))]:
        assert not refused_or_whole(kind, tmp_path / "cut", data[:length])
    assert refused_or_whole(kind, tmp_path / "cut", data)


@kinds
@IN_TMP
@given(flips=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(1, 255)), min_size=1, max_size=8))
def test_flipped_bytes_are_refused_or_harmless(kind: Kind, flips: list[tuple[float, int]], tmp_path: Path) -> None:
    """Whatever bytes are changed, the file is refused or is another whole one; no other error, no warning."""
    data = bytearray(kind.data(tmp_path))
    for where, mask in flips:
        data[int(where * len(data))] ^= mask
    refused_or_whole(kind, tmp_path / "flipped", bytes(data))


@kinds
def test_every_flipped_byte_of_the_header_is_refused_or_harmless(kind: Kind, tmp_path: Path) -> None:
    """Each byte of the header, changed in each of four ways: refused, or another whole file."""
    data = kind.data(tmp_path)
    end = 8 + int.from_bytes(data[:8], "little")
    for where in range(end):
        for mask in (0x01, 0x10, 0x20, 0x80):
            changed = bytearray(data)
            changed[where] ^= mask
            refused_or_whole(kind, tmp_path / "flipped", bytes(changed))


@kinds
@IN_TMP
@given(garbage=st.binary(max_size=300), keep=st.integers(0, 64))
def test_garbage_is_refused(kind: Kind, garbage: bytes, keep: int, tmp_path: Path) -> None:
    """Random bytes, alone or behind the true beginning of a file, give FileFormatError."""
    assert not refused_or_whole(kind, tmp_path / "garbage", kind.data(tmp_path)[:keep] + garbage)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def paths_into(value: object, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where the values of a JSON document are, itself left out."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path for key, inner in items for path in [(*here, key), *paths_into(inner, (*here, key))]]


def replaced(header: dict[str, Any], path: tuple[Any, ...], value: object) -> dict[str, Any]:
    """A copy of the header in which the value at ``path`` is another one."""
    copy: dict[str, Any] = json.loads(json.dumps(header))
    place: Any = copy
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return copy


@kinds
@IN_TMP
@given(data=st.data())
def test_any_json_in_any_place_is_refused_or_harmless(kind: Kind, data: st.DataObject, tmp_path: Path) -> None:
    """Any field of the header, replaced by any JSON value: refused, or another whole file; no other error."""
    raw = kind.data(tmp_path)
    header = header_of(tmp_path / "whole")
    path = data.draw(st.sampled_from(paths_into(header)))
    changed = replaced(header, path, data.draw(json_values))
    write_raw(tmp_path / "changed", changed, safetensors.numpy.load(raw))
    refused_or_whole(kind, tmp_path / "changed", (tmp_path / "changed").read_bytes())


class Spoilt(NamedTuple):
    """One way to spoil the header of a network, and words of the error."""

    path: tuple[Any, ...]
    value: object
    words: str


NET = ("network",)
LAYER = (*NET, "layers", 0)
SPOILT_HEADERS = [
    Spoilt(("format",), "keras", "no header in Chainrule's format"),
    Spoilt(("version",), 2, "has format version 2; this Chainrule reads up to 1. Update Chainrule."),
    Spoilt(("version",), 0, "version 0; expected an integer ≥ 1"),
    Spoilt(("version",), True, "version True"),
    Spoilt(("version",), 1.0, "version 1.0"),
    Spoilt(("version",), "1", "version '1'"),
    Spoilt(("kind",), "training state", "holds a 'training state'; expected a 'network'"),
    Spoilt(("kind",), None, "holds a None"),
    Spoilt(NET, None, "'network' must be an object; got None"),
    Spoilt(NET, [], "'network' must be an object; got []"),
    Spoilt((*NET, "dtype"), "float16", "'dtype' must be one of float32, float64; got 'float16'"),
    Spoilt((*NET, "dtype"), "float32", "W[1] must be float32 of shape (2, 3); got float64"),
    Spoilt((*NET, "dtype"), ["float64"], "'dtype' must be a string"),
    Spoilt((*NET, "m"), "321", "'m' must be a list; got '321'"),
    Spoilt((*NET, "m"), [3, 2], "'layers' must describe 1 layers, for 2 sizes; got 2"),
    Spoilt((*NET, "m"), [], "sizes must be a list m₀ … m_r"),
    Spoilt((*NET, "m"), [3, 2, True], "sizes[2] must be an integer ≥ 1; got True"),
    Spoilt((*NET, "m"), [3.0, 2, 1], "sizes[0] must be an integer ≥ 1; got 3.0"),
    Spoilt((*NET, "m"), [3, -2, 1], "sizes[1] must be an integer ≥ 1; got -2"),
    Spoilt((*NET, "m"), [3, 2, None], "sizes[2] must be an integer ≥ 1; got None"),
    Spoilt((*NET, "m"), [3, [2], 1], "sizes[1] must be an integer ≥ 1; got [2]"),
    Spoilt((*NET, "m"), [3, 2**62, 1], "sizes must give a θ that fits in memory"),
    Spoilt((*NET, "m"), [3, 10**400, 1], "sizes[1] must be an integer < 2**63; got an integer of 1329 bits"),
    Spoilt((*NET, "m"), [3, 4, 1], "W[1] must be float64 of shape (4, 3); got float64 of shape (2, 3)"),
    Spoilt((*NET, "layers"), {}, "'layers' must be a list; got {}"),
    Spoilt((*NET, "layers"), [None, None], "'layers' must hold an object for layer 1; got None"),
    Spoilt((*LAYER, "activation"), "rellu", "activation 'rellu', which this version of Chainrule does not have"),
    Spoilt((*LAYER, "activation"), ["relu"], "'activation' must be a string; got ['relu']"),
    Spoilt((*LAYER, "activation"), "x" * 10**6, "which this version of Chainrule does not have"),
    Spoilt((*LAYER, "activation"), "__import__('os').system('true')", "which this version of Chainrule does not have"),
    Spoilt((*LAYER, "builtin"), 1, "'builtin' must be true or false; got 1"),
    Spoilt((*LAYER, "builtin"), False, "not built in, and a file holds no code. Pass it"),
    Spoilt((*LAYER, "parameters"), [["slope", 0.1]], "'parameters' must be an object"),
    Spoilt((*LAYER, "parameters"), {}, "'leaky_relu' must have the parameters ['slope']; got []"),
    Spoilt((*LAYER, "parameters"), {"slope": 0.1, "z": 1}, "must have the parameters ['slope']; got ['slope', 'z']"),
    Spoilt((*LAYER, "parameters"), {"slope": "0.1"}, "'slope' must be a number; got '0.1'"),
    Spoilt((*LAYER, "parameters"), {"slope": True}, "'slope' must be a number; got True"),
    Spoilt((*LAYER, "parameters"), {"slope": None}, "'slope' must be a number; got None"),
    Spoilt((*LAYER, "parameters"), {"slope": 10**400}, "'slope' must be a number; got an integer of 1329 bits"),
    Spoilt((*LAYER, "parameters"), {"slope": math.nan}, "NaN is not JSON"),
    Spoilt((*LAYER, "parameters"), {"slope": math.inf}, "Infinity is not JSON"),
    Spoilt((*LAYER, "dropout"), 2.0, "dropout must be a finite number ≥ 0 and ≤ 1; got 2.0"),
    Spoilt((*LAYER, "dropout"), 1, "dropout must be < 1"),
    Spoilt((*LAYER, "dropout"), -0.5, "dropout must be a finite number ≥ 0"),
    Spoilt((*LAYER, "dropout"), False, "'dropout' must be a number; got False"),
    Spoilt((*LAYER, "dropout"), "0.5", "'dropout' must be a number; got '0.5'"),
    Spoilt((*NET, "layers", 1, "dropout"), 0.5, "the output layer must have no dropout"),
]


@pytest.mark.parametrize("spoilt", SPOILT_HEADERS, ids=lambda s: f"{s.path[-1]}: {str(s.value)[:40]}")
def test_a_spoilt_header_is_named(spoilt: Spoilt, tmp_path: Path) -> None:
    """Each field of the header, of a wrong type or value, is refused by name, and so is a header that lacks it."""
    refuses(fresh(), spoilt, tmp_path)


def refuses(net: cr.Network, spoilt: Spoilt, folder: Path) -> None:
    """Check that a file of ``net``, spoilt in this way, is refused with these words."""
    net.save(folder / "net")
    tensors = safetensors.numpy.load_file(folder / "net")
    header = replaced(header_of(folder / "net"), spoilt.path, spoilt.value)
    with pytest.raises(cr.FileFormatError) as caught:
        cr.load(write_raw(folder / "spoilt", header, tensors))
    assert spoilt.words in str(caught.value)
    assert len(str(caught.value)) < 500


SECOND = (*NET, "layers", 1)
SPOILT_ADDITIONS = [
    Spoilt((*LAYER, "blocks"), {}, "'blocks' must be a list; got {}"),
    Spoilt((*LAYER, "blocks"), [], "'blocks' must make up a matrix of shape (3, 3); got (0, 0)"),
    Spoilt((*LAYER, "blocks"), [[3, 1]], "'blocks' must hold lists [count, p, q]; got [3, 1]"),
    Spoilt((*LAYER, "blocks"), [[3, 1, 1.0]], "'blocks': each count, p and q must be an integer ≥ 1; got 1.0"),
    Spoilt((*LAYER, "blocks"), [[3, 1, True]], "'blocks': each count, p and q must be an integer ≥ 1; got True"),
    Spoilt((*LAYER, "blocks"), [[4, 1, 1], [-1, 1, 1]], "'blocks': each count, p and q must be an integer ≥ 1; got -1"),
    Spoilt((*LAYER, "blocks"), [[1, 2**62, 2**62]], "'blocks' must make up a matrix of shape (3, 3); got"),
    Spoilt((*LAYER, "blocks"), [[1, 3, 3]], "W[1] must be float64 of shape (9,); got float64 of shape (3,)"),
    Spoilt((*LAYER, "kappa"), True, "the tensor kappa[1] is missing"),
    Spoilt((*SECOND, "kappa"), 1, "'kappa' must be true or false; got 1"),
    Spoilt((*LAYER, "rate"), 6.0, "'rate' must be an object; got 6.0"),
    Spoilt((*LAYER, "rate"), {"W": 1.0, "b": 1.0}, "'kappa' must be a number; got nothing"),
    Spoilt((*LAYER, "rate", "W"), -1.0, "the factor of W must be a finite number ≥ 0; got -1.0"),
    Spoilt((*LAYER, "rate", "W"), True, "'W' must be a number; got True"),
    Spoilt((*SECOND, "decay", "b"), None, "'b' must be a number; got None"),
    Spoilt((*SECOND, "dropout"), {}, "'schedule' must be a string; got nothing"),
    Spoilt(
        (*SECOND, "dropout", "schedule"), "sawtooth", "schedule 'sawtooth', which this version of Chainrule does not"
    ),
    Spoilt((*SECOND, "dropout", "schedule"), "constant", "'constant' must have the settings ['rate']; got"),
    Spoilt((*SECOND, "dropout", "rate"), 1.0, "the rate of a dropout schedule must be < 1"),
    Spoilt((*SECOND, "dropout", "rate"), 0, "rate must be a finite number > 0; got 0.0"),
    Spoilt((*SECOND, "dropout", "flat"), 1.5, "flat must be < 1"),
    Spoilt((*SECOND, "activation"), "softmax", "'softmax' must have the parameters []"),
    Spoilt((*NET, "layers", 2, "activation"), "softmax", "sigma must be an entrywise activation"),
    Spoilt(
        (*NET, "layers", 2, "dropout"), {"schedule": "constant", "rate": 0.5}, "the output layer must have no dropout"
    ),
]


@pytest.mark.parametrize("spoilt", SPOILT_ADDITIONS, ids=lambda s: f"{s.path[-1]}: {str(s.value)[:40]}")
def test_a_spoilt_addition_of_version_2_is_named(spoilt: Spoilt, tmp_path: Path) -> None:
    """Blocks, κ, factors and schedules, of a wrong type or value, are refused by name."""
    refuses(everything(), spoilt, tmp_path)


@kinds
def test_every_field_is_needed(kind: Kind, tmp_path: Path) -> None:
    """A header that lacks any one of its fields, or a file that lacks any one of its tensors, is refused."""
    raw = kind.data(tmp_path)
    header, tensors = header_of(tmp_path / "whole"), safetensors.numpy.load(raw)
    for path in paths_into(header):
        if path[1:2] == ("layers",) and path[3:] in {
            ("kappa",),
            ("rate",),
            ("decay",),
        }:  # there where they say something
            continue
        copy = replaced(header, path, None)
        place: Any = copy
        for key in path[:-1]:
            place = place[key]
        del place[path[-1]]
        write_raw(tmp_path / "changed", copy, tensors)
        assert not refused_or_whole(kind, tmp_path / "changed", (tmp_path / "changed").read_bytes()), path
    for name in tensors.keys() - {"best_theta", "moments.mu", "moments.nu"}:  # those an optimizer may do without
        write_raw(tmp_path / "changed", header, {key: value for key, value in tensors.items() if key != name})
        with pytest.raises(cr.FileFormatError, match=re.escape(name)):
            kind.load(tmp_path / "changed")


SPOILT_TENSORS: dict[str, tuple[Array | Any, str]] = {
    "another shape": (np.ones((3, 2)), "got float64 of shape (3, 2)"),
    "a vector": (np.ones(6), "got float64 of shape (6,)"),
    "a number": (np.array(1.0), "got float64 of shape ()"),
    "empty": (np.ones((0, 3)), "got float64 of shape (0, 3)"),
    "float32": (np.ones((2, 3), "f4"), "got float32"),
    "float16": (np.ones((2, 3), "f2"), "got float16"),
    "int64": (np.ones((2, 3), "i8"), "got int64"),
    "int8": (np.ones((2, 3), "i1"), "got int8"),
    "bool": (np.ones((2, 3), "?"), "got bool"),
    "complex": (np.ones((2, 3), "c8"), "got complex64"),
    "NaN": (np.array([[1.0, 2.0, 3.0], [4.0, math.nan, 6.0]]), "W[1] must be finite; got nan at index (1, 1)"),
    "infinity": (np.full((2, 3), -math.inf), "W[1] must be finite; got -inf at index (0, 0)"),
}


@pytest.mark.parametrize("what", SPOILT_TENSORS)
def test_a_spoilt_tensor_is_named(what: str, tmp_path: Path) -> None:
    """W[1] of another shape or number type, or with NaN, is refused by name."""
    value, words = SPOILT_TENSORS[what]
    fresh().save(tmp_path / "net")
    tensors = safetensors.numpy.load_file(tmp_path / "net") | {"W[1]": value}
    with pytest.raises(cr.FileFormatError) as caught:
        cr.load(write_raw(tmp_path / "spoilt", header_of(tmp_path / "net"), tensors))
    assert "W[1]" in str(caught.value)
    assert words in str(caught.value)


@pytest.mark.parametrize("dtype", ["BF16", "F8_E4M3", "F8_E5M2", "F4", "C64", "X99"])
def test_number_types_beyond_numpy_are_refused(dtype: str, tmp_path: Path) -> None:
    """bfloat16 and its kin, which safetensors may hold and NumPy does not have, are refused."""
    data = bytes_of(fresh().save, tmp_path).replace(b'"F64"', f'"{dtype}"'.encode(), 1)
    end = 8 + data.index(b"}}", 8) + 2
    assert not refused_or_whole(KINDS[0], tmp_path / "spoilt", struct.pack("<Q", end) + data[8:])
    (tmp_path / "spoilt").write_bytes(
        outer({"W[1]": {"dtype": dtype, "shape": [8], "data_offsets": [0, 16]}}, bytes(16))
    )
    with pytest.raises(cr.FileFormatError):
        cr.load(tmp_path / "spoilt")


def outer(tensors: dict[str, Any], data: bytes = b"", metadata: object = None, length: int | None = None) -> bytes:
    """The bytes of a safetensors file, well-formed or not."""
    text = json.dumps({"__metadata__": {"chainrule": "{}"} if metadata is None else metadata, **tensors}).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


HOSTILE = {
    "nothing": b"",
    "one byte": b"{",
    "zeros": bytes(1000),
    "a header of 2⁶⁴ − 1 bytes": b"\xff" * 8 + b"{}",
    "a header of 90 MB": outer({}, length=90_000_000),
    "an empty header": struct.pack("<Q", 0),
    "a header that is a list": struct.pack("<Q", 2) + b"[]",
    "a header that is not UTF-8": struct.pack("<Q", 2) + b"\xff\xff",
    "no metadata": struct.pack("<Q", 2) + b"{}",
    "metadata that is a text": outer({}, metadata="chainrule"),
    "metadata of numbers": outer({}, metadata={"chainrule": 7}),
    "a tensor of 2⁶² numbers": outer(
        {"W[1]": {"dtype": "F64", "shape": [2**31, 2**31], "data_offsets": [0, 8]}}, bytes(8)
    ),
    "a shape that overflows": outer({"W[1]": {"dtype": "F64", "shape": [2**63, 2**63, 4], "data_offsets": [0, 0]}}),
    "a shape below zero": outer({"W[1]": {"dtype": "F64", "shape": [-1, -8], "data_offsets": [0, 64]}}, bytes(64)),
    "offsets backwards": outer({"W[1]": {"dtype": "F64", "shape": [1], "data_offsets": [8, 0]}}, bytes(8)),
    "offsets beyond the end": outer({"W[1]": {"dtype": "F64", "shape": [1], "data_offsets": [800, 808]}}, bytes(8)),
    "offsets that overlap": outer(
        {
            "W[1]": {"dtype": "F64", "shape": [1], "data_offsets": [0, 8]},
            "b[1]": {"dtype": "F64", "shape": [1], "data_offsets": [4, 12]},
        },
        bytes(12),
    ),
    "a header nested 100 000 deep": struct.pack("<Q", 200_000) + b"[" * 100_000 + b"]" * 100_000,
    "JSON nested 100 000 deep": outer({}, metadata={"chainrule": "[" * 100_000 + "]" * 100_000}),
    "JSON objects 100 000 deep": outer({}, metadata={"chainrule": '{"a":' * 100_000 + "1" + "}" * 100_000}),
    "an integer of a million digits": outer({}, metadata={"chainrule": '{"version": ' + "9" * 10**6 + "}"}),
    "a float of a million digits": outer({}, metadata={"chainrule": '{"version": 0.' + "9" * 10**6 + "}"}),
    "JSON cut off": outer({}, metadata={"chainrule": '{"format": "chainrule"'}),
    "JSON of two values": outer({}, metadata={"chainrule": "{} {}"}),
    "JSON that is null": outer({}, metadata={"chainrule": "null"}),
    "JSON that is a list": outer({}, metadata={"chainrule": '["chainrule", 1]'}),
    "JSON of lone surrogates": outer({}, metadata={"chainrule": r'{"format": "\ud800"}'}),
    "no JSON": outer({}, metadata={"chainrule": "import os"}),
    "a pickle": pickle.dumps({"format": "chainrule"}),
    "a NumPy archive": b"PK\x03\x04" + bytes(60),
    "a NumPy array": b"\x93NUMPY\x01\x00" + bytes(60),
    "HDF5": b"\x89HDF\r\n\x1a\n" + bytes(60),
    "a text": b"W = [[1, 2], [3, 4]]\n" * 10,
}


@kinds
@pytest.mark.parametrize("what", HOSTILE)
def test_hostile_files_are_refused_and_cost_nothing(kind: Kind, what: str, tmp_path: Path) -> None:
    """Bombs, lies about sizes and files of other formats give FileFormatError, and less than 64 MB are asked for."""
    (tmp_path / "hostile").write_bytes(HOSTILE[what])
    tracemalloc.start()
    try:
        with pytest.raises(cr.FileFormatError) as caught:
            kind.load(tmp_path / "hostile")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 64e6
    assert "hostile" in str(caught.value)
    assert len(str(caught.value)) < 500


def test_a_pickle_is_not_opened(tmp_path: Path) -> None:
    """A pickle that would run code is refused, and the code does not run."""

    class Bomb:
        def __reduce__(self) -> tuple[Any, ...]:
            return Path.touch, (tmp_path / "ran",)

    (tmp_path / "net").write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(cr.FileFormatError):
        cr.load(tmp_path / "net")
    assert not (tmp_path / "ran").exists()


def test_no_part_of_the_package_can_run_a_file() -> None:
    """Neither pickle nor eval, exec, marshal or NumPy's loaders occur in the package's source."""
    source = Path(str(sys.modules["chainrule"].__file__)).parent
    dangerous = re.compile(
        r"\bimport (pickle|marshal|shelve|joblib|dill)\b|(?<![\w.])(eval|exec)\(|allow_pickle\s*=\s*True"
    )
    assert [p.name for p in source.rglob("*.py") if dangerous.search(p.read_text(encoding="utf-8"))] == []


def test_other_kinds_are_told_apart(tmp_path: Path) -> None:
    """A training state is no network, a network no training state, and another library's safetensors file neither."""
    trained_state().save(tmp_path / "state")
    fresh().save(tmp_path / "net")
    safetensors.numpy.save_file({"weight": np.ones(3)}, tmp_path / "other")
    with pytest.raises(cr.FileFormatError, match="holds a 'training state'; expected a 'network'"):
        cr.load(tmp_path / "state")
    with pytest.raises(cr.FileFormatError, match="holds a 'network'; expected a 'training state'"):
        cr.TrainingState.load(tmp_path / "net")
    with pytest.raises(cr.FileFormatError, match="no header written by Chainrule"):
        cr.load(tmp_path / "other")


def test_what_is_no_regular_file_is_refused_at_once(tmp_path: Path) -> None:
    """A missing file, a folder, a pipe and an endless device give errors; none of them is waited for."""
    with pytest.raises(FileNotFoundError):
        cr.load(tmp_path / "missing")
    with pytest.raises(IsADirectoryError):
        cr.load(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(cr.FileFormatError, match="not a regular file"):
        cr.load(tmp_path / "pipe")
    with pytest.raises(cr.FileFormatError, match="not a regular file"):
        cr.load("/dev/zero")
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(OSError, match=r"symbolic links|No such file"):
        cr.load(tmp_path / "loop")


STATE_FIELDS: list[tuple[str, object, str]] = [
    ("step", -1, "step must be an integer ≥ 0"),
    ("step", 2.0, "'step' must be an integer; got 2.0"),
    ("step", True, "'step' must be an integer; got True"),
    ("epoch", "3", "'epoch' must be an integer; got '3'"),
    ("epoch", 10**30, "epoch must be an integer < 2**63"),
    ("epoch", 2, "best_epoch must be ≤ epoch = 2"),
    ("best_epoch", 0.5, "'best_epoch' must be an integer"),
    ("batch", None, "'batch' must be an integer; got None"),
    ("partial_J", 0.0, "'partial_J' must be a string; got 0.0"),
    ("partial_J", "zero", "invalid hexadecimal"),
    ("partial_J", "0x1p99999", "too large"),
    ("partial_seconds", -1.0, "partial_seconds must be a finite number ≥ 0"),
    ("best_J", [], "'best_J' must be a string; got []"),
    ("stream", ["0x1"], "'stream' must be two strings"),
    ("stream", ["0x1", "0x2"], "the second odd"),
    ("stream", ["-0x1", "0x1"], "128 bits"),
    ("stream", ["0x1", "f" * 10**5], "128 bits"),
    ("stream", [1, 3], "'stream' must be two strings"),
    ("stream", "0x", "'stream' must be a list"),
]


@pytest.mark.parametrize(("field", "value", "words"), STATE_FIELDS, ids=lambda value: str(value)[:24])
def test_a_spoilt_state_is_named(field: str, value: object, words: str, tmp_path: Path) -> None:
    """Each field of a training state, of a wrong type or value, is refused by name."""
    trained_state().save(tmp_path / "state")
    header = header_of(tmp_path / "state") | {field: value}
    with pytest.raises(cr.FileFormatError) as caught:
        cr.TrainingState.load(write_raw(tmp_path / "x", header, safetensors.numpy.load_file(tmp_path / "state")))
    assert words in str(caught.value)
    assert len(str(caught.value)) < 500


STATE_TENSORS: list[tuple[str, Any]] = [
    ("theta", np.full(11, math.nan)),
    ("theta", np.ones((11, 1))),
    ("theta", np.ones(11, "i8")),
    ("theta", np.ones(11, "f2")),
    ("theta", np.ones(0)),
    ("moments.mu", np.ones(10)),
    ("moments.mu", np.ones(11, "f4")),
    ("best_theta", np.full(11, math.inf)),
    ("best_theta", np.ones(3)),
    ("records.J", np.ones(2)),
    ("records.J", np.ones((3, 1))),
    ("records.J", np.ones(3, "f4")),
]


@pytest.mark.parametrize(("name", "value"), STATE_TENSORS, ids=lambda value: str(value)[:24].replace("\n", " "))
def test_a_spoilt_tensor_of_a_state_is_named(name: str, value: Any, tmp_path: Path) -> None:
    """θ, a moment, the best θ or a record of another shape or type, or θ with NaN, is refused by name."""
    trained_state().save(tmp_path / "state")
    tensors = safetensors.numpy.load_file(tmp_path / "state")
    with pytest.raises(cr.FileFormatError, match=name.rpartition(".")[2]):
        cr.TrainingState.load(write_raw(tmp_path / "x", header_of(tmp_path / "state"), tensors | {name: value}))

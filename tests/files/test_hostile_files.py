"""Hostile files and files of other kinds are refused, without running code and without using much memory."""

from __future__ import annotations

import json
import os
import pickle
import re
import struct
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
from support.files.model_files import (
    KINDS,
    Kind,
    bytes_of,
    fresh,
    kinds,
    trained_state,
)
from support.files.spoilt_files import refused_or_valid

import chainrule as cr


@pytest.mark.parametrize("dtype", ["BF16", "F8_E4M3", "F8_E5M2", "F4", "C64", "X99"])
def test_number_types_beyond_numpy_are_refused(dtype: str, tmp_path: Path) -> None:
    """bfloat16 and other dtypes of safetensors that NumPy does not have are refused."""
    data = bytes_of(fresh().save, tmp_path).replace(b'"F64"', f'"{dtype}"'.encode(), 1)
    end = 8 + data.index(b"}}", 8) + 2
    assert not refused_or_valid(KINDS[0], tmp_path / "spoilt", struct.pack("<Q", end) + data[8:])
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
def test_hostile_files_are_refused_in_little_memory(kind: Kind, what: str, tmp_path: Path) -> None:
    """Bombs, false sizes and files of other formats give FileFormatError and take less than 64 MB."""
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


def test_the_package_contains_no_loader_that_runs_code() -> None:
    """The package's source contains neither pickle nor eval, exec, marshal or NumPy's unsafe loaders.

    But for the room ``processes``, which reads no file: the processes of one training, which know its secret, pickle
    what they send each other.
    """
    source = Path(str(sys.modules["chainrule"].__file__)).parent
    dangerous = re.compile(
        r"\bimport (pickle|marshal|shelve|joblib|dill)\b|(?<![\w.])(eval|exec)\(|allow_pickle\s*=\s*True"
    )
    found = [path for path in source.rglob("*.py") if dangerous.search(path.read_text(encoding="utf-8"))]
    assert [path for path in found if path.parent.name != "processes"] == []


def test_other_kinds_of_files_are_refused(tmp_path: Path) -> None:
    """A state is not loaded as a network, a network not as a state, and a foreign safetensors file as neither."""
    trained_state().save(tmp_path / "state")
    fresh().save(tmp_path / "net")
    safetensors.numpy.save_file({"weight": np.ones(3)}, tmp_path / "other")
    with pytest.raises(cr.FileFormatError, match="holds a 'training state'; expected a 'network'"):
        cr.load(tmp_path / "state")
    with pytest.raises(cr.FileFormatError, match="holds a 'network'; expected a 'training state'"):
        cr.TrainingState.load(tmp_path / "net")
    with pytest.raises(cr.FileFormatError, match="no header written by Chainrule"):
        cr.load(tmp_path / "other")


def test_only_regular_files_are_read(tmp_path: Path) -> None:
    """A missing file, a folder, a pipe and an endless device give errors at once, which say what to do."""
    (tmp_path / "net.safetensors").touch()
    with pytest.raises(FileNotFoundError, match=r"No such file or directory; did you mean 'net\.safetensors'"):
        cr.load(tmp_path / "nett.safetensors")
    with pytest.raises(FileNotFoundError, match=r"No such file or directory; there is no folder '.*nowhere'"):
        cr.load(tmp_path / "nowhere" / "net.safetensors")
    with pytest.raises(IsADirectoryError, match="name a file in it"):
        cr.load(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(cr.FileFormatError, match="not a regular file"):
        cr.load(tmp_path / "pipe")
    with pytest.raises(cr.FileFormatError, match="not a regular file"):
        cr.load("/dev/zero")
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(OSError, match=r"symbolic links|No such file"):
        cr.load(tmp_path / "loop")

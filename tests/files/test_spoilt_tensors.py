"""A tensor of the wrong shape or number type, or with NaN, is refused by name."""

from __future__ import annotations

import json
import math
import re
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
from support.files.model_files import (
    Kind,
    fresh,
    header_of,
    header_text,
    kinds,
    trained_state,
    write_raw,
)

import chainrule as cr
from chainrule._internal.checks import Array

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


@kinds
def test_damaged_numbers_are_noticed(kind: Kind, tmp_path: Path) -> None:
    """A file in which one bit of a number has changed is refused, and the tensor is named."""
    data = bytearray(kind.data(tmp_path))
    outer = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    start = 8 + int.from_bytes(data[:8], "little")
    for name, tensor in outer.items():
        if name != "__metadata__":
            first, end = tensor["data_offsets"]
            for at in (start + first, start + end - 1):
                data[at] ^= 1
                (tmp_path / "damaged").write_bytes(data)
                data[at] ^= 1
                with pytest.raises(cr.FileFormatError, match=re.escape(f"the numbers of {name} are not those")):
                    kind.load(tmp_path / "damaged")
    (tmp_path / "whole").write_bytes(data)
    kind.load(tmp_path / "whole")


@kinds
def test_a_damaged_header_is_noticed(kind: Kind, tmp_path: Path) -> None:
    """A file in whose header one bit has changed is refused, or it means the same: no flipped bit is read."""
    data = bytearray(kind.data(tmp_path))
    whole, end = tmp_path / "whole", 8 + int.from_bytes(data[:8], "little")
    whole.write_bytes(data)
    kind.save(kind.load(whole), tmp_path / "again")
    before, path = (tmp_path / "again").read_bytes(), tmp_path / "damaged"
    for at in range(0, end, max(1, end // 50)):
        for bit in (1, 16):
            data[at] ^= bit
            path.write_bytes(data)
            data[at] ^= bit
            try:
                kind.save(kind.load(path), tmp_path / "again")
            except cr.FileFormatError:
                continue
            assert (tmp_path / "again").read_bytes() == before, at


def test_the_checksum_of_the_header_is_optional_and_never_ignored(tmp_path: Path) -> None:
    """A header without its checksum loads, as in older files; one that does not fit, or is no number, is refused."""
    fresh().save(tmp_path / "net")
    tensors, text = safetensors.numpy.load_file(tmp_path / "net"), header_text(tmp_path / "net")
    own, crc = text[:-1].rsplit(', "header_crc32": ', 1)
    assert int(crc) == zlib.crc32(own.encode())
    assert cr.load(write_raw(tmp_path / "old", f"{own}}}", tensors)).theta.tolist() == fresh().theta.tolist()
    for other in (text.replace("0.25", "0.75"), f'{own}, "header_crc32": null}}', f'{own}, "header_crc32": 1}}'):
        with pytest.raises(cr.FileFormatError, match="damaged: its header is not the one that was saved"):
            cr.load(write_raw(tmp_path / "other", other, tensors))


CHECKSUMS = [
    # the field crc32, and what is said of it; "" for a file that loads
    ({}, ""),
    ({"W[1]": 1}, "the numbers of W[1] are not those that were saved"),
    ({"W[1]": "1"}, "the numbers of W[1] are not those that were saved"),
    ({"W[1]": None}, "the numbers of W[1] are not those that were saved"),
    ({"W[9]": 1}, "the tensor 'W[9]' is missing"),
    ([], "'crc32' must be an object; got []"),
    (None, "'crc32' must be an object; got None"),
]


@pytest.mark.parametrize(("checksums", "words"), CHECKSUMS, ids=str)
def test_checksums_are_optional_and_never_ignored(checksums: Any, words: str, tmp_path: Path) -> None:
    """A tensor without a checksum loads, as in older files; a checksum that does not fit is refused."""
    fresh().save(tmp_path / "net")
    header = json.dumps(header_of(tmp_path / "net") | {"crc32": checksums})
    path = write_raw(tmp_path / "x", header, safetensors.numpy.load_file(tmp_path / "net"))
    if not words:
        assert cr.load(path).theta.tolist() == fresh().theta.tolist()
        return
    with pytest.raises(cr.FileFormatError) as caught:
        cr.load(path)
    assert words in str(caught.value)


STATE_TENSORS: list[tuple[str, Any]] = [
    ("theta", np.full(11, math.nan)),
    ("theta", np.ones((11, 1))),
    ("theta", np.ones(11, "i8")),
    ("theta", np.ones(11, "f2")),
    ("theta", np.ones(0)),
    ("moments.mu", np.ones(10)),
    ("moments.mu", np.ones(11, "f4")),
    ("moments.nu", np.full(11, math.inf)),
    ("moments.nu", np.full(11, math.nan)),
    ("moments.nu", np.full(11, -1e-300)),
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

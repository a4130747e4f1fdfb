"""A file with truncated, changed or random bytes or JSON is refused, or is another valid file."""

from __future__ import annotations

from pathlib import Path

import safetensors.numpy
from hypothesis import given
from hypothesis import strategies as st
from support.files.model_files import (
    IN_TMP,
    Kind,
    header_of,
    kinds,
    write_raw,
)
from support.files.spoilt_files import paths_into, refused_or_valid, replaced


@kinds
def test_every_truncation_is_refused(kind: Kind, tmp_path: Path) -> None:
    """A file truncated after any number of bytes gives FileFormatError."""
    data = kind.data(tmp_path)
    step = max(1, len(data) // 400)
    for length in [*range(0, len(data), step), *range(32), *range(len(data) - 32, len(data))]:
        assert not refused_or_valid(kind, tmp_path / "cut", data[:length])
    assert refused_or_valid(kind, tmp_path / "cut", data)


@kinds
@IN_TMP
@given(flips=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(1, 255)), min_size=1, max_size=8))
def test_flipped_bytes_are_refused_or_harmless(kind: Kind, flips: list[tuple[float, int]], tmp_path: Path) -> None:
    """A file with any changed bytes is refused or is another valid file, without another error or a warning."""
    data = bytearray(kind.data(tmp_path))
    for where, mask in flips:
        data[int(where * len(data))] ^= mask
    refused_or_valid(kind, tmp_path / "flipped", bytes(data))


@kinds
def test_every_flipped_byte_of_the_header_is_refused_or_harmless(kind: Kind, tmp_path: Path) -> None:
    """A file with any byte of its header changed, in each of four ways, is refused or is another valid file."""
    data = kind.data(tmp_path)
    end = 8 + int.from_bytes(data[:8], "little")
    for where in range(end):
        for mask in (0x01, 0x10, 0x20, 0x80):
            changed = bytearray(data)
            changed[where] ^= mask
            refused_or_valid(kind, tmp_path / "flipped", bytes(changed))


@kinds
@IN_TMP
@given(garbage=st.binary(max_size=300), keep=st.integers(0, 64))
def test_garbage_is_refused(kind: Kind, garbage: bytes, keep: int, tmp_path: Path) -> None:
    """Random bytes, alone or after the valid beginning of a file, give FileFormatError."""
    assert not refused_or_valid(kind, tmp_path / "garbage", kind.data(tmp_path)[:keep] + garbage)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@kinds
@IN_TMP
@given(data=st.data())
def test_any_json_in_any_place_is_refused_or_harmless(kind: Kind, data: st.DataObject, tmp_path: Path) -> None:
    """A file with any field of its header replaced by any JSON value is refused or is another valid file."""
    raw = kind.data(tmp_path)
    header = header_of(tmp_path / "whole")
    path = data.draw(st.sampled_from(paths_into(header)))
    changed = replaced(header, path, data.draw(json_values))
    write_raw(tmp_path / "changed", changed, safetensors.numpy.load(raw))
    refused_or_valid(kind, tmp_path / "changed", (tmp_path / "changed").read_bytes())

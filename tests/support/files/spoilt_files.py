"""Ways to spoil a model file, and the check that it is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import safetensors.numpy

import chainrule as cr
from support.files.model_files import (
    Kind,
    header_of,
    write_raw,
)


def refused_or_valid(kind: Kind, path: Path, data: bytes) -> bool:
    """Loads a file that may be spoilt: True if it is valid, False for FileFormatError; other errors pass through."""
    path.write_bytes(data)
    try:
        loaded = kind.load(path)
    except cr.FileFormatError:
        return False
    kind.save(loaded, path)  # a valid file can be saved again
    return True


def paths_into(value: object, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths of all values inside a JSON document."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path for key, inner in items for path in [(*here, key), *paths_into(inner, (*here, key))]]


def replaced(header: dict[str, Any], path: tuple[Any, ...], value: object) -> dict[str, Any]:
    """A copy of the header with another value at ``path``."""
    copy: dict[str, Any] = json.loads(json.dumps(header))
    place: Any = copy
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return copy


class Spoilt(NamedTuple):
    """A value that spoils the header of a network, its place, and words of the error."""

    path: tuple[Any, ...]
    value: object
    words: str


NET = ("network",)
LAYER = (*NET, "layers", 0)


def refuses(net: cr.Network, spoilt: Spoilt, folder: Path) -> None:
    """Asserts that a file of ``net``, spoilt in this way, is refused with these words."""
    net.save(folder / "net")
    tensors = safetensors.numpy.load_file(folder / "net")
    header = replaced(header_of(folder / "net"), spoilt.path, spoilt.value)
    with pytest.raises(cr.FileFormatError) as caught:
        cr.load(write_raw(folder / "spoilt", header, tensors))
    assert spoilt.words in str(caught.value)
    assert len(str(caught.value)) < 500

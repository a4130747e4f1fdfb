"""Safetensors files with a versioned JSON header: written atomically, and read without executing code.

The packages that this needs are imported with the first file, not by ``import chainrule``.
"""

from __future__ import annotations

import os
import stat
import zlib
from collections.abc import Mapping
from typing import Any, BinaryIO, NoReturn

import numpy as np

from chainrule._internal.checks import Array, shown
from chainrule._internal.imports import imported
from chainrule.errors import FileFormatError, InputError
from chainrule.files.atomic import as_path, write_bytes
from chainrule.files.refused import reading

VERSION = 1  # the version of the file format
DTYPES: dict[str, np.dtype[Any]] = {"float32": np.dtype(np.float32), "float64": np.dtype(np.float64)}
HEADER_CHECKSUM = ', "header_crc32": '  # ends the header: the CRC-32 of the text before this
READERS = {  # by the kind of a file
    "network": "chainrule.load",
    "training state": "chainrule.TrainingState.load",
    "table model": "chainrule.tables.load, NetworkClassifier.load or NetworkRegressor.load",
    "mlp": "MLPClassifier.load or MLPRegressor.load",
    "rows": "chainrule.Rows.open",
}
LARGEST_HEADER = 2**24  # bytes: enough for a hundred thousand layers, too little to exhaust memory


def _packages() -> tuple[Any, Any]:
    """Returns the modules json and safetensors, whose part ``numpy`` is loaded too."""
    imported("safetensors.numpy")
    return imported("json"), imported("safetensors")


def write(
    path: str | os.PathLike[str],
    kind: str,
    header: Mapping[str, Any],
    tensors: Mapping[str, Array],
    *,
    replace: bool = True,
) -> None:
    """Writes tensors and a JSON header as one file, atomically (``write_bytes``).

    Raises InputError for an invalid path, OSError if the file cannot be written.
    """
    _, safetensors = _packages()
    contiguous = {name: np.ascontiguousarray(array) for name, array in tensors.items()}
    checksums = {name: zlib.crc32(contiguous[name].data) for name in sorted(contiguous)}
    text = header_text({"format": "chainrule", "kind": kind, "version": VERSION, **header, "crc32": checksums})
    if len(text) > LARGEST_HEADER:
        raise InputError(
            f"the header must have at most {LARGEST_HEADER} bytes; got {len(text)}. Store large data as tensors."
        )
    write_bytes(path, safetensors.numpy.save(contiguous, metadata={"chainrule": text}), replace=replace)


def read(path: str | os.PathLike[str], kind: str) -> tuple[dict[str, Any], dict[str, Array]]:
    """Returns the JSON header and the tensors, in their order, of a file of this ``kind``.

    Raises OSError if it cannot be read, FileFormatError if it is truncated, malformed, of another kind or of a later
    version.
    """
    header, tensors = read_any(path)
    if header.get("kind") != kind:
        raise of_other_kind(as_path(path), header, kind)
    return header, tensors


def of_other_kind(name: str, header: Mapping[str, Any], expected: str) -> FileFormatError:
    """Returns the error about a file that holds something else than what was ``expected``, and who reads it."""
    kind = header.get("kind")
    hint = f" Read it by {READERS[kind]}." if isinstance(kind, str) and kind in READERS else ""
    return FileFormatError(f"{name} holds a {shown(kind)}; expected a '{expected}'.{hint}")


def read_any(path: str | os.PathLike[str]) -> tuple[dict[str, Any], dict[str, Array]]:
    """Returns the JSON header and the tensors, in their order, of a file of any kind; ``header["kind"]`` names it."""
    _, safetensors = _packages()
    name = as_path(path)
    data = _read_bytes(name)
    try:
        tensors = safetensors.numpy.load(data)
        outer, text, header = _headers(name, data[8 : 8 + int.from_bytes(data[:8], "little")])
        tensors = {key: tensors[key] for key in outer}  # in the order of the file
    except KeyError as error:  # from safetensors.numpy
        raise FileFormatError(f"{name} holds a tensor of a number type that NumPy lacks: {error}.") from None
    except FileFormatError:
        raise
    except (safetensors.SafetensorError, ValueError, RecursionError) as error:
        raise FileFormatError(f"{name} is not a complete Chainrule file: {error}.") from None
    _require_readable(name, text, header)
    _require_undamaged(name, header, tensors)
    return header, tensors


def read_header(file: BinaryIO, name: str) -> tuple[dict[str, Any], dict[str, Any], int]:
    """Returns the JSON header of an open file, what it says of each tensor, and the place where the tensors begin.

    Of a tensor it says ``dtype``, ``shape`` and ``data_offsets``. Raises FileFormatError as `read_any` does.
    """
    start = _start(file, name)
    length = int.from_bytes(start, "little")
    try:
        outer, text, header = _headers(name, file.read(length))
    except (ValueError, RecursionError) as error:
        if isinstance(error, FileFormatError):
            raise
        raise FileFormatError(f"{name} is not a complete Chainrule file: {error}.") from None
    _require_readable(name, text, header)
    return header, outer, len(start) + length


def header_text(header: Mapping[str, Any]) -> str:
    """Returns the text of a JSON header, which ends with its own checksum."""
    json, _ = _packages()
    text = json.dumps(header, allow_nan=False).removesuffix("}")
    return f"{text}{HEADER_CHECKSUM}{zlib.crc32(text.encode())}}}"


def _headers(name: str, data: bytes) -> tuple[dict[str, Any], str, Any]:
    """Returns what the header of a safetensors file says of each tensor, the text in it, and the JSON of the text."""
    json, _ = _packages()
    outer = json.loads(data, object_pairs_hook=_without_repetition)
    text = outer.pop("__metadata__", {}).get("chainrule")
    if text is None:
        raise FileFormatError(f"{name} is a safetensors file, but has no header written by Chainrule.")
    return outer, text, json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_without_repetition)


def _require_readable(name: str, text: str, header: Any) -> None:
    """Raises FileFormatError unless the header is of a version that is known, and has its checksum, if it had one."""
    if not isinstance(header, dict) or header.get("format") != "chainrule":
        raise FileFormatError(f"{name} has no header in Chainrule's format.")
    version = header.get("version")
    if type(version) is not int or version < 1:
        raise FileFormatError(f"{name} has the format version {shown(version)}; expected an integer ≥ 1.")
    if version > VERSION:
        raise FileFormatError(
            f"{name} has format version {version}; this Chainrule reads up to {VERSION}. Update Chainrule."
        )
    saved = text.rpartition(HEADER_CHECKSUM)[0].encode("utf-8", "surrogatepass")
    if "header_crc32" in header and zlib.crc32(saved) != header["header_crc32"]:
        raise FileFormatError(
            f"{name} is damaged: its header is not the one that was saved. Use another copy of the file."
        )


def _require_undamaged(name: str, header: Mapping[str, Any], tensors: Mapping[str, Array]) -> None:
    """Raises FileFormatError unless the tensors have their checksums, which older files do not have."""
    checksums = header.get("crc32", {})
    if not isinstance(checksums, dict):
        raise FileFormatError(f"{name}: 'crc32' must be an object; got {shown(checksums)}.")
    for key, checksum in checksums.items():
        if key not in tensors:
            raise FileFormatError(f"{name} is damaged: the tensor {shown(key)} is missing.")
        if zlib.crc32(tensors[key].data) != checksum:
            raise FileFormatError(
                f"{name} is damaged: the numbers of {key} are not those that were saved. Use another copy of the file."
            )


def _read_bytes(name: str) -> bytes:
    """Reads a regular file; raises FileFormatError before reading the rest if its first bytes cannot be a header."""
    with reading(name):
        if not stat.S_ISREG(mode := os.stat(name).st_mode) and not stat.S_ISDIR(mode):  # open() would block on a pipe
            raise FileFormatError(f"{name} is not a regular file.")
        with open(name, "rb") as file:  # raises OSError for a folder
            return _start(file, name) + file.read()


def _start(file: BinaryIO, name: str) -> bytes:
    """Reads the first 8 bytes, the length of the header. Raises FileFormatError if they cannot be one."""
    start = file.read(8)
    # The outer header holds Chainrule's header with escapes, and the tensors' names: at most four times its length.
    if len(start) < 8 or int.from_bytes(start, "little") > 4 * LARGEST_HEADER:
        raise FileFormatError(f"{name} is not a complete Chainrule file: it does not begin with a safetensors header.")
    return start


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"the key {shown(next(key for key in keys if keys.count(key) > 1))} occurs twice")
    return values


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")

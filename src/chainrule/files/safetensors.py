"""Safetensors files with a versioned JSON header: written atomically, and read without executing code.

The packages that this needs are imported with the first file, not by ``import chainrule``.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Mapping
from typing import Any, NoReturn

import numpy as np

from chainrule._internal.checks import Array, shown
from chainrule.errors import FileFormatError, InputError

VERSION = 1  # the version of the file format
DTYPES: dict[str, np.dtype[Any]] = {"float32": np.dtype(np.float32), "float64": np.dtype(np.float64)}
LARGEST_HEADER = 2**24  # bytes: enough for a hundred thousand layers, too little to exhaust memory


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
    import json

    import safetensors.numpy

    text = json.dumps({"format": "chainrule", "kind": kind, "version": VERSION, **header}, allow_nan=False)
    if len(text) > LARGEST_HEADER:
        raise InputError(
            f"the header must have at most {LARGEST_HEADER} bytes; got {len(text)}. Store large data as tensors."
        )
    contiguous = {name: np.ascontiguousarray(array) for name, array in tensors.items()}
    write_bytes(path, safetensors.numpy.save(contiguous, metadata={"chainrule": text}), replace=replace)


def write_bytes(path: str | os.PathLike[str], data: bytes, *, replace: bool = True) -> None:
    """Gives ``path`` these contents atomically: writes a file beside it, flushes it to disk, and renames it.

    After a crash or on a full disk an older file is still intact. A symbolic link is kept and its target is replaced.
    The permissions of an older file are kept; those of a new file follow the umask. With ``replace=False`` an older
    file is an error.

    Raises InputError for an invalid path, OSError if the file cannot be written: FileExistsError if it must not be
    replaced.
    """
    name = _as_path(path)
    target = os.path.realpath(name)
    temporary = os.path.join(os.path.dirname(target), f".chainrule-{os.urandom(8).hex()}.part")
    try:
        mode = _mode_of_replaceable(target) if replace else None
        with open(temporary, "xb") as file:
            if mode is not None:
                os.chmod(temporary, mode)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        (os.replace if replace else _rename_to_new)(temporary, target)
    except OSError as error:  # the user knows neither the temporary name nor the target of a link
        raise OSError(error.errno, error.strerror, name) from None
    finally:
        with contextlib.suppress(OSError):
            os.unlink(temporary)


def _rename_to_new(temporary: str, target: str) -> None:
    """Renames a file to a name that no file has. Raises FileExistsError, also if the name was taken just now."""
    try:
        os.link(temporary, target)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        os.close(os.open(target, os.O_CREAT | os.O_EXCL))
        os.replace(temporary, target)


def require_replaceable(path: str | os.PathLike[str]) -> None:
    """Raises OSError if ``path`` is anything that ``write_bytes`` does not replace, such as a folder or a device."""
    name = _as_path(path)
    try:
        _mode_of_replaceable(os.path.realpath(name))
    except OSError as error:
        raise OSError(error.errno, error.strerror, name) from None


def _mode_of_replaceable(target: str) -> int | None:
    """Returns the permissions of the file at ``target``, or None if there is none.

    Raises OSError if it must not be replaced.
    """
    try:
        mode = os.stat(target).st_mode
    except FileNotFoundError:
        return None
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, "is a folder; name a file in it")
    if not stat.S_ISREG(mode):  # renaming would turn a device such as /dev/null into a regular file
        raise FileExistsError(errno.EEXIST, "is not a regular file and will not be replaced")
    if not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, "is write-protected")
    return stat.S_IMODE(mode)


def read(path: str | os.PathLike[str], kind: str) -> tuple[dict[str, Any], dict[str, Array]]:
    """Returns the JSON header and the tensors of a file of this ``kind``.

    Raises OSError if it cannot be read, FileFormatError if it is truncated, malformed, of another kind or of a later
    version.
    """
    header, tensors = read_any(path)
    if header.get("kind") != kind:
        raise FileFormatError(f"{_as_path(path)} holds a {shown(header.get('kind'))}; expected a {kind!r}.")
    return header, tensors


def read_any(path: str | os.PathLike[str]) -> tuple[dict[str, Any], dict[str, Array]]:
    """Returns the JSON header and the tensors of a file of any kind; ``header["kind"]`` names it."""
    import json

    import safetensors.numpy

    name = _as_path(path)
    data = _read_bytes(name)
    try:
        tensors = safetensors.numpy.load(data)
        outer = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
        text = outer.get("__metadata__", {}).get("chainrule")
        if text is None:
            raise FileFormatError(f"{name} is a safetensors file, but has no header written by Chainrule.")
        header = json.loads(text, parse_constant=_refuse_constant)
    except KeyError as error:  # from safetensors.numpy
        raise FileFormatError(f"{name} holds a tensor of a number type that NumPy lacks: {error}.") from None
    except FileFormatError:
        raise
    except (safetensors.SafetensorError, ValueError, RecursionError) as error:
        raise FileFormatError(f"{name} is not a complete Chainrule file: {error}.") from None
    if not isinstance(header, dict) or header.get("format") != "chainrule":
        raise FileFormatError(f"{name} has no header in Chainrule's format.")
    version = header.get("version")
    if type(version) is not int or version < 1:
        raise FileFormatError(f"{name} has the format version {shown(version)}; expected an integer ≥ 1.")
    if version > VERSION:
        raise FileFormatError(
            f"{name} has format version {version}; this Chainrule reads up to {VERSION}. Update Chainrule."
        )
    return header, tensors


def _read_bytes(name: str) -> bytes:
    """Reads a regular file; raises FileFormatError before reading the rest if its first bytes cannot be a header."""
    if not stat.S_ISREG(mode := os.stat(name).st_mode) and not stat.S_ISDIR(mode):  # open() would block on a pipe
        raise FileFormatError(f"{name} is not a regular file.")
    with open(name, "rb") as file:  # raises OSError for a folder
        start = file.read(8)
        # The outer header holds Chainrule's header with escapes, and the tensors' names: at most four times its length.
        if len(start) < 8 or int.from_bytes(start, "little") > 4 * LARGEST_HEADER:
            raise FileFormatError(
                f"{name} is not a complete Chainrule file: it does not begin with a safetensors header."
            )
        return start + file.read()


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _as_path(path: str | os.PathLike[str]) -> str:
    """Returns ``path`` as a string."""
    try:
        name = os.fsdecode(path)
    except TypeError:
        name = ""
    if not name or "\0" in name:
        raise InputError(f"path must name a file; got {shown(path)}.")
    return name

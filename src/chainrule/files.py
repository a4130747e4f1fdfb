"""Files: safetensors with a versioned JSON header, written atomically, never executed (docs/guide/files.md).

The packages for that are loaded with the first file, not by ``import chainrule``.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Mapping
from typing import Any, NoReturn

import numpy as np

from chainrule import activations as catalogue
from chainrule.activations import Sigma
from chainrule.checks import Array, as_array, shown
from chainrule.errors import ChainruleError, FileFormatError, InputError
from chainrule.header import field as field
from chainrule.layer_files import described, layer_from, layer_tensors, needs_version_2, without_kappa
from chainrule.network import Network, as_sizes

VERSION = 2  # 1 where nothing of 2 is in it (docs/guide/files.md)
DTYPES: dict[str, np.dtype[Any]] = {"float32": np.dtype(np.float32), "float64": np.dtype(np.float64)}
LARGEST_HEADER = 2**24  # bytes: a hundred thousand layers, and not enough JSON to fill a memory


# ---- bytes on the disk -----------------------------------------------------------------------------------------------


def write(path: str | os.PathLike[str], kind: str, header: Mapping[str, Any], tensors: Mapping[str, Array]) -> None:
    """Write tensors and a JSON header as one file, atomically (``write_bytes``).

    Raises InputError for a path that is none, OSError if the file cannot be written.
    """
    import json

    import safetensors.numpy

    version = VERSION if needs_version_2(header) else 1
    text = json.dumps({"format": "chainrule", "kind": kind, "version": version, **header}, allow_nan=False)
    if len(text) > LARGEST_HEADER:
        raise InputError(
            f"the header must have at most {LARGEST_HEADER} bytes; got {len(text)}. Keep large things as tensors."
        )
    contiguous = {name: np.ascontiguousarray(array) for name, array in tensors.items()}
    write_bytes(path, safetensors.numpy.save(contiguous, metadata={"chainrule": text}))


def write_bytes(path: str | os.PathLike[str], data: bytes) -> None:
    """Replace the file ``path`` by ``data`` in one step: written beside it, flushed to the disk, then renamed.

    After a crash or on a full disk an older file is still whole. A symbolic link stays, and what it points to is
    replaced. An older file's permissions are kept; a new file's follow the umask.

    Raises InputError for a path that is none, OSError if the file cannot be written.
    """
    target = os.path.realpath(_as_path(path))
    temporary = os.path.join(os.path.dirname(target), f".chainrule-{os.urandom(8).hex()}.part")
    mode = _mode_of_replaceable(target)
    try:
        with open(temporary, "xb") as file:
            if mode is not None:
                os.chmod(temporary, mode)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except BaseException as error:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        if isinstance(error, OSError):
            error.filename, error.filename2 = target, None  # the temporary name means nothing to anybody
        raise


def _mode_of_replaceable(target: str) -> int | None:
    """The permissions of the file that would be replaced, None if there is none; OSError if it must not be."""
    try:
        mode = os.stat(target).st_mode
    except FileNotFoundError:
        return None
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, "is a folder; name a file in it", target)
    if not stat.S_ISREG(mode):  # renaming over /dev/null would make it a file
        raise FileExistsError(errno.EEXIST, "is not a regular file, and will not be replaced by one", target)
    if not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, "is write-protected", target)
    return stat.S_IMODE(mode)


def read(path: str | os.PathLike[str], kind: str) -> tuple[dict[str, Any], dict[str, Array]]:
    """The JSON header and the tensors of a file of this ``kind``.

    Raises OSError if it cannot be read, FileFormatError if it is truncated, malformed, of another kind or of a later
    version.
    """
    header, tensors = read_any(path)
    if header.get("kind") != kind:
        raise FileFormatError(f"{_as_path(path)} holds a {shown(header.get('kind'))}; expected a {kind!r}.")
    return header, tensors


def read_any(path: str | os.PathLike[str]) -> tuple[dict[str, Any], dict[str, Array]]:
    """The same of a file of any kind, which ``header["kind"]`` tells."""
    import json

    import safetensors.numpy

    name = _as_path(path)
    data = _read_bytes(name)
    try:
        tensors = safetensors.numpy.load(data)
        outer = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
        text = outer.get("__metadata__", {}).get("chainrule")
        if text is None:
            raise FileFormatError(f"{name} is a safetensors file, but not one that Chainrule wrote (no header).")
        header = json.loads(text, parse_constant=_refuse_constant)
    except KeyError as error:  # from safetensors.numpy
        raise FileFormatError(f"{name} holds a tensor of a number type that NumPy does not have: {error}.") from None
    except FileFormatError:
        raise
    except (safetensors.SafetensorError, ValueError, RecursionError) as error:
        raise FileFormatError(f"{name} is not a whole Chainrule file: {error}.") from None
    if not isinstance(header, dict) or header.get("format") != "chainrule":
        raise FileFormatError(f"{name} has no header of Chainrule's format.")
    version = header.get("version")
    if type(version) is not int or version < 1:
        raise FileFormatError(f"{name} has the version {shown(version)}; expected an integer ≥ 1.")
    if version > VERSION:
        raise FileFormatError(f"{name} has format version {version}; this Chainrule reads up to {VERSION}. Update it.")
    return header, tensors


def _read_bytes(name: str) -> bytes:
    """All of a regular file; FileFormatError already for one whose first bytes cannot be a header."""
    if not stat.S_ISREG(mode := os.stat(name).st_mode) and not stat.S_ISDIR(mode):  # open() waits for ever on a pipe
        raise FileFormatError(f"{name} is not a regular file.")
    with open(name, "rb") as file:  # a folder is an OSError as ever
        start = file.read(8)
        if (
            len(start) < 8 or int.from_bytes(start, "little") > 4 * LARGEST_HEADER
        ):  # its text, escaped, and the tensors' names
            raise FileFormatError(f"{name} is not a whole Chainrule file: it does not begin with a safetensors header.")
        return start + file.read()


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _as_path(path: str | os.PathLike[str]) -> str:
    """The path as a text."""
    try:
        name = os.fsdecode(path)
    except TypeError:
        name = ""
    if not name or "\0" in name:
        raise InputError(f"path must name a file; got {shown(path)}.")
    return name


# ---- networks --------------------------------------------------------------------------------------------------------


def network_parts(net: Network) -> tuple[dict[str, Any], dict[str, Array]]:
    """The structure of a network as JSON, and its numbers as tensors W[i], b[i] and kappa[i].

    Raises InputError for what ``network_from_parts`` could not give back.
    """
    if net.dtype.name not in DTYPES:
        raise InputError(f"net must be float32 or float64 to be saved; got {net.dtype}. Use net.astype(float).")
    as_array(net.theta, "theta", net.dtype)
    own: dict[str, Sigma] = {}
    for sigma in map(without_kappa, net.sigma):
        if not sigma.builtin and own.setdefault(sigma.name, sigma) != sigma:
            raise InputError(
                f"every σ must have a name of its own in a file; got two called {sigma.name!r}. Give them name=…."
            )
    tensors: dict[str, Array] = {}
    for i, layer in enumerate(net.layers, 1):
        tensors |= layer_tensors(layer, i)
    layers = [described(layer, i) for i, layer in enumerate(net.layers, 1)]
    return {"dtype": net.dtype.name, "m": list(net.m), "layers": layers}, tensors


def network_from_parts(
    name: str, structure: object, tensors: Mapping[str, Array], own: Mapping[str, Sigma] | None = None
) -> Network:
    """The network of ``structure``; a user's own σ is taken from ``own``, by its name.

    Raises FileFormatError if the parts do not make up one whole network.
    """
    try:
        return _network(structure, tensors, own or {})
    except ChainruleError as error:
        raise FileFormatError(f"{name} does not describe a whole network: {error}") from None


def _network(structure: object, tensors: Mapping[str, Array], own: Mapping[str, Sigma]) -> Network:
    if not isinstance(structure, dict):
        raise FileFormatError(f"'network' must be an object; got {shown(structure)}.")
    if (label := field(structure, "dtype", str)) not in DTYPES:
        raise FileFormatError(f"'dtype' must be one of {', '.join(DTYPES)}; got {shown(label)}.")
    dtype = DTYPES[label]
    m = as_sizes(field(structure, "m", list))
    texts = field(structure, "layers", list)
    if len(texts) != len(m) - 1:
        raise FileFormatError(f"'layers' must describe {len(m) - 1} layers, for {len(m)} sizes; got {len(texts)}.")
    for i, text in enumerate(texts, 1):
        if not isinstance(text, dict):
            raise FileFormatError(f"'layers' must hold an object for layer {i}; got {shown(text)}.")
    return Network(layer_from(text, tensors, i, (m[i], m[i - 1]), dtype, own) for i, text in enumerate(texts, 1))


def save(net: Network, path: str | os.PathLike[str]) -> None:
    """Write ``net`` to ``path`` (``Network.save``)."""
    structure, tensors = network_parts(net)
    write(path, "network", {"network": structure}, tensors)


def load(path: str | os.PathLike[str], *, activations: Mapping[str, Sigma] | None = None) -> Network:
    """The network that ``net.save(path)`` wrote, bit for bit.

    A file holds numbers and names, no code: a user's own σ must be handed over in ``activations``, by its name.

    Raises OSError if the file cannot be read; FileFormatError if it is not a whole one, or needs a σ that is not at
    hand; InputError for a path or activations that are none.

    >>> import chainrule as cr, tempfile, os
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "model.safetensors")
    ...     cr.Network.dense([5, 3, 2, 1]).save(path)
    ...     cr.load(path)
    Network(5-3-2-1, relu relu identity, d=29, float64)

    Source: docs/guide/files.md.
    """
    if activations is not None and not isinstance(activations, Mapping):
        raise InputError(f"activations must map names to activations, as {{'mine': sigma}}; got {shown(activations)}.")
    own = {name: catalogue.get(sigma) for name, sigma in (activations or {}).items()}
    header, tensors = read(path, "network")
    return network_from_parts(os.fsdecode(path), header.get("network"), tensors, own)

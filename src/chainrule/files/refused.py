"""Errors of the system for a path, with what to do about them."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator

from chainrule._internal.naming import nearest


@contextlib.contextmanager
def reading(path: str) -> Iterator[None]:
    """Adds what to do to an error of the system in the block, which reads the file at this path."""
    try:
        yield
    except OSError as error:
        if error.errno is None:  # an error of ours
            raise
        raise unreadable(error, path) from None


def unreadable(error: OSError, path: str) -> OSError:
    """Returns the error of a file that cannot be read, of the same class, with the file that may be meant.

    >>> unreadable(FileNotFoundError(2, "No such file or directory"), "nowhere/net.safetensors")
    FileNotFoundError(2, "No such file or directory; there is no folder 'nowhere'")
    """
    folder, name = os.path.split(path)
    remedy = ""
    if error.errno == errno.ENOENT and not os.path.isdir(folder or "."):
        remedy = f"; there is no folder {folder!r}"
    elif error.errno == errno.ENOENT:
        with contextlib.suppress(OSError):
            remedy = nearest(name, os.listdir(folder or "."))
    elif error.errno == errno.EISDIR:
        remedy = "; name a file in it"
    return _with(error, remedy, path)


def unwritable(error: OSError, path: str) -> OSError:
    """Returns the error of a file that cannot be written, of the same class, with the folder that is missing.

    >>> unwritable(FileNotFoundError(2, "No such file or directory"), "nowhere/net.safetensors")
    FileNotFoundError(2, "No such file or directory; there is no folder 'nowhere', make it first")
    """
    folder = os.path.dirname(path) or "."
    is_missing = error.errno == errno.ENOENT and not os.path.isdir(folder)
    return _with(error, f"; there is no folder {folder!r}, make it first" if is_missing else "", path)


def _with(error: OSError, remedy: str, path: str) -> OSError:
    """Returns the error with these words at the end of its reason; its class follows from its number."""
    return OSError(error.errno, f"{error.strerror or os.strerror(error.errno or 0)}{remedy}", path)

"""Atomic writing: a file has its old contents or its new ones, whatever happens in between."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import zlib
from collections.abc import Callable
from typing import BinaryIO

from chainrule._internal.checks import shown
from chainrule.errors import InputError
from chainrule.files.refused import unwritable

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

PROBE = bytes(4096)  # a block of most disks, to find a full one


def write_bytes(path: str | os.PathLike[str], data: bytes, *, replace: bool = True) -> None:
    """Gives ``path`` these contents atomically: writes a file beside it, flushes it to disk, and renames it.

    After a crash or on a full disk an older file is still intact. A symbolic link is kept and its target is replaced.
    The permissions of an older file are kept; those of a new file follow the umask. With ``replace=False`` an older
    file is an error. What killed processes have left of this file is removed.

    Raises InputError for an invalid path, OSError if the file cannot be written: FileExistsError if it must not be
    replaced.
    """
    _write(path, lambda file: file.write(data), replace, is_trial=False)


def write_parts(path: str | os.PathLike[str], write: Callable[[BinaryIO], object], *, replace: bool = True) -> None:
    """Gives ``path`` the contents that ``write`` writes to a file, as ``write_bytes`` does; raises what that raises."""
    _write(path, write, replace, is_trial=False)


def require_writable(path: str | os.PathLike[str], *, replace: bool = True) -> None:
    """Raises what ``write_bytes`` would raise now: takes the same steps with one block of data, except for the rename.

    A disk without room for more than this block remains unnoticed.
    """
    _write(path, lambda file: file.write(PROBE), replace, is_trial=True)


def _write(path: str | os.PathLike[str], write: Callable[[BinaryIO], object], replace: bool, is_trial: bool) -> None:
    name = as_path(path)
    target = os.path.realpath(name)
    folder, own = os.path.dirname(target), f".chainrule-{zlib.crc32(os.fsencode(os.path.basename(target))):08x}-"
    try:
        mode = _mode_of_replaceable(target) if replace else None
        _remove_abandoned(folder, own)
        temporary, file = _new_part(os.path.join(folder, own))
        try:
            with file:
                if mode is not None:
                    os.chmod(temporary, mode)
                write(file)
                file.flush()
                os.fsync(file.fileno())
                if fcntl is None:
                    file.close()  # Windows renames no open file; elsewhere the file stays locked until it has its name
                if not is_trial:
                    (os.replace if replace else _rename_to_new)(temporary, target)
                    _flush_folder(folder)
                elif not replace and os.path.lexists(target):
                    raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
        finally:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
    except OSError as error:  # the user does not know the temporary name
        link = f" (it is a link to {os.readlink(name)!r})" if os.path.islink(name) else ""
        raise unwritable(OSError(error.errno, f"{error.strerror}{link}"), name) from None


def _new_part(beginning: str) -> tuple[str, BinaryIO]:
    """Creates a file whose name begins like this, and locks it as long as it is open."""
    while True:
        temporary = f"{beginning}{os.urandom(8).hex()}.part"
        file = open(temporary, "xb")  # noqa: SIM115 - the caller closes it
        try:
            if fcntl is not None:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:  # another process has just found it without a lock, and removes it
            file.close()
            continue
        except OSError:  # a file system without locks
            pass
        if fcntl is None or os.fstat(file.fileno()).st_nlink:
            return temporary, file
        file.close()


def _remove_abandoned(folder: str, own: str) -> None:
    """Removes the parts that begin like this and whose processes have ended, which releases their locks."""
    with contextlib.suppress(OSError):
        for name in os.listdir(folder) if fcntl is not None else ():
            if name.startswith(own) and name.endswith(".part"):
                _remove_unless_locked(os.path.join(folder, name))


def _remove_unless_locked(part: str) -> None:
    with contextlib.suppress(OSError):
        descriptor = os.open(part, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.unlink(part)
        finally:
            os.close(descriptor)


def _rename_to_new(temporary: str, target: str) -> None:
    """Renames a file to a name that no file has. Raises FileExistsError, also if the name was taken just now."""
    try:
        os.link(temporary, target)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        os.close(os.open(target, os.O_CREAT | os.O_EXCL))
        os.replace(temporary, target)


def _flush_folder(folder: str) -> None:
    """Flushes the names in a folder to disk, where the system can: the new file survives a power failure."""
    with contextlib.suppress(OSError):  # Windows opens no folders, and some file systems flush none
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _mode_of_replaceable(target: str) -> int | None:
    """Returns the permissions of the file at ``target``, or None if there is none.

    Raises OSError if it must not be replaced.
    """
    try:
        mode = os.stat(target).st_mode
    except FileNotFoundError:
        return None
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, "it is a folder; name a file in it")
    if not stat.S_ISREG(mode):  # renaming would turn a device such as /dev/null into a regular file
        raise FileExistsError(errno.EEXIST, "it is not a regular file and will not be replaced")
    if not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, "it is write-protected")
    return stat.S_IMODE(mode)


def as_path(path: str | os.PathLike[str]) -> str:
    """Returns ``path`` as a string. Raises InputError for anything that names no file."""
    try:
        name = os.fsdecode(path)
    except TypeError:
        name = ""
    if not name or "\0" in name:
        raise InputError(f"path must name a file; got {shown(path)}.")
    return name

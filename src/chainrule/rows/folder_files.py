"""Files of one kind in a folder, in the natural order of their names, and the signs that one has changed."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from chainrule.errors import InputError, RowsError


def files_of(path: str, endings: Sequence[str], kind: str) -> list[str]:
    """Returns the file, or those of a folder and its subfolders with these endings, in the natural order of names.

    Files and folders whose names begin with a dot or an underscore do not count. Raises OSError if there is no such
    path, InputError with the ``kind`` of files if the folder has none.
    """
    if not os.path.isdir(path):
        os.stat(path)  # raises OSError if there is none
        return [os.path.abspath(path)]
    found = [file for file in Path(path).rglob("*") if file.name.lower().endswith(tuple(endings)) and file.is_file()]
    shown_ones = [file for file in found if not any(part[0] in "._" for part in file.relative_to(path).parts)]
    if not shown_ones:
        raise InputError(f"{path} has no {kind} files. Name a folder with files that end with {endings[0]}.")
    return sorted((os.path.abspath(file) for file in shown_ones), key=_natural)


def _natural(name: str) -> list[tuple[int, str]]:
    """Returns a key with which part-2 comes before part-10.

    >>> sorted(["part-10", "part-2", "a"], key=_natural)
    ['a', 'part-2', 'part-10']
    """
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name)]


class Signatures:
    """The sizes and the times of files, which change when a file is written to."""

    def __init__(self, files: Sequence[str]) -> None:
        self._known = {file: _signature(file) for file in files}

    def size(self, file: str) -> int:
        """Returns the size of a file in bytes."""
        return self._known[file][0]

    def require_unchanged(self, file: str) -> None:
        """Raises RowsError if a file is not what it was, or not there."""
        if _signature(file) != self._known[file]:
            raise RowsError(f"{file} has changed since it was opened. Put the same file back.")


def _signature(name: str) -> tuple[int, int]:
    """Returns the size of a file and its time. Raises RowsError if it is not there."""
    try:
        found = os.stat(name)
    except OSError as error:
        raise RowsError(f"{name} cannot be read any more: {error.strerror}. Put the file back.") from None
    return found.st_size, found.st_mtime_ns

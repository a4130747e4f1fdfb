"""Output files, chosen and checked before the work begins."""

from __future__ import annotations

import contextlib
import io
import itertools
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from chainrule.cli.errors import WrongUsage, describe
from chainrule.errors import ChainruleError, InputError
from chainrule.files import require_writable, write_bytes

MODEL, PICTURE = ".safetensors", ".png"


@dataclass(frozen=True)
class Destination:
    """The files that a training run writes, NAME.safetensors and NAME.png in one folder; NAME is stem, stem-2, …"""

    folder: Path
    stem: str
    replaces: bool  # files of these names
    number: int = 1

    @property
    def name(self) -> str:
        """The name of both files, without their endings."""
        return self.stem if self.number == 1 else f"{self.stem}-{self.number}"

    @property
    def model(self) -> Path:
        """The model's path."""
        return self.folder / f"{self.name}{MODEL}"

    @property
    def picture(self) -> Path:
        """The path of the learning curves."""
        return self.folder / f"{self.name}{PICTURE}"

    def existing(self) -> Path | None:
        """Returns the first of these paths at which there is a file, or None."""
        return next((path for path in (self.model, self.picture) if path.exists()), None)

    def next_free(self) -> Destination:
        """Returns the next number of which there is neither file."""
        numbered = (replace(self, number=number) for number in itertools.count(self.number + 1))
        return next(files for files in numbered if not files.existing())

    def explanation(self) -> str:
        """Returns the reason for the number, and the way to do without it."""
        older = replace(self, number=1).existing() or self.stem
        return f"{older} exists; this run writes {self.model} and {self.picture}. --force replaces the older files."


def of_training(out: str | None, stem: str, *, force: bool) -> Destination:
    """Returns ``out`` as a file NAME.safetensors with NAME.png beside it, or as a folder, which may be missing.

    In a folder the name is ``stem``, or the first free one of stem-2, stem-3, … Raises WrongUsage for a file that
    exists, unless ``force`` permits to replace it, InputError or OSError if a file could not be written.
    """
    given = Path(out or "")
    is_file = bool(given.suffix) and not given.is_dir() and not (out or "").endswith(("/", os.sep))
    if is_file and given.suffix != MODEL:
        raise WrongUsage(f"--out: give a folder, or a file that ends in {MODEL}; got {out!r}.")
    files = Destination(given.parent if is_file else given, given.stem if is_file else stem, force)
    if not force and (taken := files.existing()):
        if is_file:
            raise _exists(taken)
        files = files.next_free()
    for path in (files.model, files.picture):
        _try_writing(path, replace=force)
    return files


def of_file(out: str, endings: tuple[str, ...], *, force: bool, option: str = "--out") -> Path:
    """Returns the path ``out`` that an option gives, which must have one of these endings.

    Raises WrongUsage for a file that exists, unless ``force`` permits to replace it, InputError if it cannot be
    written.
    """
    path = Path(out)
    if path.suffix not in endings:
        raise WrongUsage(f"{option}: give a file that ends in {listed_endings(endings)}; got {out!r}.")
    if not path.parent.exists():
        raise InputError(
            f"cannot write {out!r}: there is no folder {str(path.parent)!r}. Choose another with {option}."
        )
    if not force and path.exists():
        raise _exists(path, option)
    _try_writing(path, replace=force, option=option)
    return path


def listed_endings(endings: tuple[str, ...]) -> str:
    """Returns ".csv, .jsonl or .parquet"."""
    return " or ".join(filter(None, (", ".join(endings[:-1]), endings[-1])))


def _try_writing(path: Path, *, replace: bool, option: str = "--out") -> None:
    """Raises InputError unless a file can be written to ``path``, or, if its folder is missing, the folder be made."""
    while not path.parent.exists():
        path = path.parent
    if not path.parent.is_dir():
        raise InputError(
            f"cannot write {str(path)!r}: {str(path.parent)!r} is not a folder. Choose another with {option}."
        )
    try:
        require_writable(path, replace=replace)
    except OSError as error:
        raise InputError(f"cannot write {str(path)!r}: {error.strerror}. Choose another with {option}.") from None


def save_under_free_name(files: Destination, save: Callable[[Destination], None]) -> Destination:
    """Saves, and returns the names in use: the next free ones if another program has taken these in the meantime."""
    while True:
        try:
            save(files)
            return files
        except FileExistsError:
            if files.replaces:
                raise
            files = files.next_free()


def save_picture(files: Destination, picture: bytes) -> tuple[Destination, str]:
    """Saves the picture beside a model under the first free name; returns the names in use, and what went wrong."""
    try:
        return save_under_free_name(files, lambda at: write_bytes(at.picture, picture, replace=at.replaces)), ""
    except OSError as error:
        return files, f"{describe(error)} The learning curves were not saved."


def as_png(figure: Any) -> bytes:
    """Returns a figure of Matplotlib as a PNG file."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()


def save_somewhere(files: Destination, save: Callable[[Destination], None]) -> tuple[Destination, str]:
    """Saves as ``save_under_free_name``; if that fails, in the temporary folder, or else in the home folder.

    Returns the names in use and, for another folder, the reason. Raises ChainruleError if everything fails.
    """
    try:
        return save_under_free_name(files, save), ""
    except OSError as error:
        reason = describe(error)
    for folder in (tempfile.gettempdir, Path.home):
        with contextlib.suppress(OSError, RuntimeError):  # RuntimeError: there is no home folder
            return save_under_free_name(Destination(Path(folder()), files.stem, replaces=False), save), reason
    raise ChainruleError(f"{reason} The model could not be saved in another folder either, and is lost.")


def _exists(path: Path, option: str = "--out") -> WrongUsage:
    return WrongUsage(f"{option}: {path} exists; give another name, or --force to replace it.")

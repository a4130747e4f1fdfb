"""Names of files on the command line."""

from __future__ import annotations

from pathlib import Path

from chainrule._internal.naming import nearest
from chainrule.cli.errors import WrongUsage
from chainrule.cli.inputs.standard_input import NAME as STDIN
from chainrule.tables.reading.file_kinds import EXTENSIONS


def require_file(name: str, *others: str) -> Path:
    """Returns the path of a file. Raises WrongUsage with the most similar file beside it, or name, if there is none."""
    path = Path(name)
    if path.is_file():
        return path
    if name == STDIN:
        raise WrongUsage("a model is not read from standard input; give the name of its file.")
    if name and path.is_dir():
        raise WrongUsage(f"{name!r} is a folder; give a file in it.")
    if name and path.exists():  # a pipe or a device
        raise WrongUsage(f"{name!r} is not a regular file; save what it holds as a file, and give the file's name.")
    folder = path.parent
    files = [str(folder / p.name) for p in folder.iterdir() if p.is_file()] if folder.is_dir() else []
    known = f" Bundled data sets: {', '.join(others)}." if others else ""
    raise WrongUsage(f"there is no file {name!r}{nearest(str(path), [*files, *others]) or '.'}{known}")


def stem(source: str) -> str:
    """Returns the name for results of this source: data/sales.2023.csv.gz → sales.2023."""
    if source == STDIN:
        return "model"
    name = Path(source).name.removesuffix(".rows")
    endings = [ending for ending in EXTENSIONS if name.lower().endswith(ending)]
    return name[: len(name) - max(map(len, endings), default=0)] or "model"

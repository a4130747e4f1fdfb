"""Output files, chosen and checked before the work begins."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from chainrule.cli.errors import WrongUsage
from chainrule.errors import InputError

MODEL = ".safetensors"


@dataclass(frozen=True)
class Destination:
    """Files that a training run writes."""

    model: Path
    picture: Path


def of_training(out: str | None, stem: str) -> Destination:
    """Returns ``out`` as a file NAME.safetensors with NAME.png beside it, or as a folder, which is created."""
    given = Path(out) if out is not None else Path()
    if given.suffix == MODEL and not given.is_dir():
        folder, stem = given.parent, given.name.removesuffix(MODEL)
    elif given.suffix and not given.is_dir() and out is not None and not out.endswith(("/", "\\")):
        raise WrongUsage(f"--out: give a folder, or a file that ends in {MODEL}; got {out!r}.")
    else:
        folder = given
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"--out: cannot create the folder {str(folder)!r}: {error.strerror}.") from None
    require_writable(folder)
    return Destination(folder / f"{stem}{MODEL}", folder / f"{stem}.png")


def of_predictions(out: str) -> Path:
    """Returns the path ``out``, which must end in .csv or .parquet, in a writable folder."""
    path = Path(out)
    if path.suffix not in (".csv", ".parquet"):
        raise WrongUsage(f"--out: give a file that ends in .csv or .parquet; got {out!r}.")
    require_writable(path.parent)
    return path


def require_writable(folder: Path) -> None:
    """Raises InputError unless a file can be created in ``folder``."""
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise InputError(f"cannot write to the folder {str(folder)!r}: {error.strerror}.") from None

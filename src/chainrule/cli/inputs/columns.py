"""Names of columns on the command line."""

from __future__ import annotations

from collections.abc import Sequence

from chainrule._internal.naming import listed, nearest, spellings
from chainrule.cli.errors import WrongUsage
from chainrule.cli.inputs import bundled
from chainrule.cli.inputs.sources import existing_file, is_bundled
from chainrule.cli.inputs.standard_input import NAME as STDIN
from chainrule.tables.reading.csv.dialect import CsvOptions
from chainrule.tables.reading.file_kinds import CSV


def require_columns(
    source: str, options: CsvOptions, targets: Sequence[str], drop: Sequence[str], category: Sequence[str]
) -> None:
    """Raises WrongUsage for a wrong column of a bundled data set or of a text file, of which the start is read alone.

    Of standard input nothing is read. `read_source` is for the columns of other files. Raises its errors, too.
    """
    if source == STDIN:
        return
    if is_bundled(source):
        names: Sequence[str] = (*bundled.INPUTS[source], bundled.TARGET)
    else:
        path = existing_file(source)
        if path.is_dir() or not source.lower().endswith(CSV):
            return
        from chainrule.tables.reading.paths import names_in_csv

        names = names_in_csv(path, options)
    require_targets(names, source, targets, "target" if "target" in names else None)
    for option, given in (("--drop", drop), ("--category", category)):
        known_names(names, source, option, given)


def require_targets(names: Sequence[str], origin: str, given: Sequence[str], default: str | None) -> tuple[str, ...]:
    """Returns the spellings of the targets among the names of a table, or the default one if none is given.

    Each is a name, or several with commas between them. Raises WrongUsage if there is none.
    """
    found = known_names(names, origin, "--target", given)
    if not found and default is None:
        raise WrongUsage(f"{origin} has no default target; choose one with --target COLUMN. Columns: {listed(names)}.")
    if twice := [name for k, name in enumerate(found) if name in found[:k]]:
        raise WrongUsage(f"--target: {twice[0]!r} is named twice.")
    return tuple(found) if found or default is None else (known_name(names, origin, "--target", default),)


def known_names(names: Sequence[str], origin: str, option: str, given: Sequence[str]) -> list[str]:
    """Returns the spellings of columns among the names of a table.

    Each of those that are ``given`` is a name, which may have commas, or several with commas between them. Raises
    WrongUsage for an unknown one.
    """
    found: list[str] = []
    for text in given:
        is_one = "," not in text or spellings([text], names)
        parts = [text] if is_one else [part.strip() for part in text.split(",")]
        found += [known_name(names, origin, option, part) for part in parts]
    return found


def known_name(names: Sequence[str], origin: str, option: str, name: str) -> str:
    """Returns the spelling of a column among the names of a table. Raises WrongUsage, naming the nearest one."""
    spelling = spellings([name], names).get(name)
    if spelling is None:
        hint = nearest(name, names) or "."
        raise WrongUsage(f"{option}: {origin} has no column {name!r}{hint} Columns: {listed(names)}.")
    return spelling

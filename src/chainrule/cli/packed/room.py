"""Parquet files that would not fit into memory as a table: refused with the remedy, before they are read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from chainrule.cli.errors import WrongUsage
from chainrule.processes.machine_memory import machine_memory
from chainrule.rows.parquet_files import ParquetFiles

COPIES = 3  # of the numbers that are in memory at once: the table, its features, and what training takes


def require_room(path: Path, targets: Sequence[str]) -> None:
    """Raises WrongUsage for Parquet files of which a table in memory would need more than this machine has."""
    needed, there = COPIES * ParquetFiles(str(path)).bytes, machine_memory()
    if there is not None and needed > there:
        target = ",".join(targets) or "COLUMN"
        raise WrongUsage(
            f"{path} needs about {needed / 1e9:.1f} GB of memory as a table; this machine has {there / 1e9:.1f} GB. "
            f"Pack it, and train on the packed rows: chainrule pack {path} --target {target} --out "
            f"{path.stem}.rows"
        )

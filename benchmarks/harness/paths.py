"""The folders that the benchmarks read and write, and the writing of a file in one step."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "benchmarks"  # the results of the last run
RESULTS = ROOT / "benchmarks" / "results"  # the stored results, from which the pages are generated
DOCS = ROOT / "docs"


def replace_file(path: Path, text: str) -> None:
    """Writes a text file; an interrupted call leaves the previous content in place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)

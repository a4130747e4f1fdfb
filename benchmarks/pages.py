"""The files that are generated from the stored results: sections of README and docs/, the pictures, and the goals."""

from __future__ import annotations

from pathlib import Path

from benchmarks import goals, highlights, readme_chart, time_limits
from benchmarks.harness.markdown import filled
from benchmarks.harness.paths import DOCS, RESULTS, replace_file
from benchmarks.speed import page as speed_page
from benchmarks.speed import picture as speed_picture
from benchmarks.speed import results
from benchmarks.tables import page as tables_page
from benchmarks.tables import picture as tables_picture
from benchmarks.tables import records as table_records
from benchmarks.tables.sets import CAP


def generated() -> dict[Path, str]:
    """Returns the text of every file; nothing is measured."""
    report = results.SpeedReport.load(results.STORED)
    records = table_records.FitRecords.load(table_records.STORED)
    judged = {
        "speed": goals.markdown(goals.of_speed(report)),
        "tables": goals.markdown(goals.of_tables(records, CAP)),
    }
    sections = {
        DOCS / "performance.md": speed_page.sections(report),
        DOCS / "accuracy.md": tables_page.sections(records, CAP),
        DOCS / "index.md": {"facts": "{.facts}\n" + highlights.facts(report, records, CAP)},
        DOCS.parent / "README.md": {"facts": highlights.facts(report, records, CAP, docs="docs/")},
        DOCS / "guide" / "train-a-table.md": {"limits": time_limits.overview(time_limits.stored())},
        RESULTS / "goals.md": judged,
    }
    return {
        DOCS / "performance.svg": speed_picture.svg(report),
        DOCS / "accuracy.svg": tables_picture.svg(records, CAP),
        DOCS / "readme-chart.svg": readme_chart.svg(report, records, CAP),
        **{path: filled(path.read_text(encoding="utf-8"), texts) for path, texts in sections.items()},
    }


def write() -> None:
    """Writes every file."""
    for path, text in generated().items():
        replace_file(path, text)
        print(f"wrote {path}")


def refuse(objections: list[str]) -> None:
    """Ends the program if there are objections to storing a result."""
    if objections:
        raise SystemExit("not stored:\n" + "\n".join(f"- {one}" for one in objections))

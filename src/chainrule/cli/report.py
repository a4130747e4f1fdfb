"""The tables of results: measures of the network and of a baseline, each class, and the confusion matrix."""

from __future__ import annotations

from chainrule.cli.target import baseline_of
from chainrule.cli.terminal import beside, number, results, show
from chainrule.tables.inspection.label_measures import LabelResults
from chainrule.tables.inspection.measures import ClassResults
from chainrule.tables.inspection.results import Results
from chainrule.tables.model import TableModel

MOST_CLASSES = 40  # that are listed
MOST_COLUMNS = 12  # of a confusion matrix
LONGEST = 16  # letters of a class above its column


def print_results(model: TableModel, found: Results, title: str) -> None:
    """Prints the tables of results to stdout."""
    rows = [(measure.name, *beside(measure.network, measure.baseline)) for measure in found.measures]
    console = results()
    show(console, title, ("", "network", "baseline"), rows)
    console.print(f"  baseline: {baseline_of(model.target)}")
    if isinstance(found, LabelResults):
        lines = [(of.name, f"{of.rows:,}", *map(number, of[2:])) for of in found.by_label]
        title = "Labels" if len(lines) <= MOST_CLASSES else f"Labels, {MOST_CLASSES} of {len(lines)}"
        show(console, title, ("", "rows", "AUC", "recall", "precision", "F1", "log-loss"), lines[:MOST_CLASSES])
    if not isinstance(found, ClassResults):
        return
    if found.threshold is not None:
        second = str(found.classes.values.tolist()[1])
        console.print(f"  predicted is {second} where its probability is {found.threshold:g} or more")
    of_classes = found.by_class
    lines = [(str(c.value), f"{c.rows:,}", number(c.recall), number(c.precision), number(c.f1)) for c in of_classes]
    title = "Classes" if len(lines) <= MOST_CLASSES else f"Classes, {MOST_CLASSES} of {len(lines)}"
    show(console, title, ("", "rows", "recall", "precision", "F1"), lines[:MOST_CLASSES])
    if len(lines) <= MOST_COLUMNS:
        names = [str(c.value) for c in of_classes]
        header = ("true", *(name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…" for name in names))
        counts = [(name, *(f"{n:,}" for n in row)) for name, row in zip(names, found.confusion.tolist(), strict=True)]
        show(console, "Confusion matrix: rows by true class, and by predicted class", header, counts)

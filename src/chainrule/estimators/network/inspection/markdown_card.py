"""The model card in Markdown: intended use, results, data, columns, making and versions."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import sklearn

from chainrule._internal.four_digits import four_digits
from chainrule.estimators.network.inspection import words
from chainrule.estimators.network.inspection.metric import held_out_score
from chainrule.estimators.network.inspection.model_card import measured_on, model_card
from chainrule.tables.diagnosis.case import LabelledRows
from chainrule.tables.inspection.importances import Importances
from chainrule.tables.inspection.label_measures import LabelResults
from chainrule.tables.inspection.measures import ClassResults
from chainrule.tables.inspection.results import results_of
from chainrule.tables.target_decoder import ClassLabels
from chainrule.tables.targets.indicator_labels import IndicatorLabels

MOST_COLUMNS = 100  # that are listed
TO_FILL_IN = {  # what the file of a model does not know
    "Made for": "which decision or product, and who uses it",
    "Not made for": "uses, people, places or times for which it has not been tested",
    "Where the rows come from": "who collected them, when, how, and with whose consent",
    "Contact and licence": "who answers questions, and what others may do with the model",
}


def markdown_card(estimator: Any, rows: LabelledRows | None, is_held_out: bool) -> str:
    """Returns the card of a fitted estimator, with the results on these rows, or those that its file holds."""
    lines = [f"# Model card: {_text(words.name_of(estimator))}"]
    for heading, section in _sections(estimator, rows, is_held_out):
        lines += ["", f"## {heading}", "", *section]
    return "\n".join(lines) + "\n"


def _sections(estimator: Any, rows: LabelledRows | None, is_held_out: bool) -> Iterator[tuple[str, Iterable[str]]]:
    """Yields the heading and the lines of each section."""
    entries = dict(model_card(estimator))
    limits, made_by = entries.pop("Limits"), entries.pop("Made by")
    blanks = [f"- **{name}**: *to be filled in: {question}.*" for name, question in TO_FILL_IN.items()]
    libraries = f"Python {platform.python_version()}, NumPy {np.__version__}, scikit-learn {sklearn.__version__}"
    yield "Intended use", [*blanks, f"- **Limits**: {_text(limits)}"]
    yield "Results", _results(estimator, rows, is_held_out)
    yield "Model", [f"- **{name}**: {_text(text)}" for name, text in entries.items()]
    yield "Columns", _columns(estimator)
    yield "Target", _target(estimator.target_)
    yield "Versions", [f"- {_text(made_by)}", f"- {libraries}"]


def _results(estimator: Any, rows: LabelledRows | None, is_held_out: bool) -> Iterator[str]:
    """Yields the measures on rows; without rows those of the test rows in the file, or the score of training."""
    if rows is not None:
        results = results_of(rows)
        yield from _table(["", "model", "baseline"], [(m.name, m.network, m.baseline) for m in results.measures])
        if isinstance(results, ClassResults):
            yield ""
            found = [(str(c.value), f"{c.rows:,}", c.recall, c.precision, c.f1) for c in results.by_class]
            yield from _table(["class", "rows", "recall", "precision", "F1"], found)
        if isinstance(results, LabelResults):
            yield ""
            labels = [(of.name, f"{of.rows:,}", *of[2:]) for of in results.by_label]
            yield from _table(["label", "rows", "AUC", "recall", "precision", "F1", "log-loss"], labels)
        yield ""
        yield _text(f"Measured on {measured_on(estimator, rows, is_held_out)}.")
        return
    training = estimator.model_.about.get("training", {})
    if scores := training.get("scores"):
        yield from _table(["", "model", "baseline"], [(name, ours, theirs) for name, ours, theirs in scores])
        yield ""
        yield f"Measured on {training['rows']['test']:,} test rows, which training has not seen."
    elif (score := held_out_score(estimator)) is not None:
        name, value = score
        yield f"- {name} on held-out rows: {_number(value)}. They have also chosen the epoch that each network keeps."
    else:
        yield "*Not measured: no rows were held out, and the file holds no results.*"


def _columns(estimator: Any) -> Iterator[str]:
    """Yields the encoding of each column, with its importance if that has been computed."""
    encoder = estimator.encoder_
    described = encoder.describe(MOST_COLUMNS)
    importances = Importances.from_json(estimator.model_.about.get("importances"))
    known = {} if importances is None else {name: value for name, value, _ in importances.ranked()}
    header = ["column", "kind", "encoded as", *(["importance"] if known else [])]
    yield from _table(header, [(*each, *([known.get(each[0], float("nan"))] if known else [])) for each in described])
    if (more := encoder.n_features_in_ - len(described)) > 0:
        yield ""
        yield f"… and {more:,} more columns."
    if importances is not None:
        yield ""
        yield _text(f"{importances.caption}.")


def _target(target: Any) -> Iterator[str]:
    if isinstance(target, ClassLabels):
        shares = target.shares / target.shares.sum()
        yield from _table(
            ["class", "share of the training rows"], list(zip(map(str, target.values), shares, strict=True))
        )
        return
    if isinstance(target, IndicatorLabels):
        titles = map(target.title, range(target.m))
        yield from _table(["label", "share of the training rows"], list(zip(titles, target.shares, strict=True)))
        return
    for k, (mean, deviation) in enumerate(zip(target.mean, target.deviation, strict=True)):
        of = f"{_text(target.title(k))}: " if target.m > 1 else ""
        yield f"- {of}mean {_number(mean)}, standard deviation {_number(deviation)} in the training rows"


def _table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> Iterator[str]:
    """Yields a table; numbers are written with four digits."""
    yield f"| {' | '.join(header)} |"
    yield f"|{'---|' * len(header)}"
    for row in rows:
        yield f"| {' | '.join(_text(each) if isinstance(each, str) else _number(each) for each in row)} |"


def _number(value: Any) -> str:
    return "–" if value is None or not np.isfinite(value) else four_digits(float(value))


def _text(text: str) -> str:
    """Returns a text on one line in which nothing is markup."""
    for mark in "\\`*_[]<>|":
        text = text.replace(mark, f"\\{mark}")
    return " ".join(text.split())

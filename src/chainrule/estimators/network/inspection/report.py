"""The report: one HTML page about a fitted estimator, with its results, charts, encoding and model card."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from chainrule._internal.four_digits import four_digits
from chainrule.estimators.network.inspection import words
from chainrule.estimators.network.inspection.curves import learning_curves
from chainrule.estimators.network.inspection.model_card import measured_on, model_card
from chainrule.explain.printers.html import html_page
from chainrule.plot.charts.models import partial_dependence as dependence
from chainrule.plot.charts.models.calibration import draw_calibration
from chainrule.plot.charts.models.confusion import draw_confusion
from chainrule.plot.charts.models.importances import importances as draw_importances
from chainrule.plot.charts.models.predictions import of_classes, of_label, of_numbers
from chainrule.plot.charts.models.residuals import KINDS, draw_residuals
from chainrule.plot.charts.svg import inline_svg
from chainrule.tables.diagnosis.case import LabelledRows
from chainrule.tables.inspection.dependence import partial_dependence
from chainrule.tables.inspection.importances import Importances
from chainrule.tables.inspection.label_measures import LabelResults
from chainrule.tables.inspection.measures import ClassResults, NumberResults
from chainrule.tables.inspection.quantile_results import QuantileResults
from chainrule.tables.inspection.results import Results, results_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_COLUMNS = 6  # with a chart of their partial dependence
MOST_LISTED = 200  # columns in the table of encodings
MOST_CLASSES = 50  # in the table of classes
MOST_LABELS = 8  # whose errors are drawn
MANY_CLASSES = 12  # whose confusion matrix needs a wide chart

STYLE = """
.cr-page .charts { display: grid; gap: 0.5rem 1.5rem;
  grid-template-columns: repeat(auto-fill, minmax(min(100%, 22rem), 1fr)) }
.cr-page .small { grid-template-columns: repeat(auto-fill, minmax(min(100%, 18rem), 1fr)) }
.cr-page figure { margin: 0.4rem 0; overflow-x: auto; break-inside: avoid }
.cr-page figure.wide { grid-column: 1 / -1; max-width: 40rem }
.cr-page figure.large { max-width: 58rem }
.cr-page figure.large svg { min-width: 40rem }
.cr-page figure svg { display: block; width: 100%; height: auto; color: var(--ink); fill: currentColor }
.cr-page figcaption { color: var(--soft); font-size: 0.93rem; max-width: 46rem }
.cr-page h2 { font-size: 1.3rem; color: var(--mark); margin: 1.6rem 0 0.4rem; border-top: 1px solid var(--line);
  padding-top: 0.9rem; break-after: avoid }
.cr-page td.number, .cr-page th.number { text-align: right }
.cr-page td.wrap { white-space: normal; min-width: 16rem }
.cr-page dl { display: grid; grid-template-columns: minmax(7rem, max-content) 1fr; gap: 0.3rem 1.2rem;
  margin: 0.6rem 0 }
.cr-page dt { color: var(--soft) }
.cr-page dd { margin: 0; overflow-wrap: anywhere }
@media (max-width: 40rem) { .cr-page td.wrap { min-width: 9rem }
  .cr-page dl { grid-template-columns: 1fr; gap: 0 } .cr-page dd { margin-bottom: 0.5rem } }
@media print { .cr-page .charts { grid-template-columns: 1fr 1fr } .cr-page figure.large svg { min-width: 0 } }
"""


def report_page(estimator: Any, rows: LabelledRows, found: Importances, is_held_out: bool, title: str | None) -> str:
    """Returns the page about an estimator, these rows, and the importances on them."""
    heading = words.name_of(estimator) if title is None else title
    body = "\n".join([f"<h1>{escape(heading)}</h1>", *_body(estimator, rows, found, is_held_out)])
    return html_page(heading, "en", body, STYLE)


def _body(estimator: Any, rows: LabelledRows, found: Importances, is_held_out: bool) -> Iterator[str]:
    model = estimator.model_
    results = results_of(rows)
    which = "held-out rows, each predicted by the networks that were not trained on it" if is_held_out else "rows"
    yield _paragraph(
        f"{type(estimator).__name__}, preset {estimator.preset}: {_count(model.networks)}. "
        f"All results are those of {rows.t:,} {which}."
    )
    yield "<h2>Results</h2>"
    yield _measures(results)
    if isinstance(results, ClassResults) and len(results.classes) <= MOST_CLASSES:
        yield _table(
            ["class", "rows", "recall", "precision", "F1"],
            [[str(c.value), f"{c.rows:,}", *map(_number, (c.recall, c.precision, c.f1))] for c in results.by_class],
        )
    if isinstance(results, LabelResults):
        yield _table(
            ["label", "rows", "AUC", "recall", "precision", "F1", "log-loss"],
            [[of.name, f"{of.rows:,}", *map(_number, of[2:])] for of in results.by_label[:MOST_CLASSES]],
        )
    yield "<h2>Errors</h2>"
    yield from _charts_of_errors(rows, results)
    if estimator.histories_:  # a file of an early version holds none
        yield "<h2>Training</h2>"
        yield '<div class="charts">'
        caption = words.circles_in_words(estimator)
        if len(estimator.histories_) > 1:
            caption += " In the mean, a network that has ended counts with its last value."
        yield _figure(lambda: learning_curves(estimator, ""), "learning curves", caption, "wide")
        yield "</div>"
    yield "<h2>Columns that matter</h2>"
    yield '<div class="charts">'
    caption = (
        f"The {found.unit} when the values of a column are shuffled among the rows. The lines are standard deviations. "
        "Columns that carry the same information share their importance."
    )
    yield _figure(lambda: draw_importances(found), "importances", caption, "wide")
    yield "</div>"
    top = [partial_dependence(rows, name) for name, value, _ in found.ranked()[:MOST_COLUMNS] if value > 0.0]
    if top:
        yield _paragraph(
            "The mean prediction when a column has the same value in all rows. The band is the standard deviation over "
            "the rows: where it is wide, the effect depends on other columns."
        )
        yield '<div class="charts small">'
        for each in top:
            yield _figure(
                lambda each=each: dependence.draw_partial_dependence(model, [each], beside=top),  # type: ignore[misc]
                f"partial dependence on {each.column}", "",
            )  # fmt: skip
        yield "</div>"
    yield "<h2>Model card</h2>"
    yield _list([*model_card(estimator), ("Measured on", measured_on(estimator, rows, is_held_out))])
    yield "<h2>Encoding of the columns</h2>"
    described = estimator.encoder_.describe(MOST_LISTED)
    more = estimator.encoder_.n_features_in_ - len(described)
    yield _table(["column", "kind", "encoded as"], [list(each) for each in described], wrapped=2, numbers=False)
    if more > 0:
        yield _paragraph(f"… and {more:,} more columns.")


def _charts_of_errors(rows: LabelledRows, results: Results) -> Iterator[str]:
    """Yields confusion matrix and calibration, of each of several labels, or the residuals."""
    yield '<div class="charts">'
    if isinstance(results, ClassResults):
        found = of_classes(rows)
        kind = "wide large" if len(found.classes) > MANY_CLASSES else ""
        caption = "Rows by their true and their predicted class; the shade is the share of the true class."
        yield _figure(lambda: draw_confusion(found), "confusion matrix", caption, kind)
        caption = "On the dashed line a probability is the frequency with which it comes true."
        yield _figure(lambda: draw_calibration(found), "calibration", caption)
    elif isinstance(results, LabelResults):
        for k, of in enumerate(results.by_label[:MOST_LABELS]):
            label = of_label(rows, k)
            yield _figure(lambda label=label: draw_confusion(label), f"confusion matrix of {of.name}", "")  # type: ignore[misc]
            caption = f"{of.name}: on the dashed line a probability is the frequency with which it comes true."
            yield _figure(lambda label=label: draw_calibration(label), f"calibration of {of.name}", caption)  # type: ignore[misc]
    else:
        numbers = of_numbers(rows)
        for kind, name in KINDS.items():
            yield _figure(lambda kind=kind: draw_residuals(numbers, kinds=[kind]), f"{name} over predicted", "")  # type: ignore[misc]
    yield "</div>"


def _figure(draw: Callable[[], Figure], name: str, caption: str, kind: str = "") -> str:
    text = f"<figcaption>{escape(caption)}</figcaption>" if caption else ""
    of = f' class="{kind}"' if kind else ""
    return f"<figure{of}>{inline_svg(draw(), name)}{text}</figure>"


def _measures(results: Results) -> str:
    baseline = "what is most frequent, with the shares as probabilities,"
    if isinstance(results, NumberResults | QuantileResults):
        baseline = "the quantiles" if isinstance(results, QuantileResults) else "the mean"
    rows = [[m.name, _number(m.network), _number(m.baseline)] for m in results.measures]
    return _table(["", "model", "baseline"], rows) + _paragraph(
        f"The baseline predicts {baseline} of the training rows."
    )


def _table(
    header: Sequence[str], rows: Sequence[Sequence[str]], wrapped: int | None = None, numbers: bool = True
) -> str:
    def cell(tag: str, k: int, text: str) -> str:
        kind = "number" if numbers and k else "wrap" if k == wrapped else ""
        return f"<{tag}{f' class={chr(34)}{kind}{chr(34)}' if kind else ''}>{escape(text)}</{tag}>"

    head = "".join(cell("th", k, text) for k, text in enumerate(header))
    body = "".join(f"<tr>{''.join(cell('td', k, text) for k, text in enumerate(row))}</tr>" for row in rows)
    return f'<div class="table"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _list(pairs: Sequence[tuple[str, str]]) -> str:
    return f"<dl>{''.join(f'<dt>{escape(name)}</dt><dd>{escape(text)}</dd>' for name, text in pairs)}</dl>"


def _paragraph(text: str) -> str:
    return f"<p>{escape(text)}</p>"


def _count(networks: Sequence[Any]) -> str:
    return f"{len(networks)} networks, averaged" if len(networks) > 1 else "one network"


def _number(value: float) -> str:
    return "–" if math.isnan(value) else four_digits(value)

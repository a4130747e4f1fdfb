"""A fitted estimator in words."""

from __future__ import annotations

from typing import Any

from chainrule._internal.durations import duration
from chainrule._internal.text_table import text_table
from chainrule.estimators.cards.summary import Summary, sizes
from chainrule.estimators.network.inspection import words
from chainrule.estimators.network.inspection.metric import held_out_score, metric_courses, rmse
from chainrule.estimators.network.search.report import table_of_trials
from chainrule.tables.intervals.quantile_labels import QuantileLabels
from chainrule.tables.target_decoder import ClassLabels
from chainrule.tables.targets.indicator_labels import IndicatorLabels

MOST_COLUMNS = 40  # that are listed
MOST_TARGETS = 8  # or classes in a line


def summary(estimator: Any) -> Summary:
    """Returns the encoder, the networks, the recipes, the scores and the times as text."""
    model, encoder = estimator.model_, estimator.encoder_
    lines = [f"{type(estimator).__name__}, preset {estimator.preset}: {words.name_of(estimator)}", ""]
    lines += scores(estimator)
    lines += ["", f"Columns: {encoder.n_features_in_} become {encoder.n_features_out_} features"]
    lines += text_table(["column", "kind", "encoded as"], encoder.describe(MOST_COLUMNS)).split("\n")
    if encoder.n_features_in_ > MOST_COLUMNS:
        lines.append(f"… and {encoder.n_features_in_ - MOST_COLUMNS} more")
    title = "Networks, whose outputs are averaged" if len(model.networks) > 1 else "Network"
    lines += ["", f"{title}: {'; '.join(sizes(model.networks))}"]
    for sentences in dict.fromkeys(tuple(words.recipe_sentences(recipe)) for recipe in estimator.recipes_):
        lines += sentences
    lines += ["", *_table_of_networks(estimator)]
    if trials := getattr(estimator, "trials_", None):
        lines += ["", *table_of_trials(trials)]
    return Summary("\n".join(lines))


def scores(estimator: Any) -> list[str]:
    """Returns a line about the target, one about the score and two about the training."""
    target = estimator.target_
    lines = []
    if isinstance(target, ClassLabels):
        shares = [f"{value} {100.0 * share:.3g} %" for value, share in zip(target.values, target.shares, strict=True)]
        lines.append(f"Classes: {_first(shares)}")
    elif isinstance(target, IndicatorLabels):
        shares = [f"{target.title(k)} {100.0 * share:.3g} %" for k, share in enumerate(target.shares)]
        lines.append(f"Labels: {_first(shares)}")
    elif isinstance(target, QuantileLabels):
        known = ", ".join(f"{y:,.5g}" for y in target.mean)
        lines.append(f"Target: {', '.join(target.output_names)}; in the training rows {known}")
    elif target.m == 1:
        lines.append(f"Target: mean {target.mean[0]:,.5g}, standard deviation {target.deviation[0]:,.5g}")
    else:
        each = [f"{target.title(k)} (mean {target.mean[k]:,.5g})" for k in range(target.m)]
        lines.append(f"Targets: {_first(each)}")
    if (score := held_out_score(estimator)) is not None:
        error = estimator._held_out_rows and rmse(estimator._held_out_rows)
        lines.append(f"Held-out rows: {score[0]} {score[1]:.4f}" + (f", RMSE {error:,.5g}" if error else ""))
    else:
        lines.append("Held-out rows: none; score(X, y) measures other rows")
    lines.append(f"Trained on: {words.rows_in_words(estimator)}")
    lines.append(f"Epochs: {words.training_in_words(estimator)}")
    return lines


def _first(each: list[str]) -> str:
    return ", ".join(each[:MOST_TARGETS]) + (f", … and {len(each) - MOST_TARGETS} more" if each[MOST_TARGETS:] else "")


def _table_of_networks(estimator: Any) -> list[str]:
    """Returns a line for each network: its size, its epochs, J and the metric of the kept epoch, its time."""
    if not estimator.histories_:
        return []
    courses = metric_courses(estimator)
    rows = []
    for j, (net, history, kept) in enumerate(
        zip(estimator.networks_, estimator.histories_, estimator.kept_epochs_, strict=True), 1
    ):
        at = (kept or history.epochs) - 1
        row = [str(j), "-".join(map(str, net.m)), str(kept or "last"), str(history.epochs)]
        row += [_at(history.J, at), _at(history.validation_J, at)]
        if not courses.is_J:
            row.append(_at(courses.held_out[j - 1], at))
        rows.append([*row, duration(float(history.seconds.sum()))])
    header = ["network", "sizes", "kept epoch", "epochs", "J", "held-out J"]
    if not courses.is_J:
        header.append(f"held-out {courses.name}")
    return text_table([*header, "time"], rows).split("\n")


def _at(values: Any, k: int) -> str:
    return f"{values[k]:,.5g}" if 0 <= k < len(values) and values[k] == values[k] else ""

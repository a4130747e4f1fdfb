"""The tables of docs/accuracy.md."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import fmean, median

from benchmarks.harness.clock import ratios
from benchmarks.harness.figures import number, percent, span
from benchmarks.harness.markdown import table
from benchmarks.tables.comparison import EQUAL, Measure, common_fits, compare, mean_error, mean_errors
from benchmarks.tables.contestants import MODELS, OWN, SLOW
from benchmarks.tables.fit_seconds import compare_times
from benchmarks.tables.records import FitRecords, FitTimes
from benchmarks.tables.sets import SETS, DataSet

Pairs = tuple[tuple[str, str], ...]  # a model and the one beside which it is shown

NOT_MEASURED = "Not measured yet."
WORDS: dict[Measure, str] = {"error": "error", "log_loss": "log-loss"}
CALIBRATED_PEER = "catboost"


def comparisons(records: FitRecords, cap: int, pairs: Pairs, measure: Measure = "error") -> str:
    """Returns the comparisons over all sets, of errors or log-losses."""
    rows = []
    what = WORDS[measure]
    for pair in pairs:
        found = compare(records, *pair, cap, measure)
        if not found.ratios:
            continue
        names = [MODELS[model].title for model in pair]
        mean = f"**{found.geometric_mean_ratio:.3f}**"
        lower, reduction = f"**{percent(found.lower_share)}**", percent(found.mean_reduction)
        rows.append([*names, str(len(found.ratios)), lower, reduction, mean])
    if not rows:
        return NOT_MEASURED
    columns = [
        "",
        "beside",
        ">tables",
        f">lower {what} on",
        f">mean reduction of the {what}",
        ">geometric mean of the ratios",
    ]
    return table(columns, rows)


def figure(error: float, one: DataSet, measure: Measure) -> str:
    """Formats a root-mean-square error with four digits or more, an error rate in per cent, or a log-loss."""
    if measure == "log_loss":
        return f"{error:.4f}"
    if one.task == "classification":
        return percent(error, 2)
    return f"{error:,.0f}" if error >= 1e4 else f"{error:.4g}"


# Titles of narrow columns.
SHORT = {
    "chainrule": "default", "chainrule-best": "best", "sklearn": "MLP", "sklearn-y": "MLP, y", "td-s": "TD-S",
    "td": "TD", "hist-gb": "HGB",
}  # fmt: skip


def error_table(records: FitRecords, cap: int, measure: Measure = "error") -> str:
    """Returns the errors or log-losses of every set, a column for each model but the slow ones; the least is bold."""

    def of_set(one: DataSet) -> dict[str, float]:
        means = mean_errors(records, one, cap, measure)
        return {model: mean for model, mean in means.items() if model not in SLOW}

    measured = set().union(*map(of_set, SETS.values()))
    if not measured:
        return NOT_MEASURED
    models = [model for model in MODELS if model in measured]

    def rows() -> Iterator[list[str]]:
        for one in SETS.values():
            if means := of_set(one):
                texts = {model: figure(error, one, measure).removesuffix(" %") for model, error in means.items()}
                least = min(means.values()) * (1.0 + EQUAL)
                texts |= {model: f"**{texts[model]}**" for model in texts if means[model] <= least}
                trained = max(score.rows for key, score in records.scores.items() if key.name == one.name)
                name = one.name.lstrip("0123456789").removeprefix("_")  # without its number in PMLB
                yield [name, f"{trained:,}", *(texts.get(model, "") for model in models)]

    return table(["", ">rows", *(f">{SHORT.get(model, MODELS[model].title)}" for model in models)], rows())


def calibration(records: FitRecords, cap: int) -> str:
    """Returns each model's mean calibration error, beside that of the peer on the same tables."""
    rows = []
    for model, contestant in MODELS.items():
        if "classification" not in contestant.tasks:
            continue
        fits = [common_fits(records, one, model, CALIBRATED_PEER, cap, "calibration_error") for one in SETS.values()]
        means = [[mean_error(side, "calibration_error") for side in sides] for sides in fits if sides[0]]
        if means:
            own, others = (f"{fmean(side):.4f}" for side in zip(*means, strict=True))
            rows.append([contestant.title, str(len(means)), f"**{own}**", others])
    if not rows:
        return NOT_MEASURED
    peer = MODELS[CALIBRATED_PEER].title
    return table(["", ">tables", ">mean calibration error", f">{peer}'s on these tables"], rows)


def fit_times(speed: FitTimes) -> str:
    """Returns the seconds, with the ratios to Chainrule's."""
    rows = []
    for name, taken in speed.seconds.items():
        for model, seconds in taken.items():
            ratio = "" if model == OWN else f"**{number(median(ratios(seconds, taken[OWN])))} ×**"
            spread = span(seconds, lambda x: f"{x:.1f}")
            rows.append([name, MODELS[model].title, f"{median(seconds):.1f}", spread, ratio])
    return table(["", "model", ">median", "<least – most", ">÷ Chainrule"], rows)


def time_ratios(records: FitRecords, cap: int, pairs: Pairs) -> str:
    """Returns the sums of the seconds of two models over the tables, and the ratios of their times."""
    rows = []
    for pair in pairs:
        if (found := compare_times(records, *pair, cap)).seconds:
            own, other = found.sums
            sums, medians = (f"**{number(ratio)} ×**" for ratio in (own / other, found.median_ratio))
            names = [MODELS[model].title for model in pair]
            rows.append([*names, str(len(found.seconds)), f"{own:,.0f}", f"{other:,.0f}", sums, medians])
    if not rows:
        return NOT_MEASURED
    columns = ["", "beside", ">tables", ">seconds", ">of the other", ">ratio of the sums", ">median ratio"]
    return table(columns, rows)

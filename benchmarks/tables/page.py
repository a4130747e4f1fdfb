"""The generated sections of docs/accuracy.md."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from benchmarks.harness.clock import ratios
from benchmarks.harness.figures import number, percent, span
from benchmarks.harness.machine import facts, listed
from benchmarks.harness.markdown import bullets, paragraph, table
from benchmarks.tables.comparison import Measure, compare, mean_errors
from benchmarks.tables.contestants import BEST, MODELS, OWN, TREES
from benchmarks.tables.measuring import wanted
from benchmarks.tables.records import FitRecords, FitTimes
from benchmarks.tables.sets import SETS, DataSet

AGAINST_TREES = tuple((own, tree) for own in (OWN, BEST) for tree in TREES)
PAIRS = ((OWN, "sklearn"), (OWN, "sklearn-y"), (OWN, "td-s"), (BEST, "td"), *AGAINST_TREES)
MUCH = 1.05  # times the lowest error of boosted trees: a table on which Chainrule loses
RESULTS = """\
With their defaults, `NetworkRegressor()` and `NetworkClassifier()` have a lower error than scikit-learn's MLP on
{sklearn} of {count} tables, and on {sklearn_y} if the MLP gets a standardised target. Their error is on average {td_s}
lower than that of RealMLP-TD-S (Holzmüller et al., NeurIPS 2024), whose defaults were tuned on 118 tables and which
takes {speed} times as long. With `preset="best"` the error is on average {td} lower than that of RealMLP-TD."""
TREES_TOO = """ \
Beside CatBoost with its defaults it is {default} times as large on average, and {best} times with `preset="best"`."""
NOT_MEASURED = "Not measured yet."
LOSSES = """\
The error of the default is more than {much} % above that of the best of the three kinds of boosted trees on {count} of
{all} tables: {names}. With `preset="best"` it is on {best_count}: {best_names}."""


def objections(records: FitRecords, cap: int) -> list[str]:
    """Returns the reasons why the records must not be stored."""
    reasons = list(records.failures)
    keys = wanted(list(SETS.values()), list(MODELS), 1, cap)
    if absent := [key for key in keys if key not in records.scores]:
        reasons.append(f"{len(absent)} fits are missing, of {', '.join(sorted({key.model for key in absent}))}")
    for model in MODELS:
        versions = {records.scores[key].version for key in keys if key.model == model and key in records.scores}
        if len(versions) > 1:
            reasons.append(f"{MODELS[model].title} was fitted in versions {', '.join(sorted(versions))}")
    if records.speed is None:
        reasons.append("speed was not measured")
    return reasons


def results(records: FitRecords, cap: int) -> str:
    """Returns the results in three sentences."""
    found = {pair: compare(records, *pair, cap) for pair in PAIRS}
    speed = records.speed.seconds.values() if records.speed else ()
    longer = [f"{median(ratios(taken['td-s'], taken[OWN])):.1f}" for taken in speed if "td-s" in taken]
    trees = {own: compare(records, own, "catboost", cap) for own in (OWN, BEST)}
    words = RESULTS
    if all(beside.ratios for beside in trees.values()):
        means = (f"{trees[own].geometric_mean_ratio:.2f}" for own in (OWN, BEST))
        words += TREES_TOO.format(**dict(zip(("default", "best"), means, strict=True)))
    return paragraph(
        words.format(
            sklearn=percent(found[OWN, "sklearn"].lower_share, 0), count=len(found[OWN, "sklearn"].ratios),
            sklearn_y=percent(found[OWN, "sklearn-y"].lower_share, 0),
            td_s=percent(1 - found[OWN, "td-s"].geometric_mean_ratio, 0),
            td=percent(1 - found[BEST, "td"].geometric_mean_ratio, 0), speed=f"{min(longer)} to {max(longer)}",
        )
    )  # fmt: skip


def losses(records: FitRecords, cap: int) -> str:
    """Names the tables on which boosted trees are better, those of the greatest ratio first."""

    def named(own: str) -> tuple[int, str]:
        found = [compare(records, own, tree, cap).ratios for tree in TREES]
        worst = {name: max(ratios.get(name, 0.0) for ratios in found) for name in SETS}
        lost = sorted((name for name in worst if worst[name] > MUCH), key=lambda name: -worst[name])
        return len(lost), ", ".join(f"{name} ({worst[name]:.2f} ×)" for name in lost) or "none"

    if not (tables := len(compare(records, OWN, TREES[0], cap).ratios)):
        return NOT_MEASURED
    (count, names), (best_count, best_names) = named(OWN), named(BEST)
    return paragraph(
        LOSSES.format(
            much=round(100 * (MUCH - 1)), count=count, all=tables, names=names, best_count=best_count,
            best_names=best_names,
        )
    )  # fmt: skip


def comparisons(records: FitRecords, cap: int, pairs: tuple[tuple[str, str], ...], measure: Measure = "error") -> str:
    """Returns the comparisons over all sets, of errors or log-losses."""
    rows = []
    what = "error" if measure == "error" else "log-loss"
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


def error_table(records: FitRecords, cap: int, measure: Measure = "error") -> str:
    """Returns the errors or log-losses of every set, a column a model; the least is bold."""
    measured = set().union(*(mean_errors(records, one, cap, measure) for one in SETS.values()))
    if not measured:
        return NOT_MEASURED
    models = [model for model in MODELS if model in measured]

    def rows() -> Iterator[list[str]]:
        for one in SETS.values():
            if means := mean_errors(records, one, cap, measure):
                texts = {model: figure(error, one, measure) for model, error in means.items()}
                texts |= {model: f"**{texts[model]}**" for model in texts if means[model] == min(means.values())}
                trained = max(score.rows for key, score in records.scores.items() if key.name == one.name)
                yield [one.name, f"{one.rows:,}", f"{trained:,}", *(texts.get(model, "") for model in models)]

    titles = [f">{MODELS[model].title.split(', ')[-1]}" for model in models]
    return table(["", ">rows", ">training rows", *titles], rows())


def fit_times(speed: FitTimes) -> str:
    """Returns the seconds, with the ratios to Chainrule's."""
    rows = []
    for name, taken in speed.seconds.items():
        for model, seconds in taken.items():
            ratio = "" if model == OWN else f"**{number(median(ratios(seconds, taken[OWN])))} ×**"
            spread = span(seconds, lambda x: f"{x:.1f}")
            rows.append([name, MODELS[model].title, f"{median(seconds):.1f}", spread, ratio])
    return table(["", "model", ">median", "<least – most", ">÷ Chainrule"], rows)


def circumstances(records: FitRecords, cap: int) -> Iterator[str]:
    """Yields the dates, the versions and the machine."""
    keys = set(wanted(list(SETS.values()), list(MODELS), 1, cap))
    shown = [score for key, score in records.scores.items() if key in keys]
    dates = sorted({score.date for score in shown})
    yield f"fits: {' to '.join(dict.fromkeys([dates[0], dates[-1]]))}"
    yield listed({MODELS[score.model].package: score.version for score in shown})
    if (speed := records.speed) is not None:
        rounds = max(len(seconds) for taken in speed.seconds.values() for seconds in taken.values())
        yield f"speed: {speed.date}, revision {speed.revision}, {rounds} rounds, {speed.threads} threads"
        yield from facts(speed.machine)


def sections(records: FitRecords, cap: int) -> dict[str, str]:
    """Returns the text of each section."""
    assert records.speed is not None
    return {
        "results": results(records, cap),
        "losses": losses(records, cap),
        "comparisons": comparisons(records, cap, PAIRS),
        "log_losses": comparisons(records, cap, AGAINST_TREES, "log_loss"),
        "speed": fit_times(records.speed),
        "errors": error_table(records, cap),
        "every_log_loss": error_table(records, cap, "log_loss"),
        "run": bullets(circumstances(records, cap)),
    }

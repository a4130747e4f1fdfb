"""The generated sections of docs/accuracy.md."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from statistics import median

from benchmarks.harness.clock import ratios
from benchmarks.harness.figures import percent
from benchmarks.harness.machine import facts, listed
from benchmarks.harness.markdown import bullets, paragraph
from benchmarks.tables.comparison import Measure, compare
from benchmarks.tables.contestants import BEST, MODELS, OWN, SLOW, TREES, TUNED
from benchmarks.tables.measuring import wanted
from benchmarks.tables.page_tables import (
    NOT_MEASURED,
    WORDS,
    calibration,
    comparisons,
    error_table,
    fit_times,
    time_ratios,
)
from benchmarks.tables.records import FitRecords, FitScore
from benchmarks.tables.sets import SETS

AGAINST_TREES = tuple((own, tree) for own in (OWN, BEST) for tree in TREES)
AGAINST_SLOW = ((TUNED, BEST), (BEST, "td-5"), (BEST, "tabm"))
AGAINST_STRONGEST = (*AGAINST_SLOW, *AGAINST_TREES)
PAIRS = ((OWN, "sklearn"), (OWN, "sklearn-y"), (OWN, "td-s"), (BEST, "td"), *AGAINST_STRONGEST)
TIMED_PAIRS = ((OWN, "catboost"), (BEST, "catboost"), *AGAINST_SLOW)
MUCH = 1.05  # times the lowest error of boosted trees: a table on which Chainrule loses
RESULTS = """\
With their defaults, `NetworkRegressor()` and `NetworkClassifier()` have a lower error than scikit-learn's MLP on
{sklearn} of {count} tables, and on {sklearn_y} if the MLP gets a standardised target. Their error is {td_s} times that
of RealMLP-TD-S (Holzmüller et al., NeurIPS 2024), whose defaults were tuned on 118 tables and which takes {speed} times
as long; with `preset="best"` it is {td} times that of RealMLP-TD. These are geometric means over the tables that both
were measured on."""
TREES_TOO = """ \
Beside CatBoost with its defaults the error is {default} times as large, and {best} times with `preset="best"`."""
LOSSES = """\
The {what} of the default is more than {much} % above that of the best of the three kinds of boosted trees on {count} of
{all} tables: {names}. With `preset="best"` it is on {best_count}: {best_names}."""


def objections(records: FitRecords, cap: int) -> list[str]:
    """Returns the reasons why the records must not be stored.

    One seed is enough; trees may be left out altogether, and slow peers on some sets.
    """
    reasons = list(records.failures)
    needless = {*SLOW, *(set(TREES) - {key.model for key in records.scores})}
    keys = wanted(list(SETS.values()), [model for model in MODELS if model not in needless], 1, cap)
    if absent := [key for key in keys if key not in records.scores]:
        reasons.append(f"{len(absent)} fits are missing, of {', '.join(sorted({key.model for key in absent}))}")
    for model in MODELS:
        versions = {score.version for score in _shown(records, cap) if score.model == model}
        if len(versions) > 1:
            reasons.append(f"{MODELS[model].title} was fitted in versions {', '.join(sorted(versions))}")
    if records.speed is None:
        reasons.append("speed was not measured")
    return reasons


def results(records: FitRecords, cap: int) -> str:
    """Returns the results in three sentences."""
    found = {pair: compare(records, *pair, cap) for pair in PAIRS}
    speed = records.speed.seconds.values() if records.speed else ()
    longer = sorted(median(ratios(taken["td-s"], taken[OWN])) for taken in speed if "td-s" in taken)
    trees = {own: compare(records, own, "catboost", cap) for own in (OWN, BEST)}
    words = RESULTS
    if all(beside.ratios for beside in trees.values()):
        means = (f"{trees[own].geometric_mean_ratio:.2f}" for own in (OWN, BEST))
        words += TREES_TOO.format(**dict(zip(("default", "best"), means, strict=True)))
    return paragraph(
        words.format(
            sklearn=percent(found[OWN, "sklearn"].lower_share, 0), count=len(found[OWN, "sklearn"].ratios),
            sklearn_y=percent(found[OWN, "sklearn-y"].lower_share, 0),
            td_s=f"{found[OWN, 'td-s'].geometric_mean_ratio:.2f}",
            td=f"{found[BEST, 'td'].geometric_mean_ratio:.2f}", speed=f"{longer[0]:.1f} to {longer[-1]:.1f}",
        )
    )  # fmt: skip


def losses(records: FitRecords, cap: int, measure: Measure = "error") -> str:
    """Names the tables on which boosted trees are better, those of the greatest ratio first."""

    def named(own: str) -> tuple[int, str]:
        found = [compare(records, own, tree, cap, measure).ratios for tree in TREES]
        worst = {name: max(ratios.get(name, 0.0) for ratios in found) for name in SETS}
        lost = sorted((name for name in worst if worst[name] > MUCH), key=lambda name: -worst[name])
        return len(lost), ", ".join(f"{name} ({worst[name]:.2f} ×)" for name in lost) or "none"

    if not (tables := len(compare(records, OWN, TREES[0], cap, measure).ratios)):
        return NOT_MEASURED
    (count, names), (best_count, best_names) = named(OWN), named(BEST)
    return paragraph(
        LOSSES.format(
            what=WORDS[measure], much=round(100 * (MUCH - 1)), count=count, all=tables, names=names,
            best_count=best_count, best_names=best_names,
        )
    )  # fmt: skip


def _shown(records: FitRecords, cap: int) -> list[FitScore]:
    """Returns the fits that the page is about, with any seed."""
    splits = {(one.name, split, one.cap(cap)) for one in SETS.values() for split in one.splits}
    return [score for key, score in records.scores.items() if (key.name, key.split, key.cap) in splits]


def _extents(shown: Sequence[FitScore]) -> Iterator[str]:
    """Yields the number of tables, and of fits with each seed, and the models that have them."""
    alike: dict[str, list[str]] = {}
    for model in MODELS:
        fits = [score for score in shown if score.model == model]
        seeds = Counter(score.seed for score in fits)
        words = ", ".join(f"with seed {seed}: {count}" for seed, count in sorted(seeds.items()))
        if fits:
            alike.setdefault(f"tables: {len({score.name for score in fits})}, fits {words}", []).append(
                MODELS[model].title
            )
    for words, titles in alike.items():
        yield f"{words} ({', '.join(titles)})"


def circumstances(records: FitRecords, cap: int) -> Iterator[str]:
    """Yields the dates, the extent, the versions and the machine."""
    shown = _shown(records, cap)
    dates = sorted({score.date for score in shown})
    yield f"fits: {' to '.join(dict.fromkeys([dates[0], dates[-1]]))}"
    yield from _extents(shown)
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
        "losses_of_log_loss": losses(records, cap, "log_loss"),
        "comparisons": comparisons(records, cap, PAIRS),
        "log_losses": comparisons(records, cap, AGAINST_STRONGEST, "log_loss"),
        "calibration": calibration(records, cap),
        "speed": fit_times(records.speed),
        "time": time_ratios(records, cap, TIMED_PAIRS),
        "errors": error_table(records, cap),
        "every_log_loss": error_table(records, cap, "log_loss"),
        "run": bullets(circumstances(records, cap)),
    }

"""docs/accuracy.md and its picture, made from what was measured."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from statistics import median

from benchmarks import table as numbers
from benchmarks.process import ROOT
from benchmarks.tables import goals, picture, table
from benchmarks.tables.models import MODELS
from benchmarks.tables.records import Records, Speed
from benchmarks.tables.rounds import wanted
from benchmarks.tables.sets import SETS, SMALL, SMALL_SPLITS, VARIABLE
from benchmarks.tables.summary import compare
from benchmarks.tables.verdicts import BEST, OWN, all_verdicts, speed_ratios

PREFACE = """\
# Accuracy on real tables

How well `NetworkRegressor()` and `NetworkClassifier()` do as they come, beside scikit-learn's MLP and beside RealMLP
(Holzmüller et al., NeurIPS 2024), whose defaults were found on 118 tables. This page is made by the program
that measured it; every fit is a line of [accuracy.jsonl](accuracy.jsonl).

![Each model's error divided by Chainrule's](accuracy.svg)
"""

METHOD = f"""\
## How it was measured

- A regressor's error is the root of its mean squared error, a classifier's its share of wrong rows, on rows that it
  has not seen. Every model is given the same rows, as an array of numbers, and chooses its own validation part of
  them. Nothing is set but the seed, which is 0.
- concrete, energy, wine_red, kin8nm and power have the fixed splits of the papers on probabilistic backpropagation and
  MC dropout; the others are those of PMLB that the folder of data holds. A PMLB set is split here: a fifth is tested,
  and of the rest {{cap:,}} rows at most are trained on, so that RealMLP's part of the table takes half an
  hour and not a night. Sets of fewer than {SMALL:,} rows are split {SMALL_SPLITS} times; shown is the mean error.
- PMLB has turned categories into whole numbers, and so every model sees them as numbers.
- Two models are compared on the same splits. Equal errors are not lower ones. A set on which neither makes a mistake
  is left out of the comparison; where one of two classifiers makes none, half a wrong row is added to both, so that
  there is a ratio.
- "{MODELS["sklearn"].title}" is `make_pipeline(StandardScaler(), MLPRegressor())` or with `MLPClassifier()`;
  "y standardised" has a `TransformedTargetRegressor(transformer=StandardScaler())` around it and is the
  same for classes.
- Speed is measured in turns, in one run: a fit and a prediction of each model in each round, in an order that rotates,
  while the others stand still; each is a process of its own that has fitted a small table before. A ratio is taken
  within a round; shown is the median.
"""


def objections(records: Records, cap: int) -> list[str]:
    """Why what was measured is not fit to be shown."""
    reasons = table.failures(records)
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


def goal_table(records: Records, cap: int) -> Iterator[str]:
    """What is reached and what is not."""
    yield from ("## Goals", "", "| | measured | goal | |", "|---|---:|---:|---|")
    for what, measured, goal, reached in all_verdicts(records, cap):
        yield f"| {what} | **{measured}** | {goal} | {'reached' if reached else 'missed'} |"
    neither = {name for other in MODELS for name in compare(records, OWN, other, cap).neither}
    if neither:
        yield ""
        yield f"Sets on which some pair of models makes no mistake: {', '.join(n for n in SETS if n in neither)}."


def absolute_table(records: Records, cap: int) -> Iterator[str]:
    """The five sets with fixed splits beside their goals."""
    yield from ("", "## The sets with fixed splits", "", "Root-mean-square errors, the mean over the splits.", "")
    others = [model for model in MODELS if model not in (OWN, BEST)]
    titles = [*(MODELS[m].title for m in others), "Chainrule", "at most", "Chainrule, best", "at most"]
    yield f"| | splits | {' | '.join(titles)} |"
    yield "|---|---|" + "---:|" * len(titles)
    for name, goal in goals.ABSOLUTE.items():
        one = SETS[name]
        means = table.errors(records, one, cap)
        shown = {model: table.figure(error, one) for model, error in means.items()}
        cells = [*(shown.get(m, "") for m in others), f"**{shown.get(OWN, '')}**", f"{goal.default:g}"]
        cells += [f"**{shown.get(BEST, '')}**", f"{goal.best:g}"]
        splits = "0" if len(one.splits) == 1 else f"0 – {one.splits[-1]}"
        yield f"| {name} | {splits} | {' | '.join(cells)} |"


def error_table(records: Records, cap: int) -> Iterator[str]:
    """Every set, a column a model; the least error is in bold."""
    yield from ("", "## Every set", "")
    yield f"| | rows | trained on | splits | {' | '.join(model.title for model in MODELS.values())} |"
    yield "|---|---:|---:|---:|" + "---:|" * len(MODELS)
    for one in SETS.values():
        means = table.errors(records, one, cap)
        if not means:
            continue
        trained = {score.rows for key, score in records.scores.items() if key.name == one.name and score.rows}
        cells = []
        for model in MODELS:
            text = table.figure(means[model], one) if model in means else ""
            cells.append(f"**{text}**" if text and means[model] == min(means.values()) else text)
        yield f"| {one.name} | {one.rows:,} | {max(trained):,} | {len(one.splits)} | {' | '.join(cells)} |"


def speed_table(speed: Speed) -> Iterator[str]:
    """Seconds of a fit and a prediction, and the ratio to Chainrule's."""
    yield from ("", "## Speed", "", "Seconds of a fit and a prediction on split 0.", "")
    yield "| | model | median | least – most | ÷ Chainrule |"
    yield "|---|---|---:|---|---:|"
    for name, taken in speed.seconds.items():
        for model, seconds in taken.items():
            ratio = "" if model == OWN else f"**{numbers.number(median(speed_ratios(speed, name, model)))} ×**"
            middle, span = f"{median(seconds):.1f}", numbers.span(seconds, lambda x: f"{x:.1f}")
            yield f"| {name} | {MODELS[model].title} | {middle} | {span} | {ratio} |"


def facts(records: Records, cap: int) -> Iterator[str]:
    """What the figures must be read with."""
    yield from ("## The run", "")
    keys = set(wanted(list(SETS.values()), list(MODELS), 1, cap))
    shown = [score for key, score in records.scores.items() if key in keys]
    dates = sorted({score.date for score in shown})
    yield f"- fits: {' to '.join(dict.fromkeys([dates[0], dates[-1]]))}" if dates else "- no fits"
    packages = {MODELS[score.model].package: score.version for score in shown}
    yield f"- {', '.join(f'{name} {version}' for name, version in sorted(packages.items()))}"
    if (speed := records.speed) is not None:
        rounds = max(len(seconds) for taken in speed.seconds.values() for seconds in taken.values())
        yield f"- speed: {speed.date}, revision {speed.revision}, {rounds} rounds, {speed.threads} threads"
        yield from (f"- {name}: {value}" for name, value in speed.machine.items() if value)
    yield from ("", "```bash", "pip install -c constraints.txt torch && pip install -c constraints.txt '.[bench]'")
    yield f"export {VARIABLE}=FOLDER"
    yield "python -m benchmarks.tables"
    yield from ("python -m benchmarks.tables --speed", "python -m benchmarks.tables --write-docs", "```", "")


def markdown(records: Records, cap: int) -> str:
    """The page."""
    lines = [PREFACE, *goal_table(records, cap), *absolute_table(records, cap), *error_table(records, cap)]
    if records.speed is not None:
        lines += speed_table(records.speed)
    if failed := table.failures(records):
        lines += ["", "Fits that failed:", "", *(f"- {line}" for line in failed)]
    lines += ["", METHOD.format(cap=cap), *facts(records, cap)]
    return "\n".join(lines)


def write(records: Records, cap: int, folder: Path = ROOT / "docs") -> None:
    """Write the page, its picture and its numbers; SystemExit with the reasons if they are not fit to be shown."""
    if reasons := objections(records, cap):
        raise SystemExit("not written, because of what was measured:\n" + "\n".join(f"- {one}" for one in reasons))
    records.save(folder / "accuracy.jsonl")
    picture.draw(records, cap, folder / "accuracy.svg")
    (folder / "accuracy.md").write_text(markdown(records, cap), encoding="utf-8")

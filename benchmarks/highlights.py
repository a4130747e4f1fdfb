"""The three facts of README.md and of the start page of docs/."""

from __future__ import annotations

from statistics import median

from benchmarks.harness.figures import duration, percent
from benchmarks.harness.markdown import bullets
from benchmarks.speed.results import SpeedReport
from benchmarks.tables.comparison import compare
from benchmarks.tables.contestants import OWN
from benchmarks.tables.records import FitRecords

FAST = """\
**Fast.** A training step of a small network takes {own}: {jax:.0f} times faster than JAX, {torch:.0f} times faster than
PyTorch. It is faster [at every size measured]({docs}performance.md), on the same CPU with the same result."""
ACCURATE = """\
**Accurate.** With its defaults it has a lower error than scikit-learn's MLP on {lower} of {count} real tables, and on
{some} of them {ratio} times the error of RealMLP-TD-S, whose defaults were tuned on 118 tables (geometric mean).
[All tables]({docs}accuracy.md)"""
EXACT = """\
**Exact.** Everything fast is tested against a plain NumPy definition within derived bounds, and gives the same bits on
[any number of threads]({docs}guide/engines.md)."""


def facts(report: SpeedReport, records: FitRecords, cap: int, docs: str = "") -> str:
    """Returns the facts as a list; ``docs`` leads from the page to the folder of the pages that they link to."""
    step = next(row for row in report.rows if (row.workload, row.dtype) == ("A", "float32"))
    beside_sklearn, beside_realmlp = compare(records, OWN, "sklearn", cap), compare(records, OWN, "td-s", cap)
    fast = FAST.format(
        own=duration(median(step.times(step.own))), jax=step.ratio("jax"), torch=step.ratio("torch"), docs=docs
    )
    accurate = ACCURATE.format(
        lower=percent(beside_sklearn.lower_share, 0),
        count=len(beside_sklearn.ratios),
        some=len(beside_realmlp.ratios),
        ratio=f"{beside_realmlp.geometric_mean_ratio:.2f}",
        docs=docs,
    )
    return bullets([fast, accurate, EXACT.format(docs=docs)])

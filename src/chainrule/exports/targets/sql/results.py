"""The columns of the predictions: a label with probabilities, several labels, or numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from chainrule.exports.plan import Plan
from chainrule.exports.result import Classes, Labels, Numbers, Result
from chainrule.exports.targets.sql.expressions import largest, literal, number, total
from chainrule.exports.targets.sql.tables import Query
from chainrule.tables.calibration import LEARNED


def results(query: Query, source: str, plan: Plan) -> list[str]:
    """Adds the table ``predictions`` with the columns r0, r1, …, and returns their names in the result.

    The names are those of no column of the table: predicted_NAME in place of one that is.
    """
    p, result = [f"p{k}" for k in range(plan.outputs)], plan.result
    if isinstance(result, Numbers):
        columns, source = _numbers(query, source, result, p)
    elif isinstance(result, Labels):
        columns, source = _labels(query, source, result, p)
    else:
        columns, source = _classes(query, source, result, p)
    query.table("predictions", {f"r{k}": column for k, column in enumerate(columns)}, source)
    taken, found = {column.name.lower() for column in plan.columns}, []
    for title in _titles(result):
        while title.lower() in taken:
            title = f"predicted_{title}"
        taken.add(title.lower())
        found.append(title)
    return found


def _titles(result: Result) -> list[str]:
    """Returns the names of the results: labels before probabilities."""
    if isinstance(result, Numbers):
        return [*result.titles]
    if isinstance(result, Labels):
        return [*result.names, *(f"p_{name}" for name in result.names)]
    return ["prediction", *(f"p_{label}" for label in result.values)]


def _numbers(query: Query, source: str, result: Numbers, p: Sequence[str]) -> tuple[list[str], str]:
    """Returns the numbers, and the table from which they are selected."""
    values = zip(result.mean.tolist(), result.deviation.tolist(), p, strict=True)
    scaled = [f"{number(mean)} + {number(deviation)} * {column}" for mean, deviation, column in values]
    if result.shifts is None:
        return scaled, source
    source = query.table("quantiles", dict(zip(p, scaled, strict=True)), source)
    source = _increasing(query, "ordered", p, source)
    shifted = {column: f"{column} + {number(shift)}" for column, shift in zip(p, result.shifts.tolist(), strict=True)}
    source = _increasing(query, "corrected", p, query.table("shifted", shifted, source))
    return [*p], source


def _increasing(query: Query, word: str, p: Sequence[str], source: str) -> str:
    """Adds a table with these columns in increasing order: a value has as rank the number of those before it."""
    before = [[f"{q} {'<=' if j < k else '<'} {p[k]}" for j, q in enumerate(p) if j != k] for k in range(len(p))]
    ranks = {f"k{k}": total([f"CASE WHEN {one} THEN 1 ELSE 0 END" for one in each]) for k, each in enumerate(before)}
    ranked = query.table(f"{word}_ranks", {**_kept(p), **ranks}, source)
    places = {
        column: f"CASE {' '.join(f'WHEN k{k} = {place} THEN {p[k]}' for k in range(len(p)))} END"
        for place, column in enumerate(p)
    }
    return query.table(word, places, ranked)


def _labels(query: Query, source: str, result: Labels, p: Sequence[str]) -> tuple[list[str], str]:
    """Returns the labels and their probabilities, and the table from which they are selected."""
    two: dict[str, str] = {}
    for k, (one, calibration) in enumerate(zip(p, result.calibrations, strict=True)):
        s = calibration.smoothing
        two |= {f"u{k}": _unsmoothed(one, s), f"v{k}": _unsmoothed(f"(1e0 - {one})", s)}
    source = query.table("two", {**_kept(p), **two}, source)
    top = {f"top{k}": f"CASE WHEN u{k} > v{k} THEN u{k} ELSE v{k} END" for k in range(len(p))}
    source = query.table("largest", {**_kept([*p, *two]), **top}, source)
    q: dict[str, str] = {}
    for k, calibration in enumerate(result.calibrations):
        T = calibration.temperature
        q |= {f"q{k}": _power(f"u{k}", f"top{k}", T), f"o{k}": _power(f"v{k}", f"top{k}", T)}
    source = query.table("calibrated", {**_kept(p), **q}, source)
    labels = [
        f"CASE WHEN {one} > 5e-1 THEN {literal(yes)} ELSE {literal(no)} END"
        for one, (no, yes) in zip(p, result.values, strict=True)
    ]
    return [*labels, *(f"q{k} / (q{k} + o{k})" for k in range(len(p)))], source


def _classes(query: Query, source: str, result: Classes, p: Sequence[str]) -> tuple[list[str], str]:
    """Returns the label and the probabilities, and the table from which they are selected."""
    s, T = result.calibration.smoothing, result.calibration.temperature
    if s:
        source = query.table("unsmoothed", {one: _unsmoothed(one, s) for one in p}, source)
    top = query.table("largest", {**_kept(p), "top": largest(p, p)}, source)
    power = {f"q{k}": _power(one, "top", T) for k, one in enumerate(p)}
    label = largest(p, [literal(label) for label in result.values])
    source = query.table("calibrated", {**power, "label": label}, top)
    return ["label", *(f"{q} / {total([*power])}" for q in power)], source


def _unsmoothed(p: str, smoothing: float) -> str:
    """Returns p without the smoothing of labels."""
    if not smoothing:
        return p
    less, least = f"{p} - {number(smoothing)}", f"{number(LEARNED)} * {p}"
    return f"CASE WHEN {less} > {least} THEN {less} ELSE {least} END"


def _power(p: str, top: str, temperature: float) -> str:
    """Returns (p/top)^(1/T)."""
    beta = 1.0 / temperature
    least = number(10.0 ** (-300.0 / max(1.0, beta)))  # PostgreSQL's power raises an error where it underflows
    return f"CASE WHEN {p} / {top} < {least} THEN 0e0 ELSE power({p} / {top}, {number(beta)}) END"


def _kept(columns: Sequence[str]) -> Mapping[str, str]:
    return {column: column for column in columns}

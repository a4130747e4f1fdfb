"""The query: one table a layer, and in it one column a unit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chainrule._internal.version import __version__
from chainrule.errors import InputError
from chainrule.exports.plan import CategoryFeatures, Plan, PlanLayer
from chainrule.exports.result import Classes
from chainrule.exports.sigmas import program_of
from chainrule.exports.targets.sql.expressions import applied, double, largest, literal, name, number, size, total
from chainrule.exports.targets.sql.results import results
from chainrule.exports.targets.sql.tables import ROW, Query
from chainrule.tables.encoding.steps import SATURATED

TABLE = "rows_to_predict"
MOST_WEIGHTS, MOST_UNITS, MOST_CLASSES = 20_000, 1_600, 100  # PostgreSQL has at most 1,664 columns
MOST_OPERATIONS = 200  # of a σ


def require_printable(plan: Plan) -> None:
    """Raises InputError for a plan that would be too large as SQL, or that SQL lacks the functions for."""
    layers = [layer for net in plan.networks for layer in net]
    if times := [column.name for column in plan.columns if column.kind == "datetime"]:
        raise InputError(f"SQL has no common functions for times, and the column {times[0]!r} holds them.")
    if len({column.name.lower() for column in plan.columns}) < len(plan.columns):
        raise InputError("columns must have names that differ in more than case, which DuckDB does not distinguish.")
    if plan.entries > MOST_WEIGHTS:
        raise InputError(
            f"SQL is for at most {MOST_WEIGHTS:,} weights; the model has {plan.entries:,}. Export it as C, or export "
            "the small network that the estimator's method shrink returns."
        )
    if max(plan.n, *(len(layer.b) for layer in layers)) > MOST_UNITS:
        raise InputError(f"SQL is for at most {MOST_UNITS:,} features, and as many units in a layer.")
    if plan.outputs > MOST_CLASSES:
        raise InputError(f"SQL is for at most {MOST_CLASSES} classes or numbers; the model has {plan.outputs}.")
    for layer in layers:
        program = program_of(layer.sigma)
        if program is not None and size(program) > MOST_OPERATIONS:
            raise InputError(f"sigma = {layer.sigma.name} is too long a formula in SQL. Use silu or mish instead.")


def query_of(plan: Plan, title: str) -> str:
    """Returns the text of the query. Raises InputError for a plan that SQL cannot hold."""
    require_printable(plan)
    query = Query()
    query.tables.append(f"numbered AS MATERIALIZED (\n  SELECT *, row_number() OVER () AS {ROW}\n  FROM {TABLE}\n)")
    features = _features(query, plan)
    ends = [_network(query, j, layers, features, plan) for j, layers in enumerate(plan.networks, 1)]
    joined = " ".join([ends[0], *(f"JOIN {end} USING ({ROW})" for end in ends[1:])])
    k = number(len(ends))
    mean = {f"p{c}": f"{total([f'n{j}_p{c}' for j in range(1, len(ends) + 1)])} / {k}" for c in range(plan.outputs)}
    last = query.table("mean_outputs", mean, joined)
    titles = results(query, last, plan)
    shown = "".join(f",\n  predictions.r{k} AS {name(column)}" for k, column in enumerate(titles))
    tables = ",\n".join(query.tables)
    return (
        f"-- {title}: predictions of a model, for DuckDB, SQLite and PostgreSQL. Made by Chainrule {__version__}.\n"
        f"-- Replace {TABLE} by your table: the result has all its columns, the number of the row ({ROW}), and the\n"
        "-- prediction. NULL is a missing value. PostgreSQL is faster after SET jit = off.\n"
        f"WITH\n{tables}\nSELECT\n  numbered.*{shown}\nFROM numbered JOIN predictions USING ({ROW})\nORDER BY {ROW};\n"
    )


def _features(query: Query, plan: Plan) -> str:
    """Adds the table of the features x, and returns its name."""
    scaled, clipped = {}, {}
    for k, f in enumerate(plan.numbers):
        value = double(f"numbered.{name(f.column)}")
        value = value if np.isnan(f.fill) else f"coalesce({value}, {number(f.fill)})"
        scaled[f"x{k}"] = clipped[f"x{k}"] = f"({value} - {number(f.center)}) * {number(f.factor)}"
        if plan.limit is not None:
            clipped[f"x{k}"] = _clipped(f"x{k}", plan.limit)
    others = [f"CASE WHEN numbered.{name(gap.column)} IS NULL THEN 1e0 ELSE 0e0 END" for gap in plan.gaps]
    singles = [(double(f"numbered.{name(single.column)}"), number(single.value)) for single in plan.values]
    others += [f"CASE {value} WHEN {single} THEN 1e0 ELSE 0e0 END" for value, single in singles]
    texts = {column.name for column in plan.columns if column.kind == "text"}
    booleans = {column.name for column in plan.columns if column.kind == "boolean"}
    for category in plan.categories:
        others += _levels(category, category.column in texts, category.column in booleans)
    rest = {f"x{k}": double(expression) for k, expression in enumerate(others, len(scaled))}
    if plan.limit is None or not scaled:
        return query.table("features", {**scaled, **rest}, "numbered")
    query.table("scaled", {**scaled, **rest}, "numbered")
    return query.table("features", {**clipped, **{column: column for column in rest}}, "scaled")


def _clipped(x: str, limit: float) -> str:
    """Returns x / √(1 + (x/L)²); far away it is ±L, where the square would overflow (`SmoothClip`)."""
    ratio, far = f"({x} / {number(limit)})", SATURATED * limit
    within = f"{x} / sqrt(1e0 + {ratio} * {ratio})"
    return (
        f"CASE WHEN {x} > {number(far)} THEN {number(limit)} WHEN {x} < {number(-far)} THEN {number(-limit)} "
        f"ELSE {within} END"
    )


def _levels(category: CategoryFeatures, is_text: bool, is_boolean: bool) -> list[str]:
    column = f"numbered.{name(category.column)}"
    value = column if is_text or is_boolean else double(column)
    levels = [literal(level if is_text or is_boolean else float(level)) for level in category.levels]
    if category.kind == "sign":
        return [f"CASE {value} WHEN {levels[0]} THEN -1e0 WHEN {levels[1]} THEN 1e0 ELSE 0e0 END"]
    found = [f"CASE {value} WHEN {level} THEN 1e0 ELSE 0e0 END" for level in levels]
    if category.has_other:
        known = [*levels, "''"] if is_text else levels
        found.append(f"CASE WHEN {value} IS NULL OR {value} IN ({', '.join(known)}) THEN 0e0 ELSE 1e0 END")
    return found


def _network(query: Query, j: int, layers: Sequence[PlanLayer], source: str, plan: Plan) -> str:
    """Adds the tables of network j; the last has the columns nj_p0, nj_p1, …"""
    columns = [f"x{k}" for k in range(plan.n)]
    for i, layer in enumerate(layers, 1):
        source = query.table(f"n{j}_z{i}", _affine(layer, columns), source)
        source = _activated(query, f"n{j}_%s{i}", layer, source)
        columns = [f"a{k}" for k in range(len(layer.b))]
    p = [f"n{j}_p{k}" for k in range(plan.outputs)]
    if not isinstance(plan.result, Classes):
        outputs = columns
    elif len(columns) == 1:
        outputs = ["1e0 - a0", "a0"]
    else:
        outputs = [f"{column} / {total(columns)}" for column in columns]
    return query.table(f"n{j}_outputs", dict(zip(p, outputs, strict=True)), source)


def _affine(layer: PlanLayer, columns: Sequence[str]) -> dict[str, str]:
    z = {}
    for k, (w, b) in enumerate(zip(layer.W.tolist(), layer.b.tolist(), strict=True)):
        terms = [f"{number(weight)} * {column}" for weight, column in zip(w, columns, strict=True) if weight]
        z[f"z{k}"] = double(total([number(b), *terms]))
    return z


def _activated(query: Query, word: str, layer: PlanLayer, source: str) -> str:
    """Adds the tables with a = σ(z), whose names are made from ``word``."""
    z = [f"z{k}" for k in range(len(layer.b))]
    program = program_of(layer.sigma)
    if program is not None:
        kappa = [None] * len(z) if layer.kappa is None else layer.kappa.tolist()
        a = [applied(program, [one, *([] if k is None else [number(k)])]) for one, k in zip(z, kappa, strict=True)]
    elif layer.sigma.name == "layer_norm":
        m, epsilon = number(len(z)), number(layer.sigma.parameters["epsilon"])
        source = query.table(word % "m", {**{c: c for c in z}, "mean": f"{total(z)} / {m}"}, source)
        source = query.table(word % "c", {c: f"{c} - mean" for c in z}, source)
        source = query.table(
            word % "v",
            {**{c: c for c in z}, "root": f"sqrt({total([f'{c} * {c}' for c in z])} / {m} + {epsilon})"},
            source,
        )
        a = [f"{c} / root" for c in z]
    else:
        source = query.table(word % "m", {**{c: c for c in z}, "top": largest(z, z)}, source)
        source = query.table(word % "c", {c: f"{c} - top" for c in z}, source)
        e = {f"e{k}": f"CASE WHEN {c} < -3e2 THEN 0e0 ELSE exp({c}) END" for k, c in enumerate(z)}
        source = query.table(word % "e", {**{c: c for c in z}, **e}, source)
        is_log = layer.sigma.name == "log_softmax"
        a = [f"{c} - ln({total([*e])})" if is_log else f"e{k} / {total([*e])}" for k, c in enumerate(z)]
    return query.table(word % "a", {f"a{k}": one for k, one in enumerate(a)}, source)

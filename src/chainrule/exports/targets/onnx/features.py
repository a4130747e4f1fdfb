"""The features x of rows in ONNX: one input (t, 1) for each column."""

from __future__ import annotations

import numpy as np
from onnx import TensorProto

from chainrule.exports.plan import CategoryFeatures, InputColumn, NumberFeature, Plan, ValueFeature
from chainrule.exports.targets.onnx.graph import Graph
from chainrule.exports.targets.onnx.target import MISSING_TIME

A_DAY = 86_400_000_000  # microseconds
EPOCH = 719_468  # days from 1 March of the year 0 to 1970
ERA, YEAR = 146_097, 365  # days in 400 years, and in a year


def element_type(column: InputColumn) -> int:
    """Returns the type of a column's input."""
    return int({"text": TensorProto.STRING, "datetime": TensorProto.INT64}.get(column.kind, TensorProto.DOUBLE))


def features(graph: Graph, plan: Plan, kind: int, dtype: type) -> str:
    """Returns x (t, n) in the number type of the networks; numbers are computed in float64."""
    parts, calendar = [], Calendar(graph)
    if plan.numbers:
        parts.append(graph.op("Cast", _numbers(graph, plan, calendar), to=kind))
    parts += [graph.op("Cast", _is_missing(graph, gap), to=kind) for gap in plan.gaps]
    parts += [graph.op("Cast", _is_value(graph, single, calendar), to=kind) for single in plan.values]
    texts = {column.name for column in plan.columns if column.kind == "text"}
    for category in plan.categories:
        one = _text_levels if category.column in texts else _number_levels
        parts.append(one(graph, category, kind, dtype))
    return parts[0] if len(parts) == 1 else graph.op("Concat", *parts, axis=1)


def _is_value(graph: Graph, single: ValueFeature, calendar: Calendar) -> str:
    number = single.column if single.part is None else calendar.part(single.column, single.part)
    return graph.op("Equal", number, graph.constant([[single.value]], float))


def _numbers(graph: Graph, plan: Plan, calendar: Calendar) -> str:
    """Returns clip((v − center) · factor), or the fill for a gap, of all numbers."""
    values = [calendar.part(f.column, f.part) if f.part is not None else f.column for f in plan.numbers]
    v = values[0] if len(values) == 1 else graph.op("Concat", *values, axis=1)
    fill, center, factor = np.array([(f.fill, f.center, f.factor) for f in plan.numbers]).T[:, None]
    v = graph.op("Where", graph.op("IsNaN", v), graph.constant(fill, float), v)
    z = graph.op("Mul", graph.op("Sub", v, graph.constant(center, float)), graph.constant(factor, float))
    if plan.limit is None:
        return z
    limit = graph.constant([[plan.limit]], float)
    y = graph.op("Clip", graph.op("Div", z, limit), graph.constant(-1e9, float), graph.constant(1e9, float))
    root = graph.op("Sqrt", graph.op("Add", graph.op("Mul", y, y), graph.constant([[1.0]], float)))
    return graph.op("Mul", graph.op("Div", y, root), limit)


def _is_missing(graph: Graph, gap: NumberFeature) -> str:
    if gap.part is not None:
        return graph.op("Equal", gap.column, graph.constant([[MISSING_TIME]], np.int64))
    return graph.op("IsNaN", gap.column)


def _text_levels(graph: Graph, category: CategoryFeatures, kind: int, dtype: type) -> str:
    """Returns the features of a text: its number among the levels, a gap and unseen texts picks a row of a matrix."""
    k = len(category.levels)
    rows = np.zeros((k + 2, category.width))  # the levels, a missing text, an unseen one
    if category.kind == "sign":
        rows[:2, 0] = -1.0, 1.0
    else:
        rows[:k, :k] = np.eye(k)
        rows[k + 1, k:] = 1.0
    number = graph.op(
        "LabelEncoder", category.column, domain="ai.onnx.ml",
        keys_strings=[*map(str, category.levels), ""], values_int64s=list(range(k + 1)), default_int64=k + 1,
    )  # fmt: skip
    flat = graph.op("Reshape", number, graph.constant([-1], np.int64))
    return graph.op("Gather", graph.constant(rows, dtype), flat, axis=0)


def _number_levels(graph: Graph, category: CategoryFeatures, kind: int, dtype: type) -> str:
    """Returns the features of a number or a boolean, by comparing it with each level."""
    levels = graph.constant([[float(level) for level in category.levels]], float)
    is_level = graph.op("Cast", graph.op("Equal", category.column, levels), to=kind)  # (t, k)
    if category.kind == "sign":
        return graph.op("MatMul", is_level, graph.constant([[-1.0], [1.0]], dtype))
    if not category.has_other:
        return is_level
    known = graph.op("ReduceMax", is_level, axes=[1], keepdims=1)
    missing = graph.op("Cast", graph.op("IsNaN", category.column), to=kind)
    other = graph.op("Sub", graph.op("Sub", graph.constant([[1.0]], dtype), known), missing)
    return graph.op("Concat", is_level, other, axis=1)


class Calendar:
    """The parts of times, in integers as far as they are whole (`chainrule.tables.encoding.steps.Calendar`)."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._phases: dict[str, tuple[str, ...]] = {}

    def part(self, column: str, part: int) -> str:
        """Returns days since 1970 (0), or the sine or cosine of the phase in the year, week or day (1 to 6)."""
        if column not in self._phases:
            self._phases[column] = self._of(column)
        found = self._phases[column][(part + 1) // 2]
        if part:
            angle = self._graph.op("Mul", found, self._graph.constant([[2.0 * np.pi]], float))
            found = self._graph.op("Sin" if part % 2 else "Cos", angle)
        missing = self._graph.op("Equal", column, self._whole(MISSING_TIME))
        return self._graph.op("Where", missing, self._graph.constant([[np.nan]], float), found)

    def _of(self, time: str) -> tuple[str, ...]:
        """Returns the days since 1970, and the three phases."""
        rest = self._int("Mod", time, A_DAY)
        day = self._int("Div", self._graph.op("Sub", time, rest), A_DAY)
        in_day = self._graph.op("Div", self._float(rest), self._graph.constant([[float(A_DAY)]], float))
        week = self._int("Mod", self._int("Add", day, 3), 7)
        in_week = self._graph.op("Add", self._float(week), in_day)
        return (
            self._graph.op("Add", self._float(day), in_day),
            self._year(day, in_day),
            self._graph.op("Div", in_week, self._graph.constant([[7.0]], float)),
            in_day,
        )

    def _year(self, day: str, in_day: str) -> str:
        """Returns the phase in the year; years are counted from March, so that a leap day is their last.

        Source: H. Hinnant, chrono-compatible low-level date algorithms, 2013, for the year of a day.
        """
        in_era = self._int("Mod", self._int("Add", day, EPOCH), ERA)
        leaps = self._graph.op(
            "Add",
            self._graph.op("Sub", self._int("Div", in_era, 36_524), self._int("Div", in_era, 1_460)),
            self._graph.op("Neg", self._int("Div", in_era, ERA - 1)),
        )
        year = self._int("Div", self._graph.op("Add", in_era, leaps), YEAR)  # of the era, 0 to 399
        before = self._graph.op(
            "Add",
            self._int("Mul", year, YEAR),
            self._graph.op("Sub", self._int("Div", year, 4), self._int("Div", year, 100)),
        )
        since_march = self._graph.op("Sub", in_era, before)
        is_early = self._graph.op("Less", since_march, self._whole(306))  # March to December
        in_march = self._graph.op("Add", self._int("Add", since_march, 59), self._leap(year))
        in_year = self._graph.op("Where", is_early, in_march, self._int("Sub", since_march, 306))
        of = self._graph.op("Where", is_early, year, self._int("Mod", self._int("Add", year, 1), 400))
        length = self._int("Add", self._leap(of), YEAR)
        return self._graph.op("Div", self._graph.op("Add", self._float(in_year), in_day), self._float(length))

    def _leap(self, year: str) -> str:
        """Returns 1 for a leap year of the era, else 0."""
        fourth, hundredth, first = (
            self._graph.op("Equal", self._int("Mod", year, divisor), self._whole(0)) for divisor in (4, 100, 400)
        )
        is_leap = self._graph.op("Or", self._graph.op("And", fourth, self._graph.op("Not", hundredth)), first)
        return self._graph.op("Cast", is_leap, to=TensorProto.INT64)

    def _whole(self, value: int) -> str:
        return self._graph.constant([[value]], np.int64)

    def _int(self, op: str, left: str, right: int) -> str:
        return self._graph.op(op, left, self._whole(right))

    def _float(self, value: str) -> str:
        return self._graph.op("Cast", value, to=TensorProto.DOUBLE)

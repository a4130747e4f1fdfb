"""A model without its encoding: its input is the matrix of features."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from chainrule.exports.evaluate import DOUBLE, Row, features_of
from chainrule.exports.plan import Plan, plan_of_features


def without_encoding(plan: Plan, rows: Sequence[Row]) -> tuple[Plan, list[Row]]:
    """Returns the plan whose input is one matrix x (t, n), and the features of rows, by the names x1 … xn."""
    features = plan_of_features(plan.n, plan.networks, plan.result)
    names = [column.name for column in features.columns]
    X = features_of(plan, rows, DOUBLE).value
    return replace(features, is_matrix=True), [dict(zip(names, x, strict=True)) for x in X.tolist()]

"""A model without its encoding: its input is the matrix of features."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from chainrule.exports.evaluate import DOUBLE, Row, features_of
from chainrule.exports.levels import features_of_levels
from chainrule.exports.plan import Plan, networks_of, plan_of_features
from chainrule.network import Network
from chainrule.tables.model import TableModel


def without_encoding(model: TableModel | Network, plan: Plan, rows: Sequence[Row]) -> tuple[Plan, list[Row]]:
    """Returns the plan whose input is one matrix x (t, n), and the features of rows, by the names x1 … xn."""
    X, networks, result = features_of(plan, rows, DOUBLE).value, plan.networks, plan.result
    if isinstance(model, TableModel) and (W := features_of_levels(model.encoder)) is not None:
        X, (networks, result) = X @ W.T, networks_of(model)
    features = plan_of_features(X.shape[1], networks, result)
    names = [column.name for column in features.columns]
    return replace(features, is_matrix=True), [dict(zip(names, x, strict=True)) for x in X.tolist()]

"""Faults of the networks of a model: the checks of `chainrule.diagnosis` on the encoded rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from chainrule.costs import Cost, CrossEntropy, LogLikelihood, Quantile, SumOfSquares
from chainrule.diagnosis.case import MOST_ROWS, Case, Examples
from chainrule.diagnosis.change import Change
from chainrule.diagnosis.finding import Finding
from chainrule.diagnosis.inputs import unscaled_inputs
from chainrule.diagnosis.units import dead_units, saturated_units, vanishing_gradients
from chainrule.network import Network
from chainrule.tables.diagnosis.case import TableCase
from chainrule.tables.intervals.quantile_labels import QuantileLabels
from chainrule.tables.target_decoder import NumericLabels

CHECKS: dict[Callable[[Case], Iterator[Finding]], Change] = {
    unscaled_inputs: Change(parameters={"numbers": "robust"}),
    dead_units: Change(parameters={"activation": "silu"}),
    saturated_units: Change(parameters={"activation": "relu"}),
    vanishing_gradients: Change(parameters={"hidden_layer_sizes": (64, 64)}),
}


def faults_of_networks(case: TableCase) -> Iterator[Finding]:
    """Yields each kind of fault once, with the number of networks that have it."""
    rows, networks = case.rows.some(MOST_ROWS), case.model.networks
    names = tuple(map(str, case.model.encoder.get_feature_names_out()))
    examples = Examples(rows.X, rows.Y.astype(networks[0].dtype), None)
    cases = [Case(net, _cost(case, net), examples, None, None, names) for net in networks]
    for check, change in CHECKS.items():
        found = [finding for one in cases for finding in check(one)]
        if found:
            first = found[0]
            of = f"in {len(found)} of {len(networks)} networks, " if len(networks) > 1 else ""
            remedy = f"{first.remedy} For example: {change}."
            yield first._replace(evidence=of + first.evidence, remedy=remedy, change=change)


def _cost(case: TableCase, net: Network) -> Cost:
    if isinstance(case.model.target, QuantileLabels):
        return Quantile(q=case.model.target.levels, mean=True)
    if isinstance(case.model.target, NumericLabels):
        return SumOfSquares(mean=True)
    return CrossEntropy(mean=True) if net.sigma[net.r].name == "softmax" else LogLikelihood(mean=True)

"""Descriptions of an encoder: one line of text per column."""

from __future__ import annotations

import numpy as np

from chainrule._internal.checks import shown
from chainrule._internal.naming import listed
from chainrule.tables.columns import Feature
from chainrule.tables.encoding.categories.levels import Sign
from chainrule.tables.encoding.categories.target_encoding import TargetEncoding
from chainrule.tables.encoding.encoder_state import CategoryStep, EncoderState
from chainrule.tables.encoding.numeric_columns import owners


def describe(encoder: EncoderState, most: int | None = None) -> list[tuple[str, str, str]]:
    """Returns name, kind and encoding of each column, or of the first ``most`` columns."""
    features = encoder.features_[:most]
    owner = owners(encoder.features_)
    of_used, gaps = owner[encoder.used_], set(owner[encoder.indicator_.of].tolist())
    first = np.searchsorted(of_used, np.arange(len(features) + 1)).tolist()
    return [
        (
            feature.name,
            feature.kind,
            f"left out: {feature.dropped}"
            if feature.dropped
            else _encoding_of(encoder, feature, range(first[k], first[k + 1]), k in gaps) + _notation(encoder, feature),
        )
        for k, feature in enumerate(features)
    ]


def _encoding_of(encoder: EncoderState, feature: Feature, used: range, has_gaps: bool) -> str:
    if category := encoder.categories_.get(feature.name):
        return _encoding_of_category(category)
    if not used:
        return "an indicator of missing values alone"
    if feature.kind == "datetimes":
        words, gap = f"{len(used)} calendar numbers", "an indicator"
    else:
        j = used[0]
        center, factor = encoder.scale_.center[j], encoder.scale_.factor[j]
        words = f"(x {'+' if center < 0.0 else '−'} {abs(center):.4g}) · {factor:.4g}"
        if encoder.clip_ is not None:
            words += f", clipped smoothly to ±{encoder.clip_.limit:g}"
        if len(values := encoder.few_values_.values[encoder.few_values_.of == encoder.used_[j]]):
            words += f", and one-hot: {listed([f'{v:g}' for v in values], 5)}"
        gap = f"{encoder.fill_.values[j]:.4g}, and an indicator"
    return f"{words}; missing: {gap}" if has_gaps else words


def _notation(encoder: EncoderState, feature: Feature) -> str:
    notation = encoder.notations_.get(feature.name)
    return f"; written as {notation.example}" if notation is not None and notation.example else ""


def _encoding_of_category(category: CategoryStep) -> str:
    if isinstance(category, Sign):
        first, second = category.levels
        return f"−1 for {shown(first)}, 1 for {shown(second)}, otherwise 0"
    if isinstance(category, TargetEncoding):
        effects = f"the effect of each of {len(category.levels)} levels on the target"
        return f"one-hot: {listed(category.levels[: category.frequent], 5)}; otherwise 'other'; and {effects}"
    others = "'other'" if category.has_other else "zeros"
    return f"one-hot: {listed(category.levels, 5)}; otherwise {others}"

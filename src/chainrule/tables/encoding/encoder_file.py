"""Conversion of an encoder to JSON and tensors, and back (docs/guide/files.md)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.checks import Array, as_integer, shown
from chainrule.files import field
from chainrule.tables.columns import Feature, Kind, Level
from chainrule.tables.encoding.categories.levels import OneHot, Sign
from chainrule.tables.encoding.categories.target_encoding import TargetEncoding
from chainrule.tables.encoding.encoder_state import CategoryStep, EncoderState
from chainrule.tables.encoding.number_features import NumberFeatures, compact, left_out, names_of
from chainrule.tables.encoding.numeric_columns import owners
from chainrule.tables.encoding.statistics.column_statistics import Scaling
from chainrule.tables.encoding.steps import FewValues, Fill, Indicator, Scale, SmoothClip
from chainrule.tables.numeric_table import NumberedNames
from chainrule.tables.text.notation import Notation, Writing

TENSORS = ("used", "fill", "center", "factor", "gaps")


def parts(encoder: EncoderState) -> tuple[dict[str, Any], dict[str, Array]]:
    """Returns the structure of a fitted encoder as JSON, and its numbers as tensors ``encoder.…``."""
    categories = [
        {"column": name, "levels": list(step.levels), "kind": _kind(step), "other": step.has_other}
        for name, step in encoder.categories_.items()
    ]
    clip = encoder.clip_
    header = {
        "numbers": encoder.numbers,
        "dtype": encoder.dtype,
        "max_levels": encoder.max_levels,
        "max_values": encoder.max_values,
        "clip": None if clip is None else {"kind": "smooth", "limit": clip.limit},
        "named": hasattr(encoder, "feature_names_in_"),
        "columns": _columns(encoder.features_),
        "categories": categories,
        "writing": {"decimal": encoder.decimal, "thousands": encoder.thousands, "missing": list(encoder.missing)},
        "notations": {name: notation.as_json() for name, notation in encoder.notations_.items()},
    }
    arrays: tuple[NDArray[Any], ...] = (
        encoder.used_, encoder.fill_.values, encoder.scale_.center, encoder.scale_.factor, encoder.indicator_.of,
    )  # fmt: skip
    tensors = {f"encoder.{name}": array for name, array in zip(TENSORS, arrays, strict=True)}
    if len(encoder.few_values_.of):
        tensors |= {"encoder.coded": encoder.few_values_.of, "encoder.values": encoder.few_values_.values}
    for k, step in enumerate(encoder.categories_.values(), 1):
        if isinstance(step, TargetEncoding):
            categories[k - 1]["frequent"] = step.frequent
            tensors |= {f"encoder.effects[{k}]": step.effects, f"encoder.deviations[{k}]": step.deviations}
    if isinstance(header["columns"], Mapping):
        left_out_columns = left_out(encoder.features_).values()
        tensors |= {f"encoder.left_out[{k}]": columns for k, columns in enumerate(left_out_columns, 1)}
    return header, tensors


def _columns(features: Sequence[Feature]) -> list[list[str]] | dict[str, Any]:
    """Returns a description of each column, or one of all of them if they are numbers without names."""
    if isinstance(features, NumberFeatures) and isinstance(features.names, NumberedNames):
        return {"numbers": len(features), "left_out": list(features.left_out)}
    return [[f.name, f.kind, f.type, f.dropped] for f in features]


def restore(encoder: EncoderState, header: Mapping[str, Any], tensors: Mapping[str, Array]) -> None:
    """Restores what ``parts`` described. Raises KeyError, TypeError or ValueError if the description is incomplete."""
    encoder.numbers, encoder.dtype = header["numbers"], header["dtype"]
    encoder.max_levels = field(header, "max_levels", int)
    encoder.max_values = field(header, "max_values", int) if "max_values" in header else 0
    if encoder.numbers not in get_args(Scaling) or encoder.dtype not in ("float32", "float64"):
        raise ValueError(f"numbers and dtype must be known; got {shown(encoder.numbers)} and {shown(encoder.dtype)}")
    encoder.features_ = _features(header["columns"], tensors)
    encoder.names_ = names_of(encoder.features_)
    encoder.n_features_in_ = len(encoder.names_)
    if field(header, "named", bool):
        encoder.feature_names_in_ = np.array(encoder.names_, dtype=object)
    entries = enumerate(field(header, "categories", list), 1)
    encoder.categories_ = dict(_category(entry, tensors, k) for k, entry in entries)
    has_categories = not isinstance(encoder.features_, NumberFeatures)
    kept = [f for f in encoder.features_ if not f.dropped] if has_categories else []
    expected = [f.name for f in kept if f.kind in ("categories", "booleans")]
    if list(encoder.categories_) != expected:
        raise ValueError(f"the categories must be those of {shown(expected)}")
    _restore_writing(encoder, header)
    _restore_numbers(encoder, header, tensors)
    if not encoder.n_features_out_:
        raise ValueError("it must have at least one feature")


def _features(columns: object, tensors: Mapping[str, Array]) -> Sequence[Feature]:
    """Returns the columns, from a list that describes each, or from the object that describes numbers without names."""
    if isinstance(columns, Mapping):
        n, reasons = as_integer(field(columns, "numbers", int), "numbers", 1), field(columns, "left_out", list)
        without = {_text(reason): tensors[f"encoder.left_out[{k}]"] for k, reason in enumerate(reasons, 1)}
        for places in without.values():
            _require_places(places, n)
        described = tensors["encoder.used"].size + sum(places.size for places in without.values())
        if n != described:  # before memory is taken for n columns
            raise ValueError(f"'numbers' must be the columns used and left out, {described}; got {n}")
        return NumberFeatures(NumberedNames(n), {reason: at.astype(np.intp) for reason, at in without.items()})
    if not isinstance(columns, list) or not columns:
        raise ValueError("the columns must be a list, or an object for numbers without names")
    features = tuple(Feature(*map(_text, column)) for column in columns)  # type: ignore[arg-type]
    if len({feature.name for feature in features}) < len(features):
        raise ValueError("the columns must have distinct names")
    if not {feature.kind for feature in features} <= set(get_args(Kind)) - {"unreadable"}:
        raise ValueError("a column has an unknown kind")
    return compact(features)


def _require_places(places: Array, count: int) -> None:
    if places.ndim != 1 or places.dtype.kind != "i" or (np.diff(places) <= 0).any():
        raise ValueError("places must be ascending integers")
    if len(places) and not 0 <= places[0] <= places[-1] < count:
        raise ValueError(f"places must be below {count}")


def _restore_writing(encoder: EncoderState, header: Mapping[str, Any]) -> None:
    """Restores how texts are read; a file without it was written when texts held plain numbers alone."""
    writing = header.get("writing", {})
    chosen = Writing.of(writing.get("decimal"), writing.get("thousands"), writing.get("missing", ()))
    encoder.decimal, encoder.thousands, encoder.missing = chosen.decimal, chosen.thousands, chosen.missing
    encoder.notations_ = {name: Notation.from_json(entry) for name, entry in header.get("notations", {}).items()}
    kinds = {feature.name: feature.kind for feature in encoder.features_}
    if any(kinds.get(name) != notation.kind for name, notation in encoder.notations_.items()):
        raise ValueError("a notation must be that of a column of its kind")


def _restore_numbers(encoder: EncoderState, header: Mapping[str, Any], tensors: Mapping[str, Array]) -> None:
    used, fill, center, factor, gaps = (tensors[f"encoder.{name}"] for name in TENSORS)
    raw = len(owners(encoder.features_))
    for places in (used, gaps):
        _require_places(places, raw)
    for array in (fill, center, factor):
        if array.shape != used.shape or array.dtype != np.float64 or not np.isfinite(array).all():
            raise ValueError(f"fill, center and factor must be {len(used)} finite numbers")
    encoder.used_, encoder.indicator_ = used.astype(np.intp), Indicator(gaps.astype(np.intp))
    encoder.fill_, encoder.scale_ = (
        Fill(fill.astype(np.float64)),
        Scale(*(a.astype(np.float64) for a in (center, factor))),
    )
    encoder.few_values_ = _few_values(tensors, raw)
    encoder.clip_ = None if header["clip"] is None else _clip(header["clip"])


def _few_values(tensors: Mapping[str, Array], raw: int) -> FewValues:
    """Returns the features of few values; a file without them has none."""
    of = tensors.get("encoder.coded", np.zeros(0, dtype=np.intp))
    values = tensors.get("encoder.values", np.zeros(0))
    _require_places(np.unique(of), raw)
    if of.shape != values.shape or values.dtype != np.float64 or not np.isfinite(values).all():
        raise ValueError("coded and values must be as many places as finite numbers")
    return FewValues(of.astype(np.intp), values.astype(np.float64))


def _clip(entry: Any) -> SmoothClip:
    kind, limit = field(entry, "kind", str), field(entry, "limit", float)
    if kind != "smooth" or not limit > 0.0:
        raise ValueError(f"the clip must be smooth, with a positive limit; got {shown(entry)}")
    return SmoothClip(limit)


def _kind(step: CategoryStep) -> str:
    return "sign" if isinstance(step, Sign) else "target" if isinstance(step, TargetEncoding) else "one_hot"


def _category(entry: Any, tensors: Mapping[str, Array], k: int) -> tuple[str, CategoryStep]:
    levels, other = tuple(field(entry, "levels", list)), field(entry, "other", bool)
    if not levels or len(set(levels)) < len(levels) or len({isinstance(level, str) for level in levels}) > 1:
        raise ValueError("levels must be distinct texts, or distinct numbers")
    if not all(isinstance(level, (str, bool, int, float)) for level in levels):
        raise ValueError("levels must be texts or numbers")
    kind = field(entry, "kind", str)
    if kind not in ("sign", "one_hot", "target") or (kind == "sign" and (len(levels) != 2 or other)):
        raise ValueError("a category must be one_hot, target, or sign with two levels")
    name = field(entry, "column", str)
    if kind == "target":
        frequent = as_integer(field(entry, "frequent", int), "frequent", 0, len(levels))
        effects, deviations = (tensors[f"encoder.{part}[{k}]"] for part in ("effects", "deviations"))
        return name, _target_encoding(levels, frequent, effects, deviations)
    return name, (Sign if kind == "sign" else OneHot)(levels, other)


def _target_encoding(levels: tuple[Level, ...], frequent: int, effects: Array, deviations: Array) -> TargetEncoding:
    if effects.ndim != 2 or len(effects) != len(levels) or deviations.shape != effects.shape[1:]:
        raise ValueError(
            f"effects must be a matrix with a row for each of {len(levels)} levels, and a deviation a column"
        )
    if not all(array.dtype == np.float64 and np.isfinite(array).all() for array in (effects, deviations)):
        raise ValueError("effects and deviations must be finite numbers")
    if not (deviations > 0.0).all():
        raise ValueError("deviations must be positive")
    return TargetEncoding(levels, True, frequent, effects.astype(np.float64), deviations.astype(np.float64))


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"a column must be described by texts; got {shown(value)}")
    return value

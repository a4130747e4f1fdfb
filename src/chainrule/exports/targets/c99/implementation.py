"""NAME.c: from a row to its prediction."""

from __future__ import annotations

import math

from chainrule.exports.plan import CategoryFeatures, NumberFeature, ValueFeature
from chainrule.exports.result import Classes, Labels
from chainrule.exports.targets.c99.names import MISSING_TIME, Names, quoted
from chainrule.exports.targets.c99.networks import activations, dense, network, weights
from chainrule.exports.targets.c99.templates import (
    BEST,
    CALENDAR,
    CALIBRATED,
    CLIPPED,
    INCREASING,
    LEVEL_OF_NUMBER,
    LEVEL_OF_TEXT,
    NORMALISED,
    TEMPERED,
    UNSMOOTHED,
    UNSMOOTHED_CLASSES,
    filled,
)
from chainrule.tables.calibration import LEARNED, UNCALIBRATED


def implementation(names: Names) -> str:
    """Returns the text of the source."""
    plan, name = names.plan, names.name
    has_texts = any(isinstance(category.levels[0], str) for category in plan.categories)
    numbers = range(1, len(plan.networks) + 1)
    parts = [f'#include "{name}.h"\n', "#include <math.h>", *(["#include <string.h>"] if has_texts else [])]
    parts.append(f"\ntypedef {name}_real real;\ntypedef {names.weight} weight;\n")
    parts += [_level_function(names, category) for category in plan.categories]
    parts += activations(names)
    if plan.has_times:
        parts.append(filled(CALENDAR, names))
    if plan.limit is not None and plan.numbers:
        parts.append(filled(CLIPPED, names, limit=names.number(plan.limit)))
    if names.dense or any(len(layers) > 1 for layers in plan.networks):
        parts.append(dense(names))
    for j in numbers:
        parts += weights(names, j)
    parts += _result_parts(names)
    return "\n".join([*parts, *(network(names, j) for j in numbers), _predict(names)])


def _result_parts(names: Names) -> list[str]:
    """Returns the texts of labels, and the functions of the result."""
    result, name = names.plan.result, names.name
    if isinstance(result, Classes):
        labels = ", ".join(quoted(str(value)) for value in result.values)
        parts = [f"const char *const {name}_class[{names.outputs}] = {{{labels}}};\n"]
        return parts + [_unsmoothed(names)] * bool(result.calibration.smoothing)
    if isinstance(result, Labels):
        pairs = (f"{{{quoted(str(no))}, {quoted(str(yes))}}}" for no, yes in result.values)
        parts = [f"const char *const {name}_value[{names.outputs}][2] = {{{', '.join(pairs)}}};\n"]
        is_calibrated = any(calibration != UNCALIBRATED for calibration in result.calibrations)
        return parts + [_unsmoothed(names), filled(CALIBRATED, names)] * is_calibrated
    return [] if result.shifts is None else [filled(INCREASING, names)]


def _unsmoothed(names: Names) -> str:
    return filled(UNSMOOTHED, names, learned=names.number(LEARNED))


def _level_function(names: Names, category: CategoryFeatures) -> str:
    """Returns the function from a text or a number to the level's code."""
    is_text = isinstance(category.levels[0], str)
    levels = [quoted(str(level)) if is_text else names.number(float(level)) for level in category.levels]
    return filled(
        LEVEL_OF_TEXT if is_text else LEVEL_OF_NUMBER, names,
        declaration=names.level_function(category), levels=", ".join(levels), count=str(len(levels)),
    )  # fmt: skip


def _predict(names: Names) -> str:
    """Returns the public function."""
    plan = names.plan
    outputs = plan.networks[0][-1].W.shape[0]
    lines = [
        names.predict_function() + " {", f"    real x[{max(names.dense, 1)}];",
        f"    int codes[{max(len(plan.categories), 1)}];", f"    real out[{outputs}];", "    int i;",
    ]  # fmt: skip
    features = [_feature(names, feature) for feature in plan.numbers] + [_gap(names, gap) for gap in plan.gaps]
    features += [_single(names, value) for value in plan.values]
    lines += [f"    x[{k}] = {value};" for k, value in enumerate(features or [names.number(0.0)])]
    codes = [f"row->{names.fields[category.column]}" for category in plan.categories]
    lines += [f"    codes[{k}] = {code};" for k, code in enumerate(codes or ["0"])]
    lines.append(f"    for (i = 0; i < {names.outputs}; i++) {{\n        result[i] = {names.number(0.0)};\n    }}")
    for j in range(1, len(plan.networks) + 1):
        lines += [f"    network{j}(x, codes, out);", _added_output(names, outputs)]
    count = names.number(float(len(plan.networks)))
    lines.append(f"    for (i = 0; i < {names.outputs}; i++) {{\n        result[i] /= {count};\n    }}")
    return "\n".join([*lines, *_result(names), "}", ""])


def _result(names: Names) -> list[str]:
    """Returns the statements from the mean outputs to the result."""
    result, number = names.plan.result, names.number
    if isinstance(result, Classes):
        s, beta = number(result.calibration.smoothing), number(1.0 / result.calibration.temperature)
        if result.calibration == UNCALIBRATED:
            return [filled(BEST, names, outputs=names.outputs)]
        parts = [filled(UNSMOOTHED_CLASSES, names, smoothing=s, outputs=names.outputs)]
        return parts * bool(result.calibration.smoothing) + [filled(TEMPERED, names, beta=beta, outputs=names.outputs)]
    if isinstance(result, Labels):
        return [
            f"    result[{k}] = calibrated(result[{k}], {number(one.smoothing)}, {number(1.0 / one.temperature)});"
            for k, one in enumerate(result.calibrations)
            if one != UNCALIBRATED
        ]
    lines = [
        f"    result[{k}] = {number(mean)} + {number(deviation)} * result[{k}];"
        for k, (mean, deviation) in enumerate(zip(result.mean.tolist(), result.deviation.tolist(), strict=True))
    ]
    if result.shifts is not None:
        sort = f"    increasing(result, {names.outputs});"
        shifts = [f"    result[{k}] += {number(shift)};" for k, shift in enumerate(result.shifts.tolist())]
        lines += [sort, *shifts, sort]
    return lines


def _added_output(names: Names, outputs: int) -> str:
    """Returns statements that add the probabilities, or the numbers, of one network."""
    is_shared = isinstance(names.plan.result, Classes)
    if is_shared and outputs == 1:
        return f"    result[0] += {names.number(1.0)} - out[0];\n    result[1] += out[0];"
    if is_shared and names.plan.networks[0][-1].sigma.name != "softmax":
        return filled(NORMALISED, names, outputs=str(outputs))
    return f"    for (i = 0; i < {outputs}; i++) {{\n        result[i] += out[i];\n    }}"


def _gap(names: Names, gap: NumberFeature) -> str:
    return f"({_is_missing(names, gap)}) ? {names.number(1.0)} : {names.number(0.0)}"


def _single(names: Names, single: ValueFeature) -> str:
    value = f"row->{names.fields[single.column]}"
    if single.part is not None:
        value = f"part_of({value}, {single.part})"
    return f"{value} == {names.number(single.value)} ? {names.number(1.0)} : {names.number(0.0)}"


def _feature(names: Names, feature: NumberFeature) -> str:
    """Returns the expression of a feature of a number."""
    value = f"row->{names.fields[feature.column]}"
    if feature.part is not None:
        value = f"part_of({value}, {feature.part})"
    if not math.isnan(feature.fill):
        value = f"(({_is_missing(names, feature)}) ? {names.number(feature.fill)} : {value})"
    if (feature.center, feature.factor) != (0.0, 1.0):
        value = f"({value} - {names.number(feature.center)}) * {names.number(feature.factor)}"
    return value if names.plan.limit is None else f"clipped({value})"


def _is_missing(names: Names, feature: NumberFeature) -> str:
    field = f"row->{names.fields[feature.column]}"
    return f"{field} == {MISSING_TIME}" if feature.part is not None else f"{field} != {field}"

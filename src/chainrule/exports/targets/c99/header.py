"""NAME.h: the row, the levels, and what the model predicts."""

from __future__ import annotations

from collections.abc import Sequence

from chainrule._internal.version import __version__
from chainrule.exports.plan import CategoryFeatures
from chainrule.exports.result import Classes, Labels
from chainrule.exports.targets.c99.names import MISSING_TIME, Names, comment
from chainrule.exports.targets.identifiers import identifiers


def header(names: Names) -> str:
    """Returns the text of the header."""
    name, plan = names.name, names.plan
    guard = f"{name.upper()}_H"
    lines = [
        f"/* {name}: predictions of a model. C99 with <math.h>; requests no memory. By Chainrule {__version__}. */",
        f"#ifndef {guard}", f"#define {guard}", "", "#include <stdint.h>", "",
        "#ifdef __cplusplus", 'extern "C" {', "#endif", "", f"typedef {names.real} {name}_real;", "",
    ]  # fmt: skip
    for category in plan.categories:
        lines += _levels(names, category)
    lines += ["/* One row of the table. A number that is missing is NAN. */", "typedef struct {"]
    for column in plan.columns:
        remark = comment(column.name)
        if column.name in names.categories:
            remark += ": a level as above"
        elif column.kind == "datetime":
            remark += f": microseconds since 1970, UTC; missing: {MISSING_TIME}"
        elif column.kind == "duration":
            remark += ": in seconds"
        lines.append(f"    {names.type_of(column)} {names.fields[column.name]}; /* {remark} */")
    lines += [f"}} {name}_row;", "", *(names.level_function(category) + ";" for category in plan.categories)]
    lines += [f"enum {{ {names.outputs} = {plan.outputs} }};", "", *_result(names)]
    lines += [names.predict_function() + ";", "", "#ifdef __cplusplus", "}", "#endif", "", "#endif", ""]
    return "\n".join(lines)


def _result(names: Names) -> list[str]:
    """Returns the declarations of the result, and the comment on the function that predicts."""
    result, name = names.plan.result, names.name
    if isinstance(result, Classes):
        return [
            f"extern const char *const {name}_class[{names.outputs}];", "",
            "/* Returns the number of a row's class, and writes the probability of each class to `result`. */",
        ]  # fmt: skip
    lines = _places(names, result.names) if result.names else []
    if isinstance(result, Labels):
        return [
            *lines, "/* The values of each label: of a row without it, and with it. */",
            f"extern const char *const {name}_value[{names.outputs}][2];", "",
            "/* Writes the probability of each label to `result`; a row has it where that is more than 0.5. */",
        ]  # fmt: skip
    return [*lines, "/* Writes the numbers of a row to `result`. */"]


def _places(names: Names, results: Sequence[str]) -> list[str]:
    """Returns the enumeration of the places in `result`."""
    words = identifiers(results, prefix="result")
    entries = [
        f"    {names.name.upper()}__{word.upper()} = {k}{',' if k < len(words) - 1 else ''} /* {comment(title)} */"
        for k, (word, title) in enumerate(zip(words, results, strict=True))
    ]
    return ["enum { /* the places in `result` */", *entries, "};", ""]


def _levels(names: Names, category: CategoryFeatures) -> list[str]:
    """Returns the enumeration of the levels of a column."""
    prefix = f"{names.name}_{names.fields[category.column]}".upper()
    words = identifiers(map(str, category.levels), prefix="level")
    entries = [f"{prefix}__MISSING = -1", *(f"{prefix}_{word.upper()} = {k}" for k, word in enumerate(words))]
    entries.append(f"{prefix}__UNSEEN = {len(words)}")
    lines = ",\n".join(f"    {entry}" for entry in entries)
    return [f"enum {{ /* {comment(category.column)} */", lines, "};", ""]

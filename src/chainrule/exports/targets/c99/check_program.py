"""NAME_test.c: a program that runs the test rows, on any machine that has a C compiler."""

from __future__ import annotations

from typing import Any

from chainrule._internal.checks import Floats
from chainrule.exports.evaluate import Row
from chainrule.exports.plan import CategoryFeatures, InputColumn
from chainrule.exports.result import Classes, Labels, Numbers
from chainrule.exports.targets.c99.names import MISSING_TIME, Names
from chainrule.exports.vectors import Vectors

MARK = "/* test vectors: "


def check_program(names: Names, vectors: Vectors) -> str:
    """Returns the text; run without arguments it compares, with --results it prints the values as JSON."""
    name, columns, result = names.name, names.plan.columns, names.plan.result
    rows = ("{" + ", ".join(_value(names, column, row) for column in columns) + "}" for row in vectors.rows)
    call = f"{name}_predict(&rows[t], result);"
    label = f"{name}_class[labels[t]]" if isinstance(result, Classes) else '""'
    words = {
        "COUNT": str(len(vectors.rows)),
        "ROWS": ",\n    ".join(rows),
        "VALUES": _table(vectors.values),
        "BOUNDS": _table(vectors.bounds),
        "PREDICT": f"labels[t] = {call}" if isinstance(result, Classes) else call,
        "HAS_LABELS": str(int(not isinstance(result, Numbers))),
        "LABEL": _LABELS if isinstance(result, Labels) else f"print_text({label});",
    }
    words |= {"NAME_OUTPUTS": names.outputs, "NAME": name}
    text = TEST
    for word, value in words.items():
        text = text.replace(f"@{word}@", value)
    json = vectors.as_json().replace("*/", "*\\/")  # JSON reads \/ as /
    return f"{text}\n{MARK}{json} */\n"


def _value(names: Names, column: InputColumn, row: Row) -> str:
    value = row.get(column.name)
    if column.name in names.categories:
        return str(_code(names.categories[column.name], value))
    if column.kind == "datetime":
        return MISSING_TIME if value is None else f"INT64_C({value})"
    return "NAN" if value is None else names.number(float(value)).strip("()")


def _code(category: CategoryFeatures, value: Any) -> int:
    if value is None or value == "" or value != value:
        return -1
    return category.levels.index(value) if value in category.levels else len(category.levels)


def _table(numbers: Floats) -> str:
    return ",\n    ".join("{" + ", ".join(value.hex() for value in row) + "}" for row in numbers.tolist())


_LABELS = """\
for (k = 0; k < @NAME_OUTPUTS@; k++) {
            (void)printf("%s", k > 0 ? ", " : "[");
            print_text(@NAME@_value[k][values[t][k] > 0.5]);
        }
        (void)printf("]");"""
TEST = """\
/* Test of @NAME@: run without arguments it compares; with --results it prints the values. */
#include "@NAME@.h"

#include <math.h>
#include <stdio.h>

static const @NAME@_row rows[@COUNT@] = {
    @ROWS@
};
static const double expected[@COUNT@][@NAME_OUTPUTS@] = {
    @VALUES@
};
static const double bounds[@COUNT@][@NAME_OUTPUTS@] = {
    @BOUNDS@
};

static void print_text(const char *text) {
    (void)putchar('"');
    for (; *text != '\\0'; text++) {
        const unsigned char byte = (unsigned char)*text;
        (void)printf(byte < 32 || byte == '"' || byte == '\\\\' ? "\\\\u%04x" : "%c", byte);
    }
    (void)putchar('"');
}

int main(int count, char **arguments) {
    static double values[@COUNT@][@NAME_OUTPUTS@];
    static int labels[@COUNT@];
    int t, k, holds = 1;
    (void)arguments;
    for (t = 0; t < @COUNT@; t++) {
        @NAME@_real result[@NAME_OUTPUTS@];
        @PREDICT@
        for (k = 0; k < @NAME_OUTPUTS@; k++) {
            values[t][k] = (double)result[k];
            holds = holds && fabs(values[t][k] - expected[t][k]) <= bounds[t][k];
        }
    }
    if (count < 2) {
        (void)printf("@COUNT@ rows: %s the bounds\\n", holds ? "within" : "NOT within");
        return !holds;
    }
    (void)printf("{\\"values\\": [");
    for (t = 0; t < @COUNT@; t++) {
        for (k = 0; k < @NAME_OUTPUTS@; k++) {
            (void)printf("%s%s%.17g", t + k > 0 && k == 0 ? ", [" : k == 0 ? "[" : ", ", "", values[t][k]);
        }
        (void)printf("]");
    }
    (void)printf("], \\"labels\\": [");
    for (t = 0; t < @COUNT@ && @HAS_LABELS@; t++) {
        (void)printf("%s", t > 0 ? ", " : "");
        @LABEL@
    }
    (void)printf("]}\\n");
    (void)labels;
    return 0;
}
"""

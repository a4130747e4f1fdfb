"""The types of the JavaScript module, for TypeScript."""

from __future__ import annotations

import json
from collections.abc import Sequence

from chainrule.exports.plan import ColumnKind, Plan
from chainrule.exports.result import Labels, Numbers, Result

KINDS: dict[ColumnKind, str] = {
    "number": "number",
    "duration": "number",
    "datetime": "Date | number | bigint",
    "text": "string",
    "boolean": "boolean",
}


def types_file(plan: Plan, name: str) -> str:
    """Returns the text of NAME.d.mts."""
    predicted, more = _predicted(plan.result)
    columns = [f"  {json.dumps(c.name)}?: {KINDS[c.kind]} | null;\n" for c in plan.columns]
    parts = [
        f"/** The columns of a row of {name}.mjs; one that is left out is missing. */\n",
        "export interface Row {\n",
        *columns,
        "}\n",
        *more,
        f"\nexport declare function predict(row: Row): {predicted};\n",
        "\n/** The test rows, with the values that the model computes and the bounds on their errors, as JSON. */\n",
        "export declare const TESTS: string;\n",
        "\n/** Computes the test rows, and returns their number. Throws an Error if one deviates. */\n",
        "export declare function test(): number;\n",
    ]
    return "".join(parts)


def _predicted(result: Result) -> tuple[str, list[str]]:
    """Returns the type of a prediction, and the declarations that only this kind of result has."""
    if isinstance(result, Numbers):
        if result.names:
            return f"{{ {_fields(result.names, ['number'] * result.width)} }}", [
                "\n/** The names of the predicted numbers, in the order of the test rows' values. */\n",
                "export declare const NAMES: readonly string[];\n",
            ]
        return "number" if result.width == 1 else "number[]", []
    probabilities = "export declare function predictProba(row: Row): number[];\n"
    if isinstance(result, Labels):
        types = [" | ".join(map(json.dumps, two)) for two in result.values]
        return f"{{ {_fields(result.names, types)} }}", [
            "\nexport declare const LABELS: readonly string[];\n",
            "\n/** The probability of each of LABELS. */\n",
            probabilities,
        ]
    return "Label", [
        f"\nexport type Label = {' | '.join(map(json.dumps, result.values))};\n",
        "export declare const CLASSES: readonly Label[];\n",
        "\n/** The probability of each of CLASSES. */\n",
        probabilities,
    ]


def _fields(names: Sequence[str], types: Sequence[str]) -> str:
    return "; ".join(f"{json.dumps(name)}: {kind}" for name, kind in zip(names, types, strict=True))

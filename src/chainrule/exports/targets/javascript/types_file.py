"""The types of the JavaScript module, for TypeScript."""

from __future__ import annotations

import json

from chainrule.exports.plan import Plan

KINDS = {"number": "number", "datetime": "Date | number | bigint", "text": "string", "boolean": "boolean"}


def types_file(plan: Plan, name: str) -> str:
    """Returns the text of NAME.d.mts."""
    columns = [f"  {json.dumps(c.name)}?: {KINDS[c.kind]} | null;\n" for c in plan.columns]
    parts = [
        f"/** The columns of a row of {name}.mjs; one that is left out is missing. */\n",
        "export interface Row {\n",
        *columns,
        "}\n",
    ]
    if plan.classes is None:
        predicted = "number" if plan.outputs == 1 else "number[]"
    else:
        predicted = "Label"
        parts += [
            f"\nexport type Label = {' | '.join(map(json.dumps, plan.classes))};\n",
            "export declare const CLASSES: readonly Label[];\n",
            "\n/** The probability of each of CLASSES. */\n",
            "export declare function predictProba(row: Row): number[];\n",
        ]
    parts += [
        f"\nexport declare function predict(row: Row): {predicted};\n",
        "\n/** The test rows, with the values that the model computes and the bounds on their errors, as JSON. */\n",
        "export declare const TESTS: string;\n",
        "\n/** Computes the test rows, and returns their number. Throws an Error if one deviates. */\n",
        "export declare function test(): number;\n",
    ]
    return "".join(parts)

"""Arguments for which a command has no place."""

from __future__ import annotations

import shlex

import pytest
from support.command import chainrule

REMEDIES = {
    "train t.csv --layers 64 32": "32. Put commas between the values: --layers 64,32",
    "train --layers 64 32 t.csv": "t.csv. Put commas between the values: --layers 64,32",
    "train t.csv --quantiles .1 .5 .9 --target y": ".5 .9. Put commas between the values: --quantiles .1,.5,.9",
    "shrink m.safetensors t.csv --out s.safetensors --hidden 8 8": "8. Put commas between the values: --hidden 8,8",
    "train t.csv --target y z": "z. Repeat the option: --target y --target z",
    "train --drop 'a b' c t.csv --preset best": "t.csv. Repeat the option: --drop 'a b' --drop c",
    "train t.csv --preset best fast": "fast. A name with blanks needs quotes.",
    "train t.csv --quiet yes": "yes. A name with blanks needs quotes.",
    "info my model.safetensors": "model.safetensors. A name with blanks needs quotes.",
}


@pytest.mark.parametrize("line", REMEDIES)
def test_several_values_of_an_option_are_explained(line: str) -> None:
    """Exit code 2, and how an option takes several values, or that a name with blanks needs quotes."""
    answer = chainrule(*shlex.split(line))
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.splitlines()[-1] == f"Error: there is no place for {REMEDIES[line]}"

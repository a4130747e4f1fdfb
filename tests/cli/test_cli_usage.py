"""Wrong command lines: unknown options, and arguments for which there is no place."""

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


UNKNOWN = {
    "train t.csv --lr .1": "--lr; did you mean '--learning-rate'?",
    "train t.csv --max-iter=3": "--max-iter; did you mean '--epochs'?",
    "train t.csv --random-state 1": "--random-state; did you mean '--seed'?",
    "train t.csv --keep id": "--keep; it is one of `chainrule predict`.",
    "train t.csv --loss mse": "--loss; --help lists the options.",
    "train t.csv --preest best": "--preest; did you mean '--preset'?",
    "predict m.safetensors t.csv --zzz": "--zzz; --help lists the options.",
}


@pytest.mark.parametrize("line", UNKNOWN)
def test_an_unknown_option_is_answered_by_the_one_that_is_meant(line: str) -> None:
    """By the name that other libraries have for it, by its command, or by a near name; exit code 2."""
    answer = chainrule(*shlex.split(line))
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.splitlines()[-1] == f"Error: there is no option {UNKNOWN[line]}"


def test_a_value_may_begin_with_two_dashes() -> None:
    """What follows an option is its value, also if it looks like an option: here a missing file is what is wrong."""
    answer = chainrule("train", "none.csv", "--target", "--odd")
    assert answer.code == 2
    assert "there is no file 'none.csv'" in answer.err

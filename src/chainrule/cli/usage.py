"""Commands that answer a wrong command line with what to write instead."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from itertools import takewhile
from typing import Any

from typer.core import TyperCommand

from chainrule._internal.naming import nearest
from chainrule.cli.terminal import printable

HELP = "; --help lists the options."
OPTIONS = {  # whose names are not those of the estimators' parameters
    "hidden_layer_sizes": "layers", "random_state": "seed", "categories": "category", "sample_weight": "row_weights",
    "validation_fraction": "test_fraction", "threads": "workers",
}  # fmt: skip


class Command(TyperCommand):
    """A command whose errors name the option that is meant, and say how an option takes several values."""

    allow_extra_args = True  # so that it can refuse them in its own words

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parses the arguments, and refuses unknown options, and arguments that are left."""
        given = list(args)  # which the parser takes apart
        if not ctx.resilient_parsing:
            self._refuse_unknown(ctx, given)
        left = super().parse_args(ctx, args)
        if left and not ctx.resilient_parsing:
            ctx.fail(printable(f"there is no place for {shlex.join(left)}. {remedy(given, len(left), self.params)}"))
        return left

    def _refuse_unknown(self, ctx: Any, given: Sequence[str]) -> None:
        known = _options(self, ctx)
        with_value = {name for option in self.params if not getattr(option, "is_flag", True) for name in option.opts}
        for before, word in zip(["", *given], given, strict=False):
            if word == "--":
                return
            name = word.partition("=")[0]
            if name.startswith("--") and name not in known and before not in with_value:
                ctx.fail(printable(f"there is no option {name}{meant(name, known, self._elsewhere(ctx, name))}"))

    def _elsewhere(self, ctx: Any, name: str) -> list[str]:
        """Returns the other commands that have an option of this name."""
        others = getattr(ctx.parent.command, "commands", {}) if ctx.parent is not None else {}
        return [other for other, command in others.items() if name in _options(command, ctx)]


def _options(command: Any, ctx: Any) -> set[str]:
    """Returns the long names of a command's options."""
    return {name for each in command.get_params(ctx) for name in (*each.opts, *each.secondary_opts) if name[:2] == "--"}


def meant(name: str, known: Iterable[str], elsewhere: Sequence[str]) -> str:
    """Returns the end of a sentence: the option that is meant by another library's name, a near one, or its command.

    >>> meant("--lr", ["--learning-rate"], []), meant("--keep", ["--seed"], ["predict"])
    ("; did you mean '--learning-rate'?", '; it is one of `chainrule predict`.')
    """
    from chainrule.estimators.names_elsewhere import ELSEWHERE  # only for a wrong command line

    if elsewhere:
        return f"; it is one of {' and '.join(f'`chainrule {command}`' for command in elsewhere)}."
    word = name[2:].replace("-", "_")
    for ours, others in ELSEWHERE.items():
        option = f"--{OPTIONS.get(ours, ours).replace('_', '-')}"
        if word in (ours, *others):
            return f"; did you mean {option!r}?" if option in known else HELP
    return nearest(name, known) or HELP


def remedy(given: Sequence[str], left: int, parameters: Iterable[Any]) -> str:
    """Returns how to write the first option that is followed by more values than it takes, or else a name with blanks.

    An option that can be repeated takes its values one by one; one with a comma in its metavar takes them together.
    """
    known = {name: parameter for parameter in parameters for name in parameter.opts}
    for k, name in enumerate(given):
        values = list(takewhile(lambda word: not word.startswith("-"), given[k + 1 :]))[: left + 1]
        option = known.get(name)
        if option is None or option.is_flag or len(values) <= left:
            continue
        if option.multiple:
            return f"Repeat the option: {shlex.join(word for value in values for word in (name, value))}"
        if "," in (option.metavar or ""):
            return f"Put commas between the values: {shlex.join((name, ','.join(values)))}"
    return "A name with blanks needs quotes."

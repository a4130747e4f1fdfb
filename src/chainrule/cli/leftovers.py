"""Commands that say what to do about arguments for which there is no place."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from itertools import takewhile
from typing import Any

from typer.core import TyperCommand

from chainrule.cli.terminal import printable


class Command(TyperCommand):
    """A command whose error about leftover arguments says how an option takes several values."""

    allow_extra_args = True  # so that it can refuse them in its own words

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parses the arguments, and refuses those that are left."""
        given = list(args)  # which the parser takes apart
        left = super().parse_args(ctx, args)
        if left and not ctx.resilient_parsing:
            ctx.fail(printable(f"there is no place for {shlex.join(left)}. {remedy(given, len(left), self.params)}"))
        return left


def remedy(given: Sequence[str], left: int, parameters: Iterable[Any]) -> str:
    """Returns how to write the first option that so many values more follow than it takes, or else a name with blanks.

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

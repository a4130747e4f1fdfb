"""``chainrule explain``: the chain rule of a model on one row, step by step."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

from chainrule.cli import inputs, options, outputs
from chainrule.cli.errors import WrongUsage, option_errors
from chainrule.cli.terminal import printable, remarks
from chainrule.errors import InputError
from chainrule.explain import Explanation
from chainrule.files import write_bytes

ENTRY = re.compile(r"(W|b|kappa)(\d+),(\d+)(?:,(\d+))?")
FORMS = {"text": ".txt", "markdown": ".md", "latex": ".tex", "html": ".html"}


def explain(
    model: options.Model,
    data: options.Data,
    row: options.Row = 1,
    network: options.NetworkNumber = 1,
    entry: options.Entry = None,
    learning_rate: options.StepLearningRate = None,
    detail: options.Detail = "matrix",
    digits: options.Digits = 6,
    lang: options.Language = "en",
    form: options.Form = None,
    out: options.PageOut = None,
    force: options.Force = False,
    sep: options.Sep = None,
    header: options.Header = None,
    encoding: options.Encoding = None,
) -> None:
    """Work the chain rule out on one row: every z, a, δ and derivative, with the numbers filled in.

    Step 0 is the encoding of the row. The cost is the loss of this row alone, without penalties.

    \b
    chainrule explain iris.safetensors --data iris.csv --row 3
    chainrule explain iris.safetensors --data iris.csv --entry W1,2,3
    chainrule explain iris.safetensors --data iris.csv --out step.html
    """
    kind, path = _form_of(form, out, force)
    text = inputs.text_options(sep, header, encoding)
    inputs.require_file(model)
    from chainrule.cli import models  # only now, so that a wrong command line is answered at once
    from chainrule.cli.saved.explained_row import example_of, row_section

    loaded, table = models.load_model(model), inputs.read_source(data, text)
    if not 1 <= network <= len(loaded.networks):
        raise WrongUsage(f"--network: give a network of the model, 1 to {len(loaded.networks)}; got {network}.")
    net = loaded.networks[network - 1]
    example = example_of(loaded, net, table, row)
    try:
        page = net.explain(
            example.x, example.y, cost=example.cost, learning_rate=learning_rate,
            detail=detail, digits=digits, lang=lang,  # type: ignore[arg-type]  # detail is checked
        )  # fmt: skip
    except InputError as error:  # the row has been checked
        raise WrongUsage(str(error)) from None
    if entry is None:
        page = page.after(row_section(loaded, example, table.origin, row, page.pen))
    else:
        with option_errors("--entry"):
            page = page.entry(*_entry(entry))
    _write(page, kind, path, force)


def _form_of(form: str | None, out: str | None, force: bool) -> tuple[str, Path | None]:
    """Returns the form of the page, by default that of the name of the file, and the path of the file."""
    if form is not None and form not in FORMS:
        raise WrongUsage(f"--format: give {', '.join(FORMS)}; got {form!r}.")
    if out is None:
        return form or "text", None
    path = outputs.of_file(out, tuple(FORMS.values()), force=force)
    return form or next(name for name, end in FORMS.items() if end == path.suffix), path


def _entry(entry: str) -> tuple[Any, ...]:
    """Returns the letter, the layer and the indices of an entry such as W1,2,3 or b1,2."""
    if (found := ENTRY.fullmatch(entry)) is None:
        raise InputError(f"give W, a layer, a row and a column, such as W1,2,3, or b1,2; got {entry!r}.")
    letter, *numbers = found.groups()
    return letter, *(None if number is None else int(number) for number in numbers)


def _write(page: Explanation, kind: str, path: Path | None, force: bool) -> None:
    contents: str = getattr(page, kind)()
    if path is None:
        sys.stdout.write(contents if contents.endswith("\n") else f"{contents}\n")
        return
    write_bytes(path, contents.encode(), replace=force)
    remarks().print(printable(f"Wrote {path}."))

"""``chainrule explain``: the chain rule of a model or a network on one example, step by step."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chainrule.cli import options, outputs
from chainrule.cli.errors import WrongUsage, option_errors
from chainrule.cli.inputs.files import require_file
from chainrule.cli.inputs.sources import read_source, text_options
from chainrule.cli.terminal import printable, remarks, results
from chainrule.errors import InputError
from chainrule.files import write_bytes
from chainrule.network import Network

if TYPE_CHECKING:
    from chainrule._internal.checks import Array
    from chainrule.explain import Explanation
    from chainrule.tables.model import TableModel
    from chainrule.tables.table import Table

ENTRY = re.compile(r"(W|b|kappa)(\d+),(\d+)(?:,(\d+))?")
FORMS = {"text": ".txt", "markdown": ".md", "latex": ".tex", "html": ".html"}


def explain(
    model: options.AnyModel,
    data: options.Data = None,
    row: options.Row = None,
    x: options.X = None,
    y: options.Y = None,
    cost: options.CostName = None,
    network: options.NetworkNumber = 1,
    entry: options.Entry = None,
    learning_rate: options.StepLearningRate = None,
    detail: options.Detail = "matrix",
    digits: options.Digits = 6,
    exact: options.Exact = False,
    lang: options.Language = "en",
    form: options.Form = None,
    out: options.PageOut = None,
    force: options.Force = False,
    sep: options.Sep = None,
    header: options.Header = None,
    encoding: options.Encoding = None,
) -> None:
    """Work the chain rule out on one example: every z, a, δ and derivative, with the numbers filled in.

    For a model the example is a row of a table, and step 0 is its encoding. For a network file it is --x and --y, or a
    row of a table of numbers x_1 … x_n, y_1 … y_m. The cost is the loss of this example alone, without penalties. In a
    terminal each factor has a colour of its own, unless NO_COLOR is set.

    \b
    chainrule explain iris.safetensors --data iris.csv --row 3
    chainrule explain iris.safetensors --data iris.csv --entry W1,2,3
    chainrule explain iris.safetensors --data iris.csv --out step.html
    chainrule explain net.safetensors --x 1,2 --y 1 --exact
    """
    kind, path = _form_of(form, out, force)
    text = text_options(sep, header, encoding)
    _require_one_example(data, row, x, y)
    require_file(model)
    from chainrule.cli import models  # only now, so that a wrong command line is answered at once

    loaded = models.load_any(model)
    table, number = None if data is None else read_source(data, text), 1 if row is None else row
    if table is not None and not 1 <= number <= table.t:
        raise WrongUsage(f"--row: give a row of {table.origin}, 1 to {table.t}; got {row}.")
    how = {"learning_rate": learning_rate, "detail": detail, "digits": digits, "exact": exact, "lang": lang}
    if isinstance(loaded, Network):
        if network != 1:
            raise WrongUsage(f"--network: a network file has one network; got {network}.")
        page = _page_of_network(loaded, table, number, x, y, how | {"cost": cost or "sum_of_squares"})
    elif table is None:
        raise WrongUsage("--x: the model is one of tables, whose columns it encodes; give --data ROWS.")
    else:
        page = _page_of_model(loaded, network, table, number, how | {"cost": cost}, has_encoding=entry is None)
    if entry is not None:
        with option_errors("--entry"):
            page = page.entry(*_entry(entry))
    _write(page, kind, path, force)


def _page_of_network(
    net: Network, table: Table | None, row: int, x: str | None, y: str | None, how: dict[str, Any]
) -> Explanation:
    from chainrule.cli.saved.explained_example import of_row, of_words

    example = of_words(str(x), str(y)) if table is None else of_row(net, how["cost"], table, row)
    return _explained(net, example.x, example.y, how)


def _page_of_model(
    model: TableModel, number: int, table: Table, row: int, how: dict[str, Any], *, has_encoding: bool
) -> Explanation:
    from chainrule.cli.saved.explained_row import example_of, row_section

    if not 1 <= number <= len(model.networks):
        raise WrongUsage(f"--network: give a network of the model, 1 to {len(model.networks)}; got {number}.")
    net = model.networks[number - 1]
    example = example_of(model, net, table, row)
    page = _explained(net, example.x, example.y, how | {"cost": how["cost"] or example.cost})
    return page.after(row_section(model, example, table.origin, row, page.pen)) if has_encoding else page


def _explained(net: Network, x: Array, y: Any, how: dict[str, Any]) -> Explanation:
    try:
        return net.explain(x, y, **how)
    except InputError as error:
        raise WrongUsage(str(error)) from None


def _require_one_example(data: str | None, row: int | None, x: str | None, y: str | None) -> None:
    """Raises WrongUsage unless there is one example: a row of a table, or both x and y."""
    if data is None and x is None and y is None:
        raise WrongUsage("give the example: --data ROWS, or for a network file --x and --y.")
    if data is not None and (x is not None or y is not None):
        raise WrongUsage("give --data, or --x and --y, and not both.")
    if data is None and (x is None or y is None):
        raise WrongUsage("give both --x and --y.")
    if data is None and row is not None:
        raise WrongUsage("--row: it is a row of --data, which is not given.")


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
    if path is None and kind == "text" and (console := results()).is_terminal:
        from chainrule.cli.saved.coloured_page import print_page

        print_page(console, page)
        return
    contents: str = getattr(page, kind)()
    if path is None:
        sys.stdout.write(contents if contents.endswith("\n") else f"{contents}\n")
        return
    write_bytes(path, contents.encode(), replace=force)
    remarks().print(printable(f"Wrote {path}."))

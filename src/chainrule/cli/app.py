"""The program ``chainrule``, which runs the commands."""

from __future__ import annotations

import contextlib
import sys
import warnings
from collections.abc import Sequence
from typing import Annotated

import typer

from chainrule import engines
from chainrule.cli.errors import FAILED, describe, exit_code
from chainrule.cli.launched import once
from chainrule.cli.packed.pack import pack
from chainrule.cli.saved import doctor, evaluate, explain, export, info, predict, serve, shrink
from chainrule.cli.terminal import discard_unwritable_output, prepare_streams, printable
from chainrule.cli.train.command import train
from chainrule.cli.usage import Command
from chainrule.errors import ChainruleError

app = typer.Typer(
    name="chainrule",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # help and errors look the same in a terminal and in a pipe
    context_settings={"help_option_names": ["--help", "-h"]},
)
for command in (
    train, pack, predict.predict, evaluate.evaluate, info.info, doctor.doctor, explain.explain, export.export,
    export.verify, shrink.shrink, serve.serve,
):  # fmt: skip
    app.command(cls=Command)(command)


def _print_version(is_requested: bool) -> None:
    if is_requested:
        from chainrule._internal.version import __version__

        print(f"chainrule {__version__}")
        raise typer.Exit()


Version = Annotated[bool, typer.Option("--version", help="Show the version.", callback=_print_version, is_eager=True)]


@app.callback()
def _program(version: Version = False) -> None:
    """Feed-forward neural networks for tables.

    \b
    chainrule train digits
    chainrule train iris.csv --target species
    chainrule pack big/ --target y --out train.rows
    chainrule predict iris.safetensors new.csv
    chainrule evaluate iris.safetensors new.csv
    chainrule info iris.safetensors
    chainrule doctor iris.safetensors iris.csv
    chainrule explain iris.safetensors --data iris.csv --row 3
    chainrule export iris.safetensors --out iris.py
    chainrule shrink iris.safetensors iris.csv --out small.safetensors
    chainrule serve iris.safetensors

    Results go to stdout, everything else to stderr. Exit codes: 0 success, 1 failure, 2 wrong usage, 3 exported
    but not proved, 130 interrupted (by SIGTERM 143, by SIGHUP 129).
    """


def run(arguments: Sequence[str] | None = None) -> int:
    """Runs a command and returns its exit code; an expected error becomes one line on stderr."""
    prepare_streams()
    try:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", engines.EngineNotice)  # the summary of a training names its engine
                once(lambda: app(args=None if arguments is None else list(arguments), prog_name="chainrule"))
            code: object = 0
        except SystemExit as end:
            code = end.code
        sys.stdout.flush()
    except BrokenPipeError:  # the reader has closed the pipe, as `| head` does
        return FAILED
    except (ChainruleError, OSError, MemoryError) as error:
        with contextlib.suppress(OSError):
            print(f"Error: {printable(describe(error))}", file=sys.stderr)
        return exit_code(error)
    finally:
        discard_unwritable_output()
    return code if isinstance(code, int) else 0 if code is None else FAILED

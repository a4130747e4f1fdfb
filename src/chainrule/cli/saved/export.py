"""``chainrule export`` and ``chainrule verify``: a model in another language, and its proof."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from chainrule.cli import options, outputs
from chainrule.cli.errors import WrongUsage, option_errors
from chainrule.cli.inputs.files import require_file
from chainrule.cli.terminal import printable, results
from chainrule.errors import InputError

if TYPE_CHECKING:
    from chainrule.exports import Proof

NOT_PROVED = 3  # the exit code if the program that runs the file is not installed


def export(
    model: options.Model,
    out: options.ExportOut,
    real: options.Real = None,
    weights: options.Weights = None,
    form: options.InputForm = None,
    force: options.Force = False,
) -> None:
    """Write a model for another language, and prove that it computes the same.

    The file is run on 64 to 256 test rows, which it keeps for `chainrule verify`. Exit code 3: it could not be run
    here, because the program that runs it is not installed.

    \b
    chainrule export iris.safetensors --out iris.py
    chainrule export iris.safetensors --out iris.c --weights int8
    """
    from chainrule.exports.targets import TARGETS, inputs_of, real_of, target_of, weights_of

    path = outputs.of_file(out, tuple(TARGETS), force=force)
    target = target_of(path)
    for option, check, value in (
        ("--real", real_of, real), ("--weights", weights_of, weights), ("--inputs", inputs_of, form),
    ):  # fmt: skip
        with option_errors(option):
            check(target, value)
    require_file(model)
    from chainrule import exports  # only now, so that a wrong command line is answered at once
    from chainrule.cli import models

    try:
        proof = exports.export(models.load_any(model), path, real=real, weights=weights, inputs=form, replace=force)
    except InputError as error:  # the model cannot be held by the target
        raise WrongUsage(str(error)) from None
    _report(proof)


def verify(file: options.ExportedFile) -> None:
    """Run an exported file again on the test rows that it holds.

    \b
    chainrule verify iris.py
    """
    path = require_file(file)
    from chainrule import exports

    _report(exports.verify(path))


def _report(proof: Proof) -> None:
    results().print(printable(str(proof)))
    if not proof.is_proved:
        raise typer.Exit(NOT_PROVED)

"""The command line: ``chainrule train``, ``predict``, ``evaluate``, ``info``, ``serve`` and others."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Sequence

from chainrule.cli.signals import REQUEST

INTERRUPTED = 130  # the exit code with which Typer ends a command after KeyboardInterrupt too


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command of these arguments (by default the process's own) and returns its exit code.

    0 is success; 1 failure, explained by one line on stderr; 2 wrong usage; 130 an interruption by Ctrl-C, 143 by
    SIGTERM and 129 by SIGHUP.
    """
    try:
        with REQUEST:
            try:
                code = _run(arguments)
            except KeyboardInterrupt:
                code = INTERRUPTED
            if code == INTERRUPTED:
                with contextlib.suppress(OSError):
                    print(f"Interrupted by {REQUEST.name}; {REQUEST.what_remains()}", file=sys.stderr)
            return REQUEST.exit_code or code
    except KeyboardInterrupt:  # while the handlers were put in place, or when the command had ended
        REQUEST.__exit__()
        return REQUEST.exit_code or INTERRUPTED


def _run(arguments: Sequence[str] | None) -> int:
    try:
        from chainrule.cli.app import run

        return run(arguments)
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package not in ("rich", "typer"):
            raise
        print(
            f"Error: the command line needs {package}; install it with: pip install 'chainrule[cli]'", file=sys.stderr
        )
        return 1

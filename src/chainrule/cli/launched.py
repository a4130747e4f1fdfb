"""A command that a launcher has started in several processes: one runs it, and the others train networks for it."""

from __future__ import annotations

from collections.abc import Callable

from chainrule.processes.launcher import Launch
from chainrule.processes.pool import using

MODULES = ("chainrule.estimators.network.base",)  # that training a network needs


def once(command: Callable[[], object]) -> None:
    """Runs the command in one process, which alone reads, prints and writes. Raises ProcessLost if they do not meet."""
    launch = Launch.found()
    if launch is None:
        command()
        return
    from chainrule.processes.launched import gathered, work

    if launch.rank > 0:
        work(launch, MODULES)
        return
    with gathered(launch) as peers, using(peers, launch.threads):
        command()

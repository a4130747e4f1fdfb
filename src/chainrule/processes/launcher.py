"""The launcher that has started this process with others: torchrun, SLURM's srun, or mpirun."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import NamedTuple, Self

from chainrule.errors import InputError

# The variables with a process's number, how many there are, and how many of them are on its machine.
# SLURM sets SLURM_STEP_NUM_TASKS in a step that srun has started, and not in the script around it, which runs once.
VARIABLES = {
    "torchrun": ("RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE"),
    "srun": ("SLURM_PROCID", "SLURM_STEP_NUM_TASKS", "SLURM_STEP_TASKS_PER_NODE"),
    "mpirun": ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_SIZE"),
    "mpiexec": ("PMI_RANK", "PMI_SIZE", "MPI_LOCALNRANKS"),
}


class Launch(NamedTuple):
    """The place of this process among those that a launcher has started: number ``rank`` of ``size``, from 0.

    ``local_size`` of them run on this machine. They connect at ``address`` and ``port``. If the launcher keeps their
    store, ``attempt`` counts the restarts; each machine counts its own.

    >>> launch = Launch.found({"RANK": "1", "WORLD_SIZE": "2", "MASTER_ADDR": "localhost", "MASTER_PORT": "29500"})
    >>> launch.launcher, launch.rank, launch.size, launch.address, launch.port
    ('torchrun', 1, 2, 'localhost', 29500)
    >>> print(Launch.found({}))
    None
    """

    launcher: str
    rank: int
    size: int
    local_size: int
    address: str
    port: int
    attempt: str = "0"
    has_store: bool = False  # kept by the launcher's own process

    @classmethod
    def found(cls, environment: Mapping[str, str] | None = None) -> Self | None:
        """Returns the place that the environment describes; None for a process alone."""
        given = os.environ if environment is None else environment
        for launcher, (rank, size, local_size) in VARIABLES.items():
            count, here = _number(given.get(size)), _number(given.get(local_size))
            if count > 1 and given.get(rank, "").isdecimal():
                address, port = given.get("MASTER_ADDR", ""), _number(given.get("MASTER_PORT"))
                has_store = given.get("TORCHELASTIC_USE_AGENT_STORE") == "True"
                attempt = given.get("TORCHELASTIC_RESTART_COUNT", "0") if has_store else "0"
                return cls(launcher, int(given[rank]), count, here or count, address, port, attempt, has_store)
        return None

    def require_meeting_point(self) -> None:
        """Raises InputError without an address and a port at which the processes connect."""
        if not self.address or not self.port:
            raise InputError(
                f"{self.launcher} has started {self.size} processes, which must know where to connect. Set MASTER_ADDR "
                "to the name of the first one's machine and MASTER_PORT to a free port, such as 29500, for all of them."
            )

    @property
    def threads(self) -> int:
        """The threads of this process: CHAINRULE_THREADS, or its share of the machine's CPUs.

        If the launcher has bound it to some of them, that is their number. torchrun sets OMP_NUM_THREADS=1 for each
        process of several, whatever the machine has; it counts for nothing here.
        """
        given = os.environ.get("CHAINRULE_THREADS", "").strip()
        if given.isdecimal() and int(given) > 0:
            return int(given)
        machine = os.cpu_count() or 1
        own = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else machine
        return own if own < machine else max(1, machine // self.local_size)


_shared: list[bool] = []


def share() -> None:
    """Notes that the processes of the launcher share the work of this program."""
    _shared.append(True)


def is_shared() -> bool:
    """Returns True if they do, and in a process that another one has started."""
    return bool(_shared)


def _number(text: str | None) -> int:
    """Returns the number at the beginning of a variable, such as 4 of SLURM's "4(x2)"; 0 if there is none."""
    digits = "".join(c if c.isdecimal() else " " for c in text or "")
    return int(digits.split()[0]) if digits.split() else 0

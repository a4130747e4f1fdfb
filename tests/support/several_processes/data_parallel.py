"""A training that several processes share, and its faults."""

from __future__ import annotations

import hashlib
import os
import signal
import sys
import tempfile
import threading
import time
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np

import chainrule as cr
from chainrule.engines.data_parallel import digest as digest_of_problem
from chainrule.processes.group import Group, joined

MEETING = timedelta(seconds=60)  # for a group to meet

PROBLEMS: dict[str, dict[str, Any]] = {
    "plain": {},
    "float64": {"dtype": "float64"},
    "weights": {"weights": True, "cost": cr.SumOfSquares(mean=True, l2=0.01)},
    "dropout": {"dropout": 0.3, "cost": cr.SumOfSquares(mean=True, mean_penalty=True, l1=0.01)},
    "clipping": {"optimizer": cr.AdamW(1e-2, clip_norm=0.1, weight_decay=0.01), "cost": cr.Huber(l1=0.01)},
    "patience": {"patience": 2, "optimizer": cr.Adam(0.3), "epochs": 12},
    "full batch": {"batch_size": None, "optimizer": cr.Momentum(1e-3)},
    "in order": {"shuffle": False, "optimizer": cr.RMSProp(1e-3)},
    "few rows": {"batch_size": 3},
}


def rank() -> int:
    """The number of this process."""
    return int(os.environ.get("OMPI_COMM_WORLD_RANK", "0"))


def trained(name: str, epochs: int = 3, **settings: Any) -> cr.History:
    """Trains the network of a problem."""
    given: dict[str, Any] = {"cost": "sum_of_squares", "optimizer": "adam", "batch_size": 16, "epochs": epochs}
    given |= {**PROBLEMS.get(name, {}), **settings}
    rng = np.random.default_rng(1 if name in PROBLEMS else rank())  # "other data"
    X = rng.normal(size=(83, 7))
    Y = np.stack([X[:, 0] * X[:, 1], np.sin(X[:, 2])], 1)
    weights = rng.uniform(size=83) if given.pop("weights", False) else None
    dropout, dtype = given.pop("dropout", 0.0), given.pop("dtype", "float32")
    net = cr.Network.dense([7, 11, 5, 2], hidden="tanh", dropout=dropout, seed=0, dtype=dtype)
    engine = given.pop("engine", cr.engines.DataParallel(timeout=given.pop("timeout", 300.0)))
    return cr.train(net, X, Y, weights=weights, validation=(X[:20], Y[:20]), engine=engine, **given)


def digest(history: cr.History) -> str:
    """A digest of θ, the moments and all records but the seconds."""
    state = history.state
    arrays = [state.theta, *(moment for _, moment in sorted(state.moments.items()))]
    arrays += [history.J, history.validation_J, history.learning_rate, history.gradient_norm]
    arrays += [] if state.best_theta is None else [state.best_theta]
    return hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()


def fault(kind: str, victim: int, at: int) -> Any:
    """A callback that makes one process fail after an epoch."""

    def fail(history: cr.History) -> bool:
        if history.epochs == at and rank() == victim:
            if kind == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            if kind == "raise":
                raise ValueError("bad process")
            if kind == "leave":
                sys.exit(0)
            if kind == "sleep":
                time.sleep(6)  # for long enough
            if kind == "interrupt":
                os.kill(os.getpid(), signal.SIGINT)
            if kind == "stop":
                return True
        return False

    return fail


def in_threads(name: str) -> None:
    """Trains twice, each time in a new thread and a new group of ``torch.distributed``, as in a worker of Dask.

    The groups meet in files: at one port, a process might still find the server of the group before.
    """
    from torch import distributed

    size, meeting = int(os.environ["OMPI_COMM_WORLD_SIZE"]), Path(tempfile.gettempdir(), os.environ["MASTER_PORT"])

    def work() -> None:
        place = f"file://{meeting}.{len(groups)}"
        distributed.init_process_group("gloo", init_method=place, rank=rank(), world_size=size, timeout=MEETING)
        groups.append(place)
        history = trained(name)
        print(history.stopped, history.epochs, digest(history))
        distributed.destroy_process_group()

    groups: list[str] = []
    for _ in range(2):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()


def threads_of_gloo() -> int:
    """The number of threads that PyTorch's gloo has in this process."""
    count = 0
    for task in Path("/proc/self/task").glob("*/comm"):
        with suppress(FileNotFoundError, ProcessLookupError):  # of a thread that has ended since it was listed
            count += "gloo" in task.read_text()
    return count


def closed(name: str) -> None:
    """Trains, closes the group, and prints whether gloo had threads before and has some afterwards."""
    trained(name)
    group, before = joined(300.0), threads_of_gloo()
    assert isinstance(group, Group)
    group.close()
    print(before > 0, threads_of_gloo() > 0)


def main(name: str, kind: str = "", victim: str = "1", timeout: str = "300", checkpoint: str = "") -> None:
    """Trains, and prints how it ended."""
    settings: dict[str, Any] = {"timeout": float(timeout)}
    if kind == "other version" and rank() == 1:
        vars(digest_of_problem)["__version__"] = "0.0.1"
    if kind == "other kernels" and rank() == 1:
        os.environ["CHAINRULE_KERNELS"] = "baseline"  # not used yet in this process
    if kind == "group of the program":
        in_threads(name)
        return
    if kind == "closed":
        closed(name)
        return
    if kind and not kind.startswith("other"):
        settings["callbacks"] = [fault(kind, int(victim), at=2)]
    if checkpoint:
        settings |= {"checkpoint": cr.Checkpoint(Path(checkpoint), epochs=1), "resume": True}
    try:
        history = trained(name, **settings)
    except cr.TrainingInterrupted as error:
        print("interrupted", error.history.epochs, digest(error.history))
        return
    except cr.ProcessLost as error:
        print("lost:", error)
        sys.exit(3)
    print(history.stopped, history.epochs, digest(history))

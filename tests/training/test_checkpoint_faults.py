"""A checkpoint survives a killed process, a full disk, and a folder that cannot be written; a part of one is refused.

``python -m fuzz checkpoints`` does the same for random runs.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.engines.state_bits import bits
from support.noisy_examples import X_VAL, Y_VAL, X, Y

import chainrule as cr

on_unix = pytest.mark.skipif(sys.platform == "win32", reason="needs signals and limits as on Unix")
SETTINGS: dict[str, Any] = {
    "optimizer": "adam", "batch_size": 3, "validation": (X_VAL, Y_VAL), "patience": 10**6, "epochs": 60,
}  # fmt: skip


def new() -> cr.Network:
    """2-20-1 with dropout."""
    return cr.Network.dense([2, 20, 1], hidden="tanh", dropout=0.25, seed=1)


def train(**settings: Any) -> cr.History:
    """Trains a new network."""
    return cr.train(new(), X, Y, **{**SETTINGS, **settings})


TRAIN = """
import sys
import numpy as np, chainrule as cr
from support.noisy_examples import X_VAL, Y_VAL, X, Y
net = cr.Network.dense([2, 20, 1], hidden="tanh", dropout=0.25, seed=1)
print("ready", flush=True)
cr.train(net, X, Y, optimizer="adam", batch_size=3, validation=(X_VAL, Y_VAL), patience=10**6, epochs=2_000_000,
         checkpoint=cr.Checkpoint(sys.argv[1], seconds=0.002), resume=True)
"""


@on_unix
def test_a_killed_process_continues(tmp_path: Path) -> None:
    """A process that trains is killed (SIGKILL) at six random moments. Each time its file is a whole run, further than
    before, and a network; the run that is resumed last ends bitwise like the uninterrupted one."""
    rng, path, reached = random.Random(0), tmp_path / "run", 0
    for _ in range(6):
        with subprocess.Popen(
            [sys.executable, "-c", TRAIN, str(path)], stdout=subprocess.PIPE, text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        ) as process:  # fmt: skip
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            time.sleep(rng.uniform(0.0, 0.2))
            process.kill()
        assert process.returncode == -signal.SIGKILL
        if path.exists():
            state = cr.TrainingState.load(path)
            assert state.step >= reached
            assert cr.load(path).d == len(state.theta)
            reached = state.step
    epochs = reached // 4 + 100
    history = train(epochs=epochs, checkpoint=path, resume=True)
    assert bits(history.state) == bits(train(epochs=epochs).state)
    assert [file.name for file in tmp_path.iterdir()] == ["run"]


@pytest.fixture(params=["small disk", "limit"])
def fill(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    """A function that fills the disk of tmp_path/disk, or makes room again: a small file system, or a limit of the
    process for the size of a file."""
    resource = pytest.importorskip("resource")
    disk = tmp_path / "disk"
    disk.mkdir()
    if request.param == "limit":
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        yield lambda is_full: resource.setrlimit(resource.RLIMIT_FSIZE, (1000 if is_full else limits[0], limits[1]))
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        return
    mount = ["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", str(disk)]
    if sys.platform != "linux" or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no file system can be mounted")

    def fill_disk(is_full: bool) -> None:
        if not is_full:
            (disk / "filler").unlink()
            return
        with contextlib.suppress(OSError), open(disk / "filler", "wb", buffering=0) as file:
            while True:
                file.write(bytes(1024))

    yield fill_disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def test_training_goes_on_when_the_disk_is_full(fill: Any, tmp_path: Path) -> None:
    """When the disk becomes full, training continues with one warning, and one more at the end; the file holds the run
    before, and later the resumed run ends like the uninterrupted one."""
    path = tmp_path / "disk" / "run"

    def after_epoch(history: cr.History) -> None:
        if history.epochs == 5:
            fill(True)

    with pytest.warns(cr.errors.TrainingWarning) as caught:
        history = train(callbacks=[after_epoch], checkpoint=cr.Checkpoint(path, epochs=2))
    fill(False)
    whole = train()
    assert bits(history.state) == bits(whole.state)
    words = [str(warning.message) for warning in caught]
    assert [text.partition(":")[0] for text in words] == [
        f"the checkpoint {path} could not be written after epoch {epoch}" for epoch in (6, 60)
    ]
    assert "It still holds the run after epoch 4; training continues." in words[0]
    assert "It still holds the run after epoch 4; training has ended." in words[1]
    assert cr.TrainingState.load(path).epoch == 4
    assert bits(train(checkpoint=path, resume=True).state) == bits(whole.state)
    assert [file.name for file in (tmp_path / "disk").iterdir()] == ["run"]


def test_without_room_training_does_not_begin(fill: Any, tmp_path: Path) -> None:
    """On a disk that is full already, OSError comes before the first step, and θ does not move."""
    net = new()
    before = net.theta.tobytes()
    fill(True)
    with pytest.raises(OSError, match=r"No space left|File too large"):
        cr.train(net, X, Y, checkpoint=tmp_path / "disk" / "run", **SETTINGS)
    fill(False)
    assert net.theta.tobytes() == before
    assert not (tmp_path / "disk" / "run").exists()


def test_a_folder_that_is_read_only(folder_of_nobody: Path) -> None:
    """A folder that cannot be written is found out before the first step; if that happens later, training continues."""
    net, path = new(), folder_of_nobody / "run"
    folder_of_nobody.chmod(0o500)
    with pytest.raises(PermissionError) as caught:
        cr.train(net, X, Y, checkpoint=path, **SETTINGS)
    assert caught.value.filename == str(path)
    assert (net.theta == new().theta).all()
    folder_of_nobody.chmod(0o700)

    def lock(history: cr.History) -> None:
        if history.epochs == 30:
            folder_of_nobody.chmod(0o500)

    with pytest.warns(cr.errors.TrainingWarning, match=r"could not be written after epoch 60: Permission denied"):
        train(callbacks=[lock], checkpoint=path)
    assert cr.TrainingState.load(path).epoch == 0
    with pytest.raises(PermissionError):
        train(checkpoint=path, resume=True)
    folder_of_nobody.chmod(0o700)


READERS: dict[str, Callable[[Path], object]] = {
    "resume": lambda path: train(checkpoint=path, resume=True),
    "state": cr.TrainingState.load,
    "network": cr.load,
}


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
def test_a_part_of_a_checkpoint_is_refused(read: Callable[[Path], object], tmp_path: Path) -> None:
    """A checkpoint that is cut at every 1,000th byte, or has a changed bit, is refused with its name, by whatever reads
    it."""
    path = tmp_path / "run"
    train(epochs=300, checkpoint=path)
    content = path.read_bytes()
    assert len(content) > 15_000
    for length in range(0, len(content), 1000):
        path.write_bytes(content[:length])
        with pytest.raises(cr.FileFormatError, match="run is not a complete Chainrule file"):
            read(path)
    damaged = bytearray(content)
    damaged[-100] ^= 1
    path.write_bytes(damaged)
    with pytest.raises(cr.FileFormatError, match="run is damaged: the numbers of"):
        read(path)

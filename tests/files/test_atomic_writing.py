"""A file is written completely or not at all, through kills, full disks, concurrent writers and missing permissions."""

from __future__ import annotations

import errno
import os
import random
import shutil
import signal
import stat
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import chainrule as cr
from chainrule import files
from chainrule.files import atomic

SIZES = [200, 100, 1]  # 160 kB, several blocks of any disk, so that a partial file is possible


def net_of(value: float) -> cr.Network:
    """A network whose parameters are all ``value``, so that a mixture of two files would be detected."""
    net = cr.Network.dense(SIZES)
    net.theta = np.full(net.d, value)
    return net


def value_of(path: Path) -> float:
    """The common value of all parameters of the network in the file."""
    values = np.unique(cr.load(path).theta)
    assert len(values) == 1
    return float(values[0])


def names(folder: Path) -> set[str]:
    """The names of the files in the folder."""
    return {path.name for path in folder.iterdir()}


def start(code: str, *arguments: object, before: tuple[str, ...] = ()) -> subprocess.Popen[str]:
    """Starts a Python process that runs ``code``."""
    command = [*before, sys.executable, "-W", "error", "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


SAVE_FOR_EVER = """
import sys, itertools
import numpy as np, chainrule as cr
net = cr.Network.dense([200, 100, 1])
values = [float(value) for value in sys.argv[2:]]
for k, value in enumerate(itertools.cycle(values)):
    net.theta[...] = value
    net.save(sys.argv[1])
    if k == 0:
        print("ready", flush=True)
"""


def test_a_killed_process_leaves_a_complete_file(tmp_path: Path) -> None:
    """A process killed (SIGKILL) while it saves in a loop leaves a complete file, the last one or the one before."""
    rng = random.Random(0)
    for _ in range(8):
        process = start(SAVE_FOR_EVER, tmp_path / "net", 1.0, 2.0)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        for _ in range(rng.randrange(100)):  # a reader always sees a complete file, too
            assert value_of(tmp_path / "net") in (1.0, 2.0)
        process.kill()
        process.communicate()
        assert process.returncode == -signal.SIGKILL
        assert value_of(tmp_path / "net") in (1.0, 2.0)
    left_behind = names(tmp_path) - {"net"}
    assert all(name.startswith(".chainrule-") and name.endswith(".part") for name in left_behind)
    net_of(3.0).save(tmp_path / "net")
    assert value_of(tmp_path / "net") == 3.0
    assert names(tmp_path) == {"net"}


def test_a_save_removes_what_killed_ones_have_left(tmp_path: Path) -> None:
    """Parts of this name whose processes have ended are removed; those of a running process and of others stay."""
    own = tmp_path / f".chainrule-{zlib.crc32(b'net'):08x}-"
    running, file = atomic._new_part(str(own))
    others = {Path(running).name, ".chainrule-0123.part", f"{own.name}1.txt", f"{own.name}folder.part"}
    for name in (*others, f"{own.name}1.part", f"{own.name}2.part"):
        if name.endswith("folder.part"):
            (tmp_path / name).mkdir()
        elif name != Path(running).name:
            (tmp_path / name).touch()
    with file:
        net_of(1.0).save(tmp_path / "net")
        assert names(tmp_path) == {"net", *others}
    net_of(1.0).save(tmp_path / "net")  # the file is closed, and with it the lock
    assert names(tmp_path) == {"net", *others} - {Path(running).name}


def test_concurrent_writers_leave_one_complete_file(tmp_path: Path) -> None:
    """Processes that save to one name at the same time leave the complete file of one of them, and nothing else."""
    code = SAVE_FOR_EVER.replace("itertools.cycle(values)", "values * 25")
    writers = [start(code, tmp_path / "net", float(k)) for k in range(1, 5)]
    seen: set[float] = set()
    while any(writer.poll() is None for writer in writers):
        if (tmp_path / "net").exists():
            seen.add(value_of(tmp_path / "net"))
    assert [(writer.communicate()[1], writer.returncode) for writer in writers] == [("", 0)] * 4
    assert seen | {value_of(tmp_path / "net")} <= {1.0, 2.0, 3.0, 4.0}
    assert names(tmp_path) == {"net"}


SAVE_TOO_MUCH = """
import errno, resource, sys
import numpy as np, chainrule as cr
small, large = cr.Network.dense([1, 1], initial="zeros"), cr.Network.dense([200, 100, 1])
small.save(sys.argv[1])
if sys.argv[2:]:
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
try:
    large.save(sys.argv[1])
except OSError as error:
    print(errno.errorcode[error.errno], error.filename == sys.argv[1])
import os
print(sorted(os.listdir(os.path.dirname(sys.argv[1]))), cr.load(sys.argv[1]).m)
"""


def test_a_file_that_grows_too_large_leaves_the_old_one(tmp_path: Path) -> None:
    """At the limit of file sizes the old file stays intact, the error names it, and no partial file remains."""
    process = start(SAVE_TOO_MUCH, tmp_path / "net", "limit")
    assert process.communicate() == ("EFBIG True\n['net'] (1, 1)\n", "")


def test_a_full_disk_leaves_the_old_file(tmp_path: Path) -> None:
    """On a disk of 64 kB, too small for 160 kB, the old file stays intact, and the disk space is freed."""
    mount = f"mount -t tmpfs -o size=64k tmpfs '{tmp_path}' && exec \"$@\""
    unshare = ("unshare", "-rm", "sh", "-c", mount, "sh")
    if (
        shutil.which("unshare") is None
        or subprocess.run([*unshare, "true"], capture_output=True, check=False).returncode
    ):
        pytest.skip("needs its own mount namespace (Linux, unshare -rm)")
    process = start(SAVE_TOO_MUCH, tmp_path / "net", before=unshare)
    assert process.communicate() == ("ENOSPC True\n['net'] (1, 1)\n", "")
    assert names(tmp_path) == set()


@pytest.mark.parametrize("failing", ["fsync", "replace"])
@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError(5, "Input/output error"), MemoryError])
def test_an_error_in_the_middle_leaves_the_old_file(
    failing: str, error: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C, a disk error or a MemoryError during writing passes through and leaves the old file intact and alone."""

    def fail(*_: object) -> None:
        raise error

    net_of(1.0).save(tmp_path / "net")
    with monkeypatch.context() as patch:
        patch.setattr(os, failing, fail)
        with pytest.raises(type(error) if isinstance(error, OSError) else error):  # type: ignore[arg-type]
            net_of(2.0).save(tmp_path / "net")
    assert value_of(tmp_path / "net") == 1.0
    assert names(tmp_path) == {"net"}


def test_the_file_is_on_the_disk_before_it_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The data are flushed (fsync) before the rename, and the folder after it: a power failure costs neither."""
    happened: list[str] = []

    def recorded(name: str) -> Callable[..., None]:
        original = getattr(os, name)

        def function(*arguments: object) -> None:
            happened.append(name)
            original(*arguments)

        return function

    for name in ("fsync", "replace"):
        monkeypatch.setattr(os, name, recorded(name))
    net_of(1.0).save(tmp_path / "net")
    assert happened == ["fsync", "replace", "fsync"]


REFUSED = [
    # the path, the error, its reason
    ("missing/net", FileNotFoundError, "No such file or directory; there is no folder 'missing', make it first"),
    ("file/net", NotADirectoryError, "Not a directory"),
    ("folder", IsADirectoryError, "it is a folder; name a file in it"),
    ("pipe", FileExistsError, "it is not a regular file and will not be replaced"),
    ("link", FileExistsError, "it is not a regular file and will not be replaced (it is a link to 'pipe')"),
    ("x" * 300, OSError, "File name too long"),
]


def make_obstacles() -> None:
    """Makes the file, the folder, the pipe and the link of REFUSED in the current folder."""
    Path("file").touch()
    Path("folder").mkdir()
    os.mkfifo("pipe")
    Path("link").symlink_to("pipe")


@pytest.mark.parametrize(("path", "error", "reason"), REFUSED)
def test_an_error_names_the_path_as_it_was_given(
    path: str, error: type[OSError], reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every error of writing has its number, its reason and the path as it was given, and leaves no file."""
    monkeypatch.chdir(tmp_path)
    make_obstacles()
    before = names(tmp_path)
    with pytest.raises(error) as caught:
        net_of(1.0).save(path)
    assert str(caught.value) == f"[Errno {caught.value.errno}] {reason}: {path!r}"
    assert (caught.value.strerror, caught.value.filename, caught.value.filename2) == (reason, path, None)
    assert names(tmp_path) == before


@pytest.mark.parametrize("has_links", [True, False])
def test_a_new_file_replaces_nothing(tmp_path: Path, has_links: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """With ``replace=False`` a file that exists stays as it is, also on a file system without hard links."""

    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    if not has_links:
        monkeypatch.setattr(os, "link", refuse)
    (tmp_path / "link").symlink_to("new")
    for name in ("new", "link"):
        files.write_bytes(tmp_path / "new", b"one", replace=False)
        with pytest.raises(FileExistsError, match="File exists"):
            files.write_bytes(tmp_path / name, b"two", replace=False)
        assert (tmp_path / "new").read_bytes() == b"one"
        assert names(tmp_path) == {"new", "link"}
        (tmp_path / "new").unlink()
    files.write_bytes(tmp_path / "link", b"three", replace=False)
    assert (tmp_path / "new").read_bytes() == b"three"
    old = os.umask(0o027)
    try:
        files.write_bytes(tmp_path / "mode", b"", replace=False)
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "mode").stat().st_mode) == 0o640


def test_only_regular_files_are_replaced(tmp_path: Path) -> None:
    """A folder, a pipe or a device of that name is refused at once and not replaced."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "null").symlink_to("/dev/null")
    for name, error in {"pipe": FileExistsError, "folder": IsADirectoryError, "null": FileExistsError}.items():
        with pytest.raises(error, match=r"it is not a regular file|is a folder"):
            net_of(1.0).save(tmp_path / name)
    assert names(tmp_path) == {"pipe", "folder", "null"}
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


def test_permissions_follow_the_umask_or_the_old_file(tmp_path: Path) -> None:
    """A new file gets the permissions of the umask; a replaced one keeps its own, also while it is written."""
    old = os.umask(0o027)
    try:
        net_of(1.0).save(tmp_path / "net")
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "net").stat().st_mode) == 0o640
    (tmp_path / "net").chmod(0o600)
    net_of(2.0).save(tmp_path / "net")
    assert stat.S_IMODE((tmp_path / "net").stat().st_mode) == 0o600


def test_a_symbolic_link_stays_and_its_target_is_replaced(tmp_path: Path) -> None:
    """Saving through a link writes its target in the target's folder, whether or not the target exists."""
    (tmp_path / "runs").mkdir()
    net_of(1.0).save(tmp_path / "runs" / "7")
    (tmp_path / "latest").symlink_to("runs/7")
    (tmp_path / "next").symlink_to("runs/8")
    net_of(2.0).save(tmp_path / "latest")
    net_of(3.0).save(tmp_path / "next")
    assert (tmp_path / "latest").is_symlink()
    assert (value_of(tmp_path / "runs" / "7"), value_of(tmp_path / "runs" / "8")) == (2.0, 3.0)
    assert names(tmp_path) | names(tmp_path / "runs") == {"runs", "latest", "next", "7", "8"}


def test_without_permission_nothing_is_written_or_read(folder_of_nobody: Path) -> None:
    """A write-protected folder or file is not changed, and an unreadable file gives PermissionError."""
    path = folder_of_nobody / "net"
    net_of(1.0).save(path)
    path.chmod(0o400)
    with pytest.raises(PermissionError, match="it is write-protected"):
        net_of(2.0).save(path)
    path.chmod(0o600)
    folder_of_nobody.chmod(0o500)
    with pytest.raises(PermissionError) as caught:
        net_of(2.0).save(path)
    assert caught.value.filename == str(path)
    folder_of_nobody.chmod(0o700)
    assert value_of(path) == 1.0
    assert names(folder_of_nobody) == {"net"}
    path.chmod(0o000)
    with pytest.raises(PermissionError):
        cr.load(path)


@pytest.mark.parametrize(("path", "error", "reason"), REFUSED)
def test_a_trial_raises_what_writing_would(
    path: str, error: type[OSError], reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``require_writable`` finds out, before the work, what ``write_bytes`` would refuse, and leaves no file."""
    monkeypatch.chdir(tmp_path)
    make_obstacles()
    before = names(tmp_path)
    with pytest.raises(error) as caught:
        files.require_writable(path)
    assert (caught.value.strerror, caught.value.filename) == (reason, path)
    with pytest.raises(FileExistsError):
        files.require_writable("file", replace=False)
    files.require_writable("file")
    files.require_writable("new", replace=False)
    assert names(tmp_path) == before
    assert Path("file").read_bytes() == b""


def test_other_files_are_written_in_the_same_way(tmp_path: Path) -> None:
    """``write_bytes``, which also writes training states, pictures and tables, replaces a file in one step."""
    files.write_bytes(tmp_path / "file", b"old")
    files.write_bytes(tmp_path / "file", b"new")
    assert (tmp_path / "file").read_bytes() == b"new"
    assert names(tmp_path) == {"file"}


@pytest.mark.parametrize("system", ["no locks", "Windows"])
def test_files_are_saved_where_nothing_can_be_locked(
    system: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a file system without locks, and without fcntl, a save replaces the file and leaves no part."""

    def no_locks(descriptor: int, operation: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    if system == "Windows":
        monkeypatch.setattr(atomic, "fcntl", None)
    else:
        monkeypatch.setattr("chainrule.files.atomic.fcntl.flock", no_locks)
    for value in (1.0, 2.0):
        net_of(value).save(tmp_path / "net")
        assert value_of(tmp_path / "net") == value
    assert [path.name for path in tmp_path.iterdir()] == ["net"]


@pytest.mark.parametrize("moment", ["holding its lock", "before it is locked"])
def test_a_part_that_another_process_removes_is_made_anew(
    moment: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process may find the new part without its lock, and remove it as abandoned: the save then makes another."""
    fcntl = pytest.importorskip("fcntl")
    flock = fcntl.flock
    found: list[Path] = []

    def robbed(descriptor: int, operation: int) -> None:
        parts = list(tmp_path.glob(".chainrule-*.part"))
        if not found and parts:
            found.extend(parts)
            parts[0].unlink()
            if moment == "holding its lock":
                raise BlockingIOError(errno.EWOULDBLOCK, os.strerror(errno.EWOULDBLOCK))
        flock(descriptor, operation)

    monkeypatch.setattr("chainrule.files.atomic.fcntl.flock", robbed)
    net_of(1.0).save(tmp_path / "net")
    assert len(found) == 1
    assert value_of(tmp_path / "net") == 1.0
    assert [path.name for path in tmp_path.iterdir()] == ["net"]

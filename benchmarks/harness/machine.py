"""The circumstances of a measurement: the machine, its software, the date, and the load by other programs."""

from __future__ import annotations

import datetime
import os
import platform
import subprocess
from pathlib import Path

import chainrule
from benchmarks.harness.paths import ROOT

BUSY = 0.5  # running programs


def cores() -> int:
    """Returns the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _cpu() -> tuple[str, str]:
    """Returns the CPU's name (or its architecture) and the vector instructions that decide which kernels run."""
    info = Path("/proc/cpuinfo")
    text = info.read_text(encoding="utf-8") if info.exists() else ""
    names = (line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("model name"))
    known = ("avx2", "avx512f", "avx512_bf16", "amx_bf16", "neon", "asimd", "sve")
    flags = set(text.split())
    return next(names, platform.processor() or platform.machine()), " ".join(name for name in known if name in flags)


def load() -> float | None:
    """Returns the mean number of running programs during the last minute, where the system counts them."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else None


def described() -> dict[str, str]:
    """Returns the properties of the machine, without its host name."""
    busy, (cpu, vectors) = load(), _cpu()
    return {
        "CPU": cpu,
        "vector instructions": vectors,
        "cores": str(cores()),
        "system": f"{platform.system()} {platform.machine()}",
        "Python": platform.python_version(),
        "load before the run": "unknown" if busy is None else f"{busy:.1f}",
    }


def today() -> str:
    """Returns the date in UTC."""
    return datetime.datetime.now(datetime.UTC).date().isoformat()


def now() -> str:
    """Returns the date and time in UTC, to the second."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


def revision() -> str:
    """Returns the Git revision, with notes if the tree has changes or the measured package is not the tree's."""
    describe = ["git", "-C", str(ROOT), "describe", "--always", "--dirty=+changes"]
    try:
        revision = subprocess.run(describe, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    is_tree = _sources(ROOT / "src" / "chainrule") == _sources(Path(chainrule.__file__).parent)
    return revision + ("" if is_tree else " (the installed package is another)")


def _sources(package: Path) -> dict[str, bytes]:
    """Returns the content of each Python file of a package."""
    return {path.relative_to(package).as_posix(): path.read_bytes() for path in package.rglob("*.py")}


def warn_if_busy() -> None:
    """Prints a warning if other programs were running."""
    busy = load()
    if busy is not None and busy > BUSY:
        print(f"This machine is busy ({busy:.1f} programs ran at once in the last minute): do not trust the times.")


def facts(properties: dict[str, str]) -> list[str]:
    """Returns the known properties of a machine as text."""
    return [f"{name}: {value}" for name, value in properties.items() if value]


def listed(versions: dict[str, str]) -> str:
    """Returns packages with their versions as text."""
    return ", ".join(f"{name} {version}" for name, version in sorted(versions.items()))

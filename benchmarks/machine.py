"""What a figure must be read with: the machine, its software, the date, and whether anything else was running."""

from __future__ import annotations

import datetime
import os
import platform
import subprocess
from pathlib import Path

import chainrule
from benchmarks.process import ROOT


def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def cpu_model() -> str:
    """The CPU's own name, where the system tells it."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    fields = dict(line.split(":", 1) for line in lines if ":" in line)
    names = (value.strip() for key, value in fields.items() if key.strip() == "model name")
    return next(names, platform.processor() or platform.machine())


def instruction_sets() -> str:
    """Those of the CPU's vector instructions that decide which kernels run."""
    info = Path("/proc/cpuinfo")
    flags = set(info.read_text(encoding="utf-8").split()) if info.exists() else set()
    known = ("avx2", "avx512f", "avx512_bf16", "amx_bf16", "neon", "asimd", "sve")
    return " ".join(name for name in known if name in flags)


def load() -> float | None:
    """How many programs ran at once in the last minute, on all cores together, where the system tells."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else None


def described() -> dict[str, str]:
    """The machine, in words; it is not named."""
    busy = load()
    return {
        "CPU": cpu_model(),
        "vector instructions": instruction_sets(),
        "cores": str(cores()),
        "system": f"{platform.system()} {platform.machine()}",
        "Python": platform.python_version(),
        "load before the run": "unknown" if busy is None else f"{busy:.1f}",
    }


def today() -> str:
    """The date, UTC."""
    return datetime.datetime.now(datetime.UTC).date().isoformat()


def revision() -> str:
    """The Git revision of the tree, whether it has changes beyond it, and whether another package is measured."""
    try:
        done = subprocess.run(
            ["git", "-C", str(ROOT), "describe", "--always", "--dirty=+changes"],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return done.stdout.strip() + ("" if installed_is_the_tree() else " (the installed package is another)")


def installed_is_the_tree() -> bool:
    """Whether the package that is measured has the Python files of this tree: it may have been installed long ago."""
    tree, installed = ROOT / "src" / "chainrule", Path(chainrule.__file__).parent
    return sources(tree) == sources(installed)


def sources(package: Path) -> dict[str, bytes]:
    """The Python files of a package."""
    return {path.relative_to(package).as_posix(): path.read_bytes() for path in package.rglob("*.py")}

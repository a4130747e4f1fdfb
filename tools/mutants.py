"""Mutation tests by mutmut: small changes of the source, each of which a fast test must notice.

    python -m tools.mutants [GROUP …] [--jobs N]

Copies the files that git does not ignore, and the compiled core, to a temporary folder, and mutates there the modules
of each group of ``tools/mutants.toml``, one function at a time. Prints the mutants that the tests of the group do not
kill, and a line of figures. Module-level constants, decorated functions and lines with a message are not mutated;
decorators that a group may do ``without`` are removed first.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
GROUPS: dict[str, dict[str, Any]] = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
MESSAGE = r'"[^"]*[a-z]+ [a-z]+ [a-z]+'  # three words in quotes: tests/project guards the words
KILLED = ("killed", "timeout", "segfault")
MUTMUT = (sys.executable, "-m", "mutmut")


class Report(NamedTuple):
    """The result for the mutants of a group: their number, and the change of each one that survives."""

    group: str
    total: int
    alive: dict[str, str]  # a diff by the name of the mutant

    @property
    def survivors(self) -> dict[str, str]:
        """The living mutants that are not listed as equivalent to the source."""
        equivalent = GROUPS[self.group].get("equivalent", {})
        return {name: diff for name, diff in self.alive.items() if not equivalent.keys() & set(added(diff))}

    def row(self) -> str:
        """Returns a row of a table: the group, its mutants, those killed, those equivalent, and the share killed."""
        survivors, killed = len(self.survivors), self.total - len(self.alive)
        share = 100.0 * killed / (killed + survivors)
        return f"| {self.group} | {self.total} | {killed} | {len(self.alive) - survivors} | {share:.1f} % |"


def added(diff: str) -> list[str]:
    """Returns the lines that a mutant adds, without indentation."""
    return [line[1:].strip() for line in diff.splitlines() if line.startswith("+") and not line.startswith("+++")]


def copy_tree(folder: Path) -> None:
    """Copies the files that git does not ignore, and links the compiled core if there is one."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    for name in subprocess.run(listing, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0"):
        if (source := ROOT / name).is_file():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)
    for core in (ROOT / "src" / "chainrule").glob("_native*.so"):
        (folder / "src" / "chainrule" / core.name).symlink_to(core)


def remove_decorator(decorator: str, folder: Path, modules: Sequence[str]) -> None:
    """Removes the lines of a decorator from modules, since mutmut does not mutate decorated functions."""
    for module in modules:
        for path in (folder / "src" / "chainrule").glob(module):
            lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
            path.write_text("".join(line for line in lines if line.strip() != decorator), encoding="utf-8")


def settings(group: dict[str, Any]) -> str:
    """Returns mutmut's settings for a group, as a table of pyproject.toml."""
    lines = {
        "source_paths": ["src"],
        "only_mutate": [f"src/chainrule/{module}" for module in group["modules"]],
        "do_not_mutate_patterns": [MESSAGE],
        "also_copy": ["tools", "benchmarks"],
        "pytest_add_cli_args_test_selection": group["tests"],
        "pytest_add_cli_args": ["-p", "no:cacheprovider", *group.get("options", [])],
    }
    table = "".join(f"{name} = {value!r}\n" for name, value in lines.items())
    return f"\n[tool.mutmut]\n{table}use_git_change_detection = false\n"


def run(group: str, jobs: int) -> Report:
    """Mutates the modules of a group and runs its tests on each mutant. Raises RuntimeError if mutmut does not end."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        copy_tree(folder)
        for decorator in GROUPS[group].get("without", []):
            remove_decorator(decorator, folder, GROUPS[group]["modules"])
        with (folder / "pyproject.toml").open("a", encoding="utf-8") as file:
            file.write(settings(GROUPS[group]))
        mutated = (
            folder / "mutants" / "src"
        )  # on the path of programs that tests start: it must exist from the beginning
        mutated.mkdir(parents=True)
        others = [path for path in sys.path if path and ROOT not in (Path(path), *Path(path).parents)]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(mutated), *others])}

        def mutmut(*arguments: str) -> str:
            """Returns what a command of mutmut prints."""
            command = [*MUTMUT, *arguments]
            answer = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
            return answer.stdout + answer.stderr

        log = mutmut("run", "--max-children", str(jobs))
        lines = [line.strip().rsplit(": ", 1) for line in mutmut("results", "--all", "true").splitlines()]
        outcomes = {line[0]: line[1] for line in lines if len(line) == 2}
        if not outcomes or "not checked" in outcomes.values():
            raise RuntimeError(f"mutmut did not finish: {log[-4000:]}")
        alive = [name for name, outcome in outcomes.items() if outcome not in KILLED]
        return Report(group, len(outcomes), {name: mutmut("show", name) for name in alive})


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs groups, and prints their survivors and a row of figures for each."""
    parser = argparse.ArgumentParser(prog="python -m tools.mutants", description=__doc__.partition("\n")[0])
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=f"{', '.join(GROUPS)}; by default all")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="mutants at the same time")
    options = parser.parse_args(arguments)
    if unknown := set(options.groups) - GROUPS.keys():
        parser.error(f"there is no group {', '.join(sorted(unknown))}; known: {', '.join(GROUPS)}")
    for group in options.groups or GROUPS:
        report = run(group, options.jobs)
        print(*report.survivors.values(), report.row(), sep="\n", flush=True)


if __name__ == "__main__":
    main()

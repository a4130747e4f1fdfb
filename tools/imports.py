"""The imports between the modules of a package, read from its source with ``ast``; nothing is imported or run."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple


class Import(NamedTuple):
    """One import: the module that has it, the module or package that it names, its line, and when it runs."""

    importer: str
    imported: str
    line: int
    is_deferred: bool  # in a function or under TYPE_CHECKING, so that it does not run when the module is loaded


def sources(package: Path) -> dict[str, str]:
    """The source of every module of a package folder by its dotted name; a package has the name of its folder."""
    texts = {}
    for path in sorted([*package.rglob("*.py"), *package.rglob("*.pyi")]):
        parts = path.relative_to(package.parent).with_suffix("").parts
        texts[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path.read_text(encoding="utf-8")
    return texts


def imports(name: str, texts: Mapping[str, str]) -> list[Import]:
    """Returns every import of the module ``name``: modules of ``texts`` by their whole names, others as written."""
    return [
        Import(name, imported, line, is_deferred)
        for node, is_deferred in _statements_of(texts[name])
        for imported, line in _targets(node, name, texts)
    ]


@functools.cache  # a test asks for the same package again and again, with one module changed
def _statements_of(text: str) -> list[tuple[ast.Import | ast.ImportFrom, bool]]:
    """Returns each import statement of a source, and whether it is deferred."""
    return list(_statements(ast.parse(text), is_deferred=False))


def _statements(node: ast.AST, is_deferred: bool) -> Iterator[tuple[ast.Import | ast.ImportFrom, bool]]:
    """Yields each import statement below ``node``, and whether it is deferred."""
    for child in ast.iter_child_nodes(node):
        deferred = is_deferred or isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            deferred = True
        if isinstance(child, (ast.Import, ast.ImportFrom)):
            yield child, deferred
        yield from _statements(child, deferred)


def _targets(node: ast.Import | ast.ImportFrom, importer: str, texts: Mapping[str, str]) -> Iterator[tuple[str, int]]:
    """Yields the modules that a statement names: ``from package import module`` names the module."""
    if isinstance(node, ast.Import):
        yield from ((alias.name, node.lineno) for alias in node.names)
        return
    base = node.module or ""
    if node.level:  # from . import x
        is_package = any(other.startswith(importer + ".") for other in texts)
        parts = importer.split(".")
        above = parts[: len(parts) - node.level + is_package]
        base = ".".join([*above, *([base] if base else [])])
    for alias in node.names:
        whole = f"{base}.{alias.name}"
        yield (whole if whole in texts else base), node.lineno


def circles(arrows: Iterable[tuple[str, str]]) -> list[set[str]]:
    """The strongly connected sets of at least two nodes, the largest first (R. Tarjan, SIAM J. Computing 1, 1972)."""
    below: dict[str, list[str]] = {}
    for start, end in arrows:
        below.setdefault(start, []).append(end)
        below.setdefault(end, [])
    order: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[set[str]] = []

    def visit(node: str) -> None:
        order[node] = low[node] = len(order)
        stack.append(node)
        for other in below[node]:
            if other not in order:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], order[other])
        if low[node] == order[node]:
            members = set()
            while node not in members:
                members.add(stack.pop())
            if len(members) > 1:
                found.append(members)

    for node in below:
        if node not in order:
            visit(node)
    return sorted(found, key=len, reverse=True)

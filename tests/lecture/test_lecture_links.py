"""docs/lecture.md: every definition of the lecture leads to the code that implements it and the test that proves it."""

from __future__ import annotations

import ast
import functools
import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "lecture.md"
SECTIONS = re.findall(r"^### (L\d+)\..*\n((?:(?!#).*\n)*)", PAGE.read_text(encoding="utf-8"), re.MULTILINE)


def links(label: str) -> list[tuple[str, str, str]]:
    """(number, name, path) of every link in the items of the page that begin with ``label``."""
    items = [
        (number, item)
        for number, text in SECTIONS
        for item in re.findall(rf"^- {label}:(.*(?:\n  .*)*)", text, re.MULTILINE)
    ]
    return [(number, *link) for number, item in items for link in re.findall(r"\[`([\w.]+)`\]\(\.\./([^)]+)\)", item)]


IMPLEMENTED, PROVED = links("Code"), links("Proof")


@functools.cache
def definitions(path: Path) -> dict[str, ast.stmt]:
    """The definitions at the top level of a Python file and in its classes: ``name`` or ``Class.name`` → statement."""
    found: dict[str, ast.stmt] = {}

    def visit(body: list[ast.stmt], prefix: str) -> None:
        for node in body:
            if isinstance(node, ast.ClassDef | ast.FunctionDef):
                found[prefix + node.name] = node
            if isinstance(node, ast.ClassDef):
                visit(node.body, f"{prefix}{node.name}.")
            for target in node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]:
                if isinstance(target, ast.Name):
                    found[prefix + target.id] = node

    visit(ast.parse(path.read_text(encoding="utf-8")).body, "")
    return found


def test_every_definition_has_a_section() -> None:
    """The page has sections L1 … L17, in order, once each, with at least one link to code and one to a test."""
    numbers = [number for number, _ in SECTIONS]
    assert numbers == [f"L{number}" for number in range(1, 18)]
    assert {number for number, *_ in IMPLEMENTED} == {number for number, *_ in PROVED} == set(numbers)


@pytest.mark.parametrize(("number", "name", "path"), IMPLEMENTED)
def test_the_code_is_there(number: str, name: str, path: str) -> None:
    """The file of a link defines the name of the link, and the name can be imported from it."""
    assert name in definitions(ROOT / path)
    module = importlib.import_module(
        path.removeprefix("src/").removesuffix(".py").replace("/", ".").removesuffix(".__init__")
    )
    functools.reduce(getattr, name.split("."), module)


def cited(text: str) -> set[str]:
    """The definitions that a text cites: ``L9`` and every number of ``L14 – L17``."""
    spans = re.findall(r"\bL(\d+)(?: – L(\d+))?\b", text)
    return {f"L{number}" for first, last in spans for number in range(int(first), int(last or first) + 1)}


@pytest.mark.parametrize(("number", "name", "path"), IMPLEMENTED)
def test_the_code_cites_the_lecture(number: str, name: str, path: str) -> None:
    """The file that implements a definition cites its number."""
    assert number in cited((ROOT / path).read_text(encoding="utf-8"))


@pytest.mark.parametrize(("number", "name", "path"), PROVED)
def test_the_proof_is_there(number: str, name: str, path: str) -> None:
    """The test of a link is a function that pytest collects, and its docstring states a fact."""
    test = definitions(ROOT / path).get(name)
    assert isinstance(test, ast.FunctionDef)
    assert name.rpartition(".")[2].startswith("test_")
    assert ast.get_docstring(test)

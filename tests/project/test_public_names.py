"""The public names: what `from chainrule import *` gives, documented, typed, and of one version."""

from __future__ import annotations

import importlib.metadata
import importlib.resources
import inspect
import re
from pathlib import Path

import pytest

import chainrule as cr

ROOT = Path(__file__).resolve().parents[2]
NAMES = [name for name in cr.__all__ if not inspect.ismodule(getattr(cr, name)) and not name.startswith("__")]


def test_all_is_sorted_and_complete() -> None:
    """``__all__`` is sorted, without repetition, and every name in it exists."""
    assert list(cr.__all__) == sorted(set(cr.__all__))
    assert [name for name in cr.__all__ if not hasattr(cr, name)] == []


def test_nothing_public_is_missing_from_all() -> None:
    """A name of the package without underscore is in ``__all__`` or is one of its modules."""
    loose = {name for name, value in vars(cr).items() if not name.startswith("_") and not inspect.ismodule(value)}
    assert loose - {"annotations"} <= set(cr.__all__)


@pytest.mark.parametrize("name", NAMES)
def test_public_names_are_documented(name: str) -> None:
    """Every public class and function has a docstring of its own with a running example."""
    value = getattr(cr, name)
    if not (inspect.isclass(value) or inspect.isroutine(value)):
        value = type(value)  # relu and its kin are values; their class carries the example
    own = value.__dict__.get("__doc__") if inspect.isclass(value) else value.__doc__
    assert own, f"cr.{name} has no docstring"
    if inspect.isclass(value) and issubclass(value, BaseException):
        return  # an error is shown by the functions that raise it
    assert ">>>" in own, f"the docstring of cr.{name} has no example"


@pytest.mark.parametrize("name", NAMES)
def test_public_methods_are_documented(name: str) -> None:
    """Every public method and property of a public class has a docstring, its own or the one that it overrides."""
    value = getattr(cr, name)
    cls = value if inspect.isclass(value) else type(value)
    members = [
        m
        for m in vars(cls)
        if not m.startswith("_") and (callable(getattr(cls, m)) or isinstance(vars(cls)[m], property))
    ]
    assert [m for m in members if not inspect.getdoc(getattr(cls, m))] == []


def test_types_are_shipped() -> None:
    """The installed package holds ``py.typed``, so type checkers read its annotations."""
    assert (importlib.resources.files("chainrule") / "py.typed").is_file()


def test_one_version() -> None:
    """The package, its metadata, CITATION.cff and the newest entry of CHANGELOG.md name one version."""
    assert cr.__version__ == importlib.metadata.version("chainrule")
    assert f"\nversion: {cr.__version__}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    newest = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert newest is not None
    assert newest[1] == cr.__version__

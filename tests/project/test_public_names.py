"""The names that `from chainrule import *` imports: complete, documented and typed; and one version everywhere."""

from __future__ import annotations

import importlib.metadata
import importlib.resources
import inspect
import math
import pydoc
import re
from pathlib import Path

import pytest

import chainrule as cr
from chainrule import estimators, explain, exports, plot, symbolic, tables, teaching
from chainrule.activations import ACTIVATIONS, Sigma

ROOT = Path(__file__).resolve().parents[2]
PUBLIC = {
    f"{module.__name__}.{name}": getattr(module, name)
    for module in (
        cr,
        cr.callbacks,
        cr.data,
        cr.engines,
        estimators,
        explain,
        exports,
        plot,
        symbolic,
        tables,
        teaching,
    )
    for name in module.__all__
    if not inspect.ismodule(getattr(module, name))
}


def test_all_is_sorted_and_complete() -> None:
    """``__all__`` is sorted, without repetition, and every name in it exists."""
    assert list(cr.__all__) == sorted(set(cr.__all__))
    assert [name for name in cr.__all__ if not hasattr(cr, name)] == []


def test_completion_offers_every_public_name() -> None:
    """``dir`` of a package has all its public names, also those that are imported on first use."""
    for package in (cr, estimators, tables):
        assert set(package.__all__) <= set(dir(package))


def test_nothing_public_is_missing_from_all() -> None:
    """A name of the package without underscore is in ``__all__`` or is one of its modules."""
    loose = {name for name, value in vars(cr).items() if not name.startswith("_") and not inspect.ismodule(value)}
    assert loose - {"annotations"} <= set(cr.__all__)


# What takes or holds arrays, in an annotation
ARRAYS = re.compile(r"\b(Array|ArrayLike|RowsLike|ExamplesLike|NDArray)\b")
SHAPE = re.compile(r"\((t|n|m|d|r|k|epochs|rows|mᵢ|m[₀₁]|[pqm]ⱼ)(, ?[^()]*)?\)")
FORMULA = re.compile(r":?=|∂|Σ|≤|∇|~")


def own_docstring(name: str) -> str:
    """The docstring of a public name, its own and not an inherited one."""
    value = PUBLIC[name]
    return (value.__doc__ if inspect.isroutine(value) else vars(value).get("__doc__")) or ""


@pytest.mark.parametrize("name", PUBLIC)
def test_public_names_are_documented(name: str) -> None:
    """Every public class, function and value has a docstring of its own with a running example."""
    assert own_docstring(name), f"{name} has no docstring of its own"
    assert ">>>" in own_docstring(name), f"the docstring of {name} has no example"


@pytest.mark.parametrize("name", PUBLIC)
def test_errors_are_documented(name: str) -> None:
    """The docstring of a name that raises errors itself, or checks its settings, says which error, and when."""
    value = PUBLIC[name]
    if inspect.isclass(value):
        sources = [f for m in ("__init__", "__post_init__") if inspect.isfunction(f := vars(value).get(m))]
    else:
        sources = [value] if inspect.isfunction(value) else []
    own = [f for f in sources if "chainrule" in f.__code__.co_filename]  # not by `dataclass` or `Protocol`
    written = [inspect.getsource(f) for f in own]
    raises = any(re.search(r"\braise \w|\bas_\w+\(|self\._(positive|fraction)\(", source) for source in written)
    assert not raises or "Raises" in own_docstring(name), f"the docstring of {name} does not say what it raises"


@pytest.mark.parametrize("name", PUBLIC)
def test_shapes_are_documented(name: str) -> None:
    """A function that takes arrays, and a class whose instances are made of arrays, names their shapes."""
    value = PUBLIC[name]
    made_by = value.__init__ if inspect.isclass(value) and "__init__" in vars(value) else value
    try:
        taken = inspect.get_annotations(made_by) if not inspect.isclass(made_by) else {}
    except TypeError:  # a value, such as an activation, has none
        taken = {}
    if inspect.isclass(value) and issubclass(value, BaseException):
        taken = {}
    takes_arrays = any(ARRAYS.search(str(annotation)) for annotation in taken.values())
    assert not takes_arrays or SHAPE.search(own_docstring(name)), f"the docstring of {name} names no shape"


@pytest.mark.parametrize("name", PUBLIC)
def test_formulas_are_documented(name: str) -> None:
    """Every cost, optimizer, schedule and rule of initial values has its formula and its source."""
    value = PUBLIC[name]
    bases = (cr.Cost, cr.Optimizer, cr.Schedule, cr.Initial)
    if inspect.isclass(value) and issubclass(value, bases) and value not in bases:
        text = own_docstring(name)
        assert FORMULA.search(text.split(">>>")[0]), f"the docstring of {name} has no formula"
        assert "Source: " in text, f"the docstring of {name} has no source"


@pytest.mark.parametrize("sigma", ACTIVATIONS.values(), ids=str)
def test_help_of_an_activation_is_its_own(sigma: Sigma) -> None:
    """``help(cr.relu)`` shows the formula, σ′ or the Jacobian, the range, the shapes, an example and the source."""
    text = pydoc.plain(pydoc.render_doc(sigma))
    derivative = "σ′(z) = " if sigma.entrywise else "∂σ/∂z = "
    parts = ["(z)", derivative, "Range: ", "(t, m) → (t, m)", f">>> cr.{sigma.name}(", "Source: "]
    assert [part for part in parts if part not in text] == []
    low, high = sigma.range
    shown = re.search(r"Range: [(\[](\S+), (\S+)[)\]]\.", text)
    assert shown is not None
    if sigma.name != "elu":  # its least value, −α, moves with the parameter
        assert [bound_of(shown[1]), bound_of(shown[2])] == pytest.approx([low, high], abs=5e-4)


def bound_of(text: str) -> float:
    """The value of a printed end of an interval, such as −∞, −0.17 or −λα."""
    named = {"∞": math.inf, "−∞": -math.inf, "−λα": -1.7580993408473768}
    return named[text] if text in named else float(text.replace("−", "-"))


@pytest.mark.parametrize("name", PUBLIC)
def test_public_methods_are_documented(name: str) -> None:
    """Every public method and property of a public class has a docstring, its own or the one that it overrides."""
    value = PUBLIC[name]
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

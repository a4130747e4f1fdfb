"""The house: which room may import which, which packages a room may use, and how full it may be.

docs/architecture.md draws the floors and gives their reasons. Imports in functions and under TYPE_CHECKING count like
all others.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tools.imports import Import, circles, imports, sources

ROOT = Path(__file__).resolve().parents[2]
TEXTS = sources(ROOT / "src" / "chainrule")

# From the ground up: a room imports rooms of lower floors only. Rooms of one floor do not import each other.
FLOORS: list[tuple[str, ...]] = [
    ("errors",),
    ("_internal",),
    ("processes",),
    ("initial", "optimizers", "_native"),
    ("activations",),
    ("network",),
    ("costs", "files"),
    ("backprop", "data", "rows"),
    ("engines",),
    ("training",),
    ("callbacks", "diagnosis", "explain"),
    ("symbolic", "tables", "teaching"),
    ("conversion", "exports", "plot", "serving"),
    ("estimators",),
    ("cli",),
    ("", "__main__"),  # chainrule itself, which gathers the public names
]
FLOOR = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}

# Within a room: neither pair of estimators imports the other, and the encoder imports no whole model.
APART = [
    ("estimators.network", "estimators.mlp"),
    ("estimators.mlp", "estimators.network"),
    ("tables.encoding", "tables.model"),
    ("tables.encoding", "tables.target_decoder"),
    ("engines.reference", "engines.native"),
    ("engines.native", "engines.reference"),
    ("engines.torch", "engines.native"),
    ("engines.torch", "engines.reference"),
]

# The only arrows that point up: conveniences of `Network`, `Sigma` and `Cost`, each loaded when it is called.
CONVENIENCES = {
    ("network.network", "engines.choice"): "net(x) and net.predictor()",
    ("network.network", "network.forward"): "net.forward(X)",
    ("network.conveniences", "network.network"): "the type of a network in its base class",
    ("network.network", "backprop"): "net.jacobian(x)",
    ("network.conveniences", "costs"): "the types of net.explain(x, y, cost=J)",
    ("network.conveniences", "explain"): "the type that net.explain(x, y) returns",
    ("network.conveniences", "explain.explain"): "net.explain(x, y, cost=J)",
    ("network.conveniences", "plot"): "the type that net.draw() returns",
    ("network.conveniences", "plot.draw"): "net.draw(x, y, cost=J)",
    ("network.conveniences", "files"): "net.save(path)",
    ("activations.sigma", "explain.in_latex"): "sigma.latex()",
    ("costs.cost", "engines.objective"): "J.of(net, X, Y)",
    ("costs.cost", "explain.in_latex"): "cost.latex()",
}

# A particular engine is loaded by its name alone, in engines/choice.py.
ENGINES = ("engines.native", "engines.reference", "engines.torch")

# Its steps are those of the definition, with gradients that several processes compute.
BUILT_ON = {("engines.data_parallel.reference_in_parts", "engines.reference")}

# Packages besides the standard library and NumPy, and the rooms that may import them.
PACKAGES = {
    "safetensors": ("files",),
    "scipy": ("training.lbfgs", "tables.reading", "estimators"),
    "sklearn": ("estimators", "cli.inputs.bundled", "plot.charts.models"),
    "IPython": ("training.callbacks.displays",),
    "duckdb": ("exports.targets.sql",),
    "google": ("exports.targets.onnx", "conversion.onnx_graph"),
    "onnx": ("exports.targets.onnx", "conversion.onnx_graph"),
    "onnxruntime": ("exports.targets.onnx",),
    "mlflow": ("training.callbacks.mlflow_run",),
    "optuna": ("training.callbacks.optuna_pruning",),
    "pyarrow": ("rows.parquet_files", "tables", "cli", "serving.formats.arrow_rows", "training.callbacks.logs"),
    "pandas": ("training.history", "tables.encoding.output_frames"),
    "polars": ("tables.encoding.output_frames",),
    "matplotlib": ("plot", "estimators.network.inspection", "estimators.mlp.inspection"),
    "sympy": ("symbolic",),
    "starlette": ("serving",),
    "uvicorn": ("serving.connections", "serving.server"),
    "rich": ("cli", "training.callbacks.displays"),
    "torch": ("conversion.pytorch", "engines.torch", "processes"),
    "tensorboardX": ("training.callbacks.tensorboard",),
    "typer": ("cli",),
}
STANDARD = {"numpy", "chainrule", "_typeshed", *sys.stdlib_module_names}  # _typeshed: for type checkers alone
MOST_MODULES = 15  # in one folder
MOST_LINES = 400  # of one file, unless its first lines give the reason


def short(module: str) -> str:
    """The name below chainrule: "network.layer", or "" for chainrule itself."""
    return module.removeprefix("chainrule").removeprefix(".")


def room(module: str) -> str:
    """The room of a module: the first part of its short name."""
    return short(module).partition(".")[0]


def is_in(module: str, part: str) -> bool:
    """Returns True if the module is ``part`` or lies in it."""
    return f"{short(module)}.".startswith(f"{part}.")


def all_imports(texts: Mapping[str, str]) -> list[Import]:
    """Every import of the package."""
    return [found for name in texts for found in imports(name, texts)]


def is_convenience(found: Import) -> bool:
    """Returns True if this is one of the arrows that may point up."""
    return (short(found.importer), short(found.imported)) in CONVENIENCES and found.is_deferred


def violations(texts: Mapping[str, str]) -> Iterator[str]:
    """Yields a sentence for each import that the house forbids."""
    arrows = set()
    for found in all_imports(texts):
        here, there = short(found.importer), short(found.imported)
        place = f"{found.importer}:{found.line} imports {found.imported}"
        package = found.imported.partition(".")[0]
        if package != "chainrule":
            rooms = PACKAGES.get(package, ())
            if package not in STANDARD and not any(is_in(found.importer, part) for part in rooms):
                yield f"{place}, a package for {', '.join(rooms) or 'no room'}."
            continue
        if is_convenience(found):
            continue
        arrows.add((here, there))
        if room(found.importer) != room(found.imported) and FLOOR[room(found.importer)] <= FLOOR[room(found.imported)]:
            yield f"{place}, which is not on a lower floor."
        for one, other in APART:
            if is_in(found.importer, one) and is_in(found.imported, other):
                yield f"{place}; {one} and {other} are to be apart."
        if there in ENGINES and (here, there) not in BUILT_ON:
            yield f"{place}, a particular engine."
    for members in circles(arrows):
        yield f"a cycle of imports: {', '.join(sorted(members))}."


def test_arrows_point_down() -> None:
    """No import points up or to a particular engine, none makes a cycle, and no package is used outside its rooms."""
    assert list(violations(TEXTS)) == []


def test_every_convenience_is_in_use() -> None:
    """Each exception of `Network` is in use; a stale one would hide a new upward arrow."""
    used = {(short(found.importer), short(found.imported)) for found in all_imports(TEXTS) if is_convenience(found)}
    assert used == set(CONVENIENCES)


FORBIDDEN = [
    ("network.layer", "from chainrule.costs import Cost", "which is not on a lower floor"),
    ("errors", "if TYPE_CHECKING:\n    from chainrule.training import History", "which is not on a lower floor"),
    ("costs.cost", "def f():\n    from chainrule import backprop", "which is not on a lower floor"),
    ("costs.cost", "from chainrule import files", "which is not on a lower floor"),  # the same floor
    ("costs.cost", "from .. import engines", "which is not on a lower floor"),
    ("initial.data_driven", "import chainrule.network.network", "which is not on a lower floor"),
    ("network.network", "from chainrule.engines.choice import for_network", "which is not on a lower floor"),
    ("training.train", "import chainrule", "which is not on a lower floor"),
    ("estimators.network.base", "from chainrule.engines.native import NativeEngine", "a particular engine"),
    ("engines.reference", "from chainrule.engines import native", "to be apart"),
    ("estimators.mlp.base", "from chainrule.estimators.network import recipe", "to be apart"),
    ("network.rates", "from chainrule.network.layer import Layer", "a cycle of imports"),
    ("tables.model", "import sklearn.base", "a package for estimators, cli.inputs.bundled"),
    ("engines.native", "def f():\n    import torch", "a package for conversion.pytorch, engines.torch"),
    ("network.layer", "async def f():\n    import scipy.linalg", "a package for training.lbfgs"),
]


@pytest.mark.parametrize(("module", "line", "complaint"), FORBIDDEN)
def test_a_forbidden_arrow_is_found(module: str, line: str, complaint: str) -> None:
    """Each kind of forbidden import is found anywhere in a module."""
    name = f"chainrule.{module}"
    found = list(violations({**TEXTS, name: f"{TEXTS[name]}\n{line}\n"}))
    assert any(complaint in sentence and (module in sentence) for sentence in found), found


def test_every_room_has_a_floor() -> None:
    """Every module lies in a room that FLOORS names, and every room exists."""
    assert {room(name) for name in TEXTS} == set(FLOOR)


@pytest.mark.parametrize("folder", ["src/chainrule", "native", "benchmarks", "fuzz", "tests"])
def test_rooms_are_small(folder: str) -> None:
    """No folder holds more than fifteen modules."""
    modules: dict[Path, set[str]] = {}  # by name, so that x.hpp and x.cpp are one
    for path in (ROOT / folder).rglob("*"):
        if path.suffix in (".py", ".cpp", ".hpp") and path.name not in ("__init__.py", "conftest.py"):
            modules.setdefault(path.parent, set()).add(path.stem)
    assert {str(path): len(names) for path, names in modules.items() if len(names) > MOST_MODULES} == {}


def test_long_files_say_why() -> None:
    """A file of over 400 lines says in its first lines that it is long, and why: "long because …"."""
    parts = ("src", "native", "benchmarks", "fuzz", "tests", "tools")
    paths = [path for part in parts for path in (ROOT / part).rglob("*")]
    long = [
        str(path.relative_to(ROOT))
        for path in paths
        if path.suffix in (".py", ".cpp", ".hpp")
        and len(text := path.read_text(encoding="utf-8").splitlines()) > MOST_LINES
        and not any("long because" in line for line in text[:12])
    ]
    assert long == []


def test_the_core_in_c_plus_plus_knows_no_python() -> None:
    """No file of native/src, native/include or native/tests includes a header of Python or nanobind."""
    includes = [
        (path.name, header)
        for part in ("src", "include", "tests")
        for path in (ROOT / "native" / part).rglob("*.[ch]pp")
        for header in re.findall(r'^ *# *include *[<"]([^">]*)', path.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert len(includes) > 100
    assert [found for found in includes if re.match(r"(Python\.h|nanobind|pybind)", found[1])] == []

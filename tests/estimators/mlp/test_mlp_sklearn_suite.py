"""scikit-learn's own tests of its MLP, from the installed package, with our pair in the place of its own."""

from __future__ import annotations

import importlib.util
import inspect
import itertools
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("sklearn")

from chainrule.estimators import MLPClassifier, MLPRegressor

# Tests of what is private to scikit-learn's implementation, with the reason.
PRIVATE = {
    "test_gradient": "calls _loss_grad_lbfgs with scikit-learn's own lists of activations, deltas and gradients; "
    "test_gradients.py checks ours by central differences and by the complex step",
}

pytestmark = pytest.mark.filterwarnings("default")  # the tests expect that warnings are warnings


def _suite() -> dict[str, Any]:
    """The installed module of tests, run with the two names replaced."""
    spec = importlib.util.find_spec("sklearn.neural_network.tests.test_mlp")
    if spec is None or spec.origin is None:
        pytest.skip("scikit-learn is installed without its tests", allow_module_level=True)
    line = "from sklearn.neural_network import MLPClassifier, MLPRegressor"
    source = Path(spec.origin).read_text(encoding="utf-8")
    assert source.count(line) == 1, "scikit-learn's tests import their MLP in another way"
    names: dict[str, Any] = {"__name__": "sklearn_suite"}
    exec(compile(source.replace(line, "from chainrule.estimators import MLPClassifier, MLPRegressor"), spec.origin,
                 "exec"), names)  # fmt: skip
    assert names["MLPClassifier"] is MLPClassifier
    assert names["MLPRegressor"] is MLPRegressor
    return names


def _cases() -> list[Any]:
    """Every test with every combination of its parameters."""
    cases = []
    for name, test in _suite().items():
        if not (name.startswith("test_") and inspect.isfunction(test)):
            continue
        own = getattr(test, "pytestmark", [])
        marks = [mark for mark in own if mark.name == "parametrize"]
        others = [getattr(pytest.mark, mark.name)(*mark.args) for mark in own if mark.name != "parametrize"]
        for combination in itertools.product(*(range(len(mark.args[1])) for mark in marks)):
            given: dict[str, Any] = {}
            for mark, k in zip(marks, combination, strict=True):
                symbols = [symbol.strip() for symbol in mark.args[0].split(",")]
                values = mark.args[1][k] if len(symbols) > 1 else [mark.args[1][k]]
                given |= dict(zip(symbols, values, strict=True))
            cases.append(pytest.param(test, given, id="-".join([name, *map(str, combination)]), marks=others))
    return cases


@pytest.mark.parametrize(("test", "given"), _cases())
def test_scikit_learns_own_test_passes(test: Any, given: dict[str, Any], request: pytest.FixtureRequest) -> None:
    """The assertions of scikit-learn's tests of its MLPs hold for Chainrule's."""
    if test.__name__ in PRIVATE:
        pytest.skip(PRIVATE[test.__name__])
    wanted = [symbol for symbol in inspect.signature(test).parameters if symbol not in given]
    seeds = {"global_random_seed": 42}  # scikit-learn's own default for this fixture
    test(**given, **{symbol: seeds.get(symbol) or request.getfixturevalue(symbol) for symbol in wanted})


def test_the_table_names_tests_that_exist() -> None:
    """Every test that is left out is one of scikit-learn's."""
    assert set(PRIVATE) <= set(_suite())

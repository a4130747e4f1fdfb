"""Keywords that an estimator does not have."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from sklearn.base import clone

from chainrule.errors import InputError
from chainrule.estimators import MLPClassifier, MLPRegressor, NetworkClassifier, NetworkRegressor
from chainrule.estimators.parameter_names import ELSEWHERE

UNKNOWN = [
    # the keyword, and the end of the message
    ("lr", "did you mean 'learning_rate'?"),
    ("n_jobs", "did you mean 'threads'?"),
    ("max_iter", "did you mean 'epochs'?"),
    ("alpha", "did you mean 'weight_decay'?"),
    ("loss", "did you mean 'cost'?"),
    ("n_estimators", "did you mean 'n_networks'?"),
    ("early_stopping", "did you mean 'patience'?"),
    ("seed", "did you mean 'random_state'?"),
    ("learning_rat", "did you mean 'learning_rate'?"),
    ("zzzzzz", "It has: preset"),
]


@pytest.mark.parametrize(("keyword", "message"), UNKNOWN)
@pytest.mark.parametrize("kind", [NetworkClassifier, NetworkRegressor])
def test_names_of_other_libraries_are_understood(kind: type, keyword: str, message: str) -> None:
    """A parameter under the name of another library, or misspelt, is an error that names the one that is meant."""
    with pytest.raises(TypeError) as caught:
        kind(**{keyword: 1})
    assert f"{kind.__name__} has no parameter {keyword!r}" in str(caught.value)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("keyword", "meant"),
    [
        ("lr", "learning_rate_init"), ("n_jobs", "threads"), ("epochs", "max_iter"), ("optimizer", "solver"),
        ("weight_decay", "alpha"), ("early_stopping_rounds", "n_iter_no_change"), ("seed", "random_state"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", [MLPClassifier, MLPRegressor])
def test_the_pair_names_its_own_parameters(kind: Any, keyword: str, meant: str) -> None:
    """The pair with scikit-learn's parameters does so too, in its own names."""
    with pytest.raises(TypeError, match=f"{kind.__name__} has no parameter {keyword!r}; did you mean {meant!r}"):
        kind(**{keyword: 1})


@pytest.mark.parametrize(
    ("keyword", "message"),
    [*UNKNOWN, ("optimizer__learning_rate", "did you mean 'learning_rate'?"), ("cost__l2", "'weight_decay'?")],
)
@pytest.mark.parametrize("kind", [NetworkClassifier, NetworkRegressor])
def test_set_params_names_the_parameter_that_is_meant(kind: Any, keyword: str, message: str) -> None:
    """So does `set_params`, which sets nothing then; fields of an optimizer or a cost are no parameters."""
    estimator = kind()
    with pytest.raises(InputError) as caught:
        estimator.set_params(epochs=3, **{keyword: 1})
    assert f"{kind.__name__} has no parameter {keyword!r}" in str(caught.value)
    assert message in str(caught.value)
    assert estimator.epochs is None


@pytest.mark.parametrize(
    ("keyword", "meant"), [("eval_set", "X_val"), ("weights", "sample_weight"), ("gruops", "groups")]
)
def test_fit_names_the_argument_that_is_meant(keyword: str, meant: str) -> None:
    """So is an unknown argument of ``fit``, before anything is trained."""
    with pytest.raises(TypeError, match=f"fit has no parameter {keyword!r}; did you mean {meant!r}"):
        NetworkClassifier().fit([[0.0], [1.0]], [0, 1], **{keyword: 1})


@pytest.mark.parametrize("kind", [NetworkClassifier, NetworkRegressor])
def test_each_suggestion_exists(kind: Any) -> None:
    """Every parameter that is suggested is one of the estimators or of ``fit``, and no name elsewhere is one."""
    known = {*inspect.signature(kind).parameters, *inspect.signature(kind.fit).parameters}
    missing = ELSEWHERE.keys() - known
    assert missing == (set() if kind is NetworkClassifier else {"class_weight"})
    assert not known & {other for others in ELSEWHERE.values() for other in others}
    assert clone(kind(epochs=3)).get_params() == kind(epochs=3).get_params()

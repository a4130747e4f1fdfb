"""Keywords that an estimator does not have."""

from __future__ import annotations

import inspect
import re
from typing import Any

import pytest
from sklearn.base import clone

import chainrule as cr
from chainrule.errors import InputError
from chainrule.estimators import MLPClassifier, MLPRegressor, NetworkClassifier, NetworkRegressor
from chainrule.estimators.names_elsewhere import ELSEWHERE, INSTEAD

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
    ("validation_split", "did you mean 'validation_fraction'?"),
    ("eval_set", "; fit has it: fit(X_val=…)"),
    ("validation_data", "; fit has it: fit(X_val=…)"),
    ("sample_weights", "; fit has it: fit(sample_weight=…)"),
    ("num_leaves", ": it is for decision trees; the size of a network is hidden_layer_sizes."),
    ("train_size", ": give the share that is held out, validation_fraction; the other rows are trained on."),
    ("momentum", ": it belongs to the optimizer, such as optimizer=cr.AdamW("),
    ("lr_scheduler", ": learning_rate takes a schedule, such as learning_rate=cr.Cosine("),
    ("reg_alpha", ": it belongs to the cost, such as cost=cr."),
    ("n_classes", ": inputs and outputs follow from the rows and y."),
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
        ("dtype", "precision"), ("beta1", "beta_1"), ("validation_split", "validation_fraction"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", [MLPClassifier, MLPRegressor])
def test_the_pair_names_its_own_parameters(kind: Any, keyword: str, meant: str) -> None:
    """The pair with scikit-learn's parameters does so too, in its own names."""
    with pytest.raises(TypeError, match=f"{kind.__name__} has no parameter {keyword!r}; did you mean {meant!r}"):
        kind(**{keyword: 1})


@pytest.mark.parametrize(
    ("kind", "keyword", "message"),
    [
        (MLPClassifier, "loss", ": the cost is the cross-entropy, as scikit-learn's is; NetworkClassifier has cost."),
        (MLPClassifier, "cost", ": the cost is the cross-entropy, as scikit-learn's is; NetworkClassifier has cost."),
        (MLPRegressor, "cost", "; did you mean 'loss'?"),
        (MLPRegressor, "eval_set", ": early_stopping=True holds out some of the rows, the share validation_fraction."),
        (MLPRegressor, "scheduler", ": with solver='sgd', learning_rate is 'constant', 'invscaling' or 'adaptive'."),
        (MLPClassifier, "weight_init", ". It has: hidden_layer_sizes, "),
        (NetworkClassifier, "quantiles", ": quantiles are those of numbers; NetworkRegressor has them."),
        (NetworkRegressor, "class_weights", ". It has: preset, "),
    ],
)
def test_each_estimator_suggests_what_it_has(kind: Any, keyword: str, message: str) -> None:
    """No parameter is suggested that this estimator does not have; what stands in its place is said in a sentence."""
    with pytest.raises(TypeError) as caught:
        kind(**{keyword: 1})
    assert f"{kind.__name__} has no parameter {keyword!r}{message}" in str(caught.value)


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


@pytest.mark.parametrize("kind", [NetworkClassifier, NetworkRegressor, MLPClassifier, MLPRegressor])
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_fit_knows_the_parameters_of_the_estimator(kind: Any, method: str) -> None:
    """A parameter of the estimator that is given to ``fit`` is named with its place, also under another name."""
    ours = "max_iter" if "max_iter" in inspect.signature(kind).parameters else "epochs"
    for given in ("epochs", "nb_epoch"):
        with pytest.raises(TypeError) as caught:
            getattr(kind(), method)([[0.0], [1.0]], [0, 1], **{given: 3})
        message = f"{method} has no parameter {given!r}; {kind.__name__} has it: {kind.__name__}({ours}=…)"
        assert str(caught.value).endswith(message)


@pytest.mark.parametrize("kind", [MLPClassifier, MLPRegressor])
def test_set_params_of_the_pair_names_its_own_parameters(kind: Any) -> None:
    """`set_params` of the pair does so in its own names, and sets nothing then."""
    estimator = kind()
    with pytest.raises(InputError, match=f"{kind.__name__} has no parameter 'epochs'; did you mean 'max_iter'?"):
        estimator.set_params(alpha=0.5, epochs=3)
    assert estimator.alpha == 0.0001


def test_the_examples_of_the_sentences_are_values() -> None:
    """Each optimizer, schedule and cost in a sentence can be made."""
    values = [re.search(r"=(cr\..*)", sentence) for _, _, sentence in INSTEAD]
    made = [eval(found[1], {"cr": cr}) for found in values if found]  # noqa: S307  # a text of ours
    assert [type(value).__name__ for value in made] == ["AdamW", "Cosine", "CrossEntropy", "SumOfSquares"]


@pytest.mark.parametrize("kind", [NetworkClassifier, NetworkRegressor])
def test_each_suggestion_exists(kind: Any) -> None:
    """Every parameter that is suggested is one of the estimators or of ``fit``, and no name elsewhere is one."""
    known = {*inspect.signature(kind).parameters, *inspect.signature(kind.fit).parameters}
    missing = ELSEWHERE.keys() - known
    assert missing == ({"quantiles"} if kind is NetworkClassifier else {"class_weight"})
    assert not known & {other for others in ELSEWHERE.values() for other in others}
    assert clone(kind(epochs=3)).get_params() == kind(epochs=3).get_params()

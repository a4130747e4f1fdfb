"""Labels of every kind mean the same to all four estimators, or are refused with the row and the remedy."""

from __future__ import annotations

import decimal
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pytest

pytest.importorskip("pandas")
pytest.importorskip("pyarrow")
pytest.importorskip("polars")
pytest.importorskip("sklearn", "1.6")

import pandas
import polars
import pyarrow
import scipy.sparse
from sklearn.exceptions import ConvergenceWarning, DataConversionWarning

from chainrule.errors import DataWarning, InputError
from chainrule.estimators import MLPClassifier, MLPRegressor, NetworkClassifier, NetworkRegressor

T = 20
X = np.linspace(-1.0, 1.0, 2 * T).reshape(T, 2)
BITS = (np.arange(T) % 2).tolist()
WORDS = ["ab"[bit] for bit in BITS]
GAP = [None if row == 5 else bit for row, bit in enumerate(BITS)]
DAYS = np.array(["2024-01-01", "2024-01-02"] * (T // 2), dtype="datetime64[D]")

NETWORK: dict[str, Any] = {"epochs": 1, "hidden_layer_sizes": 2, "n_networks": 1, "random_state": 0}
MLP: dict[str, Any] = {"max_iter": 1, "hidden_layer_sizes": 2, "random_state": 0}
CLASSIFIERS: list[Callable[[], Any]] = [lambda: NetworkClassifier(**NETWORK), lambda: MLPClassifier(**MLP)]
REGRESSORS: list[Callable[[], Any]] = [lambda: NetworkRegressor(**NETWORK), lambda: MLPRegressor(**MLP)]

pytestmark = [
    pytest.mark.filterwarnings(f"ignore::{kind.__module__}.{kind.__name__}")
    for kind in (ConvergenceWarning, DataConversionWarning)
]


def objects(values: Iterable[Any]) -> Any:
    """An array of Python objects, as a row or column of a mixed table is."""
    array = np.empty(T, dtype=object)
    array[:] = list(values)
    return array


NUMBERS: dict[str, Any] = {
    "list": BITS,
    "array (t, 1)": np.array(BITS)[:, None],
    "big-endian": np.array(BITS, dtype=">i4"),
    "float16": np.array(BITS, dtype=np.float16),
    "longdouble": np.array(BITS, dtype=np.longdouble),
    "objects: integers": objects(BITS),
    "objects: booleans": objects(map(bool, BITS)),
    "objects: Decimal": objects(map(decimal.Decimal, BITS)),
    "objects: NumPy scalars": objects(map(np.float32, BITS)),
    "a mask without masked entries": np.ma.MaskedArray(BITS, mask=np.zeros(T, dtype=bool)),
    "pandas Series": pandas.Series(BITS),
    "pandas, nullable": pandas.Series(BITS, dtype="Int64"),
    "pandas, nullable booleans": pandas.Series(BITS, dtype="boolean"),
    "pandas, of Arrow": pandas.Series(BITS, dtype="double[pyarrow]"),
    "pandas, categories": pandas.Series(BITS, dtype="category"),
    "pandas frame": pandas.DataFrame({"y": BITS}),
    "polars Series": polars.Series(BITS),
    "polars frame": polars.DataFrame({"y": BITS}),
    "polars, 128 bits": polars.Series(BITS, dtype=polars.Int128),
    "polars frame, 128 bits": polars.DataFrame({"y": BITS}, schema={"y": polars.UInt128}),
    "Arrow array": pyarrow.array(BITS),
    "Arrow chunks": pyarrow.chunked_array([BITS]),
    "Arrow table": pyarrow.table({"y": BITS}),
}
TEXTS: dict[str, Any] = {
    "list": WORDS,
    "array": np.array(WORDS),
    "bytes": np.array(WORDS).astype("S"),
    "NumPy's texts of variable length": np.array(WORDS, dtype=np.dtypes.StringDType()),
    "objects": objects(WORDS),
    "objects: NumPy's texts": objects(map(np.str_, WORDS)),
    "pandas, texts": pandas.Series(WORDS, dtype="string"),
    "pandas, categories": pandas.Series(WORDS, dtype="category"),
    "polars Series": polars.Series(WORDS),
    "polars, categories": polars.Series(WORDS, dtype=polars.Categorical),
    "Arrow array": pyarrow.array(WORDS),
    "Arrow, dictionary": pyarrow.array(WORDS).dictionary_encode(),
}
NO_VALUE = "has no value in row 6. Fill it in"
REFUSED: list[tuple[str, Any, str]] = [
    ("list with None", GAP, NO_VALUE),
    ("texts with NaN", [np.nan if bit is None else "ab"[bit] for bit in GAP], NO_VALUE),
    ("NaN", np.array(GAP, dtype=float), NO_VALUE),
    ("NaT", objects(None if row == 5 else day for row, day in enumerate(DAYS)), NO_VALUE),
    ("pandas NA", pandas.Series(GAP, dtype="Int64"), NO_VALUE),
    ("pandas, a category missing", pandas.Series(GAP, dtype="category"), NO_VALUE),
    ("polars null", polars.Series(GAP), NO_VALUE),
    ("polars null, 128 bits", polars.Series(GAP, dtype=polars.Int128), NO_VALUE),
    ("Arrow null", pyarrow.array(GAP), NO_VALUE),
    ("NumPy's texts with a gap", np.array([None if bit is None else "ab"[bit] for bit in GAP],
                                          dtype=np.dtypes.StringDType(na_object=None)), NO_VALUE),
    ("masked", np.ma.MaskedArray(BITS, mask=np.arange(T) == 5), NO_VALUE),
    ("texts and numbers", objects("a" if bit else 1 for bit in BITS), "mixes texts and numbers"),
    ("list of texts and numbers", ["a" if bit else 1 for bit in BITS], "mixes texts and numbers"),
    ("dates", DAYS, "must hold numbers, booleans or texts; got datetimes, such as '2024-01-01'"),
    ("durations", DAYS - DAYS[0], "must hold numbers, booleans or texts; got durations"),
    ("Python bytes", objects([b"a", b"b"] * (T // 2)), r"must hold numbers.*got bytes, such as b'a'"),
    ("bytes that are no UTF-8", np.array([b"\xff", b"b"] * (T // 2)), "must hold.*got text that is not UTF-8"),
    ("complex", np.array(BITS) * 1j, "must hold real numbers; got dtype complex128"),
    ("rows of different lengths", [[1], [1, 2]] * (T // 2), "must be an array of labels; got a list that NumPy cannot"),
    ("structured", np.zeros(T, dtype=[("y", "f8")]), "must hold numbers, booleans or texts"),
    ("a number", np.array(1.0), "must have shape .*one label per row"),
    ("none at all", None, "(to be passed, but the target y is None. Give|must hold) one label per row"),
    ("an empty list", [], r"(0\. Give one label per row|must have shape .*, one label per row; got \(0,\))"),
    ("too few", np.array(BITS[:3]), r"3\. Give one label per row"),
    ("a sparse column", scipy.sparse.csr_matrix(np.array(BITS)[:, None]), r"must be a dense array; got a csr_matrix"),
    ("a sparse array", scipy.sparse.coo_array(np.array(BITS)[:, None]), r"must be a dense array; got a coo_array"),
]  # fmt: skip


@pytest.mark.parametrize("kind", NUMBERS)
def test_labels_that_are_numbers(kind: str) -> None:
    """Numbers and booleans of any type and library are classes and regression targets, also for the score."""
    y = NUMBERS[kind]
    for make in CLASSIFIERS:
        model = make().fit(X, y)
        assert model.classes_.tolist() == [0, 1]
        assert model.classes_.dtype.kind in "bif"
        assert model.score(X, y) == model.score(X, model.classes_[BITS])
    for make in REGRESSORS:
        model = make().fit(X, y)
        assert np.isfinite(model.predict(X)).all()
        assert model.score(X, y) == pytest.approx(model.score(X, BITS), abs=1e-12)


@pytest.mark.parametrize("kind", TEXTS)
def test_labels_that_are_texts(kind: str) -> None:
    """Texts of any type and library are classes, and come back as Python's texts; regression refuses them."""
    y = TEXTS[kind]
    for make in CLASSIFIERS:
        model = make().fit(X, y)
        assert [(type(label), label) for label in model.classes_.tolist()] == [(str, "a"), (str, "b")]
        assert model.score(X, y) == model.score(X, WORDS)
    for make in REGRESSORS:
        with pytest.raises(InputError, match=r"y must hold real numbers; got .*'a'"):
            make().fit(X, y)


@pytest.mark.parametrize(("kind", "y", "says"), REFUSED, ids=[kind for kind, _, _ in REFUSED])
def test_labels_that_are_refused(kind: str, y: Any, says: str) -> None:
    """A gap is refused with its row; labels that are no numbers, booleans or texts, with their type."""
    for make in CLASSIFIERS + REGRESSORS:
        with pytest.raises(InputError, match=rf"\by {says}"):
            make().fit(X, y)


@pytest.mark.parametrize("make", [CLASSIFIERS[0], REGRESSORS[0]])
def test_validation_labels_are_checked_by_their_name(make: Callable[[], Any]) -> None:
    """``y_val`` may be of every kind too, and an error names it."""
    make().fit(X, BITS, X_val=X, y_val=objects(BITS))
    with pytest.raises(InputError, match="y_val has no value in row 6"):
        make().fit(X, BITS, X_val=X, y_val=GAP)


@pytest.mark.parametrize("make", CLASSIFIERS + REGRESSORS)
def test_labels_of_a_score_are_checked(make: Callable[[], Any]) -> None:
    """A gap in the labels of a score is refused with its row; so are no labels, too few and sparse ones."""
    model = make().fit(X, BITS)
    with pytest.raises(InputError, match="y has no value in row 6"):
        model.score(X, GAP)
    for kind, y, says in REFUSED[-5:]:
        with pytest.raises(InputError, match=rf"\by {says}"):
            model.score(np.asarray(X), y)
        if hasattr(model, "model_") and kind != "too few":
            with pytest.raises(InputError, match=r"\by must (hold|be|have)"):
                model.model_.score(X, y)


def test_sparse_indicators_are_scored_as_they_are_learned() -> None:
    """MLPClassifier learns and scores several labels of a sparse matrix; the others ask for a dense one."""
    several = np.column_stack([BITS, np.arange(T) % 3 == 0]).astype(int)
    sparse = scipy.sparse.csr_matrix(several)
    pair = MLPClassifier(**MLP).fit(X, sparse)
    assert pair.score(X, sparse) == pair.score(X, several)
    network = NetworkClassifier(**NETWORK).fit(X, several)
    for model in (network, network.model_):
        with pytest.raises(InputError, match=r"y must be a dense array; got a csr_matrix. Pass y\.toarray\(\)"):
            model.score(X, sparse)
    with pytest.raises(InputError, match=r"y must be a dense array; got a csr_matrix. Pass y\.toarray\(\)"):
        MLPRegressor(**MLP).fit(X, sparse)


def test_one_hot_labels_are_several_labels_with_a_warning() -> None:
    """Rows of 0 and 1 are several labels, as in MLPClassifier; a warning names ``y.argmax(axis=1)``."""
    one_hot = np.eye(2)[BITS]
    with pytest.warns(DataWarning, match=r"exactly one of its labels.*y\.argmax\(axis=1\)"):
        model = NetworkClassifier(**NETWORK).fit(X, one_hot)
    assert model.predict(X).shape == (T, 2)
    assert MLPClassifier(**MLP).fit(X, one_hot).predict(X).shape == (T, 2)


@pytest.mark.parametrize(
    ("change", "remedy"),
    [
        (lambda torch, y: y.requires_grad_(), r"y\.detach\(\)\.cpu\(\)\.numpy\(\)"),
        (lambda torch, y: y.to(torch.bfloat16), r"y\.detach\(\)\.cpu\(\)\.float\(\)\.numpy\(\)"),
        (lambda torch, y: y.to("meta"), r"y\.detach\(\)\.cpu\(\)\.numpy\(\)"),
    ],
)
def test_tensors(change: Callable[[Any, Any], Any], remedy: str) -> None:
    """A tensor of PyTorch is an array; one that NumPy cannot convert is refused with the call that helps."""
    torch = pytest.importorskip("torch")
    y = torch.tensor(BITS, dtype=torch.float64)
    for make in CLASSIFIERS + REGRESSORS:
        make().fit(X, y.clone())
        with pytest.raises(InputError, match=remedy):
            make().fit(X, change(torch, y.clone()))

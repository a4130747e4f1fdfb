"""``TableEncoder.set_output``: encoded rows as arrays, or as frames of pandas and polars."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from chainrule.errors import InputError, UnknownName
from chainrule.tables import TableEncoder

pandas = pytest.importorskip("pandas")
polars = pytest.importorskip("polars")

ROWS = {"size": [1.0, 2.0, None, 4.0], "kind": ["a", "b", "c", "a"]}
NAMES = ["size", "size_missing", "kind_a", "kind_b", "kind_c"]


@pytest.mark.parametrize("library", [pandas, polars], ids=["pandas", "polars"])
@pytest.mark.parametrize("given", [pandas.DataFrame, polars.DataFrame], ids=["of pandas", "of polars"])
def test_encoded_rows_are_a_frame_with_the_names_of_the_features(library: Any, given: Any) -> None:
    """A frame has the numbers of the array, in its type, under the names of the features."""
    X = given(ROWS)
    encoder = TableEncoder(dtype="float32")
    Z = encoder.fit_transform(X)
    assert encoder.set_output(transform=library.__name__) is encoder
    for frame in (
        encoder.transform(X),
        TableEncoder(dtype="float32").set_output(transform=library.__name__).fit_transform(X),
    ):
        assert isinstance(frame, library.DataFrame)
        assert list(frame.columns) == NAMES == encoder.get_feature_names_out().tolist()
        assert (frame.to_numpy() == Z).all()
        assert frame.to_numpy().dtype == np.float32


def test_the_index_of_pandas_is_kept() -> None:
    """A frame of pandas has the index of the rows; rows without one are counted from 0."""
    X = pandas.DataFrame(ROWS, index=["w", "x", "y", "z"])
    encoder = TableEncoder().fit(X).set_output(transform="pandas")
    assert encoder.transform(X[1:3]).index.tolist() == ["x", "y"]
    assert encoder.transform(X.to_dict("records")).index.tolist() == [0, 1, 2, 3]


def test_the_choice_can_be_taken_back() -> None:
    """None leaves the choice as it is, "default" returns arrays again; another name is refused with the nearest."""
    encoder = TableEncoder().fit(pandas.DataFrame(ROWS)).set_output(transform="polars").set_output(transform=None)
    assert isinstance(encoder.transform(pandas.DataFrame(ROWS)), polars.DataFrame)
    assert isinstance(encoder.set_output(transform="default").transform(pandas.DataFrame(ROWS)), np.ndarray)
    with pytest.raises(UnknownName, match="did you mean 'pandas'"):
        encoder.set_output(transform="panda")


def test_sparse_features_are_no_frame() -> None:
    """Sparse rows stay sparse, and a frame of them is refused with the way out."""
    sparse = pytest.importorskip("scipy.sparse")
    X = sparse.random(20, 300, density=0.05, format="csr", random_state=0)
    encoder = TableEncoder("joint").fit(X)
    assert encoder.transform(X).nnz <= X.nnz
    with pytest.raises(InputError, match=r'sparse features cannot be a frame of pandas. Use set_output\(transform="d'):
        encoder.set_output(transform="pandas").transform(X)


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_a_name_that_no_frame_can_have(library: str) -> None:
    """Half of a surrogate pair, which JSON may hold, is refused with the name of the feature."""
    rows = [{"\ud800": 1.0}, {"\ud800": 2.0}]
    encoder = TableEncoder().fit(rows).set_output(transform=library)
    with pytest.raises(InputError, match=rf"a frame of {library} must have names in UTF-8; got '.ud800'"):
        encoder.transform(rows)
    assert encoder.set_output(transform="default").transform(rows).shape == (2, 1)


def test_a_pipeline_of_scikit_learn_chooses_for_its_steps() -> None:
    """``set_output`` of a pipeline reaches the encoder, whose names the next step has."""
    pytest.importorskip("sklearn", "1.6")
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    pipeline = make_pipeline(TableEncoder(), StandardScaler()).set_output(transform="pandas")
    frame = pipeline.fit_transform(pandas.DataFrame(ROWS, index=[5, 6, 7, 8]))
    assert frame.columns.tolist() == NAMES
    assert frame.index.tolist() == [5, 6, 7, 8]
    assert pipeline[-1].feature_names_in_.tolist() == NAMES

"""Target encoding of levels: the effects that they are predicted to have, and the encoding of training rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from chainrule.errors import FileFormatError
from chainrule.tables import TableEncoder
from chainrule.tables.columns import Column, categories
from chainrule.tables.encoding.categories.level_sums import LevelSums
from chainrule.tables.encoding.categories.levels import OneHot
from chainrule.tables.encoding.categories.target_encoding import TargetEncoding, fit_target_encoding
from chainrule.tables.encoding.categories.training_rows import (
    FOLDS,
    encoding_folds,
    fit_target_encodings,
    has_many_levels,
    write_held_out_effects,
)
from chainrule.tables.encoding.row_encoder import RowEncoder
from chainrule.tables.reading.read import read

Codes = NDArray[np.intp]
Values = NDArray[np.float64]


def of_codes(codes: Codes) -> Column:
    """A column of texts t0, t1, … by their codes."""
    return categories(codes, [f"t{k:04}" for k in range(int(codes.max()) + 1)], type="texts")


def sums(codes: Codes, y: Values, weights: Values | None = None) -> LevelSums:
    """The sums over all rows of each level."""
    return LevelSums.of_folds(codes, int(codes.max()) + 1, y[:, np.newaxis], weights, np.zeros(len(codes), np.intp))[0]


def drawn(levels: int, rows: int, tau: float, sigma: float, seed: int) -> tuple[Codes, Values, Values]:
    """Codes of levels, each of so many rows, targets 5 + u + e, and the effects u."""
    rng = np.random.default_rng(seed)
    u, codes = tau * rng.normal(size=levels), np.repeat(np.arange(levels), rows)
    return codes, 5.0 + u[codes] + sigma * rng.normal(size=len(codes)), u


def test_effects_by_hand() -> None:
    """Levels with targets 1, 2, 3 and 5, 7: σ² = (2 + 2)/3, τ² = (19.2 − σ²)/2.4, u = n τ²/(n τ² + σ²) (ȳₖ − 3.6)."""
    found = sums(np.array([0, 0, 0, 1, 1]), np.array([1.0, 2.0, 3.0, 5.0, 7.0]))
    errors, effects = 4.0 / 3.0, (19.2 - 4.0 / 3.0) / 2.4
    np.testing.assert_allclose(np.ravel(found.variances()), [effects, errors], rtol=1e-14)
    expected = [3 * effects / (3 * effects + errors) * -1.6, 2 * effects / (2 * effects + errors) * 2.4]
    np.testing.assert_allclose(found.effects()[:, 0], expected, rtol=1e-14)


def test_variances_are_estimated_without_bias() -> None:
    """The mean of 200 estimates of τ² = 4 and σ² = 9 is within four of its standard errors."""
    found = np.array([np.ravel(sums(*drawn(60, 5, 2.0, 3.0, seed)[:2]).variances()) for seed in range(200)])
    error = found.std(axis=0) / np.sqrt(len(found))
    assert (np.abs(found.mean(axis=0) - [4.0, 9.0]) < 4.0 * error).all()


def test_the_prediction_of_effects_is_the_best_linear_one() -> None:
    """Its mean squared error is that of theory, τ² σ²/(n τ² + σ²), below those of the means and of no effect."""
    codes, y, u = drawn(4_000, 3, 1.0, 2.0, seed=0)
    error = float(((sums(codes, y).effects()[:, 0] - u) ** 2).mean())
    theory = 4.0 / (3.0 + 4.0)
    assert error == pytest.approx(theory, abs=4.0 * theory * np.sqrt(2.0 / 4_000))
    assert theory < min(4.0 / 3.0, 1.0)


def test_whole_weights_are_repeated_rows() -> None:
    """A row of weight 3 counts as three rows, up to a common factor of weights and variances of errors."""
    codes, y, _ = drawn(20, 4, 1.0, 1.0, seed=1)
    weights = np.random.default_rng(0).integers(1, 4, len(y)).astype(float)
    rows = np.repeat(np.arange(len(y)), weights.astype(int))
    weighted, repeated = sums(codes, y, weights), sums(codes[rows], y[rows])
    for part, other in zip(weighted, repeated, strict=True):
        np.testing.assert_allclose(part * weights.mean(), other, rtol=1e-12)


def test_targets_that_do_not_depend_on_the_levels_leave_one_hot() -> None:
    """If levels differ less than rows do, τ² is 0 and the column has no effects."""
    codes = np.repeat(np.arange(5), 4)
    one_hot = OneHot(("t0000", "t0001"), has_other=True)
    assert fit_target_encoding(of_codes(codes), one_hot, np.tile([[1.0], [2.0], [3.0], [4.0]], (5, 1)), None) is one_hot


def test_rare_levels_and_new_ones_have_no_effect() -> None:
    """Frequent levels have a feature, levels of several rows an effect; those of one row, new ones and gaps none."""
    codes = np.array([*np.repeat(np.arange(4), [5, 4, 3, 2]), 4])
    y = codes[:, np.newaxis].astype(float)
    step = fit_target_encoding(of_codes(codes), OneHot(("t0000", "t0001"), has_other=True), y, None)
    assert isinstance(step, TargetEncoding)
    assert step.levels == ("t0000", "t0001", "t0002", "t0003")
    assert step.suffixes == ("_t0000", "_t0001", "_other", "_effect")
    column = categories(np.array([0, 2, 4, 5, -1]), ["t0000", "t0001", "t0002", "t0003", "t0004", "new"], type="texts")
    Z = np.empty((5, step.width))
    step.write(step.codes(column)[0], Z)
    assert Z[:, :3].tolist() == [[1, 0, 0], [0, 0, 1], [0, 0, 1], [0, 0, 1], [0, 0, 0]]
    assert Z[:, 3].tolist() == [step.effects[0, 0], step.effects[2, 0], 0.0, 0.0, 0.0]


@given(st.integers(0, 2**32 - 1), st.floats(-1e3, 1e3))
def test_no_row_is_encoded_by_its_own_target(seed: int, other: float) -> None:
    """Changing the target of a row never changes the effect that the row itself is encoded by."""
    rng = np.random.default_rng(seed)
    codes = rng.integers(6, size=40)
    y = codes[:, np.newaxis] + rng.normal(size=(40, 1))
    column, folds = of_codes(codes), encoding_folds(40, "random", None)
    step = TargetEncoding(column.levels, True, 2, np.zeros((len(column.levels), 1)), np.ones(1))
    before = step.held_out(column, y, None, folds)
    row = int(rng.integers(40))
    y[row] += other
    assert step.held_out(column, y, None, folds)[row] == before[row]


def test_noise_has_no_effect_in_training_rows() -> None:
    """If levels of two rows each carry no information, encoded training rows are uncorrelated with their targets."""
    rng = np.random.default_rng(0)
    codes, y = np.repeat(np.arange(1_000), 2), rng.normal(size=(2_000, 1))
    step = TargetEncoding(of_codes(codes).levels, True, 0, np.zeros((1_000, 1)), np.ones(1))
    held_out = step.held_out(of_codes(codes), y, None, encoding_folds(2_000, "random", None))
    own = sums(codes, y[:, 0]).S[codes, 0] / 2.0
    assert np.corrcoef(own, y[:, 0])[0, 1] > 0.6  # what a row's own target would pretend: 1/√2
    assert held_out.std() == 0.0 or abs(np.corrcoef(held_out[:, 0], y[:, 0])[0, 1]) < 4.0 / np.sqrt(2_000)


def test_folds_of_rows() -> None:
    """Folds are of equal size and always the same; groups stay together, and in order of time folds are blocks."""
    folds = encoding_folds(100, "random", None)
    assert np.bincount(folds).tolist() == [100 // FOLDS] * FOLDS
    np.testing.assert_array_equal(folds, encoding_folds(100, "random", None))
    groups = np.array([f"g{k % 7}" for k in range(100)])
    of_groups = encoding_folds(100, "random", groups)
    assert all(len(set(of_groups[groups == group])) == 1 for group in set(groups))
    assert (np.diff(encoding_folds(100, "last", None)) >= 0).all()
    single = TargetEncoding(("a",), True, 1, np.zeros((1, 1)), np.ones(1))
    column = categories(np.zeros(3, np.intp), ["a"], type="texts")
    alone = single.held_out(column, np.ones((3, 1)), None, np.zeros(3, np.intp))
    assert alone.tolist() == [[0.0]] * 3


def encoder_of_many(m: int = 2) -> tuple[TableEncoder, list[list[Any]]]:
    """An encoder with a number, a gap, few levels, and 40 levels of which 4 have features, fitted to m targets."""
    rng = np.random.default_rng(0)
    rows: list[list[Any]] = [
        [float(k) if k % 9 else None, f"v{k % 3}", f"w{7 * k % 40}" if k % 11 else None] for k in range(300)
    ]
    encoder = TableEncoder(max_levels=5)
    table = encoder.recognised(read(rows))
    assert has_many_levels(encoder.fit(table))
    codes = np.array([0.0 if row[2] is None else float(str(row[2])[1:]) for row in rows])
    Y = np.stack([codes * (j + 1) + rng.normal(size=300) for j in range(m)], axis=1)
    fit_target_encodings(encoder, table, Y, None)
    folds = encoding_folds(300, "random", None)
    X = np.asarray(encoder.encode(table))
    write_held_out_effects(encoder, table, Y, None, folds, X)
    (_, step) = encoder.categories_.values()
    assert isinstance(step, TargetEncoding)
    np.testing.assert_array_equal(X[:, -m:], step.held_out(table.typed("x2"), Y, None, folds))
    return encoder, rows


def test_features_of_a_table() -> None:
    """The effects are the last features of their column, in tables and in single rows; a description names them."""
    encoder, rows = encoder_of_many()
    names = encoder.get_feature_names_out().tolist()
    assert names[-3:] == ["x2_other", "x2_effect_1", "x2_effect_2"]
    assert len(names) == encoder.n_features_out_ == encoder.encode(rows).shape[1]
    one = RowEncoder(encoder, by_name=False)
    for row in [*rows[:30], [None, "new", "new"], [1.0, None, None]]:
        assert one(row) == encoder.encode([row])[0].tolist()
    assert encoder.describe()[2][2].endswith("otherwise 'other'; and the effect of each of 40 levels on the target")


def test_saved_and_read() -> None:
    """A restored encoder has the same features, and the deviations by which a warm start goes on."""
    encoder, rows = encoder_of_many()
    again = TableEncoder.from_parts(*encoder.parts())
    np.testing.assert_array_equal(again.encode(rows), encoder.encode(rows))
    for step, other in zip(encoder.categories_.values(), again.categories_.values(), strict=True):
        if isinstance(step, TargetEncoding):
            assert isinstance(other, TargetEncoding)
            np.testing.assert_array_equal(step.deviations, other.deviations)


@pytest.mark.parametrize(
    ("tensor", "value", "words"),
    [
        ("effects", np.zeros((39, 2)), "a row for each of 40 levels"),
        ("effects", np.zeros((40, 3)), "a deviation a column"),
        ("effects", np.full((40, 2), np.nan), "finite"),
        ("deviations", np.array([1.0, 0.0]), "positive"),
        ("deviations", np.array([1.0, np.inf]), "finite"),
    ],
    ids=["rows", "columns", "nan", "zero", "infinite"],
)
def test_damaged_effects_are_refused(tensor: str, value: Values, words: str) -> None:
    """A file whose effects do not fit its levels is refused with the reason."""
    header, tensors = encoder_of_many()[0].parts()
    with pytest.raises(FileFormatError, match=words):
        TableEncoder.from_parts(header, {**tensors, f"encoder.{tensor}[2]": value})

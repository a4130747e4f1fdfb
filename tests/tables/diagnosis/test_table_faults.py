"""Diagnosis of table models: each of twenty-five planted faults is found by its column's name, and no healthy table is
accused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn", "1.6")

import chainrule as cr
from chainrule.estimators import NetworkClassifier, NetworkRegressor
from chainrule.tables import TableModel, diagnose
from chainrule.tables.calibration import Calibration

pandas = pytest.importorskip("pandas")

QUICK: dict[str, Any] = {
    "epochs": 20, "n_networks": 1, "hidden_layer_sizes": (16, 16), "batch_size": 64, "random_state": 0, "threads": 1,
}  # fmt: skip


def people(t: int = 300, seed: int = 0) -> Any:
    """Rows of age, income and city, with a class and a number that depend on them, and noise."""
    rng = np.random.default_rng(seed)
    age, income = rng.normal(40.0, 10.0, t), rng.lognormal(10.0, 0.5, t)
    city = rng.choice(["Bern", "Lima", "Oslo", "Rome"], t)
    score = (age - 40.0) / 10.0 + (city == "Oslo") + 0.4 * rng.normal(size=t)
    return pandas.DataFrame({"age": age, "income": income, "city": city, "buys": np.where(score > 0.3, "yes", "no")})


def prices(t: int = 300, seed: int = 0) -> Any:
    """The same with a price."""
    table, rng = people(t, seed), np.random.default_rng(seed + 1)
    return table.drop(columns="buys").assign(price=3.0 * table["age"] + rng.normal(0.0, 10.0, t))


def fitted(table: Any, target: str, **parameters: Any) -> TableModel:
    """A model of a table."""
    kind = NetworkRegressor if target == "price" else NetworkClassifier
    model: TableModel = kind(**{**QUICK, **parameters}).fit(table, target).model_
    return model


@cache
def healthy(target: str) -> TableModel:
    """A model of a table without faults."""
    return fitted(prices() if target == "price" else people(), target)


def of(table: Any, target: str = "buys") -> cr.Diagnosis:
    """The diagnosis of a model that was trained on the table."""
    return diagnose(fitted(table, target), table, target)


def of_new(table: Any, target: str = "buys") -> cr.Diagnosis:
    """The diagnosis of a healthy model on a table."""
    return diagnose(healthy(target), table, target)


def broken(change: Callable[[cr.Network], None]) -> cr.Diagnosis:
    """The diagnosis of a healthy model whose network was changed."""
    net = healthy("buys").networks[0].copy()
    change(net)
    return diagnose(replace(healthy("buys"), networks=(net,)), people(), "buys")


# ---- planted faults --------------------------------------------------------------------------------------------------


def leak() -> cr.Diagnosis:
    """A number that is above 5 for one class alone."""
    table = people()
    return of(table.assign(invoice=np.where(table["buys"] == "yes", 5.0, 0.0) + np.linspace(0.1, 3.0, 300)))


def leak_of_a_category() -> cr.Diagnosis:
    """A code with two values for each class."""
    table = people()
    code = np.where(table["buys"] == "yes", "a", "c").astype(object)
    code[::2] = np.where(code[::2] == "a", "b", "d")
    return of(table.assign(code=code))


def leak_by_a_gap() -> cr.Diagnosis:
    """A number that is missing in one class alone."""
    table = people()
    return of(table.assign(paid=np.where(table["buys"] == "yes", table["income"], np.nan)))


def leak_of_a_number() -> cr.Diagnosis:
    """The target in another scale, by a logarithm."""
    table = prices()
    return of(table.assign(log_price=np.log(table["price"] - table["price"].min() + 1.0)), "price")


def constant() -> cr.Diagnosis:
    """A column that is the same in every row."""
    with pytest.warns(cr.errors.DataWarning, match="left out"):
        return of(people().assign(year=2020.0))


def identifier() -> cr.Diagnosis:
    """A text that differs in every row."""
    with pytest.warns(cr.errors.DataWarning, match="left out"):
        return of(people().assign(name=[f"person {k}" for k in range(300)]))


def mostly_missing() -> cr.Diagnosis:
    """A column with a value in three rows of a hundred."""
    return of(people().assign(note=np.where(np.arange(300) % 33 == 0, np.arange(300.0), np.nan)))


def new_gaps() -> cr.Diagnosis:
    """A third of the ages is missing, as in no training row."""
    table = people(seed=7)
    return of_new(table.assign(age=np.where(np.arange(300) % 3 == 0, np.nan, table["age"])))


def no_label() -> cr.Diagnosis:
    """Three rows lack their label."""
    table = people()
    return of_new(table.assign(buys=np.where(np.arange(300) < 3, None, table["buys"])))


def copied_rows() -> cr.Diagnosis:
    """Every row is there twice."""
    return of_new(pandas.concat([people(150), people(150)]))


def copied_across() -> cr.Diagnosis:
    """A quarter of the held-out rows are training rows."""
    new = pandas.concat([people(), people(900, seed=3)])
    return diagnose(healthy("buys"), people(), "buys", new, "buys")


def few_rows() -> cr.Diagnosis:
    """Twenty rows of thirty columns."""
    table = pandas.DataFrame(np.random.default_rng(0).normal(size=(20, 30))).add_prefix("x")
    return of(table.assign(price=table["x0"]), "price")


def unseen() -> cr.Diagnosis:
    """A city that no training row had."""
    table = people(seed=7)
    return of_new(table.assign(city=np.where(table["city"] == "Rome", "Roma", table["city"])))


def other_unit() -> cr.Diagnosis:
    """Incomes in thousands."""
    table = people(seed=7)
    return of_new(table.assign(income=table["income"] / 1000.0))


def other_target() -> cr.Diagnosis:
    """Prices that have doubled."""
    table = prices(seed=7)
    return of_new(table.assign(price=2.5 * table["price"]), "price")


def other_shares() -> cr.Diagnosis:
    """Held-out rows of which most are of the class that training had in a third."""
    new = people(900, seed=3)
    return diagnose(healthy("buys"), people(), "buys", new[(new["buys"] == "yes") | (np.arange(900) % 6 == 0)], "buys")


def other_shares_than_in_the_file() -> cr.Diagnosis:
    """A model of ``chainrule train``, whose file has the numbers of its training rows, and a table of one class."""
    model, new = healthy("buys"), people(900, seed=3)
    about = {"training": {"rows": {"training": 300, "test": 0}}}
    return diagnose(replace(model, about=about), new[new["buys"] == "yes"], "buys")


def rare_class() -> cr.Diagnosis:
    """A class of one row in twenty, which hardly differs from the others."""
    rng = np.random.default_rng(0)
    table = people(400).assign(buys=np.where(np.arange(400) % 20 == 0, "maybe", "no"))
    return of(table.assign(age=table["age"] + 5.0 * (table["buys"] == "maybe") + rng.normal(size=400)))


def opposite() -> cr.Diagnosis:
    """A model that was trained on exchanged labels."""
    table = people(seed=7)
    return of_new(table.assign(buys=np.where(table["buys"] == "yes", "no", "yes")))


def learnt_by_heart() -> cr.Diagnosis:
    """Labels of pure noise, and training without held-out rows."""
    rng = np.random.default_rng(0)
    tables = [
        pandas.DataFrame(rng.normal(size=(t, 8))).add_prefix("x").assign(buys=rng.choice(["yes", "no"], t))
        for t in (100, 100)
    ]
    model = fitted(tables[0], "buys", hidden_layer_sizes=(64, 64), epochs=150, validation_fraction=0.0)
    return diagnose(model, tables[0], "buys", tables[1], "buys")


def too_certain() -> cr.Diagnosis:
    """Probabilities that are far too near to 0 and 1 for labels of which a fifth are wrong."""
    new = people(500, 5)
    is_wrong = np.arange(500) % 5 == 0
    new["buys"] = np.where(is_wrong, np.where(new["buys"] == "yes", "no", "yes"), new["buys"])
    return diagnose(replace(healthy("buys"), calibration=Calibration(0.05)), people(), "buys", new, "buys")


def infinite() -> cr.Diagnosis:
    """An infinite income."""
    table = people()
    table.loc[4, "income"] = np.inf
    return of_new(table)


def not_a_number() -> cr.Diagnosis:
    """A θ with a NaN."""

    def change(net: cr.Network) -> None:
        net.theta[-1] = np.nan

    return broken(change)


def unscaled() -> cr.Diagnosis:
    """Incomes of about 50 as they are, in an encoder that does not scale."""
    table = people()
    table["income"] /= 500.0
    return diagnose(fitted(table, "buys", numbers="none"), table, "buys")


def saturated() -> cr.Diagnosis:
    """A tanh after weights of hundreds."""
    net = fitted(people(), "buys", activation="tanh").networks[0].copy()
    net.W[net.r - 1][...] *= 300.0
    return diagnose(replace(healthy("buys"), networks=(net,)), people(), "buys")


PLANTED: dict[Callable[[], cr.Diagnosis], tuple[str, str]] = {
    leak: ("a leak of the target", "'invoice'"),
    leak_of_a_category: ("a leak of the target", "'code'"),
    leak_by_a_gap: ("a leak of the target", "'paid'"),
    leak_of_a_number: ("a leak of the target", "'log_price'"),
    constant: ("columns left out", "'year'"),
    identifier: ("columns left out", "'name'"),
    mostly_missing: ("columns that are mostly missing", "'note'"),
    new_gaps: ("missing values that training did not have", "'age'"),
    no_label: ("missing labels", "'buys' has no value in 3 rows"),
    copied_rows: ("duplicated rows", "50 % of 300 rows"),
    copied_across: ("duplicated rows", "25 % of 1200 held-out rows"),
    few_rows: ("not enough rows", "20 rows"),
    unseen: ("values unseen in training", "'city'"),
    other_unit: ("drift", "'income'"),
    other_target: ("drift of the target", "'price'"),
    other_shares: ("drift of the classes", "the class 'yes' has"),
    other_shares_than_in_the_file: ("drift of the classes", "100 % of"),
    rare_class: ("label imbalance", "'maybe'"),
    opposite: ("no better than a constant", "most frequent class"),
    learnt_by_heart: ("overfitting", "held-out"),
    too_certain: ("miscalibration", "by chance"),
    infinite: ("numbers that are not finite", "'income'"),
    not_a_number: ("numbers that are not finite", "θ of network 1"),
    unscaled: ("unscaled inputs", "'income'"),
    saturated: ("saturated units", "layer"),
}


@pytest.mark.parametrize("planted", PLANTED, ids=lambda planted: planted.__name__)
def test_planted_faults_are_found(planted: Callable[[], cr.Diagnosis]) -> None:
    """The fault is among the findings, which have numbers as evidence, a remedy, and words for people."""
    kind, words = PLANTED[planted]
    diagnosis = planted()
    found = {finding.kind: finding for finding in diagnosis.findings}
    assert kind in found
    assert words in found[kind].evidence
    for finding in diagnosis.findings:
        assert any(letter.isdigit() for letter in finding.evidence)
        assert finding.evidence.endswith(".")
        assert finding.remedy.endswith((".", ")"))
        if finding.change is not None and finding.change.options:
            assert finding.change.options in finding.remedy


# ---- healthy tables --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", ["buys", "price"])
def test_a_healthy_table_has_no_findings(target: str) -> None:
    """Neither the training rows, nor new rows, nor both together are accused."""
    make = prices if target == "price" else people
    assert str(diagnose(healthy(target), make(), target)) == "no findings"
    assert str(diagnose(healthy(target), make(seed=5), target)) == "no findings"
    assert str(diagnose(healthy(target), make(), target, make(seed=5), target)) == "no findings"


@pytest.mark.parametrize("name", ["iris", "wine", "breast_cancer", "diabetes"])
def test_healthy_real_tables_have_no_findings(name: str) -> None:
    """The same holds for real tables."""
    datasets = pytest.importorskip("sklearn.datasets")
    X, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(X))
    known, new = order[: len(X) * 4 // 5], order[len(X) * 4 // 5 :]
    kind = NetworkRegressor if name == "diabetes" else NetworkClassifier
    model = kind(n_networks=1, epochs=60, random_state=0).fit(X[known], y[known])
    assert str(model.diagnose(X[known], y[known], X[new], y[new])) == "no findings"
    assert str(model.diagnose(X, y)) == "no findings"


def test_shares_that_differ_by_chance_or_by_weights_are_no_drift() -> None:
    """Random halves of a table have the same shares; without held-out rows weighted shares are compared with none."""
    for seed in range(20):
        order = np.random.default_rng(seed).permutation(300)
        halves = people().iloc[order[:150]], people().iloc[order[150:]]
        diagnosis = diagnose(healthy("buys"), halves[0], "buys", halves[1], "buys")
        assert "drift of the classes" not in diagnosis.kinds
    balanced = fitted(people(400).assign(buys=np.where(np.arange(400) % 10 == 0, "yes", "no")), "buys",
                      class_weight="balanced")  # fmt: skip
    new = people(400, seed=3).assign(buys=np.where(np.arange(400) % 10 == 0, "yes", "no"))
    assert "drift of the classes" not in diagnose(balanced, new, "buys").kinds


def test_rows_that_have_moved_are_no_overfitting() -> None:
    """Drift explains that new rows are predicted badly."""
    new = people(seed=5)
    new["age"] += 40.0
    kinds = diagnose(healthy("buys"), people(), "buys", new, "buys").kinds
    assert "drift" in kinds
    assert "overfitting" not in kinds
    assert "overfitting" not in other_shares().kinds


def test_sparse_and_wide_tables() -> None:
    """A sparse table is looked at like a dense one."""
    sparse = pytest.importorskip("scipy.sparse")
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 300)) * (rng.random((200, 300)) < 0.05)
    X[:, 7] = y = (X.sum(axis=1) > 0).astype(int)
    model = NetworkClassifier(**QUICK).fit(sparse.csr_array(X), y)
    (finding,) = [f for f in model.diagnose(sparse.csr_array(X), y).findings if f.kind == "a leak of the target"]
    assert "'x7'" in finding.evidence


def test_wrong_arguments() -> None:
    """Labels must fit the rows and the model; a name must be that of a column."""
    table = people()
    for y, words in (
        (["yes"], "one label per row"),
        (table[["buys"]].iloc[1:], "one label per row"),
        ("sells", "no column 'sells'"),
        (["maybe"] * 300, "'maybe'"),
    ):
        with pytest.raises(cr.InputError, match=words):
            diagnose(healthy("buys"), table, y)
    with pytest.raises(cr.InputError, match="all are missing"):
        of_new(table.assign(buys=None))

"""Ways to look at a fitted estimator: summary, curves, importances, card and report."""

from __future__ import annotations

import pickle
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import chainrule as cr

pytest.importorskip("sklearn")

from sklearn.exceptions import NotFittedError

from chainrule.estimators import NetworkClassifier, NetworkRegressor
from chainrule.estimators.cards.small_layers import layers

SMALL: dict[str, Any] = {"epochs": 6, "n_networks": 2, "random_state": 0}


def table(folder: Path) -> Path:
    """Writes a table with a column that matters, one that does not, and a constant one; the target y is a class."""
    rng = np.random.default_rng(0)
    rows = [
        f"{z:.3f},{'ab'[k % 2]},1,{'yes' if z > 0 else 'no'},{3 * z:.3f}" for k, z in enumerate(rng.normal(size=80))
    ]
    path = folder / "rows.csv"
    path.write_text("\n".join(["z,letter,one,y,number", *rows]))
    return path


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> NetworkClassifier:
    """A classifier of such a table."""
    with pytest.warns(cr.errors.DataWarning, match="'one': constant"):
        return NetworkClassifier(**{**SMALL, "epochs": 40}).fit(table(tmp_path_factory.mktemp("rows")), "y")


def test_the_summary_names_columns_networks_and_scores(fitted: NetworkClassifier) -> None:
    """The text has the table, the target, each column with its encoding, the sizes, the recipe, and each network."""
    text = fitted.summary()
    assert repr(text) == text
    for part in (
        "NetworkClassifier, preset default: rows.csv: y",
        f"Held-out rows: accuracy {fitted.validation_score_:.4f}",
        f"Networks, whose outputs are averaged: 1 of {'-'.join(map(str, fitted.networks_[0].m))}",
        "Cost: cross entropy, mean over the examples, label smoothing 0.05.\nOptimizer: adamw",
        "network  sizes",
    ):
        assert part in text
    assert re.search(r"\none +numbers +left out: constant in the training rows\n", text)
    kept = [str(history.best_epoch) for history in fitted.histories_]
    assert [line.split()[2] for line in text.splitlines()[-2:]] == kept


def test_a_report_after_incremental_training(tmp_path: Path) -> None:
    """The report of a model that has learned from new rows is about the rows held out of these, texts included."""
    rows = pd.DataFrame({"x": np.linspace(-1.0, 1.0, 120), "letter": list("aabb" * 30)})
    y = np.where(rows.x > 0.0, "yes", "no")
    model = NetworkClassifier(**SMALL).fit(rows[::2], y[::2]).partial_fit(rows[1::2], y[1::2])
    model.report(tmp_path / "report.html")
    assert (tmp_path / "report.html").read_text().count("<h2>") > 3


def test_both_kinds_of_networks_have_their_sizes() -> None:
    """The default preset takes three recipes in turn; summary and card have the true size and number of each kind."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 3))
    X[:, 2] = X[:, 2] > 0.0  # one bin between quantiles, and two beside a threshold
    model = NetworkRegressor(epochs=2, n_networks=4, random_state=0).fit(X, X[:, 2])
    kinds = ["-".join(map(str, net.m)) for net in model.networks_]
    assert len(set(kinds)) == 3
    for text in (model.summary(), model._repr_html_()):
        assert f"2 of {kinds[0]}, {model.networks_[0].d:,} parameters each" in text
        assert f"1 of {kinds[1]}, {model.networks_[1].d:,} parameters" in text
        assert f"1 of {kinds[2]}, {model.networks_[2].d:,} parameters" in text
    assert model._repr_html_().count('aria-label="layers"') == 3


def test_the_curves_of_numbers_are_in_their_unit() -> None:
    """For a mean of squares the curve is RMSE = s √(2 J); the last one shows the epochs that are kept."""
    pytest.importorskip("matplotlib")
    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 2))
    model = NetworkRegressor(**SMALL).fit(X, 1000.0 * X[:, 0])
    (axes,) = model.plot_history(projector=True).axes
    assert axes.get_ylabel() == "RMSE"
    deviation = model.target_.deviation[0]
    drawn = np.asarray(axes.lines[3].get_ydata())
    np.testing.assert_allclose(drawn, deviation * np.sqrt(2 * model.histories_[0].validation_J), rtol=1e-12)
    marks = np.asarray(axes.lines[-1].get_xydata())
    assert marks[:, 0].tolist() == list(model.kept_epochs_)
    errors = [model.histories_[j].validation_J[k - 1] for j, k in enumerate(model.kept_epochs_) if k]
    np.testing.assert_allclose(marks[:, 1], deviation * np.sqrt(2 * np.array(errors)), rtol=1e-12)
    assert axes.get_title(loc="left").startswith("NetworkRegressor, 2 networks, held-out R² ")


X_TWO = np.random.default_rng(0).normal(size=(80, 2))
IS_POSITIVE = X_TWO > 0.0


@pytest.mark.parametrize(
    ("model", "y", "name", "measure"),
    [
        (NetworkClassifier(**SMALL), IS_POSITIVE[:, 0], "log-loss (labels smoothed by 0.05)", lambda J, d: J),
        (NetworkClassifier(cost="cross_entropy", **SMALL), IS_POSITIVE[:, 0], "log-loss", lambda J, d: J),
        (NetworkClassifier(**SMALL), IS_POSITIVE.astype(int), "log-loss of a label", lambda J, d: J / 2),
        (NetworkRegressor(**SMALL), 9 * X_TWO, "RMSE, in standard deviations", lambda J, d: np.sqrt(J)),
        (NetworkRegressor(cost="absolute_error", **SMALL), X_TWO[:, 0], "mean absolute error", lambda J, d: d * J),
        (NetworkRegressor(quantiles=(0.1, 0.5), **SMALL), X_TWO[:, 0], "pinball loss", lambda J, d: d * J / 2),
        (NetworkRegressor(cost="huber", **SMALL), X_TWO[:, 0], "J: huber", lambda J, d: J),
        (NetworkRegressor(cost=cr.SumOfSquares(), **SMALL), X_TWO[:, 0], "J: sum of squares", lambda J, d: J),
    ],
)  # fmt: skip
def test_the_curves_are_the_measure_that_J_is(model: Any, y: Any, name: str, measure: Any) -> None:
    """The axis has the common measure that the cost is, in the unit of the target, or J; so have card and summary."""
    pytest.importorskip("matplotlib")
    model.fit(X_TWO, y)
    (axes,) = model.plot_history().axes
    assert axes.get_ylabel() == name
    held_out, deviation = [h.validation_J for h in model.histories_], getattr(model.target_, "deviation", [1.0])[0]
    expected = [measure(J, deviation) for J in held_out]
    for line, values in zip(axes.lines[3:5], expected, strict=True):
        np.testing.assert_allclose(np.asarray(line.get_ydata()), values, rtol=1e-12)
    assert f">{name}" in model._repr_html_()
    is_J = np.array_equal(expected[0], held_out[0])
    assert (f"held-out {name}" in model.summary()) is not is_J


def test_importances_are_computed_once_and_name_the_column(fitted: NetworkClassifier) -> None:
    """The column that decides comes first, a constant one has 0; pickles keep the values, and not the rows."""
    values = fitted.feature_importances_
    np.testing.assert_array_equal(fitted.feature_importances_, values)
    found = fitted.importances()
    np.testing.assert_array_equal(found.values, values)
    assert found.names == ("z", "letter", "one", "number")
    assert found.ranked()[0][0] in ("z", "number")
    assert values[2] == 0.0
    assert found.rows == 32  # the networks hold out 16 rows each
    assert "z" in fitted.importances(method="gradient").names
    copy = pickle.loads(pickle.dumps(fitted))  # noqa: S301  # our own bytes
    np.testing.assert_array_equal(copy.feature_importances_, values)
    assert "_held_out_rows" not in vars(copy)
    with pytest.raises(cr.InputError, match=r"this model has no held-out rows to look at; give rows .*\(X, y\)"):
        copy.importances()


def test_a_notebook_shows_importances_only_if_they_are_known() -> None:
    """A notebook's page computes nothing: importances are in scikit-learn's table once they have been asked for."""
    rows = [[float(k), k % 3] for k in range(60)]
    model = NetworkRegressor(epochs=2, n_networks=1, random_state=0).fit(rows, [2.0 * k for k in range(60)])
    shown = [model._repr_html_()]
    assert "importances" not in model.model_.about
    assert hasattr(model, "feature_importances_")
    shown.append(model._repr_html_())
    has_table = "n_features_in_" in shown[0].partition("sk-top-container")[2]  # since scikit-learn 1.9
    assert ["feature_importances_" in page for page in shown] == [False, has_table]


def test_a_file_holds_the_importances(fitted: NetworkClassifier, tmp_path: Path) -> None:
    """Importances that were computed are in the file, and a loaded estimator shows itself as the saved one does."""
    values, path = fitted.feature_importances_, tmp_path / "model.safetensors"
    fitted.save(path)
    loaded = NetworkClassifier.load(path)
    np.testing.assert_array_equal(loaded.feature_importances_, values)
    assert "network  sizes" in loaded.summary()
    assert "learning curves" in loaded._repr_html_()


def test_importances_need_rows(tmp_path: Path) -> None:
    """Without held-out rows there are importances of given rows alone, and hasattr answers."""
    path = table(tmp_path)
    with pytest.warns(cr.errors.DataWarning):
        model = NetworkClassifier(**SMALL, validation_fraction=0.0).fit(path, "y")
    assert not hasattr(model, "feature_importances_")
    assert model.importances(path, "y").rows == 80
    with pytest.raises(cr.InputError, match="y must have one label per row of X"):
        model.importances(path)
    with pytest.raises(NotFittedError):
        NetworkClassifier().importances()
    with pytest.raises(NotFittedError):
        NetworkClassifier().summary()


def test_recursive_elimination_takes_the_importances() -> None:
    """scikit-learn's RFE selects the column that matters."""
    selection = pytest.importorskip("sklearn.feature_selection")
    X = np.random.default_rng(0).normal(size=(80, 3))
    chosen = selection.RFE(NetworkRegressor(**{**SMALL, "epochs": 30}), n_features_to_select=1).fit(X, X[:, 1])
    assert chosen.support_.tolist() == [False, True, False]


def test_the_card_has_what_a_reader_asks_first(fitted: NetworkClassifier) -> None:
    """It has score, classes, columns left out, the warning, kept epochs, an axis of epochs, and no script."""
    html = fitted._repr_html_().partition("sk-top-container")[0]
    for part in (
        "preset default: rows.csv: y", "accuracy on held-out rows", "2: &#x27;no&#x27;, &#x27;yes&#x27;", "left out",
        "&#x27;one&#x27;: constant in the training rows", "○ kept: ", ">epoch</text>", "<circle",
    ):  # fmt: skip
        assert part in html, part
    assert "<script" not in html


def test_the_report_is_one_page(fitted: NetworkClassifier, tmp_path: Path) -> None:
    """The page has every part, refers to nothing outside, and gives the numbers of the model."""
    pytest.importorskip("matplotlib")
    path = tmp_path / "report.html"
    fitted.report(path)
    page = path.read_text(encoding="utf-8")
    for heading in ("Results", "Errors", "Training", "Columns that matter", "Model card", "Encoding of the columns"):
        assert f"<h2>{heading}</h2>" in page
    assert f'<td class="number">{fitted.validation_score_:.4f}</td>' in page
    assert "<title>rows.csv: y</title>" in page
    names = re.findall(r'<svg role="img" aria-label="([^"]*)"', page)
    assert names[:4] == ["confusion matrix", "calibration", "learning curves", "importances"]
    assert "partial dependence on z" in names
    outside = re.findall(r'(?:src|href)="(?!#|data:)([^"]*)"', page)
    assert outside == []
    assert "<script" not in page
    ids = [re.findall(r'<clipPath id="([^"]+)"', svg) for svg in page.split("<svg")[1:]]
    assert len({name for some in ids for name in some}) == sum(map(len, ids))


def test_the_report_of_given_rows_of_numbers(tmp_path: Path) -> None:
    """For regression the page has residuals and the coverage of the intervals, on the rows that are given."""
    pytest.importorskip("matplotlib")
    rng = np.random.default_rng(0)
    X = rng.normal(size=(120, 2))
    model = NetworkRegressor(**SMALL).fit(X, X[:, 0])
    path = tmp_path / "report.html"
    model.report(path, X[:30], X[:30, 0], title="A & B")
    page = path.read_text(encoding="utf-8")
    assert "<title>A &amp; B</title>" in page
    assert "30 rows that were given" in page
    assert "in 90 % interval" in page
    assert 'aria-label="true − predicted over predicted"' in page


def test_the_card_in_markdown_has_what_is_known(fitted: NetworkClassifier, tmp_path: Path) -> None:
    """The card has results of held-out rows or of given ones, columns, shares and versions, and blanks for its use."""
    card = fitted.card()
    assert card.startswith("# Model card: rows.csv: y\n\n## Intended use\n\n- **Made for**: *to be filled in: ")
    assert re.search(rf"^\| accuracy \| {fitted.validation_score_:.4f} \| 0.5", card, re.MULTILINE)
    assert re.search(r"^Measured on \d+ held-out rows\. They have also chosen the epoch", card, re.MULTILINE)
    assert "| one | numbers | left out: constant in the training rows" in card
    assert re.search(r"^\| yes \| 0\.[45]\d+ \|$", card, re.MULTILINE)
    assert f"- Chainrule {cr.__version__}, NetworkClassifier" in card
    assert "Measured on 80 rows that were given." in fitted.card(table(tmp_path), "y")
    fitted.save(tmp_path / "m.safetensors")
    again = NetworkClassifier.load(tmp_path / "m.safetensors").card()
    assert f"- accuracy on held-out rows: {fitted.validation_score_:.4f}." in again
    assert again.partition("## Model")[2] == card.partition("## Model")[2]


@pytest.mark.parametrize(
    "sizes", [[3, 8, 1], [170, 222, 188, 188, 128, 128, 128, 2], [3, *[64] * 15, 1], [20_000, 9, 9]]
)
@pytest.mark.parametrize("sigma", ["relu", "hard_tanh", cr.Parametric("hard_tanh")])
def test_a_drawing_of_layers_can_be_read(sizes: list[int], sigma: Any) -> None:
    """No text is smaller than 9 pixels or lies on another, a letter being 0.6 of its size wide; many layers are cut."""
    drawing = layers(cr.Network.dense(sizes, hidden=sigma))
    size = float(re.findall(r'font-size="([0-9.]+)"', drawing)[0])
    texts = re.findall(r'<text x="([0-9.]+)" y="([0-9.]+)"[^>]*>([^<]*)<', drawing)
    below = [(float(y), float(x), 0.6 * size * len(name)) for x, y, name in texts if float(y) > 80]
    numbers = [(0.0, float(x), 0.6 * size * len(name)) for x, y, name in texts if float(y) < 80]
    assert len(below) == len(numbers) - (len(sizes) > 9) == min(len(sizes), 8 if len(sizes) > 9 else 9)
    for (line, x, wide), (next_line, next_x, next_wide) in pairwise([*sorted(below), *sorted(numbers)]):
        assert line != next_line or next_x - x >= 0.99 * (wide + next_wide) / 2
    assert size >= 9.0
    assert max(x for _, x, _ in below) + 15 <= float(re.findall(r'width="(\d+)"', drawing)[0]) <= 276


def test_the_card_lies_in_one_row() -> None:
    """Beside a scroll bar of 15 pixels, a notebook of 950 has room for facts, layers and curves side by side."""
    rows = [[float(k), k % 3] for k in range(60)]
    html = NetworkRegressor(**SMALL).fit(rows, [2.0 * k for k in range(60)])._repr_html_()
    facts, drawn = re.search(r"flex:1 1 (\d+)px", html), re.search(r'<div style="width:(\d+)px">', html)
    curves = re.search(r'aria-label="learning curves" width="(\d+)"', html)
    assert facts
    assert drawn
    assert curves
    assert int(facts[1]) + int(drawn[1]) + int(curves[1]) + 2 * 18 + 2 * 17 <= 950 - 15


def test_the_card_draws_every_network() -> None:
    """Each network has a faint line of its held-out metric, on which its kept epoch lies, beside the two means."""
    rows = [[float(k), k % 3] for k in range(60)]
    model = NetworkRegressor(epochs=12, n_networks=3, random_state=0).fit(rows, [2.0 * k for k in range(60)])
    drawing = model._repr_html_().partition('aria-label="learning curves"')[2].partition("</svg>")[0]
    lines = re.findall(r'<polyline points="([^"]+)"[^>]*stroke-opacity', drawing)
    assert len(lines) == 3
    assert drawing.count("<polyline") == 5
    for x, y in re.findall(r'<circle cx="([0-9.]+)" cy="([0-9.]+)"', drawing):
        assert any(f"{x},{y}" in line for line in lines)


def test_marks_in_names_are_no_markup() -> None:
    """Names of columns and labels with marks of Markdown stay as they are."""
    X = pd.DataFrame({"a|b": np.arange(40.0), "<i>": np.arange(40.0)[::-1] ** 2})
    card = NetworkClassifier(**SMALL).fit(X, np.where(X["a|b"] > 20, "*x*", "`y`")).card()
    assert r"| a\|b | numbers |" in card
    assert r"| \<i\> | numbers |" in card
    assert r"| \*x\* |" in card


def test_the_card_of_numbers_has_their_mean() -> None:
    """The card of a regression has the mean and the deviation of the target, and the residuals behind intervals."""
    X = np.random.default_rng(0).normal(size=(60, 2))
    card = NetworkRegressor(**SMALL).fit(X, 10 + X[:, 0]).card()
    assert re.search(r"^- mean 9\.\d+|^- mean 10\.\d+", card, re.MULTILINE)
    assert "- **Intervals**: from the residuals of " in card

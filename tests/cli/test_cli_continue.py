"""``chainrule train --from MODEL``: a saved model learns from new rows."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn")
pytest.importorskip("matplotlib")

from support.command import chainrule

from chainrule.estimators import NetworkClassifier, NetworkRegressor
from chainrule.tables import load
from chainrule.training.errors import DivergenceError


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder, which is the current one, with a model of old rows, and new rows with a level of their own."""
    rng = np.random.default_rng(0)
    rows = [f"{z:.3f},{'ab'[k % 2]},{'yes' if z > 0 else 'no'}" for k, z in enumerate(rng.normal(size=120))]
    names = "z,letter,kind"
    (tmp_path / "old.csv").write_text("\n".join([names, *rows[:60]]))
    (tmp_path / "new.csv").write_text("\n".join([f"{names},more", *(f"{row},1" for row in rows[60:]), "0.5,c,yes,1"]))
    (tmp_path / "odd.csv").write_text("\n".join([names, *rows[60:], "0.5,a,perhaps"]))
    (tmp_path / "part.csv").write_text("\n".join(["z,kind", *(f"{r.split(',')[0]},{r.split(',')[2]}" for r in rows)]))
    monkeypatch.chdir(tmp_path)
    assert chainrule("train", "old.csv", "--target", "kind", "--epochs", "3", "--quiet").code == 0
    return tmp_path


def test_a_model_learns_from_new_rows(here: Path) -> None:
    """The encoder and the target are kept, new columns and levels are noted, and the model is compared with itself."""
    answer = chainrule("train", "new.csv", "--from", "old.safetensors", "--epochs", "2")
    assert answer.code == 0
    assert "the model does not know 'more'" in answer.err
    assert "categories not seen in training count as missing: 'letter' (1)" in answer.err
    found = re.search(
        r"Trained 2 passes over the new rows; kept pass [12], the best on their held-out ones", answer.err
    )
    assert found is not None
    assert "Saved new.safetensors (the model) and new.png (the learning curves)." in answer.err
    assert re.search(r"^epoch 2/2 \(network 8 of 8\)  J \S+  validation J \S+  best ", answer.err, re.MULTILINE)
    assert Path("new.png").read_bytes().startswith(b"\x89PNG")
    assert re.search(r"^ +before +after$", answer.out, re.MULTILINE)
    before, after = load("old.safetensors"), load("new.safetensors")
    assert after.encoder.describe() == before.encoder.describe()
    assert (after.networks[0].theta != before.networks[0].theta).any()
    assert after.about["column"] == "kind"
    training, earlier = after.about["training"], before.about["training"]
    assert training["source"] == "old.csv, then new.csv"
    assert training["passes_over_new_rows"] == 2
    rows = int(re.search(r"^new.csv: (\d+) training rows", answer.err, re.MULTILINE)[1])  # type: ignore[index]
    assert training["rows"]["training"] == after.about["rows"] == earlier["rows"]["training"] + rows
    [accuracy] = (value for name, value, _ in training["scores"] if name == "accuracy")
    assert re.search(rf"^ *accuracy +\S+ +{accuracy:.4f}$", answer.out, re.MULTILINE)


def test_each_pass_is_an_epoch_of_the_curves(here: Path) -> None:
    """The history has the epochs of fit and one for each pass until the kept one, which --verbose prints, too."""
    answer = chainrule("train", "new.csv", "--from", "old.safetensors", "--epochs", "3", "--verbose")
    assert answer.code == 0
    [kept] = re.findall(r"kept pass (\d)", answer.err)
    model = NetworkClassifier.load("new.safetensors")
    assert [history.epochs for history in model.histories_] == [3 + int(kept)] * 8
    assert model.history_["pass"].max() == int(kept)
    lines = re.findall(r"^network 3 of 8  epoch (\d)/3  J (\S+)", answer.err, re.MULTILINE)
    assert [int(epoch) for epoch, _ in lines] == [1, 2, 3]
    np.testing.assert_allclose([float(J) for _, J in lines][: int(kept)], model.histories_[2].J[3:], rtol=1e-3)
    assert "network 3 of 8  3 of 3 epochs  J " in answer.err


def test_a_quiet_continuation_prints_the_results_alone(here: Path) -> None:
    """With --quiet stderr has no progress and no names of files."""
    answer = chainrule("train", "new.csv", "--from", "old.safetensors", "--epochs", "1", "--quiet")
    assert answer.code == 0
    assert [line for line in answer.err.splitlines() if not line.startswith("Note: categories not seen")] == []
    assert Path("new.png").exists()


def test_networks_that_no_pass_improves_are_kept(here: Path) -> None:
    """If each pass raises the cost on the held-out new rows, here the model's own predictions, it does not change."""
    z = np.random.default_rng(1).normal(size=60)
    NetworkRegressor(n_networks=1, epochs=20, hidden_layer_sizes=8, random_state=0).fit(z[:, None], z**2).save("r")
    y = NetworkRegressor.load("r").predict(z[:, None]).tolist()
    Path("own.csv").write_text("\n".join(["x0,target", *(f"{a!r},{b!r}" for a, b in zip(z.tolist(), y, strict=True))]))
    answer = chainrule("train", "own.csv", "--from", "r", "--epochs", "3", "--out", "s.safetensors")
    assert answer.code == 0
    assert (
        "Trained 3 passes over the new rows; none lowers the cost on their held-out ones, so the networks are kept as "
        "they were.\nSaved s.safetensors"
    ) in answer.err
    before, after = load("r"), load("s.safetensors")
    assert [net.theta.tobytes() for net in after.networks] == [net.theta.tobytes() for net in before.networks]
    np.testing.assert_array_equal(after.residuals, before.residuals)
    training = after.about["training"]
    assert (training["kept_pass"], training["rows"]["training"], after.about["rows"]) == (0, 60, 60)
    assert re.search(r"^ *RMSE +(\S+) +\1$", answer.out, re.MULTILINE)


def test_of_few_new_rows_none_is_held_out(here: Path) -> None:
    """Of fewer than ten new training rows no network holds one out; the model after the last pass is kept."""
    rows = Path("new.csv").read_text().splitlines()
    Path("few.csv").write_text("\n".join(rows[:12]))
    answer = chainrule("train", "few.csv", "--from", "old.safetensors", "--epochs", "2")
    assert answer.code == 0
    assert "Trained 2 passes over the new rows; kept the last, since none of the new rows is held out." in answer.err
    assert load("few.safetensors").about["training"]["kept_pass"] is None
    assert NetworkClassifier.load("few.safetensors").history_["pass"].max() == 2


@pytest.mark.parametrize("first", [1, 2])
def test_passes_before_one_that_diverges_are_kept(here: Path, monkeypatch: pytest.MonkeyPatch, first: int) -> None:
    """A pass that diverges ends the training; if it is the first one there is nothing to save."""
    real, passes = NetworkClassifier.partial_fit, []

    def partial_fit(self: NetworkClassifier, *rows: Any) -> NetworkClassifier:
        passes.append(rows)
        if len(passes) == first:
            raise DivergenceError("J has exploded.", self.histories_[0])
        return real(self, *rows)

    monkeypatch.setattr(NetworkClassifier, "partial_fit", partial_fit)
    answer = chainrule("train", "new.csv", "--from", "old.safetensors", "--epochs", "9")
    assert len(passes) == first
    assert Path("new.safetensors").exists() == (first == 2)
    if first == 1:
        assert (answer.code, answer.err.splitlines()[-1]) == (1, "Error: J has exploded.")
    else:
        assert answer.code == 0
        assert "\nNote: pass 2 diverged, so it was the last one.\n" in answer.err
        assert "\nTrained 1 pass over the new rows; kept pass 1" in answer.err


def test_a_report_of_the_new_model(here: Path) -> None:
    """--report writes the page about the new model on the test rows, whose importances its file then holds."""
    answer = chainrule("train", "new.csv", "--from", "old.safetensors", "--epochs", "2", "--report", "r.html")
    assert answer.code == 0
    assert "Saved r.html (the report)." in answer.err
    page = Path("r.html").read_text()
    assert page.count("<h2>") > 3
    tested = re.search(r"rows and (\d+) test rows", answer.err)
    assert tested is not None
    assert f"All results are those of {tested[1]} rows." in page
    assert "in fit and" in page
    assert load("new.safetensors").about["importances"] is not None


def test_a_model_whose_training_was_interrupted_learns(here: Path) -> None:
    """The passes are made however the training of the model ended."""
    model = NetworkClassifier.load("old.safetensors")
    model.stopped_ = "interrupted"
    model.save("cut.safetensors")
    assert "Trained 2 passes" in chainrule("train", "new.csv", "--from", "cut.safetensors", "--epochs", "2").err


@pytest.mark.parametrize(("arguments", "words"), [
    (("odd.csv",), "has the class 'perhaps' in row 61, which did not occur in training"),
    (("part.csv",), "has no column 'letter'"),
    (("new.csv", "--preset", "best", "--layers", "3"), "leave out --preset, --layers"),
    (("new.csv", "--target", "nope"), "--target: new.csv has no column 'nope'"),
    (("new.csv", "--engine", "reference"), "leave out --engine, or train a new model"),
    (("new.csv", "--folds", "3"), "--folds measures new models, each trained on a part of the rows"),
    (("new.csv", "--time-limit", "3"), "as --epochs says. Leave out --time-limit or --from"),
    (("new.csv", "--checkpoint", "c"), "--from saves the best of the finished passes if it is interrupted"),
], ids=["class", "column", "settings", "target", "engine", "folds", "limit", "checkpoint"])  # fmt: skip
def test_what_the_model_cannot_learn_from_is_refused(arguments: tuple[str, ...], words: str, here: Path) -> None:
    """Another class, a missing column, settings, and a table without the target are refused by name."""
    answer = chainrule("train", *arguments, "--from", "old.safetensors")
    assert answer.code != 0
    assert words in answer.err


def test_the_model_of_an_estimator_needs_the_name_of_its_target(here: Path) -> None:
    """A file of an estimator may not hold the name of the target; --target gives it."""
    X = np.random.default_rng(0).normal(size=(60, 2))
    NetworkRegressor(n_networks=1, epochs=2, hidden_layer_sizes=3).fit(X, X[:, 0]).save("r.safetensors")
    np.savez("r.npz", X=X, y=X[:, 0])
    answer = chainrule("train", "r.npz", "--from", "r.safetensors", "--out", "s.safetensors", "--epochs", "1")
    assert (answer.code, answer.err.count("Error")) == (0, 0)

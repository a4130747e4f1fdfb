"""Files that commands write: their names, and files that exist are never replaced without --force."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest
from support.command import QUICK, Answer, chainrule, process, table, write_csv
from support.patience import LIMIT

from chainrule.cli import models, outputs
from chainrule.cli.train import phases

OLD = b"the older file"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Each test works in a folder of its own, with a table."""
    monkeypatch.chdir(tmp_path)
    write_csv(tmp_path / "t.csv", table())
    return tmp_path


def train(*options: object, source: str = "t.csv") -> Answer:
    """Trains for a moment."""
    return chainrule("train", source, "--target", "kind", *QUICK, "--epochs", 2, *options)


def contents(folder: Path) -> dict[str, bytes]:
    """Returns the files in the folder and below, and what is in them."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


NAMES = [
    # the files that exist, the options, the new files
    ([], [], ["t.safetensors", "t.png"]),
    (["t.safetensors"], [], ["t-2.safetensors", "t-2.png"]),
    (["t.png"], [], ["t-2.safetensors", "t-2.png"]),
    (["t.safetensors", "t-2.png", "t-3.safetensors"], [], ["t-4.safetensors", "t-4.png"]),
    (["t.safetensors"], ["--quiet"], ["t-2.safetensors", "t-2.png"]),
    (["runs/t.png"], ["--out", "runs"], ["runs/t-2.safetensors", "runs/t-2.png"]),
    (["t.safetensors"], ["--out", "runs.2/"], ["runs.2/t.safetensors", "runs.2/t.png"]),
    (["t.safetensors"], ["--out", "v1.5.safetensors"], ["v1.5.safetensors", "v1.5.png"]),
]


@pytest.mark.parametrize(("existing", "options", "new"), NAMES)
def test_a_run_writes_new_files(here: Path, existing: list[str], options: list[str], new: list[str]) -> None:
    """A run takes the first free name, for the model and the picture alike, and says so, also with --quiet."""
    for name in existing:
        (here / name).parent.mkdir(exist_ok=True)
        (here / name).write_bytes(OLD)
    before = contents(here)
    answer = train(*options)
    assert answer.code == 0, answer.err
    after = contents(here)
    assert sorted(after.keys() - before.keys()) == sorted(new)
    assert {name: after[name] for name in before} == before
    assert ("exists; this run writes" in answer.err) == ("-" in new[0])
    assert new[0] in answer.err


@pytest.mark.parametrize("existing", ["m.safetensors", "m.png"])
def test_a_name_that_was_asked_for_is_refused_if_it_exists(here: Path, existing: str) -> None:
    """--out NAME.safetensors with an existing model or picture ends before the table is read, and changes nothing."""
    (here / existing).write_bytes(OLD)
    before = contents(here)
    answer = train("--out", "m.safetensors", source="t.csv")
    assert (answer.code, answer.out) == (2, "")
    assert answer.err == f"Error: --out: {existing} exists; give another name, or --force to replace it.\n"
    assert contents(here) == before


@pytest.mark.parametrize("options", [["--force"], ["--force", "--out", "t.safetensors"], ["--force", "--out", "."]])
def test_force_replaces(here: Path, options: list[str]) -> None:
    """With --force both older files are replaced, and no others are written."""
    for name in ("t.safetensors", "t.png"):
        (here / name).write_bytes(OLD)
    assert train(*options).code == 0
    assert set(contents(here)) == {"t.csv", "t.safetensors", "t.png"}
    assert OLD not in contents(here).values()


def test_force_is_refused_before_training_for_what_cannot_be_replaced(here: Path) -> None:
    """--force on a folder of the model's name is an error before the table is read."""
    (here / "u.safetensors").mkdir()
    answer = train("--force", source="u.csv")
    assert (answer.code, answer.out) == (1, "")
    assert answer.err == (
        "Error: cannot write 'u.safetensors': it is a folder; name a file in it. Choose another with --out.\n"
    )


LINK = "No such file or directory (it is a link to 'nowhere/file')"
UNWRITABLE = [
    # the command, the file that is named, the reason
    (
        "train u.csv --out pipe.safetensors --force",
        "pipe.safetensors",
        "it is not a regular file and will not be replaced",
    ),
    ("train u.csv --out link.safetensors", "link.safetensors", LINK),
    ("train u.csv --out picture.safetensors --force", "picture.png", LINK),
    ("train u.csv --out t.csv/folder", "t.csv/folder", "'t.csv' is not a folder"),
    (
        "predict u.safetensors u.csv --out pipe.csv --force",
        "pipe.csv",
        "it is not a regular file and will not be replaced",
    ),
    ("predict u.safetensors u.csv --out link.parquet", "link.parquet", LINK),
    ("predict u.safetensors u.csv --out no/p.csv", "no/p.csv", "there is no folder 'no'"),
]


@pytest.mark.skipif(sys.platform == "win32", reason="no named pipes")
@pytest.mark.parametrize(("command", "name", "reason"), UNWRITABLE)
def test_an_output_is_tried_before_the_work(here: Path, command: str, name: str, reason: str) -> None:
    """A pipe, or a link into a folder that is missing, is found out before the model or the table is read."""
    for pipe in ("pipe.safetensors", "pipe.csv"):
        os.mkfifo(here / pipe)
    for link in ("link.safetensors", "picture.png", "link.parquet"):
        (here / link).symlink_to("nowhere/file")
    before = sorted(os.listdir(here))
    answer = chainrule(*command.split())
    assert (answer.code, answer.out) == (1, "")
    assert answer.err == f"Error: cannot write {name!r}: {reason}. Choose another with --out.\n"
    assert sorted(os.listdir(here)) == before


@pytest.mark.parametrize("place", ["temporary", "home", ""])
def test_a_model_that_cannot_be_saved_is_saved_elsewhere(
    here: Path, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the folder has gone after training, the model is in the temporary or the home folder, as stderr says."""

    def fit(*given: object) -> object:
        shutil.rmtree(here / "runs")
        return original(*given)  # type: ignore[arg-type]

    original = phases.fit
    monkeypatch.setattr(phases, "fit", fit)
    monkeypatch.setattr(tempfile, "tempdir", str(here / "temporary"))
    monkeypatch.setenv("HOME", str(here / "home"))
    monkeypatch.setenv("USERPROFILE", str(here / "home"))
    if place:
        (here / place).mkdir()
    answer = train("--out", "runs", "--quiet")
    assert answer.code == 1
    last = answer.err.splitlines()[-1]
    if not place:
        assert last == (
            f"Error: {str(Path('runs/t.safetensors'))!r}: No such file or directory; there is no folder 'runs', make "
            "it first. The model could not be saved in another folder either, and is lost."
        )
        return
    saved = here / place / "t.safetensors"
    assert "No such file or directory; there is no folder 'runs', make it first." in last
    assert last.endswith(f". The model was saved as {saved} instead.")
    assert "accuracy" in answer.out
    assert models.load_model(str(saved)).about["column"] == "kind"
    assert (here / place / "t.png").exists()


FULL = """
import resource, sys
from chainrule.cli import main
from chainrule.cli.train import phases
original = phases.fit

def fit(*given):
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    return original(*given)

limit = int(sys.argv.pop(1))
if limit < 4096:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
phases.fit = fit
sys.exit(main())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no limits of a process")
@pytest.mark.parametrize(("limit", "says"), [(0, "Choose another with --out."), (5000, "and is lost.")])
def test_a_disk_that_takes_no_more(here: Path, limit: int, says: str) -> None:
    """A disk that takes nothing is found out before training. One that is full afterwards costs no older file."""
    (here / "t.safetensors").write_bytes(OLD)
    command = process(limit, "train", "t.csv", "--target", "kind", *QUICK, "--force", cwd=here, code=FULL)
    out, err = command.communicate(timeout=LIMIT)
    assert (command.returncode, out) == (1, ""), err
    assert "Traceback" not in err
    assert "File too large" in err
    assert err.splitlines()[-1].endswith(says)
    assert contents(here).keys() == {"t.csv", "t.safetensors"}
    assert (here / "t.safetensors").read_bytes() == OLD


def test_a_file_that_appears_during_training_stays(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model or a picture that another program writes during training is kept; this run's files get the next name."""

    def fit(*given: object) -> object:
        (here / "t.safetensors").write_bytes(OLD)
        return original(*given)  # type: ignore[arg-type]

    def draw(*given: object) -> bytes:
        (here / "t-2.png").write_bytes(OLD)
        return drawn(*given)  # type: ignore[arg-type]

    original, drawn = phases.fit, phases.learning_curves
    monkeypatch.setattr(phases, "fit", fit)
    monkeypatch.setattr(phases, "learning_curves", draw)
    answer = train("--quiet")
    assert answer.code == 0
    assert answer.err == "Saved t-2.safetensors (the model) and t-3.png (the learning curves).\n"
    assert [contents(here)[name] for name in ("t.safetensors", "t-2.png")] == [OLD, OLD]
    assert models.load_model("t-2.safetensors").about["column"] == "kind"


def test_names_with_dots_are_kept_apart(here: Path) -> None:
    """sales.2023.csv and sales.2024.csv give two models."""
    for year in (2023, 2024):
        write_csv(here / f"sales.{year}.csv", table())
        assert train(source=f"sales.{year}.csv").code == 0
    assert {name for name in contents(here) if name.endswith("s")} == {
        "sales.2023.safetensors",
        "sales.2024.safetensors",
    }


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_predictions_are_not_replaced(here: Path, ending: str) -> None:
    """--out of predict refuses a file that exists, and --force replaces it."""
    assert train().code == 0
    path = here / f"p.{ending}"
    command = ["predict", "t.safetensors", "t.csv", "--out", path.name]
    assert chainrule(*command).code == 0
    first = path.read_bytes()
    path.write_bytes(OLD)
    answer = chainrule(*command)
    assert (answer.code, answer.err) == (
        2,
        f"Error: --out: {path.name} exists; give another name, or --force to replace it.\n",
    )
    assert path.read_bytes() == OLD
    assert chainrule(*command, "--force").code == 0
    assert path.read_bytes() == first


def test_a_bad_table_leaves_no_folder(here: Path) -> None:
    """The folder of --out is made when the data and the options are valid, and not before."""
    assert chainrule("train", "t.csv", "--target", "knd", "--out", "new/folder").code == 2
    assert not (here / "new").exists()


def test_the_next_free_name_counts_both_files(here: Path) -> None:
    """A number is free if neither the model nor the picture of that number exists."""
    for name in ("m-2.safetensors", "m-3.png"):
        (here / name).write_bytes(OLD)
    assert outputs.Destination(here, "m", replaces=False).next_free().name == "m-4"

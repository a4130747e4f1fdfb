"""The speed benchmarks run and check their results, and pages equal the stored results; no test asserts a time."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import chainrule as cr
from benchmarks import __main__ as command
from benchmarks import goals, pages
from benchmarks.harness import markdown
from benchmarks.harness.clock import rotated
from benchmarks.harness.options import chosen
from benchmarks.harness.paths import ROOT
from benchmarks.harness.workers import Worker, WorkerError
from benchmarks.speed import data, page, peers, picture, table
from benchmarks.speed.check import failure
from benchmarks.speed.peers.chainrule_ import network
from benchmarks.speed.results import PeerTimes, SpeedReport, WorkloadTimes
from benchmarks.speed.workloads import WORKLOADS, Prediction, Training

TRAININGS = [workload for workload in WORKLOADS.values() if isinstance(workload, Training)]
PREDICTIONS = [workload for workload in WORKLOADS.values() if isinstance(workload, Prediction)]


def report(failed: str | None = None) -> SpeedReport:
    """Returns a run of every workload with invented times: each peer takes three times as long as Chainrule."""
    rows = []
    for name, workload in WORKLOADS.items():
        for dtype in workload.dtypes:
            own = PeerTimes(
                "chainrule", "Chainrule", "native engine", {"chainrule": "0.1.0"}, [0.5, 1.0, 2.0, 1.0, 1.0]
            )
            others = [
                PeerTimes(
                    peer, peers.PEERS[peer].title, "", {peer: "1.0"}, [1.5, 3.0, 6.0, 3.0, 3.0], [0.0] * 5, failed
                )
                for peer in workload.peers
            ]
            rows.append(WorkloadTimes(name, dtype, workload.units, [own, *others]))
    return SpeedReport("python -m benchmarks", "2026-01-01", 5, False, "abc", {"CPU": "a CPU", "cores": "2"}, {}, rows)


def test_every_peer_and_goal_of_a_workload_is_known() -> None:
    """Workloads name peers that exist, and goals name peers that are measured."""
    assert list(WORKLOADS) == ["A", "S", "B", "C", "D", "F", "one-row", "1024-rows", "cold-process"]
    for workload in WORKLOADS.values():
        assert set(workload.peers) <= set(peers.PEERS)
        assert set(goals.SPEED[workload.name]) <= set(workload.peers)
        assert all(goal.least <= goal.aim for goal in goals.SPEED[workload.name].values())
        for peer in ("chainrule", *workload.peers):
            script = f"cold/{peer}_.py" if workload.unit == "process" else f"peers/{peers.PEERS[peer].module}.py"
            assert (ROOT / "benchmarks" / "speed" / script).is_file()


@pytest.mark.parametrize("workload", TRAININGS, ids=lambda workload: workload.name)
def test_epochs_are_whole(workload: Training) -> None:
    """No minibatch is ragged, so that a peer that needs equal shapes sees every row too."""
    assert workload.t % workload.batch_size == 0
    assert workload.units == workload.epochs * workload.t // workload.batch_size
    assert 0 < workload.quick().units <= workload.units


def test_peers_are_given_the_order_that_training_draws() -> None:
    """Steps over ``row_order`` are those of ``cr.train(seed=SEED)``: both come to the same θ."""
    workload = Training(
        "T", "", (), sizes=(3, 4, 2), t=12, batch_size=4, epochs=2, optimizer="gradient_descent", learning_rate=0.1
    )
    X, Y = data.training_set(workload, "float64")
    theta = data.initial_theta(workload.sizes, workload.hidden, "float64")
    cost, net, other = cr.SumOfSquares(mean=True), network(workload, theta), network(workload, theta)
    cr.train(
        net, X, Y, cost=cost, optimizer=cr.GradientDescent(0.1), epochs=2, batch_size=4, seed=data.SEED,
        engine="reference",
    )  # fmt: skip
    for rows in data.row_order(workload):
        other.theta -= 0.1 * cr.gradient(other, cost, X[rows], Y[rows], engine="reference").theta
    np.testing.assert_allclose(net.theta, other.theta, rtol=1e-12)


def test_matrix_exponential() -> None:
    """The closed form is the sum of the series Aᵏ/k!."""
    X = data.inputs(4, 20)
    A, term, total = X.reshape(-1, 2, 2), np.eye(2), np.eye(2)
    for k in range(1, 60):
        term = term @ A / k
        total = total + term
    np.testing.assert_allclose(data.matrix_exponential(X), total.reshape(-1, 4), rtol=1e-10, atol=1e-12)


def test_the_check_has_its_own_forward_pass() -> None:
    """J and N(x), by which results are checked, are those of the lecture (the reference engine's)."""
    for workload in TRAININGS[:2]:
        X, Y = (array[:50] for array in data.training_set(workload, "float64"))
        theta = data.initial_theta(workload.sizes, workload.hidden, "float64")
        J = cr.SumOfSquares(mean=True)(network(workload, theta), X, Y)
        assert data.J(workload, theta, X, Y) == pytest.approx(J, rel=1e-12)
    one_row = PREDICTIONS[0]
    x, theta = data.inputs(one_row.sizes[0], 1), data.initial_theta(one_row.sizes, one_row.hidden, "float64")
    assert data.deviation(one_row, theta, x, network(one_row, theta)(x, engine="reference")) < 1e-14


@pytest.mark.parametrize(
    ("peer", "name"), [("reference", "A"), ("chainrule", "A"), ("chainrule", "one-row"), ("predictor", "one-row")]
)
def test_a_worker_answers_with_a_checked_run(peer: str, name: str) -> None:
    """Each run of a worker starts from θ₀: the results of two runs are equal, and right."""
    with Worker("benchmarks.speed.worker", [peer, name, "float64", "--quick"]) as worker:
        first, second = worker.ask("run"), worker.ask("run")
        assert worker.greeting["versions"] == {"chainrule": cr.__version__}
        assert worker.greeting["note"].endswith(" engine")
    assert first["value"] == second["value"]
    assert first["seconds"] > 0
    if name == "A":
        assert 0 <= first["value"] < worker.greeting["start"]
    else:
        assert failure(WORKLOADS[name], "float64", first["value"], 0.0, 0.0) is None


def test_a_worker_that_cannot_run_says_why() -> None:
    """A process that ends instead of answering raises its last message."""
    with pytest.raises(WorkerError, match=r"ended with status 2: .*invalid choice"):
        Worker("benchmarks.speed.worker", ["nobody", "A", "float32"])


@pytest.mark.parametrize(
    ("name", "dtype", "value"),
    [
        ("A", "float32", 0.104),  # expected: 0.1, from 1.0
        ("A", "float32", 0.0),
        ("A", "float32", 1.0),  # nothing was trained
        ("A", "float64", 0.1 + 1e-8),
        ("A", "float64", float("nan")),
        ("one-row", "float32", 1e-4),
        ("cold-process", "float32", 0.96),
    ],
)
def test_a_wrong_result_is_no_time(name: str, dtype: str, value: float) -> None:
    """A run with a wrong result is refused; one that is right within rounding is not."""
    assert failure(WORKLOADS[name], dtype, value, 1.0, 0.1) is not None
    right = {"A": 0.1 + 1e-11, "one-row": 1e-7, "cold-process": 0.98}[name]
    assert failure(WORKLOADS[name], dtype, right, 1.0, 0.1) is None


def test_ratios_are_taken_within_a_round() -> None:
    """A machine that is slow in one round changes no ratio; a failed peer has none."""
    row = report().rows[0]
    assert row.ratios(row.results[1]) == [3.0] * 5
    assert row.ratio("jax") == 3.0
    row.results[1].failure = "wrong"
    assert row.ratios(row.results[1]) == []
    assert row.ratio("jax") is None


def test_each_round_starts_with_the_next() -> None:
    """In as many rounds as there are participants, each has every turn once."""
    orders = [rotated("abc", k) for k in range(3)]
    assert orders == [["a", "b", "c"], ["b", "c", "a"], ["c", "a", "b"]]


def test_tables_are_complete(tmp_path: Path) -> None:
    """Every workload, peer and goal is in the table, the page and the picture; JSON gives the report back."""
    made = report()
    made.save(tmp_path / "run.json")
    assert SpeedReport.load(tmp_path / "run.json") == made
    text, shown = "\n".join(map(table.block, made.rows)), "\n".join(page.sections(made).values())
    for row in made.rows:
        assert WORKLOADS[row.workload].title in text
        assert WORKLOADS[row.workload].label in shown
        assert WORKLOADS[row.workload].title in shown
        assert WORKLOADS[row.workload].title.partition(" (")[0] in picture.svg(made)
        assert all(result.title in text and result.title in shown for result in row.results)
    wanted = [goal for of_peers in goals.SPEED.values() for goal in of_peers.values()]
    judged = goals.markdown(goals.of_speed(made))
    assert judged.count("≥") == len(wanted)
    assert goals.markdown([]) == ""
    assert judged.count("MISSED") == sum(goal.least > 3 for goal in wanted)


def test_only_a_whole_run_is_stored() -> None:
    """A run that was quick, short, partial or wrong is refused."""
    wrong = report(failed="final J is 7")
    quick, short, partial = report(), report(), report()
    quick.quick, short.rounds, partial.left_out = True, 2, {"JAX": "pip"}
    del partial.rows[-1]
    for one in (wrong, quick, short, partial):
        with pytest.raises(SystemExit, match="not stored"):
            pages.refuse(page.objections(one))
    pages.refuse(page.objections(report()))
    assert "FAILED: final J is 7" in table.block(wrong.rows[0])


def test_pages_equal_the_stored_results() -> None:
    """The pages, pictures and goals in the repository are those that the stored results give."""
    for path, text in pages.generated().items():
        assert path.read_text(encoding="utf-8") == text, f"{path.name} is out of date: python -m benchmarks --pages"


def test_pages_are_readable() -> None:
    """Lines have at most 120 characters, cells at most 25 words, and the pictures together less than 60 kB."""
    for path, text in pages.generated().items():
        if path.suffix == ".md":
            lines = text.splitlines()
            assert max(map(len, lines)) <= 120
            cells = [cell for line in lines if line.startswith("|") for cell in line.split("|")]
            assert all(len(cell.split()) <= 25 for cell in cells)
            assert "goal" not in text or path.name == "goals.md"
    assert sum(len(text) for path, text in pages.generated().items() if path.suffix == ".svg") < 60_000


def test_a_section_that_is_missing_is_named() -> None:
    """A page without the sections that are generated for it is refused; its other text is left alone."""
    text = "# A page\n\n<!-- generated: one -->\nold\n<!-- end -->\n\nMore.\n"
    assert markdown.filled(text, {"one": "new"}) == text.replace("\nold\n", "\n\nnew\n\n")
    with pytest.raises(ValueError, match=r"the page has the sections \['one'\]; expected \['two'\]"):
        markdown.filled(text, {"two": ""})


def test_peers_that_are_not_installed_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A peer that is not installed is left out, by name and with the command that installs it."""
    monkeypatch.setattr("importlib.util.find_spec", lambda name: name if name == "chainrule" else None)
    made = report()
    made.left_out = command.left_out(list(WORKLOADS), is_comparison=False)
    assert set(made.left_out) == {"JAX", "PyTorch", "scikit-learn", "ONNX Runtime"}
    assert "left out: JAX (pip install '.[bench]')" in list(table.closing(made))
    assert command.left_out(list(WORKLOADS), is_comparison=True) == {}


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """``python -m benchmarks`` measures the installed peers, prints and writes JSON; unknown workloads are refused."""
    path = tmp_path / "run.json"
    run = [sys.executable, "-m", "benchmarks", "--quick", "--json", str(path), "--only", "one-row", "--rounds", "1"]
    done = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Chainrule, " in done.stdout
    assert json.loads(path.read_text(encoding="utf-8"))["rows"][0]["results"][0]["values"]
    with pytest.raises(SystemExit, match="unknown workload Z; known: A, S"):
        chosen("A,Z", WORKLOADS, "workload")
    assert chosen("S,A", WORKLOADS, "workload") == ["A", "S"]
    assert command.main(["--goals"]) == 0
    assert "aim 12 ×" in capsys.readouterr().out

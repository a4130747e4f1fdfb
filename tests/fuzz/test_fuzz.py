"""``python -m fuzz`` finds a case that fails in any way, goes on after it, and repeats it by its number."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from fuzz.__main__ import main
from fuzz.campaign import Tally, run
from fuzz.harness import all_names

ROOT = Path(__file__).resolve().parents[2]
PLANTED = "support.fuzz.planted"
pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="signals as on Unix")


def first_cases(count: int) -> Tally:
    """The tally of the planted harness after so many cases."""
    return next(tally for tally in run(PLANTED, 1000.0, seed=7) if tally.cases == count)


def test_every_failure_is_found() -> None:
    """An exception, SystemExit, a crash, a silent end of the process and a hang are failures; the others count."""
    tally = first_cases(9)
    assert dict(tally.outcomes) == {"even": 3, "odd": 1}
    assert [failure.command for failure in tally.failures] == [
        f"python -m fuzz {PLANTED} --seed 7 --case {case}" for case in (1, 2, 3, 4, 5)
    ]
    texts = [failure.text for failure in tally.failures]
    for text, words in zip(
        texts,
        ["ValueError: planted", "SystemExit: 0", "ended with SIGSEGV", "ended with exit status 0",
         "no end within 1 s"],
        strict=True,
    ):  # fmt: skip
        assert words in text
    for text in (texts[2], texts[4]):  # the traceback of a crash and of a hang
        assert "planted.py" in text


def test_a_case_is_repeated_by_its_number(capsys: pytest.CaptureFixture[str]) -> None:
    """``--case`` runs the case in this process: the same outcome, or the same exception."""
    assert main([PLANTED, "--seed", "7", "--case", "8"]) == 0
    assert capsys.readouterr().out.endswith("even\n")
    with pytest.raises(ValueError, match="planted"):
        main([PLANTED, "--seed", "7", "--case", "1"])


def press_ctrl_c(process: subprocess.Popen[str]) -> None:
    """Presses it until the process ends: where it comes within a finalizer, Python shows it and goes on."""
    while process.poll() is None:
        process.send_signal(signal.SIGINT)
        time.sleep(10.0)


def test_a_failure_is_the_exit_status() -> None:
    """The command shows each failure; after Ctrl-C it shows the table, and exits with 1 because of the failures."""
    with subprocess.Popen(
        [sys.executable, "-m", "fuzz", PLANTED, "--seconds", "1000"],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == "\n"
        assert process.stdout.readline() == f"FAILED python -m fuzz {PLANTED} --seed 0 --case 1\n"
        threading.Thread(target=press_ctrl_c, args=(process,), daemon=True).start()
        output = process.stdout.read()
    assert output.startswith("Traceback")
    heading, row = (line.split() for line in output.splitlines()[-2:])
    assert heading == ["harness", "cases", "failures", "seconds", "outcomes"]
    assert (row[0], int(row[1]) > 1, int(row[2]) > 0) == (PLANTED, True, True)
    assert process.returncode == 1


def test_an_unknown_name_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """A name that is no harness is an error that lists the harnesses."""
    with pytest.raises(SystemExit):
        main(["nonsense"])
    assert f"unknown harness nonsense; known: {', '.join(all_names())}" in capsys.readouterr().err

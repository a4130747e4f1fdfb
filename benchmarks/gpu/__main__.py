"""``python -m benchmarks.gpu``: the engine torch on a GPU beside its peers, in one run of at most eight minutes.

Each line is saved in a JSON file as soon as it is measured, and at the end what they say of engine and peers.
``--device cpu`` rehearses the program in less than a minute: its times say nothing, and nothing is concluded.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import shlex
import sys
from pathlib import Path

from benchmarks.gpu.answers import answers
from benchmarks.gpu.report import Report
from benchmarks.gpu.workloads import REHEARSED, WORKLOADS
from benchmarks.harness import machine
from benchmarks.harness.options import chosen
from benchmarks.harness.paths import BUILD

BUDGET = 420.0  # seconds, after which no measurement begins; the last one may take another minute


def main(arguments: list[str]) -> int:
    """Runs the command line, and returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu", description=__doc__)
    parser.add_argument("--device", help='"cpu" rehearses; the default is a GPU')
    parser.add_argument("--only", metavar="S,B", help=f"measure only these of {', '.join(WORKLOADS)}")
    parser.add_argument("--seconds", type=float, default=1.0, help="of each measurement (default 1)")
    parser.add_argument("--budget", type=float, default=BUDGET, help=f"seconds to begin in (default {BUDGET:.0f})")
    parser.add_argument("--no-compile", action="store_true", help="leave torch.compile out, as on a CPU")
    parser.add_argument("--json", type=Path, default=BUILD / "gpu.json", metavar="FILE", help="the result")
    given = parser.parse_args(arguments)
    if importlib.util.find_spec("torch") is None:
        print("PyTorch is not installed; pip install '.[bench]'.", file=sys.stderr)
        return 2
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")  # JAX leaves memory to PyTorch
    import torch

    from benchmarks.gpu.ensembles import ENSEMBLE, REHEARSED_ENSEMBLE
    from benchmarks.gpu.measuring import COMPARED, COMPILED, Bench, name_of

    if given.device is None and not torch.cuda.is_available():
        print("PyTorch finds no GPU here; --device cpu rehearses the program.", file=sys.stderr)
        return 2
    device = torch.device(given.device or "cuda")
    if device.type == "cpu":
        torch.set_num_threads(1)
    workloads = REHEARSED if device.type == "cpu" else WORKLOADS
    head = {
        "command": shlex.join(["python", "-m", "benchmarks.gpu", *arguments]),
        "date": machine.today(),
        "revision": machine.revision(),
        "device": name_of(device),
        "torch": torch.__version__,
        "CUDA": torch.version.cuda,
        **machine.described(),
    }
    print("\n".join(f"{key}: {value}" for key, value in head.items()), flush=True)
    report = Report(given.json, given.budget, head)
    benches = [
        Bench(report, workloads[name], device, given.seconds) for name in chosen(given.only, workloads, "workload")
    ]
    for bench in benches:
        bench.measure_own()
        bench.measure_eager()
    benches[0].measure_ensemble(REHEARSED_ENSEMBLE if device.type == "cpu" else ENSEMBLE)
    benches[0].measure_ceilings()
    for bench in benches:
        bench.measure_jax()
    for mode in COMPILED if device.type == "cuda" and not given.no_compile else ():  # last, since it takes longest
        for bench in benches:
            bench.measure_compiled(mode)
    if device.type == "cuda":
        report.answer(answers(report.lines, [bench.work.name for bench in benches], COMPARED))
    else:
        print("\nThis was a rehearsal on a CPU: its times answer nothing.")
    print(f"\nsaved as {given.json}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""``chainrule info --scale``: from how many rows on several processes train one network faster, on this machine."""

from __future__ import annotations

from chainrule.cli.terminal import number, printable, remarks, results, show
from chainrule.cli.train.hidden_sizes import format_sizes
from chainrule.engines.data_parallel.scale import Scale, step_and_row
from chainrule.network import Network
from chainrule.processes.exchange_times import exchange_times
from chainrule.processes.launcher import share

SHAPES = ([32, 64, 64, 1], [32, 256, 256, 1], [784, 512, 512, 10])
HEADER = ("network", "parameters d", "step, ms", "row, µs", "exchange, ms", "pays from", "1.5 × from")


def show_scale() -> None:
    """Measures a step of each network on one thread, and the exchange of d numbers with a second process."""
    share()
    remarks().print("Measuring steps, and exchanges with a second process; this takes some seconds …")
    nets = [Network.dense(shape, hidden="relu", seed=0, dtype="float32") for shape in SHAPES]
    scales = [
        Scale(*step_and_row(net), exchange)
        for net, exchange in zip(nets, exchange_times([net.d for net in nets]), strict=True)
    ]
    rows = [_row(net, scale) for net, scale in zip(nets, scales, strict=True)]
    console = results()
    show(console, "One network in two processes of this machine, in float32, one thread each", HEADER, rows)
    for line in (
        "The last two columns are rows per process and step. A step of n rows takes step + row · n in one process, and",
        "step + row · n/P + exchange in P processes. Between machines the exchange takes longer.",
    ):
        console.print(printable(line))


def _row(net: Network, scale: Scale) -> tuple[str, ...]:
    return (
        format_sizes(net.m), f"{net.d:,}", number(1e3 * scale.step), number(1e6 * scale.row),
        number(1e3 * scale.exchange), f"{scale.least_rows:,}", f"{scale.good_rows:,}",
    )  # fmt: skip

"""Training over rows that are read in windows: the order, one run in parts, the engines, and files that change."""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.engines.state_bits import bits
from support.files.stored_rows import examples, packed

import chainrule as cr
from chainrule._internal.checks import Array
from chainrule.engines.minibatches import minibatches, window_reader
from chainrule.errors import TrainingWarning
from chainrule.rows.order import position, stream_at
from chainrule.training.checked_problem import checked_problem

DATA = examples(t=200)
ADAM = {"optimizer": cr.Adam(0.01), "cost": cr.SumOfSquares(mean=True, l2=0.01)}


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> cr.Rows:
    """The examples in 25 blocks of 8 rows."""
    return packed(tmp_path_factory.mktemp("rows") / "a.rows", DATA, block_rows=8, shuffle=False)


@pytest.fixture(params=["native", "reference"])
def engine(request: pytest.FixtureRequest) -> str:
    """The name of each engine that reads windows."""
    name: str = request.param
    return name


def network(dtype: Any = "float32", dropout: float = 0.0) -> cr.Network:
    """A small network."""
    return cr.Network.dense([3, 5, 2], hidden="tanh", seed=1, dtype=dtype, dropout=dropout)


def trained(rows: Any, net: cr.Network | None = None, **options: Any) -> tuple[Array, cr.History]:
    """Trains a network for two epochs, unless the options say otherwise; returns θ and the history."""
    net = network() if net is None else net
    history = cr.train(net, rows, **{**ADAM, "batch_size": 16, "epochs": 2, **options})
    return net.theta.copy(), history


def visited(rows: cr.Rows, window: int, batch_size: int, first: int = 0, **options: Any) -> Iterator[list[float]]:
    """The first inputs of the rows of each minibatch of an epoch."""
    problem = checked_problem(
        network(), rows, None, None, None, "sum_of_squares", "adam", 1, batch_size, options.get("shuffle", True), 5,
        None, 1, None, None, window=window,
    )  # fmt: skip
    reader = window_reader(problem)
    assert reader is not None
    for data, at, _ in minibatches(problem, np.random.PCG64(5), 0, first, reader):
        yield np.asarray(data.X)[at, 0].tolist()
    reader.close()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_one_window_is_training_in_memory(rows: cr.Rows, engine: str, dtype: str) -> None:
    """Rows in one window train bitwise as the same arrays do."""
    in_memory, first = trained(DATA, network(dtype, 0.1), engine=engine)
    in_files, second = trained(rows, network(dtype, 0.1), engine=engine, window=200)
    np.testing.assert_array_equal(in_files, in_memory)
    assert bits(first.state) == bits(second.state)


@given(window=st.integers(8, 199), batch_size=st.integers(1, 60))
def test_an_epoch_visits_each_row_once(rows: cr.Rows, window: int, batch_size: int) -> None:
    """In any windows an epoch has ⌈t / B⌉ minibatches, all but the last of B rows, and each row once."""
    batch_size = min(batch_size, 200 // rows.windows(window))
    found = list(visited(rows, window, batch_size))
    assert [len(batch) for batch in found[:-1]] == [batch_size] * (-(-200 // batch_size) - 1)
    assert sorted(x for batch in found for x in batch) == sorted(np.asarray(DATA.X)[:, 0].tolist())


@given(window=st.integers(8, 199), batch_size=st.integers(1, 60), share=st.floats(0.0, 0.999))
def test_an_epoch_continues_at_any_minibatch(rows: cr.Rows, window: int, batch_size: int, share: float) -> None:
    """From any minibatch on, the rows are those of the whole epoch, though what was before is not read."""
    batch_size = min(batch_size, 200 // rows.windows(window))
    first = int(share * -(-200 // batch_size))
    assert list(visited(rows, window, batch_size, first)) == list(visited(rows, window, batch_size))[first:]


def test_without_a_shuffle_the_rows_keep_their_order(rows: cr.Rows) -> None:
    """``shuffle=False`` gives the rows in the order of the file."""
    found = [x for batch in visited(rows, 50, 16, shuffle=False) for x in batch]
    assert found == np.asarray(DATA.X)[:, 0].tolist()


@pytest.mark.parametrize("options", [{}, {"shuffle": False}, {"dropout": 0.3}, {"dtype": "float64", "dropout": 0.3}])
def test_the_engines_agree(rows: cr.Rows, options: dict[str, Any]) -> None:
    """Both engines end at the same position of the stream, with θ and J equal up to rounding."""
    results = []
    for engine in ("native", "reference"):
        net = network(options.get("dtype", "float32"), options.get("dropout", 0.0))
        shuffle = options.get("shuffle", True)
        validation = (DATA.X, DATA.Y)
        results.append(trained(rows, net, engine=engine, window=50, shuffle=shuffle, validation=validation))
    (one, native), (other, reference) = results
    np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(native.J, reference.J, rtol=1e-5)
    np.testing.assert_allclose(native.validation_J, reference.validation_J, rtol=1e-5)
    assert native.state.stream == reference.state.stream


@pytest.mark.parametrize("dropout", [0.0, 0.3])
def test_a_run_continues_bitwise_from_any_step(rows: cr.Rows, engine: str, dropout: float) -> None:
    """A run that ends after each step, and goes on from its saved state, has the bits of an unbroken one."""
    whole, history = trained(rows, network(dropout=dropout), engine=engine, window=50)
    problem = checked_problem(
        network(dropout=dropout), rows, None, None, None, ADAM["cost"], ADAM["optimizer"], 2, 16, True, 0,  # type: ignore[arg-type]
        None, 1, None, None, window=50,
    )  # fmt: skip
    chosen = cr.engines.chosen(problem.net, engine=engine).engine
    state = None
    while True:
        run = chosen.start(problem, state)
        if run.stopped:
            break
        run.advance(1, 0.0)
        state = run.state()
        run.finish()
    np.testing.assert_array_equal(problem.net.theta, whole)
    assert state is not None
    assert bits(state) == bits(history.state)


def test_an_interruption_between_two_slices_ends_the_next(rows: cr.Rows, engine: str) -> None:
    """``interrupt`` ends the running ``advance``, or the next one if none runs; the one after that trains again."""
    problem = checked_problem(
        network(), rows, None, None, None, "sum_of_squares", cr.Adam(0.01), 2, 16, True, 0, None, 1, None, None,
        window=50,
    )  # fmt: skip
    run = cr.engines.chosen(problem.net, engine=engine).engine.start(problem, None)
    run.interrupt()
    run.advance(2, math.inf)
    assert run.state().epoch < 2
    run.advance(2, math.inf)
    assert (run.state().epoch, run.stopped) == (2, "epochs")
    run.finish()


def test_threads_and_slices_change_no_bit(rows: cr.Rows) -> None:
    """A callback after each epoch and any number of threads lead to the same θ."""
    whole, _ = trained(rows, window=50, epochs=4)
    sliced, _ = trained(rows, window=50, epochs=4, callbacks=[lambda history: None], threads=2)
    np.testing.assert_array_equal(sliced, whole)


def test_rows_in_memory_serve_every_other_function(rows: cr.Rows) -> None:
    """J, ∇J, minimize, train_many and descend take rows in the place of X, Y and weights."""
    J, net = cr.SumOfSquares(), network("float64")
    assert J(net, rows) == J(net, DATA)
    np.testing.assert_array_equal(cr.gradient(net, J, rows).theta, cr.gradient(net, J, DATA).theta)
    nets = [network(), network()]
    cr.train_many(nets, rows, optimizer="adam", epochs=1)
    np.testing.assert_array_equal(nets[0].theta, nets[1].theta)
    assert cr.minimize(net, rows, epochs=2).epochs == 2
    assert next(iter(cr.descend(net, rows, optimizer=cr.GradientDescent(0.1)))).k == 1


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"batch_size": None}, "batch_size must be given, such as 256"),
    ({"batch_size": 51}, "batch_size must be at most the number of rows in a window"),
    ({"window": 7}, "window must be at least 8 rows"),
    ({"window": 0}, "window must be an integer"),
    ({"optimizer": "gradient_descent"}, "without a learning rate needs all rows in memory"),
    ({"optimizer": "rprop"}, "rprop compares full gradients"),
    ({"record": ["gradient"]}, "needs all rows in memory"),
    ({"cost": "cross_entropy"}, "CrossEntropy needs outputs"),
    ({"cost": cr.LogLikelihood(), "net": cr.Network.dense([3, 2], output="sigmoid")}, "Y must lie in"),
    ({"net": cr.Network.dense([4, 2])}, r"X must have shape \(t, 4\)"),
    ({"Y": DATA.Y}, "a Rows holds Y and weights itself"),
]


@pytest.mark.parametrize(("options", "message"), WRONG, ids=[message[:20] for _, message in WRONG])
def test_wrong_arguments_are_refused_before_any_work(rows: cr.Rows, options: dict[str, Any], message: str) -> None:
    """An InputError says why something cannot be done with rows in windows."""
    net = options.pop("net", network()) if "net" in options else network()
    before = net.theta.copy()
    with pytest.raises(cr.InputError, match=message):
        cr.train(net, rows, options.get("Y"), **{**ADAM, "batch_size": 16, "window": 50, **_without_Y(options)})
    np.testing.assert_array_equal(net.theta, before)


def _without_Y(options: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if name not in ("Y", "net")}


def test_a_window_is_for_rows_alone() -> None:
    """``window=`` with arrays is an error."""
    with pytest.raises(cr.InputError, match=r"window is the number of rows of a cr\.Rows"):
        cr.train(network(), DATA, window=10)


def test_half_an_epoch_continues_in_the_same_windows_only(rows: cr.Rows) -> None:
    """A state in mid-epoch is refused with other windows, or in memory, and keeps its order in its file."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TrainingWarning)
        _, history = trained(rows, window=50, time_limit=cr.Deadline(1e-9))
    state = history.state
    assert state.batch == 1
    for other in ({"window": 100}, {"window": None}):
        with pytest.raises(cr.InputError, match="another order of the rows: 200 × 3 rows in 25 blocks"):
            trained(rows, resume=state, **other)
    assert trained(rows, resume=state, window=50)[1].epochs == 2


@pytest.mark.parametrize("fault", ["vanishes", "changes", "is cut short"])
def test_a_lost_file_ends_training_with_a_checkpoint(tmp_path: Path, engine: str, fault: str) -> None:
    """If the file is lost in the second epoch, RowsError names it; with the file back, the run continues bitwise."""
    path, run = tmp_path / "a.rows", tmp_path / "run.safetensors"
    rows = packed(path, DATA, block_rows=8, shuffle=False)
    whole, contents, time = trained(rows, window=50, epochs=5, engine=engine)[0], path.read_bytes(), path.stat()

    def lose(history: cr.History) -> None:
        if history.epochs == 2:
            os.remove(path)
            if fault != "vanishes":
                path.write_bytes(contents[: -10 if fault == "is cut short" else None])
            if fault == "changes":
                os.utime(path, ns=(0, 0))

    net = network()
    with pytest.raises(cr.RowsError, match=str(path)) as caught:
        trained(rows, net, window=50, epochs=5, engine=engine, callbacks=[lose], checkpoint=run)
    assert "resume=True" in caught.value.__notes__[0]
    assert np.isfinite(net.theta).all()
    path.write_bytes(contents)
    os.utime(path, ns=(time.st_atime_ns, time.st_mtime_ns))
    resumed, history = trained(cr.Rows.open(path), window=50, epochs=5, engine=engine, checkpoint=run, resume=True)
    assert history.epochs == 5
    np.testing.assert_array_equal(resumed, whole)


def test_a_damaged_block_is_found_when_it_is_read(tmp_path: Path) -> None:
    """A changed number in the file is a RowsError, which names the block."""
    path = tmp_path / "a.rows"
    rows, contents, times = packed(path, DATA, block_rows=8, shuffle=False), bytearray(path.read_bytes()), path.stat()
    contents[contents.find(np.asarray(DATA.X)[100].tobytes())] ^= 1
    path.write_bytes(contents)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    with pytest.raises(cr.RowsError, match="block 12 of 25 is not the one that was saved"):
        trained(rows, window=50)


def test_other_rows_are_not_resumed(tmp_path: Path) -> None:
    """A checkpoint of other rows or windows is refused, with both orders in the message."""
    rows = packed(tmp_path / "a.rows", DATA, block_rows=8, shuffle=False)
    other = packed(tmp_path / "b.rows", DATA, block_rows=8, seed=1)
    run = tmp_path / "run.safetensors"
    trained(rows, window=50, checkpoint=run)
    for those, window in ((other, 50), (rows, 100)):
        with pytest.raises(cr.InputError, match="its rows was 200 × 3 rows in 25 blocks"):
            trained(those, window=window, checkpoint=run, resume=True)


def test_a_moved_file_is_resumed(tmp_path: Path) -> None:
    """A copy of the file in another folder is the same rows."""
    rows = packed(tmp_path / "a.rows", DATA, block_rows=8, shuffle=False)
    run = tmp_path / "run.safetensors"
    trained(rows, window=50, checkpoint=run)
    (tmp_path / "b.rows").write_bytes((tmp_path / "a.rows").read_bytes())
    resumed, _ = trained(cr.Rows.open(tmp_path / "b.rows"), window=50, checkpoint=run, resume=True, epochs=3)
    np.testing.assert_array_equal(resumed, trained(rows, window=50, epochs=3)[0])


def test_the_position_of_a_state_is_that_of_the_epoch(rows: cr.Rows) -> None:
    """An epoch draws one number fewer than there are blocks, and one fewer than rows in each window."""
    _, history = trained(rows, window=50, epochs=1)
    start = np.random.PCG64(0)
    assert history.state.stream == position(stream_at(*position(start)).advance(24 + 200 - 4))


def test_the_engine_torch_says_that_it_reads_no_windows(rows: cr.Rows) -> None:
    """Rows in windows are refused by the engine torch, with the engine to use."""
    pytest.importorskip("torch")
    with pytest.raises(cr.EngineDeclined, match="the rows are read in windows"):
        trained(rows, window=50, engine="torch")

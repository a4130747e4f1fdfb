"""``POST /predict``: the predictions of the model, for rows in every form, and refusals in words."""

from __future__ import annotations

import contextlib
import csv
import io
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("uvicorn", reason="needs the extra serve")

from support.serving.asking import ask
from support.serving.models import MODELS, ROW, ROWS

import chainrule as cr
from chainrule.serving.app import application
from chainrule.serving.formats import arrow_rows
from chainrule.serving.limits import Limits
from chainrule.serving.loaded_models import LoadedModels
from chainrule.serving.service import Service
from chainrule.tables.model import TableModel

CSV = {"content-type": "text/csv"}
ARROW = {"content-type": "application/vnd.apache.arrow.stream"}
COLUMNS: dict[str, Any] = {name: [row[name] for row in ROWS] for name in ROW}
LIMITS = Limits(rows=100, bytes=100_000)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a file of each model."""
    folder = tmp_path_factory.mktemp("models")
    for name, model in MODELS.items():
        model().save(folder / f"{name}.safetensors")
    return folder


@pytest.fixture(scope="module")
def app(folder: Path) -> Any:
    """An application of all models."""
    files = {name: str(folder / f"{name}.safetensors") for name in MODELS}
    return application(Service(LoadedModels(files), LIMITS))


def model(name: str) -> TableModel:
    """The model of a name, as it was before it was saved."""
    return MODELS[name]()


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("rows", [ROWS[:1], ROWS, ROWS * 20], ids=["one", "four", "eighty"])
def test_json_rows_and_columns_are_predicted(app: Any, name: str, rows: list[dict[str, Any]]) -> None:
    """Rows as objects, as lists and as columns have the predictions of the model, however many they are."""
    wanted = model(name).predict(rows).tolist()
    columns = {key: [row[key] for row in rows] for key in ROW}
    for body in ({"rows": rows}, {"columns": columns}, {"rows": [list(row.values()) for row in rows]}):
        found = ask(app, f"/models/{name}/predict", body)
        assert found.status == 200, found
        assert found.document["model"] == name
        assert found.document["predictions"] == (wanted if name != "number" else pytest.approx(wanted, rel=1e-12))


@pytest.mark.parametrize("rows", [ROWS, ROWS * 20], ids=["four", "eighty"])
@pytest.mark.parametrize("name", ["classes", "labels"])
def test_probabilities_on_request(app: Any, name: str, rows: list[dict[str, Any]]) -> None:
    """With probabilities=true an answer has those of each class, or of each label, and the classes."""
    found = ask(app, f"/models/{name}/predict?probabilities=true", {"rows": rows}).document
    assert found["classes"] == model(name).classes_.tolist()
    for ours, theirs in zip(found["probabilities"], model(name).predict_proba(rows).tolist(), strict=True):
        assert ours == pytest.approx(theirs, rel=1e-12)


def test_intervals_on_request(app: Any) -> None:
    """With interval=0.9 an answer has the two ends of each row's interval."""
    found = ask(app, "/models/number/predict?interval=0.9", {"rows": ROWS}).document
    assert found["intervals"] == model("number").predict_interval(ROWS, 0.9).tolist()


def test_several_labels_are_named(app: Any) -> None:
    """The answer of a model of several targets names them."""
    assert ask(app, "/models/labels/predict", {"rows": ROWS}).document["targets"] == ["sold", "new"]


def test_csv_in_and_out(app: Any) -> None:
    """Rows as CSV give predictions as CSV, with the names that `chainrule predict` gives them."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerows([[*ROW, "more"], *([*row.values(), 1] for row in ROWS)])
    found = ask(app, "/models/classes/predict?probabilities=true", text.getvalue().encode(), headers=CSV)
    assert (found.status, found.headers["content-type"]) == (200, "text/csv; charset=utf-8")
    lines = list(csv.DictReader(io.StringIO(found.body.decode())))
    assert [line["price"] for line in lines] == model("classes").predict(ROWS).tolist()
    assert list(lines[0])[1:] == ["probability_cheap", "probability_dear", "probability_fair"]


def test_arrow_in_and_out(app: Any) -> None:
    """A stream of Arrow gives a stream of predictions, with the ends of intervals."""
    pyarrow = pytest.importorskip("pyarrow")
    found = ask(app, "/models/number/predict?interval=0.5", arrow(pyarrow.table(COLUMNS)), headers=ARROW)
    assert found.status == 200, found
    table = pyarrow.ipc.open_stream(found.body).read_all().to_pydict()
    assert list(table) == ["prediction", "prediction_low", "prediction_high"]
    assert table["prediction"] == model("number").predict(ROWS).tolist()


def arrow(table: Any, compression: str | None = None) -> bytes:
    """A table as a stream of Arrow."""
    pyarrow = pytest.importorskip("pyarrow")
    data = io.BytesIO()
    options = pyarrow.ipc.IpcWriteOptions(compression=compression)
    with pyarrow.ipc.new_stream(data, table.schema, options=options) as writer:
        writer.write_table(table)
    return data.getvalue()


def test_arrow_that_is_no_plain_stream_is_refused(app: Any) -> None:
    """Compressed batches, dictionaries too, views that may share bytes, and names that are no UTF-8 are refused."""
    pyarrow = pytest.importorskip("pyarrow")
    table = pyarrow.table(COLUMNS)
    coded = table.set_column(2, "city", table["city"].dictionary_encode())
    views = table.set_column(2, "city", table["city"].cast(pyarrow.string_view()))
    assert ask(app, "/models/number/predict", arrow(coded), headers=ARROW).status == 200
    for body, says in {
        arrow(table, "zstd"): "without compression", arrow(coded, "lz4"): "without compression",
        arrow(views): "column 'city' of the request has the type string_view", arrow(table)[:200]: "not a stream",
        b"": "not a stream", arrow(table).replace(b"city", b"cit\xff"): "not a stream",
    }.items():  # fmt: skip
        found = ask(app, "/models/number/predict", body, headers=ARROW)
        assert found.status == 422
        assert says in found.document["error"]


def test_a_damaged_byte_of_a_stream_is_read_or_refused() -> None:
    """Whichever byte of a stream becomes 0, the head of a message included."""
    pyarrow = pytest.importorskip("pyarrow")
    table = pyarrow.table(COLUMNS)
    body, served = arrow(table.set_column(2, "city", table["city"].dictionary_encode())), model("classes")
    for k in range(len(body)):
        with contextlib.suppress(cr.InputError):
            arrow_rows.read_stream(body[:k] + b"\0" + body[k + 1 :], served, Limits())


LACKING = {"area": 90.0, "rooms": 3, "town": "Ulm", "garden": True}
HUGE = {**ROW, "area": 10**400}
REFUSED: list[tuple[str, Any, int, str]] = [
    ("classes/predict", {"rows": [LACKING]}, 422, "the request has no column 'city'. It has: 'area', 'rooms'"),
    ("classes/predict", {"rows": [{**LACKING, "citi": 1}] * 70}, 422, "no column 'city'; did you mean 'citi'?"),
    ("classes/predict", {"columns": {"areas": [1]}}, 422, "no column 'area', 'rooms', 'city', 'garden'; did you"),
    ("classes/predict", {"rows": [{**ROW, "area": "big"}]}, 422, "'area' of the request must hold numbers"),
    ("classes/predict", {"rows": [{**ROW, "area": [1]}]}, 422, "got list, such as [1]"),
    ("classes/predict", {"rows": [{**ROW, "garden": "maybe"}]}, 422, "'garden' of the request must hold booleans"),
    ("classes/predict", {"rows": [HUGE]}, 422, "column 'area' of the request is infinite in row 1"),
    ("classes/predict", {"columns": {**COLUMNS, "area": [10**400, [], 1, 2]}}, 422, "'area' of the request must hold"),
    ("classes/predict", {"rows": [[1, 2]]}, 422, "row 1 of the request has 2 values; expected 4"),
    ("classes/predict", {"rows": []}, 422, "rows must be a list of objects"),
    ("classes/predict", {"rows": [ROW, [1]]}, 422, "rows must be a list of objects"),
    ("classes/predict", {"columns": {"area": 1}}, 422, "columns must be an object of lists"),
    ("classes/predict", {"columns": {**COLUMNS, "area": [1]}}, 422, "'area' has 1 rows, 'rooms' has 4"),
    ("classes/predict", {"columns": {name: [] for name in ROW}}, 422, "at least one row"),
    ("classes/predict", {"row": [ROW]}, 422, "did you mean 'rows'?"),
    ("classes/predict", [ROW], 422, 'the body must be {"rows": [...]}'),
    ("classes/predict", {"rows": [{str(k): k for k in range(2000)}]}, 422, "may have 1004 columns; got 2000"),
    ("classes/predict", b"{", 400, "the body is not JSON"),
    ("classes/predict", b"[" * 90_000, 400, "the body is not JSON: lists in lists"),
    ("classes/predict", b'{"rows": "\xff"}', 400, "the body is not JSON"),
    ("classes/predict", {"rows": [ROW] * 101}, 413, "a request may have 100 rows; got 101"),
    ("classes/predict", b" " * 100_001, 413, "a body may have 100000 bytes"),
    ("classes/predict?interval=0.9", {"rows": ROWS}, 422, "Ask for probabilities=true"),
    ("number/predict?probabilities=true", {"rows": ROWS}, 422, "Ask for interval=0.9"),
    ("number/predict?interval=0.999", {"rows": ROWS}, 422, "coverage"),
    ("number/predict?interval=much", {"rows": ROWS}, 422, "interval must be a number"),
    ("number/predict?intervall=0.9", {"rows": ROWS}, 422, "did you mean 'interval'?"),
    ("numbr/predict", {"rows": ROWS}, 404, "there is no model 'numbr'; did you mean 'number'?"),
]


@pytest.mark.parametrize(("path", "body", "status", "says"), REFUSED, ids=[str(k) for k in range(len(REFUSED))])
def test_refusals_name_what_is_wrong(app: Any, path: str, body: Any, status: int, says: str) -> None:
    """A wrong request gets a status of its kind, and a sentence with the nearest name."""
    found = ask(app, f"/models/{path}", body)
    assert (found.status, found.headers["content-type"]) == (status, "application/json")
    assert says in found.document["error"]


def test_a_csv_file_is_refused_in_the_words_of_the_library(app: Any) -> None:
    """Errors about CSV name the request, not a file; too many rows and columns are refused."""
    head = b",".join(name.encode() for name in ROW) + b"\n"
    for body, status, says in [
        (head + b'1,2,"Ulm', 422, "the request is not a valid CSV file"),
        (head, 422, "the request must hold at least one row"),
        (b"", 422, "the request"),
        (b"\x1f\x8b\x08\x00", 422, "the request is a file compressed with gzip"),
        (head + b"x,2,Ulm,1\n", 422, "column 'area' of the request must hold numbers"),
        (head + b"1,2,Ulm,1\n" * 101, 413, "a request may have 100 rows"),
        (b"," * 3000 + b"\n", 422, "may have 1004 columns; got 3001"),
    ]:
        found = ask(app, "/models/classes/predict", body, headers=CSV)
        assert (found.status, says in found.document["error"]) == (status, True), found


def test_other_forms_and_methods_are_refused(app: Any) -> None:
    """Other media types, compressed bodies, other methods and paths have their own statuses."""
    form = {"content-type": "application/x-www-form-urlencoded"}
    assert ask(app, "/models/classes/predict", b"a=1", headers=form).status == 415
    assert ask(app, "/models/classes/predict", b"a", headers={"content-encoding": "gzip"}).status == 415
    assert ask(app, "/models/classes/predict", method="GET").status == 405
    assert ask(app, "/models/classes/predict/", {"rows": ROWS}).status == 404
    several = ask(app, "/predict", {"rows": ROWS})
    assert (several.status, "name a model" in several.document["error"]) == (404, True)


def test_texts_that_utf8_cannot_hold_are_shown(app: Any) -> None:
    """Half a pair of UTF-16, which JSON permits, is refused as a number and unseen as a category."""
    assert ask(app, "/models/classes/predict", {"rows": [{**ROW, "city": "\ud800"}]}).status == 200
    refused = ask(app, "/models/classes/predict", {"rows": [{**ROW, "area": "\ud800"}]})
    assert (refused.status, "such as" in refused.document["error"]) == (422, True)


def test_one_long_text_takes_no_more_memory(app: Any) -> None:
    """A long text among short ones is one object; no column of equally wide texts is made of it."""
    import tracemalloc

    rows = [[1.0, 2.0, "x" * 90_000, True], *([[1.0, 2.0, "Ulm", True]] * 99)]
    tracemalloc.start()
    try:
        assert ask(app, "/models/classes/predict", {"rows": rows}).status == 200
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()

"""The Open Inference Protocol: a tensor for each column in, and one for each prediction out."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("uvicorn", reason="needs the extra serve")

from support.serving.asking import ask
from support.serving.models import MODELS, ROW, ROWS

from chainrule.serving.app import application
from chainrule.serving.limits import Limits
from chainrule.serving.loaded_models import LoadedModels
from chainrule.serving.service import Service

TYPES = {"area": "FP64", "rooms": "FP32", "city": "BYTES", "garden": "BOOL"}
INPUTS: list[dict[str, Any]] = [
    {"name": name, "datatype": kind, "shape": [4], "data": [row[name] for row in ROWS]} for name, kind in TYPES.items()
]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Service:
    """The service of all models."""
    folder: Path = tmp_path_factory.mktemp("models")
    for name, model in MODELS.items():
        model().save(folder / f"{name}.safetensors")
    return Service(LoadedModels({name: str(folder / f"{name}.safetensors") for name in MODELS}), Limits(rows=100))


def infer(service: Service, name: str, **body: Any) -> Any:
    """The answer to a request for predictions."""
    return ask(application(service), f"/v2/models/{name}/infer", body)


def test_a_model_is_described_by_its_tensors(service: Service) -> None:
    """The metadata of a model name a tensor for each column, and those of an answer."""
    found = ask(application(service), "/v2/models/classes", method="GET").document
    assert {tensor["name"]: tensor["datatype"] for tensor in found["inputs"]} == {**TYPES, "rooms": "FP64"}
    assert [(tensor["name"], tensor["datatype"], tensor["shape"]) for tensor in found["outputs"]] == [
        ("price", "BYTES", [-1]),
        ("probabilities", "FP64", [-1, 3]),
    ]


@pytest.mark.parametrize("copies", [1, 20])
def test_tensors_are_predicted(service: Service, copies: int) -> None:
    """An answer has the predictions of the model in tensors of the datatype of its labels, and keeps the id."""
    inputs = [{**tensor, "shape": [4 * copies, 1], "data": tensor["data"] * copies} for tensor in INPUTS]
    found = infer(service, "labels", id="7", inputs=inputs).document
    assert (found["model_name"], found["id"]) == ("labels", "7")
    sold, new, P = found["outputs"]
    predictions = MODELS["labels"]().predict(ROWS * copies)
    assert (sold["datatype"], sold["data"]) == ("BYTES", predictions[:, 0].tolist())
    assert (new["datatype"], new["data"]) == ("INT64", predictions[:, 1].tolist())
    assert (P["name"], P["shape"]) == ("probabilities", [4 * copies, 2])
    assert P["data"] == pytest.approx(MODELS["labels"]().predict_proba(ROWS * copies).ravel().tolist(), rel=1e-12)


def test_one_tensor_of_rows_is_matched_by_position(service: Service) -> None:
    """A single tensor of shape (t, n) holds rows in the order of the columns, in one list or in lists."""
    row = [90.0, 3, None, 1]
    wanted = MODELS["number"]().predict([row, row]).tolist()
    for data in (row + row, [row, row]):
        tensor = {"name": "input", "datatype": "FP32", "shape": [2, 4], "data": data}
        (answer,) = infer(service, "number", inputs=[tensor]).document["outputs"]
        assert answer == {"name": "prediction", "datatype": "FP64", "shape": [2], "data": pytest.approx(wanted)}


def test_a_request_chooses_its_outputs(service: Service) -> None:
    """Only the tensors that a request names are returned, in its order."""
    found = infer(service, "classes", inputs=INPUTS, outputs=[{"name": "price"}]).document
    assert [tensor["name"] for tensor in found["outputs"]] == ["price"]


AREA = INPUTS[0]
REFUSED: list[tuple[dict[str, Any], str]] = [
    ({}, "inputs must be a list of tensors"),
    ({"inputs": [1]}, "inputs must be a list of tensors"),
    ({"inputs": INPUTS[1:]}, "the request has no column 'area'"),
    ({"inputs": [{**AREA, "datatype": []}]}, "must have a datatype of BOOL, BYTES"),
    ({"inputs": [{**AREA, "datatype": "INT8"}, *INPUTS[1:]]}, "values of the type INT8; got 90.0"),
    ({"inputs": [{**AREA, "shape": [5]}]}, "tensor 'area' of shape [5] has 4 values"),
    ({"inputs": [{**AREA, "shape": [2, 2]}]}, "must have the shape [t] of one column"),
    ({"inputs": [{**AREA, "shape": [-2, -2]}]}, "has 4 values"),
    ({"inputs": [{**AREA, "shape": "4"}]}, "must have a shape and data"),
    ({"inputs": [{**AREA, "name": 1}]}, "must have a name of its own"),
    ({"inputs": [AREA, *INPUTS]}, "must have a name of its own"),
    ({"inputs": INPUTS, "outputs": [{"name": "prise"}]}, "no output 'prise'; did you mean 'price'?"),
    ({"inputs": INPUTS, "outputs": "price"}, "outputs must be a list"),
]


@pytest.mark.parametrize(("body", "says"), REFUSED, ids=[str(k) for k in range(len(REFUSED))])
def test_wrong_tensors_are_refused_in_words(service: Service, body: dict[str, Any], says: str) -> None:
    """A wrong tensor gives 422 with its name."""
    found = infer(service, "classes", **body)
    assert (found.status, says in found.document["error"]) == (422, True), found


def test_limits_hold_for_tensors(service: Service) -> None:
    """Rows, JSON and the binary form are checked as for predictions."""
    many = [{**tensor, "shape": [101], "data": [ROW[tensor["name"]]] * 101} for tensor in INPUTS]
    assert infer(service, "classes", inputs=many).status == 413
    app = application(service)
    assert ask(app, "/v2/models/classes/infer", b"[]").status == 422
    assert ask(app, "/v2/models/classes/infer", b"x").status == 400
    binary = {"inference-header-content-length": "3"}
    assert ask(app, "/v2/models/classes/infer", b"{}", headers=binary).status == 415


def test_one_long_text_takes_no_more_memory(service: Service) -> None:
    """A row with a long text, given by position, becomes no array of equally wide texts."""
    tensor = {"name": "x", "datatype": "BYTES", "shape": [1, 4], "data": ["1", "2", "x" * 1_000_000, "True"]}
    tracemalloc.start()
    try:
        assert infer(service, "number", inputs=[tensor]).status in (200, 422)
        assert tracemalloc.get_traced_memory()[1] < 12_000_000
    finally:
        tracemalloc.stop()


def test_health_ends_before_the_server(service: Service) -> None:
    """A server that is asked to end is alive and no longer ready."""
    app = application(service)
    paths = ("/v2/health/live", "/v2/health/ready", "/v2/models/classes/ready", "/health", "/v2")
    assert [ask(app, path, method="GET").status for path in paths] == [200] * 5
    service.is_ending = True
    try:
        assert [ask(app, path, method="GET").status for path in paths] == [200, 503, 200, 503, 200]
    finally:
        service.is_ending = False

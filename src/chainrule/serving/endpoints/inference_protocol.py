"""The Open Inference Protocol, version 2, by REST: ``/v2`` and what is below it.

Source: https://github.com/kserve/open-inference-protocol
"""

from __future__ import annotations

from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from chainrule._internal.version import __version__
from chainrule.errors import InputError
from chainrule.serving.endpoints.bodies import body_of
from chainrule.serving.endpoints.columns import tensor_type
from chainrule.serving.endpoints.tensors import PROBABILITIES, names_wanted, outputs_of, prediction_types, rows_in
from chainrule.serving.formats import json_rows
from chainrule.serving.refusals import json_response
from chainrule.serving.served_model import ServedModel, Wanted
from chainrule.serving.service import MOST_AT_ONCE, Service


class InferenceProtocol:
    """Answers the requests of clients of KServe, Triton and others."""

    def __init__(self, service: Service) -> None:
        self.service = service

    async def server(self, request: Request) -> Response:
        """Describes the server."""
        return json_response({"name": "chainrule", "version": __version__, "extensions": []})

    async def live(self, request: Request) -> Response:
        """Answers that the process lives."""
        return json_response({"live": True})

    async def ready(self, request: Request) -> Response:
        """Answers whether requests are welcome: 503 once the server is asked to end."""
        is_ready = not self.service.is_ending
        return json_response({"ready": is_ready}, 200 if is_ready else 503)

    async def model_ready(self, request: Request) -> Response:
        """Answers that a model is loaded."""
        return json_response({"name": self.service.models.of(request).name, "ready": True})

    async def model(self, request: Request) -> Response:
        """Describes the tensors of a model."""
        served = self.service.models.of(request)
        encoder = served.model.encoder
        inputs = [_described(name, tensor_type(encoder, name), [-1]) for name in encoder.needed()]
        outputs = [_described(name, kind, [-1]) for name, kind in prediction_types(served)]
        if served.has_classes:
            outputs.append(_described(PROBABILITIES, "FP64", [-1, len(served.model.classes_)]))
        about = {"name": served.name, "versions": [], "platform": "chainrule"}
        return json_response({**about, "inputs": inputs, "outputs": outputs})

    async def infer(self, request: Request) -> Response:
        """Returns the predictions of the rows in the tensors of a request."""
        served = self.service.models.of(request)
        if "inference-header-content-length" in request.headers:
            raise HTTPException(415, "tensors must be lists of JSON; the binary form is not read.")
        body = await body_of(request, self.service.limits.bytes)
        if len(body) > MOST_AT_ONCE:
            return json_response(await self.service.in_thread(self._infer, served, body))
        return json_response(self._infer(served, body))

    def _infer(self, served: ServedModel, body: bytes) -> dict[str, Any]:
        document = json_rows.parsed(body)
        if not isinstance(document, dict):
            raise InputError("the body must be an object with inputs.")
        names = names_wanted(served, document.get("outputs"))
        rows = json_rows.rows_in(_as_rows(rows_in(document.get("inputs"), served.model)), self.service.limits)
        wanted = Wanted(has_probabilities=PROBABILITIES in names)
        few = json_rows.few_rows(rows) if len(body) <= MOST_AT_ONCE else None
        found = None if few is None else served.answer_rows(few, wanted)
        if found is None:
            found = json_rows.answer(served, rows, wanted)
        self.service.metrics.rows[served.name] += len(found.predictions)
        given = {"id": document["id"]} if isinstance(document.get("id"), str) else {}
        return {"model_name": served.name, **given, "outputs": outputs_of(served, found, names)}


def _as_rows(rows: json_rows.Rows) -> dict[str, Any]:
    """Returns rows or columns as in the body of a prediction, whose rules hold for tensors too."""
    return {"rows": rows} if isinstance(rows, list) else {"columns": rows}


def _described(name: str, datatype: str, shape: list[int]) -> dict[str, Any]:
    return {"name": name, "datatype": datatype, "shape": shape}

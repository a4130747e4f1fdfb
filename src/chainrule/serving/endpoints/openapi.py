"""``GET /openapi.json``: the interface, with the columns of each model."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from chainrule._internal.version import __version__
from chainrule.serving.endpoints.columns import schema_of
from chainrule.serving.formats import arrow_rows, csv_rows
from chainrule.serving.refusals import JSON, json_response
from chainrule.serving.served_model import ServedModel
from chainrule.serving.service import Service

ERROR = {"type": "object", "required": ["error"], "properties": {"error": {"type": "string"}}}
REFUSALS = {
    "400": "The body is not JSON.", "401": "The token is missing or wrong.", "408": "The body came too slowly.",
    "413": "Too many rows or bytes.", "415": "A form of rows that is not read.",
    "422": "A column is missing, or holds values of another type.", "503": "The answer was not ready in time.",
}  # fmt: skip
OPTIONS = [
    {"name": "probabilities", "in": "query", "schema": {"type": "boolean"}, "description": "Add those of each class."},
    {"name": "interval", "in": "query", "schema": {"type": "number"}, "description": "Add intervals of this coverage."},
]


class OpenAPI:
    """Describes the server to clients and to people."""

    def __init__(self, service: Service) -> None:
        self.service = service

    async def document(self, request: Request) -> Response:
        """Returns the description of the models that are loaded now."""
        models = list(self.service.models)
        paths = {f"/models/{served.name}/predict": _path(served) for served in models}
        if len(models) == 1:
            paths["/predict"] = _path(models[0])
        about = {"title": "Predictions", "version": __version__}
        return json_response({"openapi": "3.1.0", "info": about, "paths": paths, "components": _components(models)})


def _path(served: ServedModel) -> dict[str, Any]:
    binary = {"schema": {"type": "string", "format": "binary"}}
    others = {csv_rows.MEDIA_TYPE: {"schema": {"type": "string"}}, arrow_rows.MEDIA_TYPE: binary}
    body = {JSON: {"schema": _reference(f"rows.{served.name}")}, **others}
    answer = {JSON: {"schema": _reference(f"predictions.{served.name}")}, **others}
    refusals = {
        status: {"description": about, "content": {JSON: {"schema": _reference("error")}}}
        for status, about in REFUSALS.items()
    }
    return {
        "post": {
            "summary": f"Predict {', '.join(served.titles)}",
            "parameters": OPTIONS,
            "requestBody": {"required": True, "content": body},
            "responses": {"200": {"description": "The predictions, in the form of the rows.", "content": answer}}
            | refusals,
        }
    }


def _components(models: list[ServedModel]) -> dict[str, Any]:
    schemas: dict[str, Any] = {"error": ERROR}
    for served in models:
        schemas |= {f"rows.{served.name}": _rows(served), f"predictions.{served.name}": _answer(served)}
    return {"schemas": schemas}


def _rows(served: ServedModel) -> dict[str, Any]:
    encoder = served.model.encoder
    schemas = {name: schema_of(encoder, name) for name in encoder.needed()}
    lists = {name: {"type": "array", "items": schema} for name, schema in schemas.items()}
    row = {"type": "object", "required": list(schemas), "properties": schemas}
    columns = {"type": "object", "required": list(schemas), "properties": lists}
    rows = {"type": "array", "items": row, "minItems": 1}
    return {
        "type": "object",
        "minProperties": 1,
        "maxProperties": 1,
        "properties": {"rows": rows, "columns": columns},
        "additionalProperties": False,
    }


def _answer(served: ServedModel) -> dict[str, Any]:
    numbers = {"type": "array", "items": {"type": "array"}}
    return {
        "type": "object",
        "required": ["model", "predictions"],
        "properties": {
            "model": {"type": "string"},
            "targets": {"type": "array", "items": {"type": "string"}},
            "predictions": {"type": "array"},
            "classes": {"type": "array"},
            "probabilities": numbers,
            "intervals": numbers,
        },
    }


def _reference(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}

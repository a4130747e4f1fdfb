"""``POST /predict`` and ``POST /models/NAME/predict``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from chainrule._internal.naming import nearest
from chainrule.errors import InputError
from chainrule.serving.endpoints.bodies import body_of
from chainrule.serving.formats import arrow_rows, csv_rows, json_rows
from chainrule.serving.refusals import JSON, json_response
from chainrule.serving.served_model import Answer, ServedModel, Wanted
from chainrule.serving.service import MOST_AT_ONCE, Service
from chainrule.tables.reading.read import AnyTable

OPTIONS = ("probabilities", "interval")


class Format(NamedTuple):
    """A form of tables, and how to read and write it."""

    read: Callable[..., AnyTable]
    write: Callable[[Mapping[str, list[Any]]], bytes]


FORMATS = {
    csv_rows.MEDIA_TYPE: Format(csv_rows.read, csv_rows.written),
    arrow_rows.MEDIA_TYPE: Format(arrow_rows.read_stream, arrow_rows.written),
}


class Prediction:
    """Answers requests for predictions, in the form in which the rows come."""

    def __init__(self, service: Service) -> None:
        self.service = service

    async def predict(self, request: Request) -> Response:
        """Returns the predictions of the rows in the body."""
        served = self.service.models.of(request)
        wanted = wanted_in(request.query_params) if request.scope["query_string"] else Wanted()
        served.require_possible(wanted)
        form = request.headers.get("content-type", JSON).partition(";")[0].strip().lower()
        if form != JSON and form not in FORMATS:
            raise HTTPException(415, f"Content-Type must be {JSON}, {' or '.join(FORMATS)}; got {form}.")
        body = await body_of(request, self.service.limits.bytes)
        if form != JSON:
            found = await self.service.in_thread(self._of_table, FORMATS[form], served, body, wanted)
            return Response(found, media_type=form)
        if len(body) > MOST_AT_ONCE:
            return await self.service.in_thread(self._of_json, served, body, wanted)
        rows = json_rows.rows_in(json_rows.parsed(body), self.service.limits)
        few = json_rows.few_rows(rows)
        answer = None if few is None else served.answer_rows(few, wanted)
        if answer is None:
            answer = await self.service.in_thread(json_rows.answer, served, rows, wanted)
        return self._response(served, answer)

    def _of_json(self, served: ServedModel, body: bytes, wanted: Wanted) -> Response:
        rows = json_rows.rows_in(json_rows.parsed(body), self.service.limits)
        return self._response(served, json_rows.answer(served, rows, wanted))

    def _of_table(self, form: Format, served: ServedModel, body: bytes, wanted: Wanted) -> bytes:
        table = form.read(body, served.model, self.service.limits)
        columns = served.columns(table, wanted)
        self.service.metrics.rows[served.name] += len(table)
        return form.write(columns)

    def _response(self, served: ServedModel, answer: Answer) -> Response:
        self.service.metrics.rows[served.name] += len(answer.predictions)
        return json_response(json_rows.described(served, answer))


def wanted_in(query: Mapping[str, str]) -> Wanted:
    """Reads ``?probabilities=true&interval=0.9``. Raises InputError for anything else."""
    if unknown := [name for name in query if name not in OPTIONS]:
        hint = nearest(unknown[0], OPTIONS) or "."
        raise InputError(f"there is no option {unknown[0]!r}{hint} Options: {', '.join(OPTIONS)}.")
    probabilities, interval = query.get("probabilities", "false"), query.get("interval")
    if probabilities not in ("true", "false"):
        raise InputError(f"probabilities must be true or false; got {probabilities!r}.")
    try:
        return Wanted(probabilities == "true", None if interval is None else float(interval))
    except ValueError:
        raise InputError(f"interval must be a number between 0 and 1, such as 0.9; got {interval!r}.") from None

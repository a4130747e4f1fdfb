"""The application: each path with its endpoint, behind the limits and the token."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from chainrule.errors import InputError
from chainrule.serving.endpoints.inference_protocol import InferenceProtocol
from chainrule.serving.endpoints.openapi import OpenAPI
from chainrule.serving.endpoints.prediction import Prediction
from chainrule.serving.limits import TimeLimited
from chainrule.serving.metrics import MEDIA_TYPE, Measured
from chainrule.serving.refusals import json_response, refused
from chainrule.serving.service import Service
from chainrule.serving.tokens import TokenRequired


def application(service: Service, token: str | None = None) -> Starlette:
    """Returns the application of a service; with a token, for clients that know it."""

    async def health(request: Request) -> Response:
        names = [served.name for served in service.models]
        status = "ending" if service.is_ending else "ok"
        return json_response({"status": status, "models": names}, 503 if service.is_ending else 200)

    async def metrics(request: Request) -> Response:
        return Response(service.metrics.text(), media_type=MEDIA_TYPE)

    prediction, protocol = Prediction(service), InferenceProtocol(service)
    app = Starlette(
        routes=[
            Route("/predict", prediction.predict, methods=["POST"]),
            Route("/models/{name}/predict", prediction.predict, methods=["POST"]),
            Route("/v2/models/{name}/infer", protocol.infer, methods=["POST"]),
            Route("/v2/models/{name}/ready", protocol.model_ready),
            Route("/v2/models/{name}", protocol.model),
            Route("/v2/health/live", protocol.live),
            Route("/v2/health/ready", protocol.ready),
            Route("/v2", protocol.server),
            Route("/health", health),
            Route("/metrics", metrics),
            Route("/openapi.json", OpenAPI(service).document),
        ],
        middleware=[
            Middleware(Measured, service.metrics),
            Middleware(TimeLimited, service.limits),
            *([] if token is None else [Middleware(TokenRequired, token)]),
        ],
        exception_handlers=dict.fromkeys((HTTPException, InputError, ClientDisconnect, Exception), refused),
    )
    app.router.redirect_slashes = False  # it would answer with the host that the client names
    return app

"""What surrounds the endpoints: token, time limit, metrics, the description of the interface, and reloads."""

from __future__ import annotations

import asyncio
import re
import threading
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("uvicorn", reason="needs the extra serve")

from support.patience import LIMIT
from support.serving.asking import ask, asked
from support.serving.models import MODELS, ROW, ROWS

import chainrule as cr
from chainrule.serving.app import application
from chainrule.serving.formats import json_rows
from chainrule.serving.limits import Limits, TimeLimited
from chainrule.serving.loaded_models import LoadedModels
from chainrule.serving.service import Service
from chainrule.serving.tokens import read_token

TOKEN = "0123456789abcdef"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The file of a model."""
    path = tmp_path / "price.safetensors"
    MODELS["classes"]().save(path)
    return path


@pytest.fixture
def service(path: Path) -> Service:
    """A service of one model."""
    return Service(LoadedModels({"price": str(path)}), Limits())


def test_a_token_is_required_but_for_health(service: Service) -> None:
    """Without the token, or with another one, nothing but the health is answered."""
    app = application(service, TOKEN)
    for headers, status in (({}, 401), ({"authorization": f"Bearer {TOKEN}x"}, 401), ({"authorization": "é"}, 401),
                            ({"authorization": f"Bearer {TOKEN}"}, 200)):  # fmt: skip
        assert ask(app, "/predict", {"rows": ROWS}, headers=headers).status == status
        assert ask(app, "/metrics", method="GET", headers=headers).status == status
        assert ask(app, "/health", method="GET", headers=headers).status == 200


@pytest.mark.parametrize("text", ["", "short", "two words and more of them", "ÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄ"])
def test_a_token_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    """A token has at least sixteen printable ASCII characters; a newline behind it does not count."""
    (tmp_path / "token").write_text(f"{TOKEN}\n", encoding="utf-8")
    assert read_token(tmp_path / "token") == TOKEN
    (tmp_path / "token").write_text(text, encoding="utf-8")
    with pytest.raises(cr.InputError, match="must hold a token"):
        read_token(tmp_path / "token")


@pytest.mark.parametrize(("more", "status"), [(True, 408), (False, 503)])
def test_a_request_ends_in_time(more: bool, status: int) -> None:
    """A body that does not come gives 408, an answer that is not ready 503, and the connection is closed."""

    async def never(scope: Any, receive: Any, send: Any) -> None:
        if not more:
            await receive()
        await asyncio.sleep(3600)

    found = ask(TimeLimited(never, Limits(seconds=0.01)), "/")
    assert (found.status, found.headers["connection"]) == (status, "close")


def test_metrics_count_requests_rows_and_times(service: Service) -> None:
    """Prometheus's text has each endpoint with its statuses, the rows of each model, and a histogram that adds up."""
    app = application(service)
    ask(app, "/predict", {"rows": ROWS})
    ask(app, "/models/price/predict", {"rows": ROWS * 30})
    ask(app, "/predict", b"{")
    ask(app, "/nowhere\"'\n")
    text = ask(app, "/metrics", method="GET").body.decode()
    found = dict(re.findall(r"^(\w+(?:\{[^}]*(?:\{name\}[^}]*)?\})?) (\S+)$", text, re.MULTILINE))
    assert found['chainrule_requests_total{endpoint="/predict",status="200"}'] == "1"
    assert found['chainrule_requests_total{endpoint="/predict",status="400"}'] == "1"
    assert found['chainrule_requests_total{endpoint="other",status="404"}'] == "1"
    assert found['chainrule_rows_total{model="price"}'] == "124"
    assert found['chainrule_request_seconds_bucket{endpoint="/predict",le="+Inf"}'] == "2"
    assert found['chainrule_request_seconds_count{endpoint="/predict"}'] == "2"
    assert float(found['chainrule_request_seconds_sum{endpoint="/predict"}']) > 0.0
    assert all(re.fullmatch(r"# (HELP|TYPE) .+|\w+(\{.*\})? [\d.e+-]+", line) for line in text.splitlines()), text


def test_the_interface_is_described_by_the_columns(service: Service) -> None:
    """OpenAPI's schema of a row has each column in use with its type, and categories as examples."""
    document = ask(application(service), "/openapi.json", method="GET").document
    assert set(document["paths"]) == {"/predict", "/models/price/predict"}
    rows = document["components"]["schemas"]["rows.price"]["properties"]["rows"]["items"]
    assert rows["required"] == list(ROW)
    assert rows["properties"] == {
        "area": {"type": ["number", "null"]},
        "rooms": {"type": ["number", "null"]},
        "city": {"type": ["string", "null"], "examples": ["Kobe", "Lima", "Ulm", "unseen"]},
        "garden": {"type": ["boolean", "null"]},
    }
    references = re.findall(r"#/components/schemas/([\w.]+)", str(document))
    assert set(references) <= set(document["components"]["schemas"])


def test_an_error_within_is_answered_without_its_words(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error that is no refusal gives 500, says nothing of its cause to the client, and is raised for the log."""
    monkeypatch.setattr("chainrule.serving.endpoints.prediction.body_of", None)
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/predict", "headers": [], "query_string": b""}
    with pytest.raises(TypeError):
        asyncio.run(application(service)(scope, None, send))  # type: ignore[arg-type]
    assert (sent[0]["status"], b"an internal error" in sent[1]["body"]) == (500, True)


def test_a_reload_puts_the_new_model_in_place(service: Service, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A new file is served after a reload; a broken or missing one leaves the earlier model, and stderr says why."""
    before = next(iter(service.models)).model
    path.write_bytes(path.read_bytes()[:100])
    asyncio.run(service.models.reload(service.metrics))
    assert next(iter(service.models)).model is before
    assert f"Kept the earlier model 'price': {path}" in capsys.readouterr().err
    path.unlink()
    asyncio.run(service.models.reload(service.metrics))
    assert "Kept the earlier model 'price'" in capsys.readouterr().err
    MODELS["number"]().save(path)
    asyncio.run(service.models.reload(service.metrics))
    assert capsys.readouterr().err == "Loaded 'price' again.\n"
    assert ask(application(service), "/predict", {"rows": ROWS}).document["predictions"] == pytest.approx(
        MODELS["number"]().predict(ROWS).tolist()
    )
    assert dict(service.metrics.reloads) == {("price", "refused"): 2, ("price", "loaded"): 1}


def test_a_large_request_lets_others_pass(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """A body of more than 16 KiB is predicted in a thread, while small ones are answered."""
    app, predict, is_small_done = application(service), json_rows.answer, threading.Event()

    def after_the_small_one(*arguments: Any) -> Any:
        assert is_small_done.wait(LIMIT)
        return predict(*arguments)

    monkeypatch.setattr(json_rows, "answer", after_the_small_one)

    async def both() -> list[int]:
        large = asyncio.ensure_future(asked(app, "/predict", {"rows": ROWS * 200}))
        small = await asked(app, "/predict", {"rows": ROWS})
        is_small_done.set()
        return [small.status, (await large).status]

    assert asyncio.run(both()) == [200, 200]

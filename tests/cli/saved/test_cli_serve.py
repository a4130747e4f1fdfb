"""``chainrule serve``: what is refused before anything is served, and what is loaded to serve."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

pytest.importorskip("uvicorn", reason="needs the extra serve")

from support.command import chainrule
from support.processes import modules_after
from support.serving.models import MODELS

from chainrule.cli.saved import serve


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with a model, a file that is none, and a token."""
    monkeypatch.chdir(tmp_path)
    MODELS["classes"]().save(tmp_path / "price.safetensors")
    (tmp_path / "my price.safetensors").write_bytes((tmp_path / "price.safetensors").read_bytes())
    (tmp_path / "broken.safetensors").write_bytes(b"broken")
    (tmp_path / "token").write_text("short", encoding="utf-8")


@pytest.mark.parametrize(
    ("line", "code", "says"),
    [
        (["prise.safetensors"], 2, "there is no file 'prise.safetensors'; did you mean 'price.safetensors'?"),
        (["a=prise.safetensors"], 2, "there is no file 'prise.safetensors'"),
        (["my price.safetensors"], 2, "'my price' cannot be a part of a URL"),
        (["price.safetensors", "price=my price.safetensors"], 2, "two models have the name 'price'"),
        (["broken.safetensors"], 1, "broken.safetensors"),
        (["price.safetensors", "--token-file", "token"], 2, "must hold a token of at least 16"),
        (["price.safetensors", "--token-file", "tokn"], 1, "tokn"),
        (["price.safetensors", "--port", "70000"], 2, "'--port'"),
        (["price.safetensors", "--host", "999.0.0.1"], 1, "Error: "),
    ],
    ids=lambda value: value[-1] if isinstance(value, list) else None,
)
def test_what_cannot_be_served_is_refused(line: list[str], code: int, says: str) -> None:
    """A missing or broken file, a name that is no part of a URL or is taken, and a wrong option are refused."""
    answer = chainrule("serve", *line)
    assert (answer.code, says in answer.err) == (code, True), answer.err


def test_an_address_that_is_taken_is_named() -> None:
    """A port on which another program listens is an error of one line."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        answer = chainrule("serve", "price.safetensors", "--port", taken.getsockname()[1])
    assert (answer.code, "in use" in answer.err, answer.err.count("\n")) == (1, True, 1)


def test_models_have_the_names_of_their_files_or_those_given() -> None:
    """NAME=FILE names a model; without it the name of the file does, as far as its last ending."""
    files = serve._by_name(["price.safetensors", "my=my price.safetensors"])
    assert files == {"price": "price.safetensors", "my": "my price.safetensors"}


def test_the_server_loads_no_package_for_science() -> None:
    """The modules of the server need neither scikit-learn nor pandas nor pyarrow, until Arrow or CSV is sent."""
    loaded = modules_after("import chainrule.cli.saved.serve, chainrule.serving.server")
    assert loaded & {"sklearn", "scipy", "pandas", "pyarrow", "matplotlib", "rich"} == set()

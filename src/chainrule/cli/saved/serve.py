"""``chainrule serve``: predictions of models over HTTP."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from chainrule.cli import options
from chainrule.cli.errors import WrongUsage, option_errors, require_packages
from chainrule.cli.inputs.files import require_file
from chainrule.cli.terminal import printable, remarks

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")  # in a path of a URL as it is
LOCAL = ("127.0.0.1", "::1", "localhost")


def serve(
    models: options.Models,
    host: options.Host = "127.0.0.1",
    port: options.Port = 8000,
    token_file: options.TokenFile = None,
    max_rows: options.MaxRows = 10_000,
    max_bytes: options.MaxBytes = 8_388_608,
    timeout: options.Timeout = 30.0,
) -> None:
    """Serve predictions of models over HTTP.

    Each model is served under the name of its file, or as NAME=MODEL says. POST rows as JSON, CSV or a stream of
    Arrow to /predict, or with several models to /models/NAME/predict; /openapi.json describes them. Clients of the
    Open Inference Protocol find /v2, Prometheus /metrics.

    SIGHUP loads the files again; SIGTERM and Ctrl-C end the server once all requests are answered.

    \b
    chainrule serve iris.safetensors
    chainrule serve price=old.safetensors rent.safetensors --port 9000 --token-file token
    curl 127.0.0.1:8000/predict --json '{"rows": [{"area": 90, "city": "Ulm"}]}'
    """
    files = _by_name(models)
    require_packages("starlette", "uvicorn", "httptools", extra="serve")
    from chainrule.serving.limits import Limits  # only now, so that a wrong command line is answered at once
    from chainrule.serving.server import serve as serve_files
    from chainrule.serving.tokens import read_token

    with option_errors("--token-file"):
        token = None if token_file is None else read_token(token_file)
    if host not in LOCAL and token is None:
        remarks().print(
            printable(f"Note: anyone who can reach {host} can send requests. Use --token-file to restrict access.")
        )
    serve_files(files, host, port, Limits(max_rows, max_bytes, timeout), token)


def _by_name(models: Sequence[str]) -> dict[str, str]:
    """Returns the paths of models by name. Raises WrongUsage for a missing file, a wrong name or one that is taken."""
    files: dict[str, str] = {}
    for given in models:
        name, has_name, path = given.partition("=")
        if not has_name or not NAME.fullmatch(name):
            name, path = Path(given).stem, given
        path = str(require_file(path))
        if not NAME.fullmatch(name):
            raise WrongUsage(f"{name!r} cannot be a part of a URL; give another name, as model={given}.")
        if name in files:
            raise WrongUsage(f"two models have the name {name!r}; give another one, as other={given}.")
        files[name] = path
    return files

"""``python -m benchmarks.serving.peer FILE``: a model of scikit-learn behind FastAPI, as tutorials write it.

A row is checked by a model of pydantic, becomes a DataFrame, and goes through a pipeline: gaps are filled, numbers
scaled, categories one-hot, and an MLP predicts. It runs on uvicorn with httptools and uvloop, without a log of
accesses, as `chainrule serve` does.
"""

from __future__ import annotations

import pickle
import socket
import sys
from pathlib import Path
from typing import Any

from benchmarks.serving.rows import CATEGORIES, NUMBERS, table

HIDDEN = (64, 64)


def fitted(t: int) -> Any:
    """Returns the pipeline, fitted to the table of the benchmark."""
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    numbers = make_pipeline(SimpleImputer(add_indicator=True), StandardScaler())
    columns = ColumnTransformer(
        [("numbers", numbers, list(NUMBERS)), ("categories", OneHotEncoder(handle_unknown="ignore"), list(CATEGORIES))]
    )
    X, y = table(t)
    return make_pipeline(columns, MLPClassifier(HIDDEN, max_iter=50, random_state=0)).fit(X, y)


def application(pipeline: Any) -> Any:
    """Returns the application, with ``POST /predict`` of one row."""
    import pandas as pd
    from fastapi import FastAPI
    from pydantic import create_model

    fields: dict[str, Any] = dict.fromkeys(NUMBERS, (float | None, ...)) | dict.fromkeys(CATEGORIES, (str, ...))
    Row: Any = create_model("Row", **fields)
    app = FastAPI()

    async def predict(row: Row) -> dict[str, Any]:
        frame = pd.DataFrame([row.model_dump()]).astype(dict.fromkeys(NUMBERS, float))
        return {"prediction": str(pipeline.predict(frame)[0])}

    predict.__annotations__["row"] = Row
    app.post("/predict")(predict)
    return app


def main(path: str) -> None:
    """Serves the pipeline in a file that the benchmark has written."""
    import uvicorn

    pipeline = pickle.loads(Path(path).read_bytes())  # noqa: S301 - the benchmark's own file
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(application(pipeline), log_level="error", access_log=False, ws="none")
        print(f"Serving on http://127.0.0.1:{listener.getsockname()[1]}", file=sys.stderr, flush=True)
        uvicorn.Server(config).run([listener])


if __name__ == "__main__":
    main(sys.argv[1])

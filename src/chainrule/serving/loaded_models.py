"""The models that a server has loaded, by name, and their reload."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator, Mapping

from starlette.exceptions import HTTPException
from starlette.requests import Request

from chainrule._internal.naming import listed, nearest
from chainrule.errors import ChainruleError
from chainrule.serving.metrics import Metrics
from chainrule.serving.served_model import ServedModel
from chainrule.tables.model import TableModel


def loaded(name: str, path: str) -> ServedModel:
    """Loads a model. Raises OSError, or FileFormatError if the file holds no model."""
    served = ServedModel(name, path, TableModel.load(path))
    _ = served.rows, served.titles  # so that the first request finds them
    return served


class LoadedModels:
    """Models by their names. Each request keeps the model it began with, also when another one has taken its place."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self._models = {name: loaded(name, path) for name, path in files.items()}
        self._reloading = asyncio.Lock()

    def __iter__(self) -> Iterator[ServedModel]:
        return iter(list(self._models.values()))

    def of(self, request: Request) -> ServedModel:
        """Returns the model that the path names, or the only one. Raises HTTPException, 404."""
        name = request.path_params.get("name")
        if name is None:
            if len(self._models) > 1:
                raise HTTPException(404, f"name a model: /models/NAME/predict, of {listed(self._models)}.")
            return next(iter(self._models.values()))
        if name not in self._models:
            hint = nearest(name, self._models) or "."
            raise HTTPException(404, f"there is no model {name!r}{hint} Models: {listed(self._models)}.")
        return self._models[name]

    async def reload(self, metrics: Metrics) -> None:
        """Loads every file again, beside the models in use, and then puts each in place of the earlier one.

        A file that cannot be loaded leaves its model in place; stderr says why.
        """
        async with self._reloading:
            for name, served in list(self._models.items()):
                try:
                    self._models[name] = await asyncio.to_thread(loaded, name, served.path)
                except (ChainruleError, OSError, MemoryError) as error:
                    metrics.reloads[name, "refused"] += 1
                    print(f"Kept the earlier model {name!r}: {error}", file=sys.stderr, flush=True)
                else:
                    metrics.reloads[name, "loaded"] += 1
                    print(f"Loaded {name!r} again.", file=sys.stderr, flush=True)

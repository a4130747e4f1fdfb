"""The parts of a server that its endpoints share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

from chainrule.serving.limits import Limits
from chainrule.serving.loaded_models import LoadedModels
from chainrule.serving.metrics import Metrics

T = TypeVar("T")

MOST_AT_ONCE = 1 << 14  # bytes of a body that is answered while others wait; larger ones are answered in a thread
THREADS = 4  # a thread that has begun computes to its end, so there are no more of them


@dataclass
class Service:
    """Models, limits and metrics; ``is_ending`` is True once the server is asked to end."""

    models: LoadedModels
    limits: Limits
    metrics: Metrics = field(default_factory=Metrics)
    is_ending: bool = False
    threads: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(THREADS, "predict"))

    async def in_thread(self, function: Callable[..., T], *arguments: Any) -> T:
        """Calls a function while other requests are answered."""
        return await asyncio.get_running_loop().run_in_executor(self.threads, function, *arguments)

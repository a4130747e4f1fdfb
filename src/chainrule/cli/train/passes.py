"""Passes over new rows, each a call of ``partial_fit``, as one training of each network."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import Self

import numpy as np

from chainrule.engines.state import RECORDS
from chainrule.network import Network
from chainrule.training import History
from chainrule.training.callbacks.callback import Function, RunCallback, WatchedRun


class Passes:
    """The histories of the networks over all passes so far, which ``display`` shows."""

    def __init__(self, display: RunCallback | None, networks: Sequence[Network], planned: int) -> None:
        self._planned = planned
        self.histories: tuple[History, ...] = ()
        self._stack = ExitStack()
        self._looks: list[Function] = []
        if display is not None:
            for number, net in enumerate(networks, 1):
                run = WatchedRun(net, number=number, networks=len(networks))
                if (look := self._stack.enter_context(display.watch(run))) is not None:
                    self._looks.append(look)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stack.__exit__(kind, error, at)

    def __len__(self) -> int:
        return max((history.epochs for history in self.histories), default=0)

    def add(self, histories: Sequence[History]) -> None:
        """Adds the last epochs of these, those of a pass, and shows them."""
        before = self.histories or [None] * len(histories)
        self.histories = tuple(map(self._joined, before, histories))
        for look, history in zip(self._looks, self.histories, strict=False):
            look(history)

    def _joined(self, before: History | None, last: History) -> History:
        """Returns the history of a network with the last epoch, which is its last pass."""
        earlier = {name: [] if before is None else getattr(before, name) for name in RECORDS}
        records = {name: np.concatenate([earlier[name], getattr(last, name)[-1:]]) for name in RECORDS}
        is_last = len(records["J"]) >= self._planned
        return History.of_records(
            records, planned_epochs=self._planned, stopped="epochs" if is_last else None, engine=last.engine,
            engine_reason=last.engine_reason,
        )  # fmt: skip

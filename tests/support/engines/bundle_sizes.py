"""The bundles of networks that the engine torch would make on a GPU."""

from __future__ import annotations

from typing import Any

import pytest

from chainrule.engines.torch import devices, trainer


def bundle_sizes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Returns a list that gets the number of the networks of each bundle, on a machine that now seems to have a GPU."""
    made: list[int] = []
    make = trainer.Trainer.__init__

    def counted(self: trainer.Trainer, problems: Any, *where: Any) -> None:
        made.append(len(problems))
        make(self, problems, *where)

    monkeypatch.setattr(trainer.Trainer, "__init__", counted)
    monkeypatch.setattr(devices, "is_gpu", lambda device: True)
    monkeypatch.setattr(devices, "lacking", lambda device: None)
    monkeypatch.setattr(devices, "free_bytes", lambda device: 1 << 40)
    return made

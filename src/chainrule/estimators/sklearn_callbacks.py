"""Support for scikit-learn's callbacks (1.9 and later): a task per network, with a subtask per epoch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

F = TypeVar("F", bound=Callable[..., Any])
Fitted = Callable[[], Mapping[str, Any]]  # the attributes that a fitted estimator would have now

try:
    import sklearn.callback as _callback
except ImportError:  # scikit-learn before 1.9
    _callback = None


class _NoCallbacks:
    """An empty mixin for scikit-learn before 1.9 (``object`` cannot precede another base class)."""


CallbackSupportMixin: Any = _NoCallbacks if _callback is None else _callback.CallbackSupportMixin


def with_callbacks(method: F) -> F:
    """Wraps a method so that scikit-learn sets callbacks up before it and tears them down after it."""
    return method if _callback is None else cast("F", _callback.with_callbacks(method))


def has_callbacks(estimator: Any) -> bool:
    """True if the estimator, or one that contains it, has callbacks."""
    return bool(getattr(estimator, "_skl_callbacks", None)) or hasattr(estimator, "_parent_callback_ctx")


class Hooks:
    """The tasks of one fit: one per network, with a subtask per epoch."""

    def __init__(self, estimator: Any, n_networks: int, epochs: int, X: Any, y: Any) -> None:
        self._what = {"estimator": estimator, "X": X, "y": y, "metadata": {}}
        self._root = estimator._init_callback_context(max_subtasks=n_networks, sequential_subtasks=False)
        self._root.call_on_fit_task_begin(**self._what)
        self._networks = [
            self._root.subcontext(task_name="network", task_id=j, max_subtasks=epochs) for j in range(n_networks)
        ]
        self._reported = [0] * n_networks
        for network in self._networks:
            network.call_on_fit_task_begin(**self._what)

    def epoch(self, number: int, epochs: int, fitted: Fitted) -> bool:
        """Reports the epochs that a network has finished; returns True if a callback asks to stop."""
        stop, network = False, self._networks[number]
        while self._reported[number] < epochs:
            self._reported[number] += 1
            task = network.subcontext(task_name="epoch")
            task.call_on_fit_task_begin(**self._what)
            stop = bool(task.call_on_fit_task_end(reconstruction_attributes=fitted, **self._what)) or stop
        return stop

    def end(self, fitted: Fitted) -> None:
        """Reports the end of all tasks."""
        for task in (*self._networks, self._root):
            task.call_on_fit_task_end(reconstruction_attributes=fitted, **self._what)

"""scikit-learn's callbacks (1.9 and later): what they are told of the networks and of their epochs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

F = TypeVar("F", bound=Callable[..., Any])
Fitted = Callable[[], Mapping[str, Any]]  # the attributes that make an estimator ready to predict as it stands

try:
    import sklearn.callback as _callback
except ImportError:  # before 1.9 there are none
    _callback = None


class _NoCallbacks:
    """What stands in for the mixin before 1.9 (``object`` itself could not stand before another base)."""


CallbackSupportMixin: Any = _NoCallbacks if _callback is None else _callback.CallbackSupportMixin


def with_callbacks(method: F) -> F:
    """The method, around which scikit-learn's callbacks are set up and torn down."""
    return method if _callback is None else cast("F", _callback.with_callbacks(method))


def has_callbacks(estimator: Any) -> bool:
    """Whether the estimator was given callbacks, or stands in another one that was."""
    return bool(getattr(estimator, "_skl_callbacks", None)) or hasattr(estimator, "_parent_callback_ctx")


class Hooks:
    """The tasks of one fit: each network is one, and each of its epochs is one of the network's."""

    def __init__(self, estimator: Any, n_networks: int, epochs: int, X: Any, y: Any) -> None:
        self._what = {"estimator": estimator, "X": X, "y": y, "metadata": {}}
        self._root = estimator._init_callback_context(max_subtasks=n_networks, sequential_subtasks=False)
        self._root.call_on_fit_task_begin(**self._what)
        self._networks = [
            self._root.subcontext(task_name="network", task_id=j, max_subtasks=epochs) for j in range(n_networks)
        ]
        self._told = [0] * n_networks
        for network in self._networks:
            network.call_on_fit_task_begin(**self._what)

    def epoch(self, number: int, epochs: int, fitted: Fitted) -> bool:
        """Tell of the epochs that a network has finished; whether a callback wants it to stop."""
        stop, network = False, self._networks[number]
        while self._told[number] < epochs:
            self._told[number] += 1
            task = network.subcontext(task_name="epoch")
            task.call_on_fit_task_begin(**self._what)
            stop = bool(task.call_on_fit_task_end(reconstruction_attributes=fitted, **self._what)) or stop
        return stop

    def end(self, fitted: Fitted) -> None:
        """Tell that all is done."""
        for task in (*self._networks, self._root):
            task.call_on_fit_task_end(reconstruction_attributes=fitted, **self._what)

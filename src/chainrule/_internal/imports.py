"""Imports at first use that are safe in signal handlers."""

from __future__ import annotations

import importlib
import sys
from _thread import allocate_lock, start_new_thread
from types import ModuleType


def imported(name: str) -> ModuleType:
    """Imports a module when it is first used, and returns it.

    A signal handler may interrupt this and do the same: it never finds a module that is imported in part. Python runs
    handlers in the main thread, so another thread imports while this one waits. Raises what the import raises.
    """
    module = sys.modules.get(name)
    if module is not None and not getattr(module.__spec__, "_initializing", False):
        return module
    failures: list[BaseException] = []
    is_running = allocate_lock()

    def run() -> None:
        try:
            importlib.import_module(name)
        except BaseException as error:
            failures.append(error)
        finally:
            is_running.release()

    is_running.acquire()
    try:
        start_new_thread(run, ())
    except RuntimeError:  # the system grants no thread
        return importlib.import_module(name)
    is_running.acquire()
    if failures:
        raise failures[0]
    return sys.modules[name]

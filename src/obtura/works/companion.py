"""Threads that work for whom their maker works: context variables are as where they were made."""

import threading
from collections.abc import Callable
from contextvars import copy_context
from typing import ParamSpec

__all__ = ["companion"]

P = ParamSpec("P")


def companion(name: str, target: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> threading.Thread:
    """A thread, not started yet, that calls `target` in a copy of this thread's context; no exit waits for it."""
    context = copy_context()
    return threading.Thread(target=lambda: context.run(target, *args, **kwargs), name=name, daemon=True)

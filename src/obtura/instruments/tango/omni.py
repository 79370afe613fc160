"""Threads that Tango's client may be called on: those that its omniORB knows.

The problem. omniORB wants to be told of each thread, and of its end, by that thread. A thread that still lives when the
interpreter ends is cleared away by another one, and for that omniORB aborts the process.

The solution. A thread is known as long as an object in its own storage lives. That tells omniORB of the end, unless it
is another thread that takes it away.
"""

import ctypes
import threading
from typing import Any

from obtura.ground.errors import UsageError

__all__ = ["is_known", "know_this_thread", "tango"]


class _Here(threading.local):
    known: "_Known | None" = None


_here = _Here()


def tango() -> Any:
    """The module `tango`.

    Raises:
        UsageError: it is not installed.
    """
    try:
        import tango
    except ModuleNotFoundError as error:
        if error.name != "tango":
            raise
        raise UsageError("Tango needs PyTango: pip install 'obtura[tango]'") from None
    return tango


def know_this_thread() -> None:
    """Have omniORB know this thread until it ends."""
    if not is_known():
        _here.known = _Known()


def is_known() -> bool:
    """Whether omniORB knows this thread, by us."""
    return _here.known is not None


class _Known:
    """As long as it lives, omniORB knows the thread that made it."""

    def __init__(self) -> None:
        self._thread = threading.get_ident()
        self._context = tango().EnsureOmniThread()
        self._context.__enter__()
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(self._context))  # it must not go with this one, on another thread

    def __del__(self) -> None:
        if threading.get_ident() == self._thread:
            self._context.__exit__(None, None, None)
            ctypes.pythonapi.Py_DecRef(ctypes.py_object(self._context))

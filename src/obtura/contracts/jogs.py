"""Axes that jog: they are stopped when their session closes, or this process ends. Nobody is left then who would.

A move goes on, for where it ends was said, and its controller sees to that.
"""

import atexit
import os
import sys
import threading
from collections.abc import Iterable
from typing import Any, Protocol

from obtura.ground.errors import one_line

__all__ = ["jogs_no_more", "jogs_on", "stop_jogs"]


class _Jogging(Protocol):
    """An axis that can jog."""

    name: str

    @property
    def jog_velocity(self) -> float:
        """0 when it does not."""

    def stop(self) -> None:
        """Come to rest."""


_jogging: dict[int, _Jogging] = {}
_registered = False
_at_end = getattr(threading, "_register_atexit", atexit.register)
"""When `atexit` has its turn, executors are shut already, and with them a client of EPICS hears no answers any more."""


def jogs_on(axis: _Jogging) -> None:
    """Have an axis that sets off stopped in the end, should it still jog then."""
    global _registered
    _jogging[id(axis)] = axis
    if not _registered:
        _at_end(stop_jogs)
        _registered = True


def jogs_no_more(axis: object) -> None:
    """It was told to stop."""
    _jogging.pop(id(axis), None)


def stop_jogs(among: Iterable[Any] | None = None) -> None:
    """Stop the axes that jog, all or those `among` others; each is tried, and told of on stderr."""
    wanted = list(_jogging) if among is None else map(id, among)
    for axis in [_jogging.pop(each) for each in wanted if each in _jogging]:
        try:
            if axis.jog_velocity:
                axis.stop()
                sys.stderr.write(f"!!! {axis.name} was still jogging, it was stopped\n")
        except BaseException as error:  # noqa: BLE001 - the next one must be stopped too
            sys.stderr.write(f"!!! {axis.name} was jogging and may still do so, it could not be stopped: ")
            sys.stderr.write(f"{one_line(error)}\n")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_jogging.clear)  # they are the parent's

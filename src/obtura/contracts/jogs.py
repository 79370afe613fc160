"""Axes that jog: they are stopped when their session closes, or this process ends, also by SIGTERM, or SIGHUP of a
terminal that is closed. Nobody is left then who would.

A move goes on, for where it ends was said, and its controller sees to that.
"""

import atexit
import contextlib
import logging
import os
import sys
import threading
from collections.abc import Iterable
from typing import Any, Protocol

from obtura.ground.errors import one_line
from obtura.works.ending import ending_after, ending_at_once

__all__ = ["jogs_no_more", "jogs_on", "stop_jogs"]

log = logging.getLogger(__name__)


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
    ending_after(stop_jogs)
    if not _registered:
        _at_end(stop_jogs)
        _registered = True


def jogs_no_more(axis: object) -> None:
    """It was told to stop."""
    _jogging.pop(id(axis), None)
    if not _jogging:
        ending_at_once(stop_jogs)


def stop_jogs(among: Iterable[Any] | None = None) -> None:
    """Stop the axes that jog, all or those `among` others; each is tried, and told of on stderr."""
    wanted = list(_jogging) if among is None else map(id, among)
    for axis in [_jogging.pop(each) for each in wanted if each in _jogging]:
        try:
            if _may_jog(axis):
                axis.stop()
                _tell(f"{axis.name} was still jogging, it was stopped")
        except BaseException as error:  # noqa: BLE001 - the next one must be stopped too
            _tell(f"{axis.name} was jogging and may still do so, it could not be stopped: {one_line(error)}")
    if not _jogging:
        ending_at_once(stop_jogs)


def _may_jog(axis: _Jogging) -> bool:
    """Also where it can't be asked: what is told may be heard later."""
    try:
        return axis.jog_velocity != 0
    except Exception as error:  # noqa: BLE001 - of whatever drives it
        log.warning("%s can't be asked whether it jogs: %s", axis.name, one_line(error))
        return True


def _tell(what: str) -> None:
    log.warning("%s", what)
    with contextlib.suppress(OSError):  # the terminal is gone
        sys.stderr.write(f"!!! {what}\n")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_jogging.clear)  # they are the parent's

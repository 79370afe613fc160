"""The end of a record's readers: savers are waited for, one that hangs is given up."""

import time
from collections.abc import Callable

from obtura.engine import vigil
from obtura.ground.errors import SavingError, ScanAbort
from obtura.ground.events import Event
from obtura.works.interrupt import doors
from obtura.works.reader import Reader

__all__ = ["DEADLINE", "PATIENCE", "drain"]

DEADLINE = 10.0
"""Seconds that a saver has after Ctrl-C."""

PATIENCE = 120.0
"""Seconds (real ones) in which a saver must receive something: a disk may be slow, and the last bytes are many."""


class _TooLongError(Exception):
    pass


def drain(reader: Reader[Event], essential: bool, say: Callable[[str], object]) -> None:
    """Wait until a reader is done; Ctrl-C gives a viewer up at once and a saver after a while.

    `say` shows a line: when a saver takes long.

    Raises:
        SavingError: a saver hangs, or could not do it in the time that Ctrl-C left; it was given up.
    """
    doors.forget()
    seen, since = reader.received, time.monotonic()
    told, named_after = not essential, since + vigil.PATIENCE

    def check() -> None:
        nonlocal seen, since, told
        if not told and time.monotonic() > named_after:
            told = True
            say(f"Waiting for {reader.receiver.name}; it is given up after {PATIENCE:g} s, {DEADLINE:g} s after Ctrl-C")
        if reader.received != seen:
            seen, since = reader.received, time.monotonic()
        elif essential and time.monotonic() - since > PATIENCE:
            raise _TooLongError

    try:
        reader.drained(check)
    except ScanAbort as abort:
        limit = time.monotonic() + DEADLINE
        while essential and reader.busy and time.monotonic() < limit:
            time.sleep(0.005)
        _give_up(reader, essential, f"did not finish within {DEADLINE:g} s of Ctrl-C", abort)
    except _TooLongError as error:
        _give_up(reader, essential, f"has received nothing for {PATIENCE:g} s", error)


def _give_up(reader: Reader[Event], essential: bool, why: str, cause: BaseException) -> None:
    if not reader.busy:
        return
    left = reader.backlog
    reader.give_up()
    if essential:
        raise SavingError(
            f"{reader.receiver.name} {why} and was given up; at least {left} events are not saved. "
            "It goes on by itself if it can"
        ) from cause

"""Asking many devices at once whether they are there, without waiting for each dead one in turn."""

import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from obtura.ground.errors import DeviceError
from obtura.works.lanes import Call

__all__ = ["Answer", "ask_all"]

FIRST = 1.0
"""Seconds that the first slow one holds up the next; each further one half of it."""
SLICE = 0.1


class Answer(NamedTuple):
    """What a call gave, or what it raised."""

    value: Any
    error: BaseException | None


def ask_all(calls: Mapping[str, Callable[[], Any]], deadline: float) -> dict[str, Answer]:
    """Make the calls, each on a thread of its own; what is not done `deadline` s after the first is given up.

    What answers soon is called one after the other, in order: drivers that share a bus or a library see no
    crowd. Only beside one that takes long the next is begun, so that dead devices don't add up. When only those
    are left that are waited for, it is told which, and Ctrl-C gives them up.
    """
    answers: dict[str, Answer] = {}
    end, patience = time.monotonic() + deadline, FIRST
    under_way: list[tuple[str, Call]] = []
    for name, function in calls.items():
        call = Call(name, _keeping(answers, name, function))
        threading.Thread(target=call.run, name=f"opening {name}", daemon=True).start()
        if not call.done.wait(min(patience, max(end - time.monotonic(), 0.0))):
            under_way.append((name, call))
            patience /= 2
    given_up = f"within {deadline:g} s"
    try:
        _wait(under_way, end)
    except KeyboardInterrupt:
        given_up = "before Ctrl-C"
    for name, call in under_way:
        if not call.done.is_set:
            answers.setdefault(name, Answer(None, DeviceError(f"{name} has not answered {given_up}")))
    return {name: answers[name] for name in calls}


def _wait(under_way: Sequence[tuple[str, Call]], end: float) -> None:
    """Until all are done, or the time is over; after a while those that are waited for are told."""
    tell = time.monotonic() + FIRST
    for _, call in under_way:
        while not call.done.is_set and (now := time.monotonic()) < end:
            call.done.wait(SLICE)  # Ctrl-C comes in between
            if now > tell:
                tell = end
                slow = ", ".join(name for name, one in under_way if not one.done.is_set)
                if slow:  # the last of them may have ended just now
                    print(f"waiting for {slow}, {end - now:.0f} s at most; Ctrl-C: not for these", file=sys.stderr)


def _keeping(answers: dict[str, Answer], name: str, function: Callable[[], Any]) -> Callable[[], None]:
    def call() -> None:
        try:
            answer = Answer(function(), None)
        except BaseException as error:  # noqa: BLE001 - a driver may raise SystemExit; whoever asked is told
            answer = Answer(None, error)
        answers.setdefault(name, answer)

    return call

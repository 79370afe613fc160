"""A coroutine that is watched from await to await: does it block in between?"""

import threading
from collections.abc import Callable, Coroutine, Generator
from typing import Any

from obtura.works.clock import clock

__all__ = ["Stepped"]


class Stepped:
    """Awaits `coroutine` and calls `blocked(seconds)` after each step that let time pass on its thread."""

    def __init__(self, coroutine: Coroutine[Any, Any, Any], blocked: Callable[[float], None]) -> None:
        self._coroutine = coroutine
        self._blocked = blocked

    def __await__(self) -> Generator[Any, Any, Any]:
        step, given = self._coroutine.send, None
        while True:
            before = _waited_here()
            try:
                awaited = step(given)
            except StopIteration as end:
                return end.value
            finally:
                if (seconds := _waited_here() - before) > 0:
                    self._blocked(seconds)
            step, given = self._coroutine.send, None
            try:
                given = yield awaited
            except BaseException as error:  # noqa: BLE001 - cancelled: the coroutine is told
                step, given = self._coroutine.throw, error


def _waited_here() -> float:
    return float(getattr(clock.source, "blocked", {}).get(threading.get_ident(), 0.0))

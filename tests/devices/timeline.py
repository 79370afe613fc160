"""Virtual time in which things happen at certain moments, while somebody waits."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from obtura.works.clock import Flag, VirtualTime, clock


class Timeline(VirtualTime):
    """Virtual time. `at(moment, action)`: call `action` in the middle of the wait that passes `moment`."""

    def __init__(self) -> None:
        super().__init__()
        self._plan: list[tuple[float, Callable[[], object]]] = []

    def at(self, moment: float, action: Callable[[], object]) -> None:
        self._plan.append((moment, action))
        self._plan.sort(key=lambda planned: planned[0])

    def wait(self, flag: Flag | None, seconds: float) -> bool:
        until = self.time() + max(seconds, 0.0)
        while self._plan and self._plan[0][0] <= until and not (flag is not None and flag.is_set):
            moment, action = self._plan.pop(0)
            super().wait(None, moment - self.time())
            action()
        return super().wait(flag, until - self.time())


@contextmanager
def timeline() -> Iterator[Timeline]:
    before = clock.source
    source = Timeline()
    clock.use(source)
    try:
        yield source
    finally:
        clock.use(before)


def elsewhere(action: Callable[[], object]) -> Callable[[], None]:
    """The action on a thread of its own, which has ended when the call returns."""

    def run() -> None:
        thread = threading.Thread(target=action)
        thread.start()
        thread.join(60)
        assert not thread.is_alive()

    return run


def press_ctrl_c() -> None:
    raise KeyboardInterrupt

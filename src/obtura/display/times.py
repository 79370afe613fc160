"""The last line of a scan: how long it took, and where the time went when hooks took much of it."""

from collections import defaultdict
from datetime import timedelta
from operator import itemgetter

from obtura.ground.events import HookLeft, IterationDone

__all__ = ["Times"]

_WORTH_TELLING = 0.1
"""The share of a scan's time from which on its hooks are named."""

_LARGEST = 3


class Times:
    """Adds up the seconds that hooks and counting took."""

    def __init__(self) -> None:
        self._counting = 0.0
        self._hooks: defaultdict[str, float] = defaultdict(float)

    def counted(self, done: IterationDone) -> None:
        """A point was taken; those of the first top-master make the counting time."""
        if done.branch == 0:
            self._counting += done.counting

    def left(self, hook: HookLeft) -> None:
        """A hook was left."""
        self._hooks[f"{hook.owner}.{hook.hook}"] += hook.seconds

    def took(self, seconds: float) -> str:
        """`Took 0:00:09.830967 (counting 0.20 s, Preset.prepare 9.41 s)`; hooks only if they matter."""
        line = f"Took {timedelta(seconds=seconds)}"
        largest = sorted(self._hooks.items(), key=itemgetter(1), reverse=True)[:_LARGEST]
        told = [
            f"{name} {spent:.2f} s"
            for name, spent in largest
            if spent >= max(seconds / 100, 0.005)  # less is not worth a word, or is 0.00
        ]
        if told and sum(self._hooks.values()) > seconds * _WORTH_TELLING:
            line += f" ({', '.join([f'counting {self._counting:.2f} s', *told])})"
        return line

"""A rehearsal in which something never returns: which hook of which preset, or which line of the script."""

import os
import signal
from collections.abc import Callable
from types import FrameType

from obtura.engine import pausing
from obtura.engine.whereabouts import of_script, whereabouts
from obtura.works.leash import Leash
from obtura.works.ordered import OrderedTime

__all__ = ["Stuckness"]

DEAF = 10
"""Who was told so often to end, and goes on, hears nothing."""
LOOKS = 5
"""So many looks, one a second, at an engine that waits and does not end are enough; a busy machine takes its time."""


class Stuckness:
    """Looks for it and ends it; `found`: what is to be said.

    `tell(time, text)`: the same, with the moment of the night in s, when it is found. `told()`: how often somebody was
    told to end, and did not. `hopeless()`: it can't be ended.
    """

    def __init__(
        self,
        script: str,
        time: OrderedTime,
        tell: Callable[[float, str], None],
        told: Callable[[], int],
        hopeless: Callable[[], None],
    ) -> None:
        self.found: list[str] = []
        self._script = script
        self._time = time
        self._tell = tell
        self._told = told
        self._hopeless = hopeless
        self._heard = self._in_vain = 0
        self._patience = 0.0

    def leash(self, patience: float) -> Leash:
        """What ends it after `patience` s of the machine's time."""
        self._patience = patience
        return Leash(
            patience,
            self._stuck,
            self._hopeless,
            moved=self._time.time,
            lost=lambda: self._told() - self._heard > DEAF,
            may_raise=lambda: not self._time.inside,
        )

    def _stuck(self, frame: FrameType) -> FrameType | None:
        deaf = self._told() - self._heard > DEAF
        self._heard = self._told()
        why = (
            "it swallows what is to end it"
            if deaf
            else f"no time passed for {self._patience:g} s of the machine's time"
        )
        where = whereabouts(frame) or of_script(frame, self._script)
        if where is not None:
            self._in_vain = 0
            self._find(f"{where.what or 'the script'} hangs; {why}: {where.place}")
            return where.frame
        if not self.found:
            what = "is paused, and nobody resumes it" if _in_a_pause(frame) else "hangs in a call of a device"
            self._find(f"the scan {what}; {why}")
            os.kill(os.getpid(), signal.SIGINT)
        else:
            self._in_vain += 1
            if self._in_vain == LOOKS:
                self._hopeless()
        return None

    def _find(self, text: str) -> None:
        self.found.append(text)
        self._tell(self._time.time(), text)


def _in_a_pause(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_filename == pausing.__file__:
            return True
        frame = frame.f_back
    return False

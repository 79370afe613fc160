"""Waiting for refills of the machine."""

import math
from collections.abc import Iterator
from typing import Any

from obtura.contracts.machine import Machine
from obtura.contracts.presets import ChainIterationPreset, ChainPreset
from obtura.devices.arguments import number, quantity
from obtura.engine.running import running
from obtura.ground.errors import UsageError
from obtura.ground.ranges import NotNegative, Positive
from obtura.presets.anylevel import Say, require
from obtura.presets.progress import Progress
from obtura.works.clock import clock

__all__ = ["WaitForRefill"]


class WaitForRefill(ChainPreset):
    """Holds each point up while the machine has no beam, is refilled, or will be within `checktime` s.

    `checktime` None: the count time of the chain, so that no refill falls into a point. After a wait, the beam
    has `waittime` s to settle. The machine is asked every `polling_time` s. Ctrl-C ends the wait. A machine's
    `check = True` puts one on every standard scan.

    When there is less time than that between two refills, a point begins right after one, and this is said.
    """

    def __init__(
        self,
        machine: Machine,
        checktime: NotNegative | None = None,
        waittime: NotNegative = 0.0,
        polling_time: Positive = 1.0,
    ) -> None:
        require(self, "a machine", machine, "check_for_refill")
        self.machine = machine
        self.checktime = None if checktime is None else _seconds("checktime", checktime)
        self.waittime = _seconds("waittime", waittime)
        self.polling_time = _seconds("polling_time", polling_time)
        if self.polling_time <= 0:
            raise UsageError(f"WaitForRefill: polling_time must be more than 0 s, got {quantity(self.polling_time)}")

    def get_iterator(self, acq_chain: Any) -> Iterator[ChainIterationPreset]:
        """Wait at the start of each point: the motors have moved, and counting has not begun."""
        checktime = _count_time(acq_chain) if self.checktime is None else self.checktime
        # Messages and times name the class of what is called: let that be this preset.
        point = type(type(self).__name__, (_Point,), {})(self, checktime, acq_chain.say)
        while True:
            yield point

    def wait(self, checktime: float, say: Say) -> None:
        """Return when `checktime` s of beam are ahead; what is waited for is said."""
        if self.machine.check_for_refill(checktime):
            return
        began, progress, check = clock.time(), Progress(say), running.watched_here()
        settled = before = math.inf  # `settled`: when the beam will have been there for long enough
        while (now := clock.time()) < settled:
            countdown = self.machine.refill_countdown
            if checktime and self._just_refilled(before, countdown) and countdown - self.waittime <= checktime:
                say(self._too_short(checktime, countdown))
                checktime = 0.0  # there will never be more beam than now
            before = countdown
            if not self.machine.check_for_refill(checktime):
                settled = math.inf
                progress.show(f"Waiting for {self.machine.name}: {self._why()}")
            elif math.isinf(settled):
                settled = now + self.waittime
                continue
            clock.sleep(min(self.polling_time, settled - now))
            check()
        progress.end(f"{self.machine.name} is back after {clock.time() - began:.1f} s")

    def _just_refilled(self, before: float, countdown: float) -> bool:
        """Whether a refill has ended since the last look, of two looks at the countdown."""
        return before <= self.polling_time and countdown - before > 2 * self.polling_time

    def _too_short(self, checktime: float, countdown: float) -> str:
        settling = f" and {self.waittime:g} s to settle" if self.waittime else ""
        return (
            f"{self.machine.name} is refilled again in {countdown:.0f} s, a point needs {checktime:g} s{settling}: "
            "it is begun right after a refill, and the next falls into it"
        )

    def _why(self) -> str:
        countdown = self.machine.refill_countdown
        if math.isinf(countdown):
            return "no beam"
        return f"refill in {countdown:.0f} s" if countdown > 0 else "refill"


class _Point(ChainIterationPreset):
    def __init__(self, preset: WaitForRefill, checktime: NotNegative, say: Say) -> None:
        self._preset = preset
        self._checktime = checktime
        self._say = say

    def start(self) -> None:
        self._preset.wait(self._checktime, self._say)


def _count_time(acq_chain: Any) -> float:
    """That of the first node that has one."""
    times = (getattr(node, "count_time", None) for node in acq_chain.nodes_list)
    return next((float(each) for each in times if isinstance(each, int | float)), 0.0)


def _seconds(what: str, value: float) -> float:
    result = number(f"WaitForRefill: {what}", value)
    if math.isinf(result) or result < 0:
        raise UsageError(f"WaitForRefill: {what} must be finite and not negative, got {value}")
    return result

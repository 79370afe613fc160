"""The states of a scan."""

from enum import IntEnum

from obtura.works.clock import Flag

__all__ = ["ScanState", "StateFlags"]


class ScanState(IntEnum):
    """A scan's state only increases, but that PAUSED and RUNNING take turns; the last three are its ends."""

    IDLE = 0
    PREPARING = 1
    STARTING = 2
    RUNNING = 3
    PAUSED = 4
    STOPPING = 5
    DONE = 6
    USER_ABORTED = 7
    KILLED = 8

    def __str__(self) -> str:
        return self.name


class StateFlags:
    """The present state, and a flag for each state so that any thread can wait for it."""

    def __init__(self) -> None:
        self.state = ScanState.IDLE
        self._flags = {state: Flag() for state in ScanState}

    def set(self, state: ScanState) -> None:
        """Go on to `state`, or back from PAUSED to RUNNING."""
        if self.state is ScanState.PAUSED and state is ScanState.RUNNING:
            self._flags[ScanState.PAUSED] = Flag()
        self.state = state
        for passed in ScanState:
            if passed <= state:
                self._flags[passed].set()

    def wait(self, state: ScanState, timeout: float | None) -> bool:
        """Wait until `state` or a later one is reached; False when `timeout` (s) passed before."""
        if timeout is not None:
            return self._flags[state].wait(timeout)
        while not self._flags[state].wait(1.0):
            pass
        return True

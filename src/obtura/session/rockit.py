"""A motor that goes to and fro while something else is done."""

from contextlib import AbstractContextManager
from types import TracebackType

from obtura.contracts.claims import check_free
from obtura.contracts.devices import Movable, is_movable
from obtura.devices.arguments import number
from obtura.ground.errors import DeviceError, UsageError
from obtura.session.cleanup import cleanup
from obtura.works.clock import Flag, clock
from obtura.works.companion import companion

__all__ = ["rockit"]

LOOK = 0.1
"""Seconds between two looks at a motor that has to come to rest."""


def rockit(motor: Movable, total_move: float) -> AbstractContextManager[None]:
    """`with rockit(roby, 2): ...` has the motor go to and fro for the time of the body, 1 to each side, then return.

    `total_move` is in its unit. A motor that fails meanwhile stays where it is, and its error is raised at the
    end. For Ctrl-C see `cleanup`.

    Raises:
        UsageError: no motor, no number, or an end of the way is out of limits; nothing moved.
        DeviceError: it can't be moved now.
    """
    if not is_movable(motor):
        raise UsageError(f"rockit(motor, total_move): {motor!r} is not a motor")
    return cleanup(_Rocking(motor, number("rockit: total_move", total_move) / 2))


class _Rocking(AbstractContextManager[None]):
    def __init__(self, motor: Movable, reach: float) -> None:
        self.name = f"the rocking of {motor.name}"
        self._motor = motor
        self._reach = reach
        self._ended = False
        self._done = Flag()
        self._error: BaseException | None = None

    def __enter__(self) -> None:
        self._centre = self._motor.position
        self._ends = self._centre + self._reach, self._centre - self._reach
        check_free([self._motor])
        self._motor.check()
        for end in self._ends:
            self._motor.check_target(end)
        companion(f"rocking of {self._motor.name}", self._rock).start()

    def _rock(self) -> None:
        try:
            while True:
                for end in self._ends:
                    if self._ended:
                        return
                    self._motor.move(end)
                    if getattr(self._motor, "was_stopped", False):  # just as it got there
                        raise DeviceError(f"{self._motor.name}: the move to and fro was stopped")
        except BaseException as error:  # noqa: BLE001 - raised by __exit__
            self._error = error
        finally:
            self._done.set()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        failed = self._error
        self._ended = True
        while not self._done.is_set:  # it may set off once more just now
            self._motor.stop()
            clock.wait(self._done, LOOK)
        self._motor.move(self._centre)
        if failed is not None:
            raise failed

"""An axis whose control system moves it: a move is asked for, followed, and stopped when nobody waits any longer."""

import math
from abc import ABC, abstractmethod
from typing import ClassVar, Generic, TypeVar

from obtura.contracts.claims import check_free
from obtura.contracts.jogs import jogs_no_more
from obtura.contracts.twins import Twin
from obtura.ground.errors import DeviceBusyError, DeviceError, LimitError, annotate, one_line
from obtura.works.clock import Flag

__all__ = ["Asked", "FollowedAxis"]


class Asked:
    """A move that was asked for: where to, and whether it was stopped."""

    def __init__(self, target: float) -> None:
        self.target = target
        self.stopped = Flag()


M = TypeVar("M", bound=Asked)


class FollowedAxis(ABC, Generic[M]):
    """A subclass says where it is, how far it may go, and how it is set off, followed and stopped."""

    blocking = True
    twin: ClassVar[Twin] = "axis"
    name: str
    _move: M | None = None
    """What was asked for here and is not over, as far as is known."""

    # -- what a subclass says -------------------------------------------------------------------------------

    @property
    @abstractmethod
    def unit(self) -> str | None:
        """Its unit; None when it has none or is not connected."""

    @property
    @abstractmethod
    def position(self) -> float:
        """Where it is now."""

    @property
    @abstractmethod
    def _bounds(self) -> str:
        """Whose the limits are, as a message says it."""

    @abstractmethod
    def _limits(self, operation: str) -> tuple[float, float]:
        """The lowest and highest position allowed; -inf, inf for none."""

    @abstractmethod
    def _moves(self, operation: str) -> bool:
        """Whether it moves, or has been sent and is not there."""

    @abstractmethod
    def _set_off(self, target: float) -> M:
        """Send it to `target`; raise `_busy()` when it moves."""

    @abstractmethod
    def _follow(self, move: M) -> None:
        """Return when it is there; raise `DeviceError` when it is elsewhere, was stopped, or comes no nearer."""

    @abstractmethod
    def _halt(self, move: M | None) -> None:
        """Tell it to stop; need not wait until it has. `move`: what was asked for, if it was asked here."""

    @abstractmethod
    def _come_to_rest(self) -> None:
        """Return when it has stopped; raise `DeviceError` when it does not."""

    # -- what follows ---------------------------------------------------------------------------------------

    @property
    def limits(self) -> tuple[float, float]:
        """The lowest and highest position allowed; -inf, inf for none."""
        return self._limits("limits")

    @property
    def is_moving(self) -> bool:
        """Whether it moves, or has been sent and is not there."""
        return self._moves("is_moving")

    def check_target(self, target: float) -> None:
        """Raise `LimitError` when `target` can't be gone to; touch nothing."""
        low, high = self._limits("move")
        if not (math.isfinite(target) and low <= target <= high):
            unit = f" {self.unit}" if self.unit else ""
            raise LimitError(
                f"{self.name}: {target:g}{unit} is outside of the limits {low:g} to {high:g}{unit} "
                f"{self._bounds}; nothing was moved"
            )

    def move(self, target: float, wait: bool = True) -> None:
        """Go to `target`; with `wait`, return when there, else at once.

        Raises:
            LimitError, DeviceBusyError: it can't go there, or moves already; nothing was touched.
            DeviceError: it is refused, does not arrive, or was stopped on the way; it was told to stop.
        """
        check_free((self,))
        self.check_target(target)
        try:
            self._move = self._set_off(float(target))
        except Exception:
            raise
        except BaseException as error:  # Ctrl-C: it may be on its way already, and nobody would follow it
            self._halt_after(None, error)
            raise
        if wait:
            self.wait_move()

    def wait_move(self) -> None:
        """Return when at rest; raise `DeviceError` when it is not where it was sent.

        Whatever else ends the wait, such as Ctrl-C, stops the axis too.
        """
        move = self._move
        if move is None:
            return
        try:
            self._follow(move)
        except BaseException as error:
            if self._move is move and not move.stopped.is_set:
                self._halt_after(move, error)
            raise
        finally:
            if self._move is move:
                self._move = None

    def stop(self) -> None:
        """Come to rest, from any thread; returns at rest. What does not move is not touched.

        Raises:
            DeviceError: it can't be stopped, or does not come to rest.
        """
        move = self._move
        try:
            if not self._moves_as_far_as_known(move):
                return
            if move is not None:
                move.stopped.set()  # whoever waits for it
            self._halt(move)
            jogs_no_more(self)
            self._come_to_rest()
        finally:
            if self._move is move:
                self._move = None

    def _busy(self) -> DeviceBusyError:
        return DeviceBusyError(f"{self.name} is moving: wait until it is there (wait_move) or stop it")

    def _moves_as_far_as_known(self, move: M | None) -> bool:
        """Whether it moves; where nobody says so, what was sent on its way is told to stop before that is raised."""
        try:
            return self._moves("stop")
        except DeviceError as error:
            if move is not None:
                move.stopped.set()
                self._halt_after(move, error)
            raise

    def _halt_after(self, move: M | None, error: BaseException) -> None:
        try:
            self._halt(move)
        except DeviceError as failed:
            annotate(error, f"and it could not be stopped: {one_line(failed)}")

"""The source of the beam, as far as scans need to know of it."""

from collections.abc import Callable
from typing import Protocol, TypeGuard

__all__ = ["Machine", "is_machine"]


class Machine(Protocol):
    """A storage ring, or whatever else makes the beam and has to be refilled.

    `check`: whether every standard scan of the session waits for it; the session has itself told by `on_check`.
    """

    name: str

    @property
    def check(self) -> bool:
        """Whether standard scans wait for beam and refills."""

    @check.setter
    def check(self, on: bool) -> None:
        """Have them wait, or not."""

    def on_check(self, listener: Callable[[bool], None] | None) -> None:
        """Have `listener(check)` called each time it is set; None: nobody."""

    @property
    def refill_countdown(self) -> float:
        """Seconds until the next refill begins; 0 during one, infinite when none will be."""

    def check_for_refill(self, checktime: float) -> bool:
        """Whether there is beam, and no refill within the next `checktime` s."""


def is_machine(thing: object) -> TypeGuard[Machine]:
    """Whether `thing` is a machine. Its class is asked: its properties may talk to hardware."""
    methods = ("check", "on_check", "refill_countdown", "check_for_refill")
    return not isinstance(thing, type) and all(hasattr(type(thing), method) for method in methods)

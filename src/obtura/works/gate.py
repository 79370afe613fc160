"""The gate of a record: what viewers are not handed before every saver has received it.

An event that must be safe first is held back, and all that is written behind it too: viewers get everything, in the
order in which it happened, only later. Whoever writes never waits. Savers are asked how many events they have
received; one that failed or was given up is asked no more. A gate from which nothing comes for `PATIENCE` says so and
lets everything through, until the savers have caught up.
"""

import time
from collections import deque
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

__all__ = ["PATIENCE", "Follower", "Gate", "Saver", "Terms"]

E = TypeVar("E")
E_contra = TypeVar("E_contra", contravariant=True)

PATIENCE = 30.0
"""Seconds (real ones) that events are held back at most while none is let through."""


class Terms(Protocol[E]):
    """Which events are held back. Its methods are called under the record's lock."""

    def of(self, event: E) -> Callable[[], bool] | None:
        """None: it need not be safe. Else: whether all has been written that must be safe before it is handed on."""

    def late(self, complete: bool) -> E:
        """What is told when patience ends; `complete`: all has been written, the savers are late."""


class Saver(Protocol):
    """A reader that makes events safe."""

    received: int
    """How many events it has received, in all."""

    @property
    def alive(self) -> bool:
        """Whether it can still receive any."""

    @property
    def backlog(self) -> int:
        """How many events wait in its mailbox."""


class Follower(Protocol[E_contra]):
    """A reader that comes after the savers."""

    def hand(self, event: E_contra, weight: int | None) -> None:
        """Put an event into its mailbox; a heavy one, that has a weight, if there is room."""


class _Held(Generic[E]):
    __slots__ = ("complete", "event", "ticket", "weight")

    def __init__(self, event: E, weight: int | None, complete: Callable[[], bool] | None) -> None:
        self.event = event
        self.weight = weight
        self.complete = complete
        self.ticket: int | None = None  # how many events must have been received; None: that is not known yet


class Gate(Generic[E]):
    """Everything is done under the record's lock.

    `held`: the events, in order, that were not let through; `written` counts all that came since the gate was made.
    """

    def __init__(self, terms: Terms[E]) -> None:
        self.held: deque[_Held[E]] = deque()
        self.followers: list[Follower[E]] = []
        self._terms = terms
        self._written = 0
        self._savers: list[tuple[Saver, int]] = []  # with the count of events it had to receive before
        self._incomplete: deque[_Held[E]] = deque()
        self._since = 0.0
        self._open_until: int | None = None  # patience has ended: everything goes through until this was received

    def add(self, saver: Saver) -> None:
        """Wait for `saver`, which has not been started yet."""
        self._savers.append((saver, saver.received + saver.backlog - self._written))

    def append(self, event: E, weight: int | None = None, ahead: bool = False) -> None:
        """Take what the savers were given just now; `ahead`: it is not held back."""
        self._written += 1
        if ahead:
            self._hand(event, None)
            return
        held = _Held(event, weight, self._terms.of(event))
        if not self.held:
            self._since = time.monotonic()
        self.held.append(held)
        if held.complete is not None:
            self._incomplete.append(held)
        while self._incomplete and self._incomplete[0].complete is not None and self._incomplete[0].complete():
            self._incomplete.popleft().ticket = self._written
        self.release()

    def release(self) -> None:
        """Let through what is safe."""
        while self.held and self._may_go(self.held[0]):
            first = self.held[0]
            self._hand(first.event, first.weight)
            self.held.popleft()  # after it was handed over: nobody must find it nowhere
            self._since = time.monotonic()

    def look(self) -> None:
        """End the wait when it has been too long. Called now and then."""
        if self.held and time.monotonic() - self._since > PATIENCE:
            self._hand(self._terms.late(self.held[0].ticket is not None), None)
            self._open_until = self._written
            self.release()

    def _hand(self, event: E, weight: int | None) -> None:
        for follower in self.followers:
            follower.hand(event, weight)

    def _may_go(self, held: _Held[E]) -> bool:
        if held.complete is None:
            return True
        if self._open_until is not None:
            if not self._received(self._open_until):
                return True
            self._open_until = None
        return held.ticket is not None and self._received(held.ticket)

    def _received(self, ticket: int) -> bool:
        return all(saver.received >= ticket + before or not saver.alive for saver, before in self._savers)

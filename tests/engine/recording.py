"""A world that writes down every call made to it, and in which one of them can be made to go wrong.

Each hook and each device call goes through `World.call(name, body)`. It notes begin and end in one log, and strikes
the fault, if this is the call it was meant for: before, in the middle or after.
"""

import asyncio
import os
import signal
import threading
import time
from typing import NamedTuple

from obtura.works.interrupt import doors

BEFORE, DURING, AFTER = "before", "during", "after"

FAULTS = {
    "raises": BEFORE,
    "raises-at-its-end": AFTER,
    "raises-system-exit": BEFORE,
    "raises-and-so-does-every-clean-up": BEFORE,
    "ctrl-c-before": BEFORE,
    "ctrl-c-during": DURING,
    "ctrl-c-after": AFTER,
    "ctrl-c-and-again-in-its-own-clean-up": BEFORE,
    "ctrl-c-and-again-at-the-next-call": BEFORE,
    "ctrl-c-and-again-in-the-next-clean-up": BEFORE,
    "ctrl-c-swallowed": BEFORE,
    "ctrl-c-turned-into-an-error": BEFORE,
}
"""What can go wrong with a call, and in which moment of it."""

RARE = ("raises-at-its-end", "raises-and-so-does-every-clean-up", "ctrl-c-and-again-in-its-own-clean-up")
RARE += ("ctrl-c-and-again-at-the-next-call", "ctrl-c-swallowed", "ctrl-c-turned-into-an-error")
"""Beyond the issue's list; tried at every place of one world and every third place of the others."""

CLEAN_UP = ("stop", "before_stop", "close")


class Provoked(RuntimeError):
    """What a fault raises."""


class Entry(NamedTuple):
    """A call began, ended, or ended with an error. `key` is its name and how often it was called before."""

    what: str
    name: str
    key: str
    thread: int
    error: BaseException | None = None


class Fault:
    """One thing that goes wrong in one call."""

    def __init__(self, key, kind):
        self.key = key
        self.kind = kind
        self.moment = FAULTS[kind]
        self.fired = False
        self.error = None  # what it raised first

    def __str__(self):
        return f"{self.key!r} kind={self.kind}"

    @property
    def is_ctrl_c(self):
        return self.kind.startswith("ctrl-c")


def press():
    """Ctrl-C."""
    os.kill(os.getpid(), signal.SIGINT)


class World:
    """The log, the fault, and what was emitted."""

    def __init__(self, fault=None):
        self.fault = fault
        self.log = []
        self.emitting = {}
        self.emitted = {}
        self.caller = threading.get_ident()
        self.pressed_again = False
        self._counts = {}
        self._lock = threading.Lock()

    def call(self, name, body=None, halted=None):
        """Make a call and note it. `halted`: set when the device behind it is stopped, None for a hook."""
        was = doors.shut()  # a Ctrl-C from another process may come at any bytecode, but must not tear the log
        key = self._begin(name)
        try:
            doors.reopen(was)
            self._strike(key, BEFORE)
            if self._strike(key, DURING) and self._can_be_ended(key, halted):
                assert halted.wait(5.0), f"{key} was not ended by stop()"
            result = body() if body is not None else None
            self._strike(key, AFTER)
            was = doors.shut()
        except BaseException as error:
            self._raised(name, key, error)
            raise
        self._note("end", name, key)
        doors.reopen(was)
        return result

    async def call_async(self, name, body=None, halted=None):
        """The same for a coroutine function, which runs on the private loop's thread."""
        key = self._begin(name)
        try:
            self._strike(key, BEFORE)
            if self._strike(key, DURING):
                for _ in range(5000 if self._can_be_ended(key, halted) else 2):
                    await asyncio.sleep(0.001)
                    if halted is not None and halted.is_set():
                        break
            if body is not None:
                await body()
            self._strike(key, AFTER)
        except BaseException as error:
            self._raised(name, key, error)
            raise
        self._note("end", name, key)

    def _begin(self, name):
        with self._lock:
            count = self._counts[name] = self._counts.get(name, -1) + 1
        key = f"{name}#{count}"
        self._note("begin", name, key)
        return key

    def _note(self, what, name, key, error=None):
        self.log.append(Entry(what, name, key, threading.get_ident(), error))

    def _raised(self, name, key, error):
        fault = self.fault
        if fault is not None and fault.fired and fault.key == key and fault.kind.endswith("its-own-clean-up"):
            press()
            time.sleep(0)  # a second Ctrl-C must not get in here
        was = doors.shut()
        self._note("raised", name, key, error)
        doors.reopen(was)

    # -- the fault ----------------------------------------------------------------------------------------

    def _strike(self, key, moment):
        """Let the fault happen if this is its moment; True to linger: as a device or hook that waits."""
        fault = self.fault
        if fault is None:
            return False
        if fault.fired:
            self._strike_again(key, moment)
            return False
        if fault.key != key or fault.moment != moment:
            return False
        fault.fired = True
        self._first(fault, key)
        return moment == DURING

    def _first(self, fault, key):
        match fault.kind:
            case "raises-system-exit":
                fault.error = SystemExit(f"provoked in {key}")
                raise fault.error
            case "ctrl-c-swallowed" | "ctrl-c-turned-into-an-error":
                try:
                    press()
                    time.sleep(0)
                except KeyboardInterrupt:
                    if fault.kind != "ctrl-c-swallowed":
                        raise Provoked(f"provoked in {key}") from None
            case kind if kind.startswith("ctrl-c"):
                press()
            case _:
                fault.error = Provoked(f"provoked in {key}")
                raise fault.error

    def _can_be_ended(self, key, halted):
        """Whether `stop` will end a call in its middle: not a clean-up, nor a device that is not entered yet."""
        name = key.rpartition("#")[0]
        device = name.rpartition(".")[0]
        if name.endswith(CLEAN_UP) or halted is None or not self.began(f"{device}.prepare"):
            time.sleep(0.002)
            return False
        return True

    def _strike_again(self, key, moment):
        kind, name = self.fault.kind, key.rpartition("#")[0]
        if kind == "raises-and-so-does-every-clean-up":
            if moment == AFTER and name.endswith(CLEAN_UP):
                raise Provoked(f"provoked in {key}, too")
            return
        again = kind.endswith("next-call") or (kind.endswith("next-clean-up") and name.endswith(CLEAN_UP))
        if again and moment == BEFORE and not self.pressed_again:
            self.pressed_again = True
            press()
            time.sleep(0)

    # -- what happened ------------------------------------------------------------------------------------

    def began(self, name):
        """How often a call was begun."""
        return sum(entry.what == "begin" and entry.name == name for entry in tuple(self.log))

    def names(self, what="begin"):
        """The names of the calls in order."""
        return [entry.name for entry in self.log if entry.what == what]

    def keys(self):
        """Every call in order, told apart from its repetitions."""
        return [entry.key for entry in self.log if entry.what == "begin"]

    def position(self, what, name):
        """Where in the log a call began or ended for the first time; None when it did not."""
        places = (at for at, entry in enumerate(self.log) if entry.what == what and entry.name == name)
        return next(places, None)

    def listen(self, channel):
        """Note what a channel emits, before and after."""
        before = self.emitting.setdefault(channel.name, [])
        after = self.emitted.setdefault(channel.name, [])
        emit = channel.emit

        def noted(data):
            before.append(data)
            emit(data)
            after.append(data)

        channel.emit = noted

"""Everything that is tried on a call: what happens, and how the scan is to end for it."""

import os
import signal
import threading
import time

from phases import phase_of

from obtura.ground.errors import DeviceError, ScanAbort
from obtura.testing.faults import AFTER, BEFORE, DURING, Abort, CtrlC, Kind, Provoked, Raise, press
from obtura.works.clock import Flag, clock
from obtura.works.interrupt import Ejected

PATIENCE = 20.0
"""Real seconds that something takes at the most which should take none."""


class Nonsense(Kind):
    """The call does what it should and returns what nobody can use."""

    def __init__(self, name):
        super().__init__(name, AFTER)

    def strike(self, fault, key, recording):
        """Nothing yet: the call returns first."""

    def result(self, fault, result):
        """No iterator, no preset, no facts, no end."""
        return 12.5


class Slow(Kind):
    """The call takes a hundred seconds of virtual time."""

    def strike(self, fault, key, recording):
        clock.sleep(100.0)


class Presses(Kind):
    """Ctrl-C is pressed, and again at each of the next calls, `times` in all."""

    ends_with_abort = True

    def __init__(self, name, times, moment=BEFORE):
        super().__init__(name, moment)
        self.times = times

    def strike(self, fault, key, recording):
        fault.left = self.times - 1
        press()

    def later(self, fault, key, moment):
        if moment == BEFORE and fault.left:
            fault.left -= 1
            fault.again = True
            press()
            time.sleep(0)


class Terminate(Kind):
    """SIGTERM comes from outside."""

    ends_with_abort = True

    def strike(self, fault, key, recording):
        os.kill(os.getpid(), signal.SIGTERM)


class Reader(Kind):
    """Who reads the record raises: the saver, or the viewer. Returns when that has happened."""

    def __init__(self, name, reader, moment=BEFORE):
        super().__init__(name, moment)
        self.reader = reader

    def strike(self, fault, key, recording):
        fault.error = Provoked(f"provoked in {self.reader} at {key}")
        reader = getattr(recording.around, self.reader)
        reader.fails = fault.error
        if reader.opened and not reader.closed:
            recording.scan.say("", end="")  # has it woken
            until = time.monotonic() + PATIENCE
            while not self._is_heard(fault, reader, recording.scan) and time.monotonic() < until:
                time.sleep(0.0002)

    def _is_heard(self, fault, reader, scan):
        """Whether it has raised; of a saver the scan must have heard, or it may end well a moment before."""
        return reader.failed and (self.reader == "viewer" or fault.error in scan.errors)


class PressInEmit(Kind):
    """Ctrl-C is pressed in the middle of the next point's way into the record, if there is one."""

    def strike(self, fault, key, recording):
        recording.around.saver.presses = True


class FullDisk(Kind):
    """The saver can take nothing down any more, from the next event on."""

    def strike(self, fault, key, recording):
        fault.error = Provoked(f"provoked on the disk at {key}")
        recording.around.saver.disk_full = fault.error
        recording.scan.say("")


class Hangs(Kind):
    """The call does not return, and the scan is aborted from a thread.

    `until`: "stop", it ends when the device is stopped, or Ctrl-C comes into a hook; "ejected", it swallows Ctrl-C and
    ends when it is thrown out, or when the scan has returned; "late", it returns after its owner's `stop`, or then.
    """

    ends_with_abort = True
    takes_time = True

    def __init__(self, name, until, moment=BEFORE):
        super().__init__(name, moment)
        self.until = until

    def strike(self, fault, key, recording):
        fault.released, fault.overdue = Flag(), False
        fault.owner = key.rpartition("#")[0].rpartition(".")[0]
        self._abort_soon(recording)
        until = time.monotonic() + PATIENCE
        while not fault.released.is_set and time.monotonic() < until:
            try:
                fault.released.wait(0.005)
            except KeyboardInterrupt as error:
                is_thrown_out = isinstance(error, Ejected)
                if is_thrown_out and self.until == "late":
                    return
                if is_thrown_out or self.until == "stop":
                    raise
        fault.overdue = not fault.released.is_set

    def _abort_soon(self, recording):
        scan, started = recording.scan, threading.Event()

        def abort():
            started.set()
            time.sleep(0.005)
            scan.abort()

        threading.Thread(target=abort, name="abort", daemon=True).start()

    def later(self, fault, key, moment):
        """The device's `stop` ends it; one that is late ends a moment after."""
        if moment == AFTER and self.until != "ejected" and key.startswith((f"{fault.owner}.stop#", f"{fault.owner}I")):
            fault.released.set()


def turned(text):
    """A Ctrl-C that a call turns into an error of its own."""
    return Provoked(text)


def swallowed(text):
    """A Ctrl-C that a call swallows."""


EVERYWHERE = (
    Raise("raises"),
    Raise("raises-after", AFTER),
    Raise("keyboard-interrupt", error=KeyboardInterrupt),
    Raise("system-exit", error=SystemExit),
    Raise("stop-iteration", error=StopIteration),
    Nonsense("nonsense"),
    Slow("slow"),
    CtrlC("ctrl-c"),
    CtrlC("ctrl-c-during", DURING),
    CtrlC("ctrl-c-after", AFTER),
    Presses("ctrl-c-twice", 2),
    Presses("ctrl-c-thrice", 3),
    Abort("abort"),
    Abort("abort-after", AFTER),
    Terminate("sigterm"),
    Reader("saver-fails", "saver"),
    Reader("viewer-raises", "viewer"),
    FullDisk("disk-full"),
)
"""Tried at every call of every world."""

ROTATING = (
    Raise("keyboard-interrupt-after", AFTER, error=KeyboardInterrupt),
    Raise("system-exit-after", AFTER, error=SystemExit),
    Raise("stop-iteration-after", AFTER, error=StopIteration),
    Raise("generator-exit", error=GeneratorExit),
    Raise("raises-and-so-does-every-clean-up", everywhere=True),
    Slow("slow-after", AFTER),
    Presses("ctrl-c-thrice-after", 3, AFTER),
    CtrlC("ctrl-c-and-again-in-its-own-clean-up", BEFORE, "own"),
    CtrlC("ctrl-c-and-again-in-the-next-clean-up", BEFORE, "clean-up"),
    CtrlC("ctrl-c-swallowed", caught=swallowed),
    CtrlC("ctrl-c-turned-into-an-error", caught=turned),
    Terminate("sigterm-after", AFTER),
    Reader("saver-fails-after", "saver", AFTER),
    Reader("viewer-raises-after", "viewer", AFTER),
    FullDisk("disk-full-after", AFTER),
    PressInEmit("ctrl-c-in-emit"),
)
"""Tried at every fourth call of every world, each kind beginning with another one."""

HANGING = (
    Hangs("hangs-until-stopped", "stop"),
    Hangs("hangs-for-ever", "ejected"),
    Hangs("returns-late", "late"),
    Hangs("hangs-after", "ejected", AFTER),
)
"""These take real time: a sample."""

KINDS = {kind.name: kind for kind in (*EVERYWHERE, *ROTATING, *HANGING)}


def takes_time(kind):
    """Whether something really hangs, so that deadlines must be short."""
    return isinstance(kind, Hangs)


def check_outcome(fault, raised, errors, alone, devices):
    """What `run()` raises for a fault that was the first to strike."""
    kind, key = fault.kind, fault.key
    owner, _, call = key.rpartition("#")[0].rpartition(".")
    if isinstance(kind, Terminate):
        assert isinstance(raised, SystemExit) and raised.code == 128 + signal.SIGTERM, f"run() raised {raised!r}"
        assert isinstance(errors[0], ScanAbort), f"the errors are {errors}"
    elif isinstance(raised, SystemExit) and raised.code == 128 + signal.SIGTERM and not alone:
        return  # the process ends
    elif kind.ends_with_abort:
        assert isinstance(raised, ScanAbort), f"run() raised {raised!r}"
    elif isinstance(kind, Reader) and kind.reader == "viewer" and phase_of(key) == "checks":
        assert raised in (None, fault.error) or not alone, f"run() raised {raised!r}"  # refused, if it is not open yet
    elif isinstance(kind, Slow) or (isinstance(kind, Reader) and kind.reader == "viewer"):
        too_late = isinstance(raised, DeviceError) and "before it could be triggered" in str(raised)
        assert raised is None or too_late or not alone, f"run() raised {raised!r}"
    elif isinstance(kind, PressInEmit):
        assert raised is None or isinstance(raised, ScanAbort) or not alone, f"run() raised {raised!r}"
    elif isinstance(kind, Nonsense):
        may_fail = call in ("get_iterator", "next", "metadata")
        assert raised is None or may_fail or not alone, f"run() raised {raised!r}"
    elif isinstance(kind, (Reader, FullDisk)):
        assert raised is fault.error or not alone, f"run() raised {raised!r} instead of {fault.error!r}"
    elif isinstance(fault.error, StopIteration) and call == "next":
        return  # that is how an iterator ends
    elif isinstance(fault.error, KeyboardInterrupt):
        assert isinstance(raised, ScanAbort) or not alone, f"run() raised {raised!r}"
    else:
        beside = owner in devices and kind.name.endswith("clean-up")  # others fail at the same time
        first = fault.error if beside and fault.error in errors else raised
        if isinstance(fault.error, StopIteration) and isinstance(raised, RuntimeError):
            first = raised.__cause__  # so Python has it in a coroutine or generator
        assert first is fault.error, f"run() raised {raised!r} instead of {fault.error!r}"

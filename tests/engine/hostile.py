"""Errors, presets and devices that do what nobody expects."""

from dataclasses import dataclass

from cast import Timer
from doubles import make_scan
from recording import World

from obtura.contracts.acquisition import AcquisitionSlave
from obtura.contracts.chain import AcquisitionChain
from obtura.contracts.presets import ScanPreset


@dataclass(frozen=True)
class Frozen(Exception):
    """Refuses attributes, and so notes."""

    code: int = 7


class Unprintable(Exception):
    def __str__(self):
        raise RuntimeError("no text")


class Slotted(Exception):
    __slots__ = ()


class NotesOfItsOwn(Exception):
    __notes__ = "not a list"


class Stubborn(Exception):
    def __setattr__(self, name, value):
        raise RuntimeError("no attribute")

    def add_note(self, note):
        raise RuntimeError("no note")


class Abstruse(BaseException):
    """Derives from BaseException directly."""


ERRORS = [
    Frozen,
    Unprintable,
    Slotted,
    NotesOfItsOwn,
    Stubborn,
    Abstruse,
    StopIteration,
    StopAsyncIteration,
    GeneratorExit,
    SystemExit,
    MemoryError,
    RecursionError,
    lambda: BaseExceptionGroup("several", [KeyboardInterrupt(), SystemExit()]),
    lambda: ExceptionGroup("several", [ValueError("one"), ValueError("two")]),
]


class Raising(ScanPreset):
    """Raises in its hooks what it is told to: `Raising(prepare=make_error)`."""

    def __init__(self, **errors):
        self.errors = errors
        self.log = []

    def at(self, hook):
        self.log.append(hook)
        if hook in self.errors:
            raise self.errors[hook]()

    def prepare(self, scan):
        self.at("prepare")

    def start(self, scan):
        self.at("start")

    def stop(self, scan):
        self.at("stop")


class RaisingSlave(AcquisitionSlave):
    """The same for a device."""

    def __init__(self, blocking, **errors):
        super().__init__(name="device")
        self.blocking = blocking
        self.errors = errors
        self.log = []

    def at(self, method):
        self.log.append(method)
        if method in self.errors:
            raise self.errors[method]()

    def prepare(self):
        self.at("prepare")

    def trigger(self):
        self.at("trigger")

    def stop(self):
        self.at("stop")


def scan_of(*slaves, around=None, npoints=2):
    chain = AcquisitionChain()
    chain.add(top := Timer(0.0, npoints=npoints).in_world(World()))
    for slave in slaves:
        chain.add(top, slave)
    return make_scan(chain, around)

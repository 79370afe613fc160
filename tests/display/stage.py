"""A record with a display on it, set up as a scan does it, and events made by hand."""

import threading
from contextlib import contextmanager
from datetime import datetime

from obtura.display import TerminalDisplay
from obtura.ground.events import (
    ChannelInfo,
    HookLeft,
    IterationDone,
    Points,
    ScanBegan,
    ScanClosed,
    ScanEnded,
    Text,
)
from obtura.works.record import Record

WHEN = datetime(2019, 3, 13, 11, 6, 11)


def channel(name, role="counter", unit=None, shape=(), branch=0, per_point=True, dtype="float64"):
    short_name = name.rpartition(":")[2]
    return ChannelInfo(name, short_name, dtype, shape, unit, role, branch, "device", per_point)


DT = channel("timer:elapsed_time", "timer", "s")
EPOCH = channel("timer:epoch", "timer", "s")
DIODE = channel("simulation:diode")
ROBY = channel("axis:roby", "axis", "mm")
MCA = channel("mca:spectrum", shape=(1024,))


def scan_began(*channels, number=12, title="loopscan 2 0.1", branches=("timer",), **info):
    info = {
        "session_name": "demo",
        "user_name": "seb",
        "npoints": 2,
        "count_time": 0.1,
        "type": "loopscan",
        "save": True,
        "filename": "/tmp/scans/demo/data.h5",
    } | info
    return ScanBegan(number, "loopscan", title, WHEN, info, branches, channels, (), {}, {})


def scan_ended(reason="SUCCESS"):
    return ScanEnded(WHEN, reason, "", {})


def scan_closed(state="DONE", seconds=9.830967):
    return ScanClosed(state, seconds, ())


def point(number, index, value):
    return Points(number, index, (value,))


def hook_left(owner, hook, seconds):
    return HookLeft(owner, hook, None, None, 0.0, seconds, None)


def iteration_done(counting, branch=0):
    return IterationDone(branch, 0, 0.0, counting)


def text_of(events):
    """What was printed on either stream, in one string."""
    return "".join(event.text for event in events if isinstance(event, Text))


class Stage:
    """What a scan does for its display: a record, a reader, `say`."""

    def __init__(self, display, began):
        self.record = Record()
        self.display = display
        self.began = began
        self.failures = []

    def say(self, stream, text):
        self.record.write(Text(stream, text), at_once=True)

    def point(self, index, *values):
        """One point of every channel, in the order of the channels."""
        for number, value in enumerate(values):
            self.record.write(point(number, index, value))

    def __enter__(self):
        self.display.open(self.began, self.say)
        self.reader = self.record.attach(self.display, self.failures.append)
        self.record.write(self.began, at_once=True)
        return self

    def settled(self):
        """Wait until everything so far was received."""
        self.reader.drained(lambda: None)

    def __exit__(self, kind, error, traceback):
        state = "DONE" if kind is None else "KILLED"
        self.record.write(scan_ended())
        self.record.write(scan_closed(state))
        self.settled()
        self.record.close()
        self.display.close()


def staged(*channels, stream=None, columns=None, **began):
    """A scan that shows the table of `channels`."""
    return Stage(TerminalDisplay(stream, columns), scan_began(*channels, **began))


@contextmanager
def running_in_a_thread(function):
    """Run `function` beside the body; what it raises is raised at the end."""
    errors = []

    def call():
        try:
            function()
        except Exception as error:
            errors.append(error)

    thread = threading.Thread(target=call)
    thread.start()
    try:
        yield
    finally:
        thread.join(60)
    assert not thread.is_alive()
    if errors:
        raise errors[0]

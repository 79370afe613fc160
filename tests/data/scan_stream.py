"""Scans made by hand: the events that the engine would write, for savers to read."""

from datetime import datetime, timedelta, timezone

from obtura.data.saving import ScanSaving
from obtura.ground.events import (
    ChannelInfo,
    HookLeft,
    Points,
    Position,
    PresetInfo,
    ScanBegan,
    ScanClosed,
    ScanEnded,
)

ZONE = timezone(timedelta(hours=1))
START = datetime(2019, 3, 13, 11, 6, 11, tzinfo=ZONE)
END = datetime(2019, 3, 13, 11, 6, 20, 830967, tzinfo=ZONE)


def channel(name, role="counter", unit=None, shape=(), dtype="float64", branch=0, per_point=True, device=None):
    """`name` is the full one; the device is its first part."""
    owner, _, short = name.rpartition(":")
    return ChannelInfo(name, short, dtype, shape, unit, role, branch, device or owner, per_point)


def timer(branch=0):
    return channel("timer:elapsed_time", "timer", "s", branch=branch)


def axis(name, branch=0):
    return channel(f"axis:{name}", "axis", "mm", branch=branch, device="axis")


def began(*channels, number=12, title="loopscan 2 0.1", branches=("timer",), presets=(), metadata=None, **scan_info):
    """The beginning of a scan; by default that of a loopscan with one diode."""
    return ScanBegan(
        number=number,
        name=title.split()[0],
        title=title,
        start_time=START,
        scan_info={"session_name": "demo", "user_name": "seb", "npoints": 2, "type": title.split()[0], **scan_info},
        branches=branches,
        channels=channels or (timer(), channel("simulation:diode")),
        presets=presets,
        metadata=metadata or {},
        positioners={"roby": Position(1.5, "mm"), "robz": Position(-2.0, None)},
    )


def ended(reason="SUCCESS", message="", **positions):
    """The end of a scan; one that did not end well was in the middle of a point."""
    cut = () if reason == "SUCCESS" else (0,)
    return ScanEnded(END, reason, message, {name: Position(value, "mm") for name, value in positions.items()}, cut)


def rows(first, *columns):
    """Points of the channels 0, 1, ...: `columns` are the values of each, one event a value as a timer emits them."""
    for index, column in enumerate(columns):
        for offset, value in enumerate(column):
            yield Points(index, first + offset, (value,))


def hook(owner, name, left_at, seconds, branch=None, point=None, error=None):
    return HookLeft(owner, name, branch, point, left_at, seconds, error)


said = []
"""What savers said."""


def say(stream, text):
    said.append(text)


def saving_in(directory, session="demo"):
    return ScanSaving(session, "seb", directory)


def hand(saver, events):
    """Hand events to a saver as a record does: one by one to its witness, then all of them."""
    events = list(events)
    for event in events:
        saver.witness(event)
    saver.receive(events)


def record(saver, beginning, *events, end=None):
    """Have a saver record a whole scan, in one batch after the other."""
    try:
        saver.open(beginning, say)
        hand(saver, [beginning])
        for event in events:
            hand(saver, [event])
        hand(saver, [end or ended(), ScanClosed("DONE", 9.8, ())])
    finally:
        saver.close()


__all__ = [
    "END",
    "START",
    "PresetInfo",
    "axis",
    "began",
    "channel",
    "ended",
    "hand",
    "hook",
    "record",
    "rows",
    "said",
    "saving_in",
    "say",
    "timer",
]

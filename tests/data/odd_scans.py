"""Scans with whatever a file may hold: spectra, frames, complex numbers, NaN, odd names, two top-masters."""

from pathlib import Path

import numpy as np
from frame_stream import camera, points_of
from scan_stream import axis, began, channel, ended, record, rows, timer

from obtura.data.saver import HDF5Saver
from obtura.ground.events import Points

EPOCH = [1552471571.25, 1552471572.25, 1552471573.25]

CHANNELS = (
    timer(),
    channel("timer:epoch", "timer", "s"),
    axis("roby"),
    channel('s:diode, µ/"x".1', unit="A"),
    channel("s:z", dtype="complex128"),
    channel("s:n", dtype="int64"),
    channel("s:mca", shape=(4,), dtype="int32", unit="counts"),
    camera(),
    channel("fast:slow", per_point=False, unit="V"),
)

DIODE = "diode__µ__x_.1"
"""What the file calls it."""


def odd_events(frames=3):
    """Three points."""
    yield from rows(0, [0.0, 0.1, 0.2], EPOCH, [0.0, 0.5, 1.0], [4.0, np.nan, -np.inf])
    yield Points(4, 0, np.array([1 + 2j, np.nan, -3j]))
    yield Points(5, 0, np.array([1, 2**60, -3]))
    yield Points(6, 0, np.arange(12, dtype="int32").reshape(3, 4))
    yield from points_of(7, frames)
    yield Points(8, 0, np.arange(5.0))


def odd_scan(number=12, **options):
    said = {"sample": {"name": 'quartz\n"3/4"', "list": ["a", "µ"], "temperature": 20.5}}
    facts = {"axis": {"velocity": 2.5}, "fast": {"gain": 3}}
    return began(
        *CHANNELS,
        number=number,
        title="ascan roby 0 1 2 0.1\n, µ",
        metadata=facts,
        scan_meta=said,
        count_time=0.1,
        **options,
    )


def record_odd(saving, number=12, end=None, **options):
    record(HDF5Saver(saving), odd_scan(number, **options), *odd_events(), end=end or ended(roby=1.0))
    return Path(saving.filename)


def record_two_branches(saving, number=13):
    two = began(timer(), channel("s:a"), timer(1), axis("robz", 1), number=number, branches=("timer", "motor"))
    points = [*rows(0, [0.0, 0.1], [1.0, 2.0]), Points(2, 0, [0.0, 1.0, 2.0]), Points(3, 0, [5.0, 6.0, 7.0])]
    record(HDF5Saver(saving), two, *points, end=ended("USER_ABORT", "Ctrl-C"))
    return Path(saving.filename)

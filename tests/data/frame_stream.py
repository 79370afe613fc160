"""Scans with a camera made by hand: frames as a camera gives them, for savers to read."""

from pathlib import Path

import numpy as np
from scan_stream import began, channel, record, timer

from obtura.data.saver import HDF5Saver
from obtura.ground.events import Points

SHAPE = (3, 5)


def camera(name="camera", **options):
    return channel(f"{name}:image", shape=SHAPE, dtype="uint16", **options)


def frames(count, first=0):
    """Frames that are all different."""
    numbers = np.arange(first, first + count)[:, np.newaxis, np.newaxis]
    return (numbers * 100 + np.arange(15).reshape(SHAPE)).astype("uint16")


def points_of(index, count, first=0):
    """Frames one by one, as a triggered camera gives them."""
    return [Points(index, number, frames(1, number)) for number in range(first, first + count)]


def images(saving, number=12):
    """Where the frames of a scan are."""
    return Path(saving.root_path) / "data" / f"scan{number:04d}"


def record_frames(saving, *events, channels=None, end=None, **scan):
    beginning = began(*(channels or (timer(), camera())), **scan)
    record(HDF5Saver(saving), beginning, *events, end=end)

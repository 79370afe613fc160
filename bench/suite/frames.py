#!/usr/bin/env python3
"""How fast frames get into files: a table of MB/s, beside a plain sequential write of the same bytes.

    python bench/frames.py [DIRECTORY] [--frames 200] [--size 1024] [--rounds 5]

Everything ends with fsync, in one process, on the disk of DIRECTORY. The ratio is to the sequential write; that of raw
frames to direct chunk writes, without obtura, should be 0.8 or more. The best of the rounds counts: a disk, and a
computer with other things to do, are not as fast at all times.
"""

import argparse
import os
import random
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import h5py
import hdf5plugin  # noqa: F401 - it registers its filters
import numpy as np

from obtura.acquisition.camera import CameraAcquisitionSlave
from obtura.acquisition.timer import SoftwareTimerMaster
from obtura.contracts.cameras import CameraDriver
from obtura.contracts.chain import AcquisitionChain
from obtura.contracts.consumers import Surroundings
from obtura.data.filters import filters_of
from obtura.data.saver import HDF5Saver
from obtura.data.saving import ScanSaving
from obtura.devices.camera import Camera
from obtura.engine.scan import Scan
from obtura.ground.compression import COMPRESSIONS

DIFFERENT = 16
"""Frames that are made; the camera gives them again and again."""


class Film(CameraDriver):
    """Gives ready-made frames as fast as they are taken."""

    def __init__(self, frames, count):
        self._frames = frames
        self._left = self._count = count

    @property
    def frame_shape(self):
        return self._frames[0].shape[1:]

    @property
    def dtype(self):
        return self._frames[0].dtype

    def prepare(self, nframes, exposure, triggered):
        self._left = self._count

    def read(self, wait):
        self._left -= 1
        return self._frames[self._left % DIFFERENT]


class Saved(Surroundings):
    """A scan that is saved and shown nowhere."""

    def consumers(self, save, scan_saving):
        return [HDF5Saver(scan_saving)]


def detector_frames(size):
    """Frames as a counting detector gives them: few photons, some bright spots; each an array of one frame."""
    chance = np.random.default_rng(0)
    made = []
    for _ in range(DIFFERENT):
        frame = chance.poisson(3, (1, size, size)).astype("uint16")
        frame[0, chance.integers(0, size, 500), chance.integers(0, size, 500)] = chance.integers(0, 60_000, 500)
        frame.flags.writeable = False  # handed over, not copied
        made.append(frame)
    return made


def sequential(directory: Path, frames, count):
    """The bytes, one after the other."""
    with open(directory / "bytes", "wb", buffering=0) as file:
        for number in range(count):
            file.write(frames[number % DIFFERENT])
        os.fsync(file.fileno())


def direct(directory: Path, frames, count):
    """Direct chunk writes: the least that HDF5 takes."""
    shape = frames[0].shape[1:]
    with h5py.File(directory / "direct.h5", "w", libver=("v110", "v110")) as file:
        dataset = file.create_dataset("data", (count, *shape), frames[0].dtype, chunks=(1, *shape))
        for number in range(count):
            dataset.id.write_direct_chunk((number, 0, 0), frames[number % DIFFERENT])
    fsync(directory / "direct.h5")


def filtered(compression):
    """HDF5 alone with the same filters: what compression itself takes."""

    def write(directory: Path, frames, count):
        shape = frames[0].shape[1:]
        with h5py.File(directory / "filtered.h5", "w", libver=("v110", "v110")) as file:
            how = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
            how.set_chunk((1, *shape))
            for number, options in filters_of(compression):
                how.set_filter(number, h5py.h5z.FLAG_OPTIONAL, options)
            space = h5py.h5s.create_simple((count, *shape))
            kind = h5py.h5t.py_create(frames[0].dtype)
            dataset = h5py.Dataset(h5py.h5d.create(file.id, b"data", kind, space, how))
            for number in range(count):
                dataset[number] = frames[number % DIFFERENT][0]
        fsync(directory / "filtered.h5")

    return write


def saved(compression):
    """A whole scan, from its header to its file on disk."""

    def scan(directory: Path, frames, count):
        camera = Camera("camera", Film(frames, count), compression=compression)
        chain = AcquisitionChain()
        slave = CameraAcquisitionSlave(camera.image, count_time=0, npoints=count, trigger_type="HARDWARE")
        chain.add(SoftwareTimerMaster(0, npoints=1), slave)
        saving = ScanSaving("bench", "bench", directory)
        made = Scan(chain, "frames", scan_saving=saving)
        made.surroundings = Saved()
        made.run()
        with h5py.File(saving.filename) as file:
            assert len(file["1.1/measurement/camera"]) == count, "a frame was lost"

    return scan


def fsync(path: Path):
    descriptor = os.open(path, os.O_RDWR)
    os.fsync(descriptor)
    os.close(descriptor)


def timed(place: Path, what: Callable, frames, count):
    """Seconds, and the bytes on disk."""
    directory = Path(tempfile.mkdtemp(dir=place, prefix="obtura-bench-"))
    os.sync()
    try:
        began = time.perf_counter()
        what(directory, frames, count)
        seconds = time.perf_counter() - began
        return seconds, sum(each.stat().st_blocks * 512 for each in directory.rglob("*") if each.is_file())
    finally:
        shutil.rmtree(directory)


def measured(place: Path, cases: dict[str, Callable], frames, count, rounds):
    """The best of each case, in an order that changes: who follows a large file finds its memory warm."""
    best: dict[str, tuple[float, int]] = {}
    order = random.Random(1)
    for _ in range(rounds):
        for name in order.sample(list(cases), len(cases)):
            best[name] = min(best.get(name, (float("inf"), 0)), timed(place, cases[name], frames, count))
    return {name: best[name] for name in cases}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("directory", nargs="?", type=Path, default=Path("."))
    parser.add_argument("--frames", type=int, default=200)
    parser.add_argument("--size", type=int, default=1024, help="pixels along each side")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--compressions", nargs="*", default=["bitshuffle-lz4", "blosc2-lz4"], choices=COMPRESSIONS[1:])
    asked = parser.parse_args()
    frames = detector_frames(asked.size)
    cases: dict[str, Callable] = {"sequential write": sequential, "direct chunk writes": direct, "saved": saved("none")}
    for name in asked.compressions:
        cases |= {f"HDF5 alone, {name}": filtered(name), f"saved, {name}": saved(name)}
    best = measured(asked.directory, cases, frames, asked.frames, asked.rounds)
    size = asked.frames * frames[0].nbytes
    print(f"{asked.frames} frames of {asked.size} x {asked.size} {frames[0].dtype}, {size / 1e6:.0f} MB")
    print(f"{'':28} {'MB/s':>6} {'ratio':>6} {'on disk':>8}")
    for name, (seconds, there) in best.items():
        ratio = best["sequential write"][0] / seconds
        print(f"{name:28} {size / seconds / 1e6:6.0f} {ratio:6.2f} {there / size:8.0%}")
    raw = best["direct chunk writes"][0] / best["saved"][0]
    print(f"saved, to direct chunk writes: {raw:.2f}")


if __name__ == "__main__":
    main()

"""Frames into files: 1,024 x 1,024 of uint16, whole scans, each with an fsync at its end on the disk of the lab.

The floors are the bytes written one after the other, direct chunk writes by HDF5 alone, and HDF5 alone with the same
filters.
"""

import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from bench.cases import Trial, Work, case
from bench.lab import Lab
from obtura.acquisition.camera import CameraAcquisitionSlave
from obtura.acquisition.timer import SoftwareTimerMaster
from obtura.contracts.cameras import CameraDriver
from obtura.contracts.chain import AcquisitionChain
from obtura.contracts.consumers import Consumer, Surroundings
from obtura.data.filters import filters_of
from obtura.data.saver import HDF5Saver
from obtura.data.saving import ScanSaving
from obtura.devices.camera import Camera
from obtura.engine.scan import Scan

SIZE = 1024
FRAMES = 100
DIFFERENT = 16
"""Frames that are made; the camera gives them again and again."""


class Film(CameraDriver):
    """Gives ready-made frames as fast as they are taken."""

    def __init__(self, frames: list[npt.NDArray[Any]], count: int) -> None:
        self._frames = frames
        self._left = self._count = count

    @property
    def frame_shape(self) -> tuple[int, int]:
        return SIZE, SIZE

    @property
    def dtype(self) -> Any:
        return self._frames[0].dtype

    def prepare(self, nframes: int, exposure: float, triggered: bool) -> None:
        self._left = self._count

    def read(self, wait: float) -> Any:
        self._left -= 1
        return self._frames[self._left % DIFFERENT]


class Saved(Surroundings):
    """A scan that is saved and shown nowhere."""

    def consumers(self, save: bool, scan_saving: Any) -> list[Consumer]:
        return [HDF5Saver(scan_saving)]


def detector_frames() -> list[npt.NDArray[Any]]:
    """Frames as a counting detector gives them: few photons, some bright spots; each an array of one frame."""
    chance = np.random.default_rng(0)
    made = []
    for _ in range(DIFFERENT):
        frame = chance.poisson(3, (1, SIZE, SIZE)).astype("uint16")
        frame[0, chance.integers(0, SIZE, 500), chance.integers(0, SIZE, 500)] = chance.integers(0, 60_000, 500)
        frame.flags.writeable = False  # handed over, not copied
        made.append(frame)
    return made


@case("frames/raw", "raw frames saved, by direct chunk writes", "frame", budget=1.25)
def raw(lab: Lab) -> Trial:
    return _trial(lab, "none", _direct, "direct chunk writes")


@case("frames/sequential", "raw frames saved, by a sequential write", "frame")
def sequential(lab: Lab) -> Trial:
    return _trial(lab, "none", _sequential, "a sequential write")


@case("frames/lz4", "frames saved with bitshuffle-lz4", "frame")
def compressed(lab: Lab) -> Trial:
    import hdf5plugin  # noqa: F401 - it registers its filters

    return _trial(lab, "bitshuffle-lz4", _filtered("bitshuffle-lz4"), "HDF5 alone, the same filter")


def _trial(lab: Lab, compression: str, floor: Callable[..., None], floor_name: str) -> Trial:
    frames = detector_frames()
    work = _on_disk(lab, _scan(compression), frames)
    return Trial(work, _on_disk(lab, floor, frames), floor_name, count=FRAMES, floor_count=FRAMES)


def _on_disk(lab: Lab, write: Callable[..., None], frames: list[npt.NDArray[Any]]) -> Work:
    """Seconds of writing alone: neither of what was to be written before, nor of removing it."""

    def work(count: int) -> float:
        directory = Path(tempfile.mkdtemp(dir=lab.directory))
        os.sync()
        try:
            began = time.perf_counter()
            write(directory, frames, count)
            return time.perf_counter() - began
        finally:
            shutil.rmtree(directory)

    return work


def _sequential(directory: Path, frames: list[npt.NDArray[Any]], count: int) -> None:
    with open(directory / "bytes", "wb", buffering=0) as file:
        for number in range(count):
            file.write(frames[number % DIFFERENT])
        os.fsync(file.fileno())


def _direct(directory: Path, frames: list[npt.NDArray[Any]], count: int) -> None:
    with h5py.File(directory / "direct.h5", "w", libver=("v110", "v110")) as file:
        dataset = file.create_dataset("data", (count, SIZE, SIZE), frames[0].dtype, chunks=(1, SIZE, SIZE))
        for number in range(count):
            dataset.id.write_direct_chunk((number, 0, 0), frames[number % DIFFERENT])
    _fsync(directory / "direct.h5")


def _filtered(compression: str) -> Callable[..., None]:
    def write(directory: Path, frames: list[npt.NDArray[Any]], count: int) -> None:
        with h5py.File(directory / "filtered.h5", "w", libver=("v110", "v110")) as file:
            how = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
            how.set_chunk((1, SIZE, SIZE))
            for number, options in filters_of(compression):
                how.set_filter(number, h5py.h5z.FLAG_OPTIONAL, options)
            space = h5py.h5s.create_simple((count, SIZE, SIZE))
            kind = h5py.h5t.py_create(frames[0].dtype)
            dataset = h5py.Dataset(h5py.h5d.create(file.id, b"data", kind, space, how))
            for number in range(count):
                dataset[number] = frames[number % DIFFERENT][0]
        _fsync(directory / "filtered.h5")

    return write


def _fsync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDWR)
    os.fsync(descriptor)
    os.close(descriptor)


def _scan(compression: str) -> Callable[..., None]:
    """A whole scan, from its header to its file on disk."""

    def scan(directory: Path, frames: list[npt.NDArray[Any]], count: int) -> None:
        camera = Camera("camera", Film(frames, count), compression=compression)
        chain = AcquisitionChain()
        slave = CameraAcquisitionSlave(camera.image, count_time=0, npoints=count, trigger_type="HARDWARE")
        chain.add(SoftwareTimerMaster(0, npoints=1), slave)
        saving = ScanSaving("bench", "bench", directory)
        made = Scan(chain, "frames", scan_saving=saving)
        made.surroundings = Saved()  # type: ignore[misc]
        made.run()
        with h5py.File(saving.filename) as file:
            assert len(file["1.1/measurement/camera"]) == count, "a frame was lost"

    return scan

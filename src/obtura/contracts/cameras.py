"""Cameras: detectors that give frames, and counters that are worked out from frames.

For new hardware only a `CameraDriver` has to be written; `obtura.devices.camera.Camera` makes a device of it, and the
camera's acquisition slave drives it in scans.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from obtura.contracts.counters import Counter, CounterController

__all__ = ["CameraController", "CameraDriver", "FrameCounter", "Frames"]

Frames = npt.NDArray[Any]
"""Frames, shape (n, height, width); in colour (n, height, width, 3)."""


class CameraDriver:
    """What has to be written for a camera. In scans every call but `stop` is made on one thread.

    `readout_time`: s between the end of an exposure and the earliest start of the next. `inside`: of a camera that
    writes its frames into a file itself, where in that HDF5 file they are; it has `write_to` and `written` in place of
    `read`. None: it hands its frames over.
    """

    readout_time = 0.0
    inside: str | None = None

    @property
    def frame_shape(self) -> tuple[int, ...]:
        """The (height, width) of its frames, in colour (height, width, 3), as it is set now; asks no hardware."""
        raise NotImplementedError

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of a pixel."""
        raise NotImplementedError

    def prepare(self, nframes: int, exposure: float, triggered: bool) -> None:
        """Get ready to take `nframes` frames (0: until `stop`) of `exposure` s each; returns when it is ready.

        `triggered`: each frame will be asked for by `trigger`; else, once started, it goes on by itself or by a wire.
        """
        raise NotImplementedError

    def start(self) -> None:
        """Arm; without `triggered`, begin with the first frame. Returns at once."""

    def trigger(self) -> None:
        """Take one frame; returns at once, `read` waits for it."""
        raise NotImplementedError

    def read(self, wait: float) -> Frames:
        """The frames that have come since the last call, in order, shape (n, *frame_shape).

        When there is none yet it may wait for one, `wait` s at most, then gives an array with n = 0.
        They are copied, so that its memory can be used again; a new array that is made read-only
        (`frames.flags.writeable = False`) is taken as it is, which is faster.
        """
        raise NotImplementedError

    def write_to(self, path: Path | None) -> None:
        """Have the next `prepare` begin this file, which is not there yet, its directory is; None: write nothing."""
        raise NotImplementedError

    def written(self, wait: float) -> int:
        """How many frames were written since `prepare`; may wait for a further one, `wait` s at most.

        Where there is no file it says how many were taken.

        Raises:
            DeviceError: one could not be written, or was lost.
        """
        raise NotImplementedError

    def condition(self) -> str:
        """How it is, in plain words, for the error that says that a frame did not come; empty: it does not know."""
        return ""

    def stop(self) -> None:
        """End what goes on, from any thread; `read` returns soon. Nothing may go on: then there is nothing to do."""

    def check(self) -> None:
        """Raise `DeviceError` when the camera can't be used now; touch nothing."""

    def set_binning(self, binning: int) -> None:
        """Add up squares of `binning` x `binning` pixels from now on.

        Raises:
            UsageError: it can't do that.
        """
        raise NotImplementedError

    @property
    def binnings(self) -> tuple[int, ...]:
        """What `set_binning` takes."""
        return (1,)


class CameraController(CounterController):
    """A camera as a scan sees it: its driver, and the counters that are worked out from its frames.

    `timeout`: s that a frame may be late when the scan waits for it. `taking`: whether a scan waits for frames;
    `armed_by`: who called `driver.prepare` last. Both are changed with `lock` held. `compression`: of its frames in
    files, one of `obtura.ground.compression.COMPRESSIONS`; None: as `SCAN_SAVING.compression` says.
    """

    compression: str | None = None

    def __init__(self, name: str, driver: CameraDriver, blocking: bool = True, timeout: float = 10.0) -> None:
        super().__init__(name, blocking=blocking)
        self.driver = driver
        self.timeout = timeout
        self.taking = False
        self.armed_by: object = None

    def exposure_for(self, count_time: float) -> float:
        """The exposure (s) of a frame in a scan that counts for `count_time` s."""
        return count_time


class FrameCounter(Counter):
    """A quantity that is worked out from each frame of a camera: override `of`."""

    controller: CameraController

    def __init__(
        self,
        name: str,
        controller: CameraController,
        conversion_function: Callable[[Any], Any] | None = None,
        unit: str | None = None,
        dtype: npt.DTypeLike | None = float,
        shape: tuple[int, ...] = (),
    ) -> None:
        super().__init__(name, controller, conversion_function, unit, dtype, shape)

    def of(self, frames: Frames) -> npt.NDArray[Any]:
        """The raw values of n frames, shape (n, *self.shape)."""
        raise NotImplementedError(f"{type(self).__name__} must override of(frames)")

    def values(self, frames: Frames) -> npt.NDArray[Any]:
        """The values of n frames, converted."""
        raw = self.of(frames)
        return raw if self.conversion_function is None else np.asarray([self.convert(value) for value in raw])

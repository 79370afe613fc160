"""An areaDetector camera as obtura drives cameras."""

import math
from pathlib import Path
from typing import Any

import numpy as np

from obtura.contracts.cameras import CameraDriver, Frames
from obtura.ground.errors import DeviceError, DeviceTimeoutError, annotate, one_line
from obtura.instruments.epics.detector_plugins import ArrayPlugin, FilePlugin
from obtura.instruments.epics.link import Answer
from obtura.instruments.epics.pvs import PVs
from obtura.works.clock import clock

__all__ = ["INSIDE", "DetectorDriver"]

INSIDE = "/entry/data/data"
"""Where the frames are in a file of NDFileHDF5, unless a layout of one's own says otherwise."""

CAMERA_PVS = (
    *("Acquire", "Acquire_RBV", "ImageMode", "NumImages", "TriggerMode", "AcquireTime", "AcquirePeriod"),
    *("ArrayCallbacks", "ArrayCounter", "ArrayCounter_RBV", "NumImagesCounter_RBV", "DetectorState_RBV"),
    *("StatusMessage_RBV", "ArraySizeX_RBV", "ArraySizeY_RBV", "ArraySizeZ_RBV", "DataType_RBV"),
)
BROKEN = ("Error", "Disconnected", "Initializing")
"""States in which it takes no frame."""

TYPES = ("Int8", "UInt8", "Int16", "UInt16", "Int32", "UInt32", "Int64", "UInt64", "Float32", "Float64")

POLL = 0.01
FRESH = 1.0
"""Seconds for which the size and type of frames are believed."""


class DetectorDriver(CameraDriver):
    """Arms the camera and the plugin that takes its frames. `wire`: the TriggerMode when frames are not asked for."""

    def __init__(
        self,
        name: str,
        prefix: str,
        file: FilePlugin | None,
        array: ArrayPlugin | None,
        readout_time: float,
        wire: str,
        timeout: float,
    ) -> None:
        self.name = name
        self.pvs = PVs(name, {pv: prefix + pv for pv in CAMERA_PVS}, timeout)
        self.file, self.array = file, array
        self.readout_time = readout_time
        self._prefix = prefix
        self._wire = wire
        self._path: Path | None = None
        self._armed = False
        self._triggered = True
        self._told = 0  # frames that were told of since `prepare`
        self._acquiring: Answer | None = None
        self._kind: tuple[float, tuple[int, int], np.dtype[Any]] = (-math.inf, (0, 0), np.dtype("uint16"))

    # -- what a frame is ------------------------------------------------------------------------------------

    @property
    def frame_shape(self) -> tuple[int, int]:
        """The (height, width) of its frames (ArraySizeY_RBV, ArraySizeX_RBV); asked for anew once a second."""
        return self._frame()[1]

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of a pixel (DataType_RBV)."""
        return self._frame()[2]

    def _frame(self) -> tuple[float, tuple[int, int], np.dtype[Any]]:
        if clock.time() - self._kind[0] >= FRESH:
            width, height, depth = self.pvs.whole("", "ArraySizeX_RBV", "ArraySizeY_RBV", "ArraySizeZ_RBV")
            if depth > 1 or not (width and height):
                size = f"{width} x {height}" + (f" x {depth}" if depth > 1 else "")
                why = "frames of colours can't be taken" if depth > 1 else "let it take one frame, then it knows"
                raise DeviceError(f"{self.name}: its frames are of {size} pixels ({self._prefix}ArraySizeX_RBV); {why}")
            kind = self.pvs.text("", "DataType_RBV")
            if kind not in TYPES:
                raise self.pvs["DataType_RBV"].failure("", f"is {kind!r}, no type of a pixel ({', '.join(TYPES)})")
            self._kind = (clock.time(), (height, width), np.dtype(kind.lower()))
        return self._kind

    # -- taking frames --------------------------------------------------------------------------------------

    def check(self) -> None:
        """Raise `DeviceError` when it is not connected, may not be put to, or says that it is broken."""
        self.pvs.check_writable("Acquire", "AcquireTime")
        self._check_state("")
        if self.file is not None:
            self.file.pvs.check_writable("Capture", "FilePath")
        if self.array is not None:
            self.array.pvs.check_writable("EnableCallbacks")

    def _check_state(self, operation: str) -> None:
        state = self.pvs.text(operation, "DetectorState_RBV")
        if state in BROKEN:
            message = self.pvs.text(operation, "StatusMessage_RBV")
            raise DeviceError(f"{self.name} takes no frames: {self._prefix}DetectorState_RBV is {state}: {message}")

    def write_to(self, path: Path | None) -> None:
        """Have the next `prepare` begin this file; None: write nothing."""
        self._path = path

    def prepare(self, nframes: int, exposure: float, triggered: bool) -> None:
        """Get ready: camera idle and set, file open."""
        if self.pvs.number("prepare", "Acquire_RBV"):
            self.pvs.put("prepare", "Acquire", 0, confirm=False)
            self._wait_idle(file=False)
        self._armed = True
        modes = {"triggered": ("Single", 1), "all": ("Multiple", nframes), "endless": ("Continuous", 1)}
        mode, count = modes["triggered" if triggered else "all" if nframes else "endless"]
        self.pvs.tell(
            "prepare",
            ImageMode=mode,
            NumImages=count,
            TriggerMode="Internal" if triggered else self._wire,
            AcquireTime=exposure,
            AcquirePeriod=exposure + self.readout_time,
            ArrayCallbacks="Enable",
            ArrayCounter=0,
        )
        if self.array is not None:
            self.array.arm()
        if self.file is not None and self._path is not None:
            self.file.capture(self._path)
        self._triggered, self._told = triggered, 0

    def start(self) -> None:
        """Begin, unless each frame is asked for."""
        if not self._triggered:
            self.trigger()

    def trigger(self) -> None:
        """Have Acquire put; it is confirmed when the camera is done."""
        self._acquiring = self.pvs.put("trigger", "Acquire", 1)

    def read(self, wait: float) -> Frames:
        """The frame that the array plugin has."""
        if self.array is None:
            raise DeviceError(f"{self.name} has no array plugin to look through: say which with `array`")
        until = clock.time() + wait
        while True:
            frames = self.array.read(self.frame_shape, self.dtype)
            if len(frames) or clock.time() >= until:
                return frames
            self._check_going()
            clock.sleep(POLL)

    def written(self, wait: float) -> int:
        """How many frames the file plugin has written; without a file, how many were taken."""
        until = clock.time() + wait
        while True:
            writes = self.file is not None and self.file.captures
            count = self.file.written() if self.file is not None and writes else self._taken()
            if count < self._told:
                raise DeviceError(
                    f"{self.name}: it had {self._told} frames, and now has {count}; was its IOC started anew, or does "
                    "somebody else use it?"
                )
            if count != self._told or clock.time() >= until:
                self._told = count
                return count
            self._check_going()
            clock.sleep(POLL)

    def _taken(self) -> int:
        return self.pvs.whole("reading", "ArrayCounter_RBV")[0]

    def _check_going(self) -> None:
        """Raise `DeviceError` when no further frame can come."""
        if self._acquiring is not None and self._acquiring.done.is_set:
            answer, self._acquiring = self._acquiring, None
            answer.result()
        self._check_state("reading")

    def condition(self) -> str:
        """What its counters say."""
        try:
            state = self.pvs.text("condition", "DetectorState_RBV")
            told = f"{self._prefix}DetectorState_RBV is {state}, {self._taken()} frames were taken"
            if self.file is not None and self.file.captures:
                told += f", {self.file.condition()}"
        except DeviceError as error:
            return one_line(error)
        return told

    # -- the end --------------------------------------------------------------------------------------------

    def stop(self) -> None:
        """Acquire and Capture off, from any thread; returns when the camera is idle and the file closed.

        Raises:
            DeviceError: one of them could not be told, or does not say that it is off; the other was told all the same.
        """
        if not self._armed:
            return
        self._armed = False
        errors: list[DeviceError] = []
        file = self.file if self.file is not None and self.file.captures else None
        for tell in (self._tell_idle, *(() if file is None else (file.tell_end,))):
            try:
                tell()
            except DeviceError as error:
                errors.append(error)
        if not errors:
            try:
                self._wait_idle(file=file is not None)
            except DeviceError as error:
                errors.append(error)
        if file is not None:
            try:
                file.leave()
            except DeviceError as error:
                errors.append(error)
        if errors:
            for later in errors[1:]:
                annotate(errors[0], f"and {one_line(later)}")
            raise errors[0]

    def _tell_idle(self) -> None:
        self.pvs.put("stop", "Acquire", 0, confirm=False)

    def _wait_idle(self, file: bool) -> None:
        until = clock.time() + self.pvs.timeout
        while True:
            acquires = bool(self.pvs.number("stop", "Acquire_RBV"))
            captures = file and self.file is not None and not self.file.is_closed()
            if not (acquires or captures):
                return
            if clock.time() > until:
                what = f"{self._prefix}Acquire_RBV" if acquires else "Capture_RBV of its file plugin"
                raise DeviceTimeoutError(
                    f"{self.name}.stop failed: {what} is still 1, {self.pvs.timeout:g} s after 0 was put"
                )
            clock.sleep(POLL)

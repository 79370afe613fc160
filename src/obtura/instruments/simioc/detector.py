"""A simulated areaDetector: a camera, its plugin that writes HDF5, and its plugin that hands out arrays.

It was written from the documents of areaDetector, not from its code. Prefix `X:`: `X:cam1:` has what the driver has,
`X:HDF1:` the file plugin, `X:image1:` the array plugin, each under the names of areaDetector. Frames go from the camera
to the plugins at once; a put to Acquire or Capture is confirmed when that has ended.

`X:cam1:Fault` is what areaDetector has not: words, each for what is to go wrong from now on.

    fine           nothing
    drop N         the file plugin drops frame N (from 0)
    write N        it can't write frame N
    close          it can't close its file
    lost N         the camera gives no frame N
    slow S         each frame takes S s longer
    deaf           Acquire is taken, and nothing happens
    nocapture      Capture is taken, and nothing happens
    back N         when it gives frame N, all its counters begin anew
    broken         the camera goes into the state Error when it is to begin
"""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from obtura.instruments.simioc.live import array, choice, long_text, number, whole

__all__ = ["Detector"]

STATES = (
    *("Idle", "Acquire", "Readout", "Correct", "Saving", "Aborting", "Error", "Waiting", "Initializing"),
    *("Disconnected", "Aborted"),
)
TYPES = ("Int8", "UInt8", "Int16", "UInt16", "Int32", "UInt32", "Int64", "UInt64", "Float32", "Float64")
HEIGHT, WIDTH = 12, 16


class Detector:
    """What is simulated. `light`: what the pixels say, beside the number of the frame."""

    def __init__(self, light: Callable[[], float]) -> None:
        self._light = light
        self.driver: dict[str, Any] = {
            "AcquireTime": 0.1,
            "AcquirePeriod": 0.1,
            "NumImages": 1,
            "ImageMode": "Single",
            "TriggerMode": "Internal",
            "ArrayCallbacks": "Enable",
            "ArrayCounter": 0,
        }
        self.state, self.message = "Idle", ""
        self.images = self.unique_id = 0
        self.fault, self.at = "fine", 0.0
        self.writer = _Writer(self)
        self.array: npt.NDArray[np.uint16] = np.zeros((HEIGHT, WIDTH), np.uint16)
        self.array_counter = self.array_id = 0
        self.array_enabled = "Disable"
        self._running: asyncio.Task[None] | None = None

    def meddle(self, words: str) -> None:
        """Take what `Fault` is told."""
        self.fault, _, at = words.partition(" ")
        self.at = float(at or 0)
        if self.state == "Error":
            self.state = "Idle"

    def goes_wrong(self, fault: str, number: int) -> bool:
        """Whether this happens to frame `number`."""
        return self.fault == fault and self.at == number

    @property
    def acquires(self) -> bool:
        """Whether Acquire is on."""
        return self._running is not None and not self._running.done()

    async def acquire(self, on: str) -> None:
        """Take what Acquire is told; returns when the acquisition is over."""
        if on in ("Done", "0") and self._running is not None:
            self._running.cancel()
            await asyncio.wait([self._running])
            self.state = "Aborted" if self.state == "Acquire" else self.state
        elif on not in ("Done", "0") and not self.acquires and self.fault != "deaf":
            self._running = asyncio.create_task(self._acquire())
            await asyncio.wait([self._running])

    async def _acquire(self) -> None:
        if self.fault == "broken":
            self.state, self.message = "Error", "the sensor does not answer"
            return
        self.state, self.message, self.images = "Acquire", "Acquiring data", 0
        wanted = {"Single": 1, "Multiple": int(self.driver["NumImages"])}.get(self.driver["ImageMode"])
        while wanted is None or self.images < wanted:
            slower = self.at if self.fault == "slow" else 0.0
            await asyncio.sleep(float(self.driver["AcquireTime"]) + slower)
            self._deliver()
            pause = float(self.driver["AcquirePeriod"]) - float(self.driver["AcquireTime"])
            if (wanted is None or self.images < wanted) and pause > 0:
                await asyncio.sleep(pause)
        self.state, self.message = "Idle", "Waiting for acquisition"

    def _deliver(self) -> None:
        number = int(self.driver["ArrayCounter"])
        self.images += 1
        if self.goes_wrong("lost", number):
            self.fault = "fine"
            return
        if self.goes_wrong("back", number):
            self.fault = "fine"
            self.driver["ArrayCounter"] = self.array_counter = self.writer.captured = 0
            return
        self.unique_id += 1
        self.driver["ArrayCounter"] = number + 1
        if self.driver["ArrayCallbacks"] != "Enable":
            return
        frame = np.full((HEIGHT, WIDTH), number, np.uint16)
        frame[0, 0] = int(self._light())
        self.writer.take(frame, self.unique_id, number)
        if self.array_enabled == "Enable":
            self.array, self.array_id = frame, self.unique_id
            self.array_counter += 1

    def _set(self, name: str) -> Callable[[Any], None]:
        return lambda value: self.driver.__setitem__(name, value)

    def records(self, prefix: str) -> dict[str, Any]:
        """Its PVs, without what logs them."""
        driver = self.driver
        found = {"Fault": long_text(lambda: self.fault, self.meddle)}
        for name in ("AcquireTime", "AcquirePeriod"):
            found[name] = number(_said(driver, name), self._set(name))
            found[f"{name}_RBV"] = number(_said(driver, name))
        for name in ("NumImages", "ArrayCounter"):
            found[name] = whole(_said(driver, name), self._set(name))
            found[f"{name}_RBV"] = whole(_said(driver, name))
        enums = {
            "ImageMode": ("Single", "Multiple", "Continuous"),
            "TriggerMode": ("Internal", "External"),
            "ArrayCallbacks": ("Disable", "Enable"),
        }
        for name, states in enums.items():
            found[name] = choice(states, _said(driver, name), self._set(name))
        found |= {
            "Acquire": choice(("Done", "Acquire"), lambda: "Acquire" if self.acquires else "Done", self.acquire),
            "Acquire_RBV": choice(("Done", "Acquiring"), lambda: "Acquiring" if self.acquires else "Done"),
            "DetectorState_RBV": choice(STATES, lambda: self.state),
            "StatusMessage_RBV": long_text(lambda: self.message),
            "NumImagesCounter_RBV": whole(lambda: self.images),
            "ArraySizeX_RBV": whole(lambda: WIDTH),
            "ArraySizeY_RBV": whole(lambda: HEIGHT),
            "ArraySizeZ_RBV": whole(lambda: 0),
            "DataType_RBV": choice(TYPES, lambda: "UInt16"),
            "Model_RBV": long_text(lambda: "simulated"),
        }
        arrays = {
            "EnableCallbacks": choice(("Disable", "Enable"), lambda: self.array_enabled, self._enable_arrays),
            "ArrayCounter_RBV": whole(lambda: self.array_counter),
            "UniqueId_RBV": whole(lambda: self.array_id),
            "ArrayData": array(lambda: self.array.ravel().astype(np.int32), HEIGHT * WIDTH),
        }
        return {
            **{f"{prefix}cam1:{name}": record for name, record in found.items()},
            **{f"{prefix}HDF1:{name}": record for name, record in self.writer.records().items()},
            **{f"{prefix}image1:{name}": record for name, record in arrays.items()},
        }

    def _enable_arrays(self, state: str) -> None:
        self.array_enabled = state


class _Writer:
    """The file plugin."""

    def __init__(self, detector: Detector) -> None:
        self._detector = detector
        self.texts = {"FilePath": "", "FileName": "", "FileTemplate": "%s%s_%3.3d.h5"}
        self.enums = {
            "EnableCallbacks": "Disable",
            "AutoIncrement": "Yes",
            "FileWriteMode": "Single",
            "LazyOpen": "No",
        }
        self.wanted, self.number = 1, 0
        self.captured = self.dropped = 0
        self.status, self.message, self.full_name = "Write OK", "", ""
        self._file: h5py.File | None = None
        self._done: asyncio.Event | None = None

    @property
    def captures(self) -> bool:
        """Whether Capture is on."""
        return self._done is not None

    async def capture(self, on: str) -> None:
        """Take what Capture is told; returns when the file is closed."""
        if on in ("Done", "0"):
            self._end()
        elif self._detector.fault != "nocapture" and not self.captures:
            self.captured = 0
            self.status, self.message = "Write OK", ""
            if not self.path_exists or self.enums["FileWriteMode"] != "Stream":
                self.status, self.message = "Write error", f"{self.texts['FilePath']}: can't open a file there"
                return
            self._done = asyncio.Event()
            await self._done.wait()

    def _end(self) -> None:
        done, self._done = self._done, None
        file, self._file = self._file, None
        if file is not None:
            try:
                file.flush()
                file.close()
            except (OSError, RuntimeError) as error:
                self.status, self.message = "Write error", f"Error closing file: {error}"[:255]
            if self._detector.fault == "close":
                self.status, self.message = "Write error", "Error closing file: No space left on device"
        if done is not None:
            done.set()

    @property
    def path_exists(self) -> bool:
        """Whether FilePath is a directory."""
        return bool(self.texts["FilePath"]) and Path(self.texts["FilePath"]).is_dir()

    def take(self, frame: npt.NDArray[np.uint16], unique_id: int, number: int) -> None:
        """Write a frame that has come from the camera."""
        if not self.captures or self.enums["EnableCallbacks"] != "Enable":
            return
        if self._detector.goes_wrong("drop", number):
            self.dropped += 1
            return
        if self._detector.goes_wrong("write", number):
            self.status, self.message = "Write error", "ERROR Failed to write NDArray: No space left on device"
            return
        try:
            self._write(frame, unique_id)
        except (OSError, RuntimeError) as error:
            self.status, self.message = "Write error", f"ERROR Failed to write NDArray: {error}"[:255]
            return
        self.captured += 1
        if self.captured == self.wanted:
            self._end()

    def _write(self, frame: npt.NDArray[np.uint16], unique_id: int) -> None:
        if self._file is None:
            self._open(frame)
        assert self._file is not None
        for path, value in {"detector/data": frame, "NDAttributes/NDArrayUniqueId": unique_id}.items():
            data = self._file[f"entry/instrument/{path}"]
            data.resize(self.captured + 1, axis=0)
            data[self.captured] = value
            data.flush()  # while somebody hears of a full disk: in the end of `data` nobody does

    def _open(self, frame: npt.NDArray[np.uint16]) -> None:
        parts = self.texts["FilePath"], self.texts["FileName"], self.number
        template = self.texts["FileTemplate"]
        self.full_name = template % parts[: template.count("%")]
        self._file = h5py.File(self.full_name, "w", libver="latest")
        entry = self._file.create_group("entry")
        entry.attrs["NX_class"] = "NXentry"
        shape, dtype = frame.shape, frame.dtype
        data = entry.create_dataset(
            "instrument/detector/data", (0, *shape), dtype, maxshape=(None, *shape), chunks=(1, *shape)
        )
        entry.create_dataset("instrument/NDAttributes/NDArrayUniqueId", (0,), "i4", maxshape=(None,), chunks=(16,))
        entry.create_group("data")["data"] = data

    def records(self) -> dict[str, Any]:
        """Its PVs."""
        found: dict[str, Any] = {}
        for name in self.texts:
            found[name] = long_text(_said(self.texts, name), self._set(name))
        states = {
            "EnableCallbacks": ("Disable", "Enable"),
            "AutoIncrement": ("No", "Yes"),
            "FileWriteMode": ("Single", "Capture", "Stream"),
            "LazyOpen": ("No", "Yes"),
        }
        for name, known in states.items():
            found[name] = choice(known, _said(self.enums, name), self._choose(name))
        return found | {
            "FullFileName_RBV": long_text(lambda: self.full_name),
            "FilePathExists_RBV": choice(("No", "Yes"), lambda: "Yes" if self.path_exists else "No"),
            "NumCapture": whole(lambda: self.wanted, lambda value: setattr(self, "wanted", int(value))),
            "NumCaptured_RBV": whole(lambda: self.captured),
            "Capture": choice(("Done", "Capture"), lambda: "Capture" if self.captures else "Done", self.capture),
            "Capture_RBV": choice(("Done", "Capturing"), lambda: "Capturing" if self.captures else "Done"),
            "WriteStatus": choice(("Write OK", "Write error"), lambda: self.status),
            "WriteMessage": long_text(lambda: self.message),
            "DroppedArrays": whole(lambda: self.dropped, lambda value: setattr(self, "dropped", int(value))),
            "DroppedArrays_RBV": whole(lambda: self.dropped),
        }

    def _set(self, name: str) -> Callable[[Any], None]:
        def take(text: str) -> None:
            closed = name != "FilePath" or not text or text.endswith("/")
            self.texts[name] = text if closed else f"{text}/"

        return take

    def _choose(self, name: str) -> Callable[[Any], None]:
        return lambda state: self.enums.__setitem__(name, state)


def _said(values: Mapping[str, Any], name: str) -> Callable[[], Any]:
    """What was put last."""
    return lambda: values[name]

"""Where the frames of an areaDetector camera go: into a file that its plugin writes, or here by the array plugin."""

from collections.abc import Mapping
from pathlib import Path, PurePosixPath

import numpy as np

from obtura.contracts.cameras import Frames
from obtura.ground.errors import DeviceError, DeviceTimeoutError
from obtura.instruments.epics.pvs import PVs
from obtura.works.clock import clock

__all__ = ["ArrayPlugin", "FilePlugin"]

POLL = 0.01

FILE_PVS = (
    *("EnableCallbacks", "FilePath", "FileName", "FileTemplate", "AutoIncrement", "FileWriteMode", "LazyOpen"),
    *("NumCapture", "Capture", "Capture_RBV", "NumCaptured_RBV", "FullFileName_RBV", "FilePathExists_RBV"),
    *("WriteStatus", "WriteMessage", "DroppedArrays", "DroppedArrays_RBV"),
)
ARRAY_PVS = ("EnableCallbacks", "ArrayCounter_RBV", "ArrayData")

LONGEST = 255
"""Characters of a path in areaDetector."""


class FilePlugin:
    """The plugin that writes HDF5 (NDFileHDF5), `prefix` e.g. "X:HDF1:".

    `seen_as`: directories here, and what the IOC calls them.
    """

    def __init__(self, device: str, prefix: str, seen_as: Mapping[str, str], timeout: float) -> None:
        self.pvs = PVs(device, {name: prefix + name for name in FILE_PVS}, timeout)
        self._prefix = prefix
        self._seen_as = dict(seen_as)
        self._path: Path | None = None
        self._failed = False  # it was told that it can't write
        self._begun = False  # Capture was put: what the plugin says of a file is of ours
        self._before = 0  # frames in the file when it was prepared last
        self._device = device

    @property
    def captures(self) -> bool:
        """Whether it was told to write a file and not yet to end."""
        return self._path is not None

    def capture(self, path: Path) -> None:
        """Have all frames until the end written to `path`, on if that is open; returns when it is ready.

        Raises:
            DeviceError: the file is there already, the IOC does not find its directory, or the plugin does not begin.
        """
        if self._path == path:
            self._before = self._counts("prepare")[0]
            return
        # Not path.exists(): a disk of the network would remember for a while that it was not there.
        if path.parent.is_dir() and any(each.name == path.name for each in path.parent.iterdir()):
            raise DeviceError(f"{self._device}: {path} exists already; {self._prefix} would overwrite it")
        where, operation = self._remote(path), "prepare"
        if len(str(where)) > LONGEST:
            raise DeviceError(
                f"{self._device}: {where} is longer than the {LONGEST} characters that {self._prefix} takes"
            )
        self._path, self._before, self._begun, self._failed = path, 0, False, False
        self._end_what_was_left()
        self.pvs.tell(
            operation,
            EnableCallbacks="Enable",
            FilePath=f"{where.parent}/",
            FileName=where.stem,
            FileTemplate=f"%s%s{where.suffix}",
            AutoIncrement="No",
            FileWriteMode="Stream",
            LazyOpen="Yes",  # the size of a frame is known when the first one comes
            NumCapture=0,  # until it is told to end
            DroppedArrays=0,
        )
        if not self.pvs.number(operation, "FilePathExists_RBV"):
            raise DeviceError(
                f"{self._device}.prepare failed: the IOC does not find {where.parent} "
                f"(PV {self._prefix}FilePathExists_RBV); if it calls it otherwise, say so with `seen_as`"
            )
        self._begun = True
        self.pvs.put(operation, "Capture", 1, confirm=False)  # it confirms when the file is closed
        until = clock.time() + self.pvs.timeout
        while not self.pvs.number(operation, "Capture_RBV"):
            self._check_written(operation)
            if clock.time() > until:
                raise DeviceTimeoutError(
                    f"{self._device}.prepare failed: PV {self._prefix}Capture_RBV is 0, {self.pvs.timeout:g} s after "
                    f"{self._prefix}Capture was put; {self.condition()}"
                )
            clock.sleep(POLL)

    def _end_what_was_left(self) -> None:
        """Close a file that is open already, as where a process died in mid-scan: our frames would go into it."""
        if self.pvs.number("prepare", "Capture_RBV"):
            self.pvs.put("prepare", "Capture", 0, confirm=False)
            until = clock.time() + self.pvs.timeout
            while self.pvs.number("prepare", "Capture_RBV"):
                if clock.time() > until:
                    raise DeviceTimeoutError(
                        f"{self._device}.prepare failed: {self._prefix} writes another file, and goes on after "
                        f"{self._prefix}Capture was put to 0"
                    )
                clock.sleep(POLL)

    def written(self) -> int:
        """How many frames are written since `capture`; raises `DeviceError` when one could not be, or was dropped."""
        captured, dropped = self._counts("reading")
        if dropped:
            raise DeviceError(
                f"{self._device}: its file plugin dropped {dropped} frames, {captured} are written "
                f"(PV {self._prefix}DroppedArrays_RBV); frames come faster than it writes them"
            )
        self._check_written("reading")
        return captured - self._before

    def _counts(self, operation: str) -> tuple[int, int]:
        captured, dropped = self.pvs.whole(operation, "NumCaptured_RBV", "DroppedArrays_RBV")
        return captured, dropped

    def _check_written(self, operation: str) -> None:
        if self.pvs.number(operation, "WriteStatus"):
            self._failed = True
            message = " ".join(self.pvs.text(operation, "WriteMessage").split()) or "it does not say why"
            raise DeviceError(f"{self._device}: its file plugin can't write (PV {self._prefix}WriteStatus): {message}")

    def condition(self) -> str:
        """What it has written, in words."""
        captured, dropped = self._counts("condition")
        return f"{captured} are written and {dropped} dropped by its file plugin ({self._prefix}NumCaptured_RBV)"

    def tell_end(self) -> None:
        """Have it close the file, from any thread; returns at once."""
        self.pvs.put("stop", "Capture", 0, confirm=False)

    def is_closed(self) -> bool:
        """Whether it has closed the file."""
        return not self.pvs.number("stop", "Capture_RBV")

    def leave(self) -> None:
        """The file is closed; raise `DeviceError` when it could not be, or is another one than was asked for."""
        path, self._path = self._path, None
        if path is not None and self._begun and self._counts("stop")[0]:
            full = self.pvs.text("stop", "FullFileName_RBV")
            if full != str(self._remote(path)):
                raise DeviceError(
                    f"{self._device}: its frames are in {full}, not in {self._remote(path)} as it was told"
                )
            if not self._failed:  # small frames are kept back until the end, where the disk may be full
                self._check_written("stop")

    def _remote(self, path: Path) -> PurePosixPath:
        """A file as the IOC calls it."""
        whole = path.absolute()
        for here, there in self._seen_as.items():
            if whole.is_relative_to(here):
                return PurePosixPath(there) / whole.relative_to(here).as_posix()
        return PurePosixPath(whole.as_posix())


class ArrayPlugin:
    """The plugin that hands out arrays (NDStdArrays), `prefix` e.g. "X:image1:"; for small frames that come slowly."""

    def __init__(self, device: str, prefix: str, timeout: float) -> None:
        self.pvs = PVs(device, {name: prefix + name for name in ARRAY_PVS}, timeout)
        self._prefix = prefix
        self._device = device
        self._seen = 0

    def arm(self) -> None:
        """What has come so far does not count."""
        self.pvs.tell("prepare", EnableCallbacks="Enable")
        self._seen = self._count()

    def read(self, shape: tuple[int, int], dtype: np.dtype[np.generic]) -> Frames:
        """The frame that has come since, shape (1, *shape); none, shape (0, *shape).

        Raises:
            DeviceError: more than one has come, so that some are lost; or it has another size.
        """
        count = self._count()
        if count == self._seen:
            return np.empty((0, *shape), dtype)
        if count < self._seen:
            raise DeviceError(
                f"{self._device}: {self._prefix}ArrayCounter_RBV went back from {self._seen} to {count}; was its IOC "
                "started anew, or does somebody else use it?"
            )
        if count > self._seen + 1:
            raise DeviceError(
                f"{self._device}: {count - self._seen} frames came at once, {self._prefix} keeps one: let it write "
                "a file, or take frames more slowly"
            )
        link = self.pvs["ArrayData"]
        values = np.asarray(link.read_array("reading"))
        if self._count() != count:
            raise DeviceError(f"{self._device}: a further frame came while one was read; take frames more slowly")
        if len(values) < shape[0] * shape[1]:
            raise DeviceError(
                f"{self._device}: {link.name} has {len(values)} numbers, a frame {shape[0]} x {shape[1]} pixels"
            )
        self._seen = count
        pixels = values[: shape[0] * shape[1]]
        same = pixels.dtype.itemsize == dtype.itemsize and pixels.dtype.kind in "iu"  # EPICS has no unsigned numbers
        frames: Frames = pixels.astype(pixels.dtype.newbyteorder("=")).view(dtype) if same else pixels.astype(dtype)
        return frames.reshape(1, *shape)

    def _count(self) -> int:
        return self.pvs.whole("reading", "ArrayCounter_RBV")[0]
